/* The demo server as a child of a unit test: DEMO_SERVER is its program. It ends when the test does. */
#ifndef TESTS_UNIT_DEMO_SERVER_H
#define TESTS_UNIT_DEMO_SERVER_H

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct demo_server {
    pid_t pid;
    int alive; /* its standard input: closed, it ends */
    int port;  /* plain HTTP */
};

static inline void demo_server_start(struct demo_server *s)
{
    int in[2], out[2];
    assert_int_equal(pipe(in), 0);
    assert_int_equal(pipe(out), 0);
    fcntl(in[1], F_SETFD, FD_CLOEXEC);
    s->pid = fork();
    assert_true(s->pid >= 0);
    if (s->pid == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        execl(DEMO_SERVER, DEMO_SERVER, "--http", "0", "--until-eof", (char *)NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    s->alive = in[1];
    char line[200] = "";
    FILE *ports = fdopen(out[0], "r");
    assert_non_null(ports);
    assert_non_null(fgets(line, sizeof line, ports));
    fclose(ports);
    const char *port = strstr(line, "\"http\": ");
    assert_non_null(port);
    s->port = (int)strtol(port + strlen("\"http\": "), NULL, 10);
}

static inline void demo_server_stop(struct demo_server *s)
{
    int status = -1;
    close(s->alive);
    assert_true(waitpid(s->pid, &status, 0) == s->pid);
    assert_int_equal(status, 0);
}

#endif
