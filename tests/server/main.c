/* afetch-demo-server: the server that the demo and the tests fetch from, on our own coroutines and engines. main reads
 * the options and makes what is shared; from there on everything is a coroutine: the server waits for whoever ends, a
 * listener accepts, a connection (conn.c) talks. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "engine/engine.h"
#include "engine/os.h"
#include "server/answer.h"
#include "server/conn.h"
#include "server/test_ca.h"
#include "server/tls_server.h"

#define BACKLOG 4096
#define BACK_OFF_NS ((uint64_t)50 * 1000000)

/* ---- the coroutines ---------------------------------------------------------------------------------------------- */

struct listener {
    struct co co; /* first */
    struct server *server;
    struct tls_config *tls; /* NULL: plain */
    struct sock *sock;
    struct sock *accepted;
    struct io io;
    struct co_sleep nap;
};

struct server {
    struct co co; /* first */
    struct engine *engine;
    struct co_group running; /* listeners and connections */
    struct listener plain, secure;
};

/* Starts a connection as one more of the server's coroutines. */
static int begin_conn(struct listener *l)
{
    struct co *conn = conn_new(l->server->engine, l->accepted, l->tls);
    if (!conn)
        engine_close(l->server->engine, l->accepted);
    else
        co_spawn(&l->co, &l->server->running, conn, conn_run);
    l->accepted = NULL;
    return conn ? 0 : ERR_MEMORY;
}

/* Accepts for ever. Without descriptors or memory for one more it waits until others have ended. */
static void listener_run(struct co *co)
{
    CO_BEGIN(struct listener, l);
    for (;;) {
        CO_AWAIT(accepting, engine_accept(l->server->engine, &l->io, l->sock, &l->accepted));
        if (co->rc == 0)
            co->rc = begin_conn(l);
        if (co->rc < 0)
            CO_TRY(backing_off,
                   co_sleep(&l->nap, &l->server->engine->timers, engine_now_ns(l->server->engine) + BACK_OFF_NS));
    }
    CO_CLEANUP;
    engine_close(l->server->engine, l->accepted);
    CO_END;
}

static void free_ended(struct server *s)
{
    struct co *co;
    while ((co = co_take(&s->running)) != NULL)
        if (co->run == conn_run)
            free(co);
}

/* The root: runs until it is cancelled. */
static void server_run(struct co *co)
{
    CO_BEGIN(struct server, s);
    if (s->plain.sock)
        co_spawn(co, &s->running, &s->plain.co, listener_run);
    if (s->secure.sock)
        co_spawn(co, &s->running, &s->secure.co, listener_run);
    do {
        CO_AWAIT(serving, co_any(&s->running));
        free_ended(s);
    } while (co->rc > 0);
    CO_CLEANUP;
    co_group_cancel(&s->running, ERR_CANCELED);
    CO_AWAIT(stopping, co_join(&s->running));
    free_ended(s);
    CO_END;
}

/* ---- what ends the server: a signal, or the end of standard input --------------------------------------------------- */

static struct engine *signalled;
static atomic_bool stop;

static void on_signal(int number)
{
    (void)number;
    stop = true;
    engine_wake(signalled);
}

static void on_wake(void *arg)
{
    if (stop)
        co_cancel(arg, ERR_CANCELED);
}

static void catch_signals(struct server *s)
{
    signalled = s->engine;
    s->engine->on_wake = on_wake;
    s->engine->on_wake_arg = &s->co;
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* A thread of its own: standard input is shared with others and must not be made non-blocking. arg: a descriptor that
 * becomes readable when the thread is to end. */
static void *wait_for_eof(void *arg)
{
    struct pollfd fds[2] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = *(int *)arg, .events = POLLIN}};
    char bytes[4096];
    ssize_t n = 1;
    while (n > 0 || (n < 0 && errno == EINTR)) {
        if (poll(fds, 2, -1) > 0 && fds[1].revents)
            return NULL;
        if (fds[0].revents)
            n = read(STDIN_FILENO, bytes, sizeof bytes);
    }
    stop = true;
    engine_wake(signalled);
    return NULL;
}

/* ---- options -------------------------------------------------------------------------------------------------------------- */

struct options {
    int http, https; /* ports; -1: none */
    const char *ca_out, *port_file, *bind, *engine;
    enum test_flavour flavour;
    int tls_minor; /* 2 or 3; 0: either */
    bool until_eof;
};

static void usage(FILE *to)
{
    struct buf help;
    buf_init(&help, 64 * 1024);
    int rc = answer_help(&help);
    fprintf(
        to,
        "usage: afetch-demo-server [options]\n"
        "A web server on this machine alone, for trying afetch. It prints one line of JSON when it listens, with its\n"
        "ports, and runs until SIGINT or SIGTERM.\n\n"
        "  --http PORT         plain HTTP; 0: any free port (the default, unless --https is given)\n"
        "  --https PORT        HTTPS, with a certificate for localhost, 127.0.0.1, ::1 and *.test\n"
        "  --ca-out FILE       where to write the certificate to trust (needed for --https)\n"
        "  --cert KIND         which certificate: good, or one that clients must refuse: expired, not-yet,\n"
        "                      wrong-name, unknown-issuer, self-signed, no-san\n"
        "  --tls 1.2|1.3       that version alone\n"
        "  --port-file FILE    write the line of JSON there and not to standard output\n"
        "  --engine uv|poll    which event loop (uv)\n"
        "  --bind ADDRESS      listen there (127.0.0.1)\n"
        "  --until-eof         end when standard input ends, too\n"
        "  --help              this text\n\nPages:\n%s",
        rc == 0 ? help.data : "");
    buf_deinit(&help);
}

static int read_port(const char *text)
{
    char *end;
    long port = strtol(text, &end, 10);
    return *text && !*end && port >= 0 && port <= 65535 ? (int)port : -2;
}

static int read_flavour(const char *text)
{
    for (int i = 0; i < TEST_FLAVOURS; i++)
        if (strcmp(text, test_flavour_name((enum test_flavour)i)) == 0)
            return i;
    return -1;
}

static bool read_option(struct options *o, int option)
{
    int flavour;
    switch (option) {
    case 'p':
        return (o->http = read_port(optarg)) >= 0;
    case 's':
        return (o->https = read_port(optarg)) >= 0;
    case 'k':
        flavour = read_flavour(optarg);
        o->flavour = (enum test_flavour)flavour;
        return flavour >= 0;
    case 't':
        o->tls_minor = strcmp(optarg, "1.2") == 0 ? 2 : 3;
        return strcmp(optarg, "1.2") == 0 || strcmp(optarg, "1.3") == 0;
    case 'e':
        o->engine = optarg;
        return strcmp(optarg, "uv") == 0 || strcmp(optarg, "poll") == 0;
    case 'c':
        o->ca_out = optarg;
        return true;
    case 'f':
        o->port_file = optarg;
        return true;
    case 'b':
        o->bind = optarg;
        return true;
    case 'u':
        return o->until_eof = true;
    default:
        return false;
    }
}

/* 1: go on; 0: help was asked for and given; ERR_USAGE. */
static int read_options(struct options *o, int argc, char **argv)
{
    static const struct option known[] = {
        {"http", required_argument, NULL, 'p'},
        {"https", required_argument, NULL, 's'},
        {"ca-out", required_argument, NULL, 'c'},
        {"cert", required_argument, NULL, 'k'},
        {"tls", required_argument, NULL, 't'},
        {"port-file", required_argument, NULL, 'f'},
        {"engine", required_argument, NULL, 'e'},
        {"bind", required_argument, NULL, 'b'},
        {"until-eof", no_argument, NULL, 'u'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    int option;
    *o = (struct options){.http = -1, .https = -1, .bind = "127.0.0.1", .engine = "uv"};
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option == 'h') {
            usage(stdout);
            return 0;
        }
        if (!read_option(o, option)) {
            if (option != '?')
                fprintf(stderr, "afetch-demo-server: not a value for %s: %s\n", argv[optind - 2], optarg);
            return ERR_USAGE;
        }
    }
    if (optind < argc || (o->https >= 0 && !o->ca_out)) {
        fprintf(stderr, "afetch-demo-server: %s\n",
                optind < argc ? "no arguments are known" : "--https needs --ca-out");
        return ERR_USAGE;
    }
    if (o->http < 0 && o->https < 0)
        o->http = 0;
    return 1;
}

/* ---- set-up ----------------------------------------------------------------------------------------------------------------- */

static int file_error(struct error *err, const char *path)
{
    return error_set(err, ERR_WRITE, errno, "%s", path);
}

/* Writes a file that appears whole. */
static int write_file(const char *path, const char *text, struct error *err)
{
    struct buf other;
    buf_init(&other, 64 * 1024);
    if (buf_addf(&other, "%s.new", path) < 0)
        return error_set(err, ERR_MEMORY, 0, NULL);
    int rc = 0;
    FILE *f = fopen(other.data, "w");
    if (!f)
        rc = file_error(err, other.data);
    if (f && fputs(text, f) < 0)
        rc = file_error(err, other.data);
    if (f && fclose(f) != 0 && rc == 0)
        rc = file_error(err, other.data);
    if (rc == 0 && rename(other.data, path) < 0)
        rc = file_error(err, path);
    buf_deinit(&other);
    return rc;
}

/* A new authority, which is written to --ca-out, and a certificate of it. */
static int make_tls(struct tls_config **out, const struct options *o, struct error *err)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "::1", "*.test", NULL};
    struct test_ca *ca = NULL;
    struct test_cert cert = {0};
    int rc = test_ca_new(&ca, "afetch demo CA", err);
    if (rc < 0)
        return rc;
    rc = test_ca_issue(ca, &(struct test_cert_spec){.names = names, .flavour = o->flavour}, &cert, err);
    if (rc == 0)
        rc = write_file(o->ca_out, test_ca_pem(ca), err);
    if (rc == 0)
        rc = tls_server_config_new(out,
                                   &(struct tls_server_options){.cert = cert.cert,
                                                                .key = cert.key,
                                                                .tickets = true,
                                                                .min_minor = o->tls_minor,
                                                                .max_minor = o->tls_minor,
                                                                .alpn = {"http/1.1"}},
                                   err);
    test_cert_deinit(&cert);
    test_ca_free(ca);
    return rc;
}

static int listen_at(struct server *s, struct listener *l, const char *bind_to, int port, struct error *err)
{
    l->server = s;
    if (port < 0)
        return 0;
    struct addr addr;
    if (!addr_parse(&addr, bind_to, NULL, (uint16_t)port))
        return error_set(err, ERR_USAGE, 0, "%s is no address", bind_to);
    int sys = 0;
    int rc = engine_listen(s->engine, &addr, BACKLOG, &l->sock, &sys);
    return rc < 0 ? error_set(err, rc, sys, "listening at %s, port %d", bind_to, port) : 0;
}

static int port_of(const struct server *s, const struct listener *l)
{
    struct addr addr;
    return l->sock && engine_address(s->engine, l->sock, false, &addr) == 0 ? addr_port(&addr) : 0;
}

static int add_json_text(struct buf *out, const char *text)
{
    int rc = buf_addc(out, '"');
    for (; rc == 0 && *text; text++) {
        unsigned char c = (unsigned char)*text;
        bool plain = c >= ' ' && c != '"' && c != '\\';
        rc = plain ? buf_addc(out, (char)c) : buf_addf(out, "\\u%04x", c);
    }
    return rc == 0 ? buf_addc(out, '"') : rc;
}

static int tell(const struct server *s, const struct options *o, struct error *err)
{
    struct buf line;
    buf_init(&line, 64 * 1024);
    int rc = buf_adds(&line, "{");
    if (rc == 0 && s->plain.sock)
        rc = buf_addf(&line, "\"http\": %d%s", port_of(s, &s->plain), s->secure.sock ? ", " : "");
    if (rc == 0 && s->secure.sock)
        rc = buf_addf(&line, "\"https\": %d, \"ca\": ", port_of(s, &s->secure));
    if (rc == 0 && s->secure.sock)
        rc = add_json_text(&line, o->ca_out);
    if (rc == 0)
        rc = buf_adds(&line, "}\n");
    if (rc < 0)
        error_set(err, rc, 0, NULL);
    else if (o->port_file)
        rc = write_file(o->port_file, line.data, err);
    else if (fputs(line.data, stdout) < 0 || fflush(stdout) != 0)
        rc = file_error(err, "standard output");
    buf_deinit(&line);
    return rc;
}

static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int serve(struct server *s, struct error *err)
{
    co_start(&s->co, &s->engine->sched, server_run);
    int rc = engine_run(s->engine, &s->co);
    return rc == ERR_CANCELED ? 0 : error_set(err, rc, 0, NULL);
}

static int serve_until_eof(struct server *s, struct error *err)
{
    pthread_t input;
    int fds[2], rc;
    if (os_wake_open(fds) < 0)
        return error_set(err, ERR_INTERNAL, errno, "no pipe");
    int sys = pthread_create(&input, NULL, wait_for_eof, &fds[0]);
    if (sys == 0) {
        rc = serve(s, err);
        os_wake(fds[1]);
        pthread_join(input, NULL);
    } else {
        rc = error_set(err, ERR_INTERNAL, sys, "no thread");
    }
    os_wake_close(fds);
    return rc;
}

static int run(struct server *s, const struct options *o, struct error *err)
{
    int rc = strcmp(o->engine, "poll") == 0 ? engine_new_poll(&s->engine, err) : engine_new_uv(&s->engine, err);
    if (rc < 0)
        return rc;
    rc = listen_at(s, &s->plain, o->bind, o->http, err);
    if (rc == 0)
        rc = listen_at(s, &s->secure, o->bind, o->https, err);
    if (rc == 0 && s->secure.sock)
        rc = make_tls(&s->secure.tls, o, err);
    if (rc < 0)
        return rc;
    catch_signals(s);
    rc = tell(s, o, err);
    return rc < 0 ? rc : o->until_eof ? serve_until_eof(s, err) : serve(s, err);
}

int main(int argc, char **argv)
{
    static struct server server;
    struct options o;
    struct error err = {0};
    int rc = read_options(&o, argc, argv);
    if (rc <= 0)
        return error_exit_code(rc);
    raise_descriptor_limit();
    rc = run(&server, &o, &err);
    if (rc < 0)
        fprintf(stderr, "afetch-demo-server: %s\n", error_text(&err));
    signal(SIGTERM, SIG_IGN); /* the engine they would wake goes */
    signal(SIGINT, SIG_IGN);
    engine_free(server.engine);
    tls_config_free(server.secure.tls);
    error_clear(&err);
    return error_exit_code(rc);
}
