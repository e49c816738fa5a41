/* Allocations that fail in the library's session on its real engines: each one in turn, alone and with all behind it. (What
 * is the same on all engines is the simulator's, tests/sim.) Linked as the simulator is, so that they come to
 * sim_memory.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "afetch.h"
#include "dns_server.h"
#include "sim/sim_memory.h"

enum { BODY = 300000, URLS = 3 };

static struct dns_server *dns;
static int listener;
static uint16_t port;

/* ---- a server ----------------------------------------------------------------------------------------------------- */

static void send_all(int fd, const char *data, size_t len)
{
    for (ssize_t n; len > 0; data += n, len -= (size_t)n)
        if ((n = send(fd, data, len, MSG_NOSIGNAL)) <= 0)
            return;
}

/* Whether a proxy is spoken to that does not know yet who asks; and a server. */
static bool proxy_asks(const char *request)
{
    return (strstr(request, "CONNECT ") || strstr(request, " http://")) && !strstr(request, "\r\nProxy-Authorization:");
}

static bool server_asks(const char *request)
{
    return !strstr(request, "CONNECT ") && !strstr(request, "\r\nAuthorization: Digest ");
}

/* A server that wants to know who asks, and sets a cookie; and a proxy likewise, which leads everything to itself. */
static void serve(int fd)
{
    static const char challenge[] = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\nSet-Cookie: a=1; Max-Age=100\r\n"
                                    "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n\r\nno";
    static const char proxy_challenge[] = "HTTP/1.1 407 Prove it\r\nContent-Length: 0\r\n"
                                          "Proxy-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n\r\n";
    static const char opened[] = "HTTP/1.1 200 OK\r\n\r\n";
    static char body[BODY];
    char request[4096];
    char head[200];
    size_t len = 0;
    for (ssize_t n; len < sizeof request - 1 && (n = recv(fd, request + len, sizeof request - 1 - len, 0)) > 0;) {
        len += (size_t)n;
        request[len] = '\0';
        if (!strstr(request, "\r\n\r\n"))
            continue;
        len = 0;
        if (proxy_asks(request)) {
            send_all(fd, proxy_challenge, sizeof proxy_challenge - 1);
            continue;
        }
        if (strncmp(request, "CONNECT ", 8) == 0) {
            send_all(fd, opened, sizeof opened - 1);
            continue;
        }
        if (server_asks(request)) {
            send_all(fd, challenge, sizeof challenge - 1);
            continue;
        }
        int head_len = snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", BODY);
        send_all(fd, head, (size_t)head_len);
        send_all(fd, body, sizeof body);
    }
}

static void *run_connection(void *arg)
{
    int fd = (int)(intptr_t)arg;
    serve(fd);
    close(fd);
    return NULL;
}

static void *run_server(void *arg)
{
    (void)arg;
    for (int fd; (fd = accept(listener, NULL, NULL)) >= 0;) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, run_connection, (void *)(intptr_t)fd) == 0)
            pthread_detach(thread);
        else
            close(fd);
    }
    return NULL;
}

/* ---- the way there ------------------------------------------------------------------------------------------------ */

enum way { STRAIGHT, FORWARDED, TUNNELED };

static void go(struct afetch_options *opt, enum way way, char proxy[60])
{
    snprintf(proxy, 60, "http://user:password@127.0.0.1:%u", port);
    opt->proxy = way == STRAIGHT ? "" : proxy; /* whatever the environment says */
    opt->proxy_auth = AFETCH_AUTH_DIGEST;
    opt->proxy_tunnel = way == TUNNELED;
}

/* ---- a run -------------------------------------------------------------------------------------------------------- */

struct url {
    struct afetch_session *session;
    struct afetch_request *request;
    size_t results;
    enum afetch_code code;
    uint64_t bytes;
    bool paused;
};

/* Once, with most of what was read left: it must be kept. */
static enum afetch_flow on_body(void *arg, struct afetch_request *r, const void *data, size_t len)
{
    struct url *u = arg;
    (void)data;
    u->bytes += len;
    if (u->paused)
        return AFETCH_GO;
    u->paused = true;
    afetch_request_resume(r);
    return AFETCH_PAUSE;
}

static void on_done(void *arg, struct afetch_request *r, const struct afetch_result *result)
{
    struct url *u = arg;
    (void)r;
    u->results++;
    u->code = result->code;
}

static void add(struct afetch_session *s, struct url *u, const char *text)
{
    struct afetch_callbacks callbacks = {.body = on_body, .done = on_done};
    *u = (struct url){.session = s, .request = afetch_request_new(text, strlen(text))};
    if (!u->request) {
        u->results = 1;
        u->code = AFETCH_MEMORY;
        return;
    }
    afetch_request_set_callbacks(u->request, &callbacks, u);
    afetch_session_add(s, u->request);
}

/* Two bodies on one connection, the first of which costs an answer to a challenge, and a name that a DNS server does not know. */
static void fetch_all(struct afetch_session *s, struct url urls[URLS])
{
    char local[60], unknown[60];
    snprintf(local, sizeof local, "http://127.0.0.1:%u/", port);
    snprintf(unknown, sizeof unknown, "http://unknown.test:%u/", port);
    add(s, &urls[0], local);
    add(s, &urls[1], unknown);
    add(s, &urls[2], local);
    assert_int_equal(afetch_session_run(s), AFETCH_OK);
}

static void check(const struct url urls[URLS], bool failed, enum way way)
{
    for (size_t i = 0; i < URLS; i++) {
        enum afetch_code good = i == 1 && way == STRAIGHT ? AFETCH_RESOLVE : AFETCH_OK;
        assert_int_equal(urls[i].results, 1);
        if (urls[i].code == AFETCH_OK)
            assert_int_equal(urls[i].bytes, BODY);
        /* A look-up without memory for its descriptors ends by its time-out. */
        if (urls[i].code != good && !(failed && (urls[i].code == AFETCH_MEMORY || urls[i].code == AFETCH_TIMEOUT)))
            fail_msg("URL %zu ended with %d", i, (int)urls[i].code);
    }
}

static void run_once(enum afetch_mode mode, enum way way, uint64_t fail_at, bool for_good)
{
    char proxy[60];
    struct sim_memory_plan plan = {.fail_at = fail_at, .fail_count = for_good ? UINT64_MAX : 1};
    struct afetch_options opt;
    struct afetch_session *s = NULL;
    struct url urls[URLS];
    char *sentence = NULL;
    afetch_options_init(&opt);
    opt.mode = mode;
    opt.parallel_max_host = 1;
    opt.connect_timeout_ms = fail_at ? 300 : 10000;
    opt.dns_servers = dns->address;
    go(&opt, way, proxy);
    opt.user = "me";
    opt.password = "secret";
    opt.auth = AFETCH_AUTH_DIGEST;
    opt.cookies = true;
    opt.cookie = "b=2";
    int64_t live = sim_memory_live();
    sim_memory_begin(&plan);
    sim_memory_library(true);
    enum afetch_code code = afetch_session_new(&s, &opt, &sentence);
    if (code == AFETCH_OK)
        fetch_all(s, urls);
    afetch_session_free(s);
    free(sentence);
    sim_memory_library(false);
    bool failed = sim_memory_failed() > 0;
    sim_memory_end();
    if (fail_at)
        assert_true(failed);
    if (code == AFETCH_OK)
        check(urls, failed, way);
    else
        assert_true(failed && code == AFETCH_MEMORY);
    assert_int_equal(sim_memory_live(), live);
}

static void each_allocation_fails(enum afetch_mode mode, enum way way)
{
    run_once(mode, way, 0, false); /* the first of a process: what is made once */
    run_once(mode, way, 0, false);
    uint64_t asked = sim_memory_asked();
    assert_true(asked > 20);
    for (uint64_t at = 1; at <= asked; at++) {
        run_once(mode, way, at, false);
        run_once(mode, way, at, true);
    }
}

static void async_allocations_fail(void **state)
{
    (void)state;
    each_allocation_fails(AFETCH_ASYNC, STRAIGHT);
}

static void forwarded_allocations_fail(void **state)
{
    (void)state;
    each_allocation_fails(AFETCH_SYNC, FORWARDED);
}

static void tunnel_allocations_fail(void **state)
{
    (void)state;
    each_allocation_fails(AFETCH_SYNC, TUNNELED);
}

static void sync_allocations_fail(void **state)
{
    (void)state;
    each_allocation_fails(AFETCH_SYNC, STRAIGHT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(async_allocations_fail),
        cmocka_unit_test(sync_allocations_fail),
        cmocka_unit_test(forwarded_allocations_fail),
        cmocka_unit_test(tunnel_allocations_fail),
    };
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    pthread_t server;
    dns = dns_start();
    listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&at, len) < 0 || listen(listener, 64) < 0 ||
        getsockname(listener, (struct sockaddr *)&at, &len) < 0 || pthread_create(&server, NULL, run_server, NULL) != 0)
        return 1;
    port = ntohs(at.sin_port);
    pthread_detach(server); /* it may serve a connection that a failed test left open */
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dns_stop(dns);
    return failed;
}
