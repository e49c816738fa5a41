/* TLS with a peer that is not ours: openssl s_server on a loopback port. Skipped where there is no openssl program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/tls.h"
#include "server/test_ca.h"

static char dir[] = "/tmp/afetch-tls-XXXXXX";
static struct test_ca *ca;
static const char *const names[] = {"a.example", "127.0.0.1", NULL};

struct peer {
    pid_t pid;
    FILE *output;
    unsigned short port;
};

static void check(int rc, struct error *err)
{
    if (rc < 0)
        fail_msg("%s", error_text(err));
}

static int group_setup(void **state)
{
    (void)state;
    struct error err = {0};
    assert_non_null(mkdtemp(dir));
    check(test_ca_new(&ca, "Test CA", &err), &err);
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    char path[100];
    static const char *const files[] = {"leaf.pem", "leaf.key"};
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, files[i]);
        unlink(path);
    }
    rmdir(dir);
    test_ca_free(ca);
    return 0;
}

static void run_openssl(const char *version, const char *mode)
{
    char cert[100], key[100];
    snprintf(cert, sizeof cert, "%s/leaf.pem", dir);
    snprintf(key, sizeof key, "%s/leaf.key", dir);
    execlp("openssl", "openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", cert, "-cert_chain", cert, "-key", key,
           version, mode, (char *)NULL);
    _exit(127);
}

/* false: there is no openssl. */
static bool start(struct peer *p, const struct test_cert *cert, const char *version, const char *mode)
{
    struct error err = {0};
    int out[2];
    check(test_cert_write(cert, dir, "leaf", &err), &err);
    assert_int_equal(pipe(out), 0);
    p->pid = fork();
    assert_true(p->pid >= 0);
    if (p->pid == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, 0);
        dup2(out[1], 1);
        dup2(null, 2);
        close(out[0]);
        alarm(60);
        run_openssl(version, mode);
    }
    close(out[1]);
    p->output = fdopen(out[0], "r");
    assert_non_null(p->output);
    char line[200];
    p->port = 0;
    while (p->port == 0 && fgets(line, sizeof line, p->output))
        if (strncmp(line, "ACCEPT", 6) == 0)
            p->port = (unsigned short)strtoul(strrchr(line, ':') + 1, NULL, 10);
    return p->port != 0;
}

static void stop(struct peer *p)
{
    kill(p->pid, SIGTERM);
    waitpid(p->pid, NULL, 0);
    fclose(p->output);
}

static int dial(const struct peer *p)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(p->port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

/* Does what a status asks for, over a blocking socket. */
static void serve(struct tls *t, int fd, int status, char *buffer, size_t size)
{
    size_t len;
    const char *data;
    while ((data = tls_output(t, &len)), len > 0) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        tls_sent(t, (size_t)n);
    }
    if (status != TLS_WANT_INPUT)
        return;
    ssize_t n = recv(fd, buffer, size, 0);
    if (n > 0)
        tls_input(t, buffer, (size_t)n);
    else
        tls_input_eof(t);
}

struct outcome {
    int rc; /* of the handshake, then of the last read */
    bool resumed;
    char version[16];
    char text[20000];
    size_t len;
    struct error err;
    struct tls_session *session;
};

static void get(const struct peer *p, struct tls_config *c, const char *host, const struct tls_session *resume,
                size_t read_size, struct outcome *o)
{
    static const char request[] = "GET / HTTP/1.0\r\n\r\n";
    char *buffer = malloc(read_size);
    struct tls *t = NULL;
    *o = (struct outcome){0};
    check(tls_new(&t, c, host, resume, &o->err), &o->err);
    int fd = dial(p);
    do {
        o->rc = tls_handshake(t, &o->err);
        serve(t, fd, o->rc, buffer, read_size);
    } while (o->rc > TLS_OK);
    if (o->rc == TLS_OK) {
        o->resumed = tls_resumed(t);
        snprintf(o->version, sizeof o->version, "%s", tls_version(t));
        size_t len = sizeof request - 1;
        assert_int_equal(tls_write(t, request, &len, &o->err), TLS_OK);
        assert_int_equal(len, sizeof request - 1);
        do {
            len = 0;
            serve(t, fd, o->rc, buffer, read_size);
            o->rc = tls_read(t, o->text + o->len, sizeof o->text - 1 - o->len, &len, &o->err);
            o->len += len;
        } while (o->rc >= 0 && o->rc != TLS_END);
        o->session = tls_take_session(t);
    }
    tls_free(t);
    close(fd);
    free(buffer);
}

static void outcome_deinit(struct outcome *o)
{
    error_clear(&o->err);
    tls_session_free(o->session);
}

static struct tls_config *client(bool insecure)
{
    struct error err = {0};
    struct tls_config *c = NULL;
    check(tls_config_new(&c, &(struct tls_options){.insecure = insecure, .alpn = {"http/1.1"}}, &err), &err);
    check(tls_config_add_trust(c, test_ca_pem(ca), strlen(test_ca_pem(ca)), "test CA", &err), &err);
    return c;
}

static void test_pages(void **state)
{
    (void)state;
    struct error err = {0};
    struct test_cert cert = {0};
    struct peer p;
    check(test_ca_issue(ca, &(struct test_cert_spec){.names = names}, &cert, &err), &err);
    struct tls_config *c = client(false);
    for (int minor = 2; minor <= 3; minor++) {
        if (!start(&p, &cert, minor == 2 ? "-tls1_2" : "-tls1_3", "-www")) {
            stop(&p);
            print_message("no openssl program\n");
            break;
        }
        static struct outcome first, second;
        get(&p, c, "a.example", NULL, 16384, &first);
        if (first.rc != TLS_END)
            fail_msg("%s", error_text(&first.err));
        assert_string_equal(first.version, minor == 2 ? "TLSv1.2" : "TLSv1.3");
        assert_false(first.resumed);
        assert_non_null(strstr(first.text, "HTTP/1.0 200 ok"));
        assert_non_null(strstr(first.text, "</HTML>"));
        assert_non_null(first.session);
        get(&p, c, "a.example", first.session, 1, &second); /* a byte at a time */
        if (second.rc != TLS_END)
            fail_msg("%s", error_text(&second.err));
        assert_true(second.resumed);
        assert_non_null(strstr(second.text, "</HTML>"));
        outcome_deinit(&first);
        outcome_deinit(&second);
        get(&p, c, "127.0.0.1", NULL, 16384, &first);
        assert_int_equal(first.rc, TLS_END);
        outcome_deinit(&first);
        get(&p, c, "127.0.0.2", NULL, 16384, &first);
        assert_int_equal(first.rc, ERR_CERT);
        assert_string_equal(error_text(&first.err),
                            "certificate not accepted: is for a.example, 127.0.0.1, not 127.0.0.2");
        outcome_deinit(&first);
        stop(&p);
    }
    tls_config_free(c);
    test_cert_deinit(&cert);
}

/* What our own serving half, which is mbedTLS too, would not send. */
static void refused(const struct test_cert *cert, const char *sentence)
{
    struct tls_config *c = client(false);
    for (int minor = 2; minor <= 3; minor++) {
        static struct outcome o;
        struct peer p;
        if (start(&p, cert, minor == 2 ? "-tls1_2" : "-tls1_3", "-www")) {
            get(&p, c, "a.example", NULL, 16384, &o);
            assert_string_equal(error_text(&o.err), sentence);
            assert_int_equal(o.rc, ERR_CERT);
            outcome_deinit(&o);
        }
        stop(&p);
    }
    tls_config_free(c);
}

static void test_usage(void **state)
{
    (void)state;
    struct error err = {0};
    struct test_cert cert = {0};
    check(test_ca_issue(ca, &(struct test_cert_spec){.names = names, .client_only = true}, &cert, &err), &err);
    refused(&cert, "certificate not accepted: not made for servers (but for TLS Web Client Authentication)");
    test_cert_deinit(&cert);
}

static void test_critical_constraints(void **state)
{
    (void)state;
    struct error err = {0};
    struct test_ca *sub = NULL;
    struct test_cert cert = {0};
    struct test_cert_spec spec = {.name_constraints = true, .constraints_critical = true};
    check(test_ca_sub(&sub, ca, "Sub CA", &spec, &err), &err);
    check(test_ca_issue(sub, &(struct test_cert_spec){.names = names}, &cert, &err), &err);
    refused(&cert,
            "certificate not accepted: the chain has a critical extension that cannot be checked, name constraints "
            "perhaps");
    test_cert_deinit(&cert);
    test_ca_free(sub);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_critical_constraints),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
