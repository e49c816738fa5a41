/* Requests with bodies by the library's interface, on its real engines: bytes, what a feeder gives (at once, later, from
 * another thread), forms of both; and with each allocation failing in turn. Linked as the simulator is, so that they come
 * to sim_memory.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
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
#include "sim/sim_memory.h"

enum { HEAD_MAX = 4096, FED = 30000, STEP = 5000, URLS = 4 };

static int listener;
static uint16_t port;

/* ---- a server: tells how many bytes a body had, or redirects ----------------------------------------------------------- */

/* What is received and not used yet. */
struct input {
    int fd;
    char data[65536];
    size_t len;
};

static bool receive(struct input *in)
{
    ssize_t n = recv(in->fd, in->data + in->len, sizeof in->data - 1 - in->len, 0);
    in->len += n > 0 ? (size_t)n : 0;
    in->data[in->len] = '\0';
    return n > 0;
}

static void use(struct input *in, size_t len)
{
    in->len -= len;
    memmove(in->data, in->data + len, in->len + 1);
}

/* A line or a head into text. */
static bool take(struct input *in, const char *until, char text[HEAD_MAX])
{
    char *end;
    while (!(end = strstr(in->data, until)))
        if (in->len > HEAD_MAX - 8 || !receive(in))
            return false;
    size_t len = (size_t)(end - in->data) + strlen(until);
    memcpy(text, in->data, len);
    text[len] = '\0';
    use(in, len);
    return true;
}

static bool pass_over(struct input *in, size_t len)
{
    while (len > 0) {
        size_t n = len < in->len ? len : in->len;
        use(in, n);
        len -= n;
        if (len > 0 && !receive(in))
            return false;
    }
    return true;
}

static bool read_chunks(struct input *in, size_t *len)
{
    char line[HEAD_MAX];
    for (size_t n = 1; n > 0; *len += n) {
        if (!take(in, "\r\n", line))
            return false;
        n = (size_t)strtoul(line, NULL, 16);
        if (!pass_over(in, n) || !take(in, "\r\n", line))
            return false;
    }
    return true;
}

static void say(int fd, const char *text)
{
    send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static void serve(struct input *in)
{
    char head[HEAD_MAX], text[200], count[24];
    while (take(in, "\r\n\r\n", head)) {
        const char *length = strstr(head, "Content-Length: ");
        size_t len = length ? (size_t)strtoul(length + 16, NULL, 10) : 0;
        if (strstr(head, "100-continue"))
            say(in->fd, "HTTP/1.1 100 Continue\r\n\r\n");
        if (strstr(head, "chunked") ? !read_chunks(in, &len) : !pass_over(in, len))
            return;
        snprintf(count, sizeof count, "%zu", len);
        snprintf(text, sizeof text, "HTTP/1.1 %s\r\nContent-Length: %zu\r\nLocation: /there\r\n\r\n%s",
                 strstr(head, " /moved") ? "307 Moved" : "200 OK", strlen(count), count);
        say(in->fd, text);
    }
}

/* What it allocates would be counted. */
static void *run_connection(void *arg)
{
    struct input in = {.fd = (int)(intptr_t)arg};
    serve(&in);
    close(in.fd);
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

/* ---- a request --------------------------------------------------------------------------------------------------------- */

struct url {
    size_t left;    /* of what its feeder has to give */
    bool told;      /* it said "later" */
    unsigned begun; /* readings */
    unsigned ended;
    char piece[STEP];

    size_t results;
    enum afetch_code code;
    char body[24];
    size_t body_len;
    uint64_t sent;
    pthread_t thread;
    bool threaded;
};

static void *feed(void *arg)
{
    afetch_request_feed(arg);
    return NULL;
}

/* Every other time, and then from another thread if there can be one. */
static bool later(struct url *u, struct afetch_request *r)
{
    u->told = !u->told;
    if (!u->told)
        return false;
    if (u->threaded)
        pthread_join(u->thread, NULL);
    u->threaded = pthread_create(&u->thread, NULL, feed, r) == 0;
    if (!u->threaded)
        afetch_request_feed(r);
    return true;
}

static enum afetch_feed begin(void *arg, struct afetch_request *r, const char *name, struct afetch_feed_facts *facts)
{
    struct url *u = arg;
    if (later(u, r))
        return AFETCH_FEED_LATER;
    u->begun++;
    if (strcmp(name, "broken") == 0) {
        afetch_request_fail(r, AFETCH_RECV, "so to speak");
        return AFETCH_FEED_FAILED;
    }
    u->left = FED;
    facts->length = strcmp(name, "sized") == 0 ? FED : -1;
    return AFETCH_FEED_SOME;
}

static enum afetch_feed give(void *arg, struct afetch_request *r, const void **data, size_t *len)
{
    struct url *u = arg;
    if (later(u, r))
        return AFETCH_FEED_LATER;
    if (u->left == 0)
        return AFETCH_FEED_END;
    *data = u->piece;
    *len = u->left < STEP ? u->left : STEP;
    u->left -= *len;
    return AFETCH_FEED_SOME;
}

static void end(void *arg, struct afetch_request *r)
{
    struct url *u = arg;
    (void)r;
    u->ended++;
    if (u->threaded)
        pthread_join(u->thread, NULL);
    u->threaded = false;
}

static enum afetch_flow on_body(void *arg, struct afetch_request *r, const void *data, size_t len)
{
    struct url *u = arg;
    (void)r;
    assert_true(u->body_len + len < sizeof u->body);
    memcpy(u->body + u->body_len, data, len);
    u->body_len += len;
    u->body[u->body_len] = '\0';
    return AFETCH_GO;
}

static void on_done(void *arg, struct afetch_request *r, const struct afetch_result *result)
{
    struct url *u = arg;
    (void)r;
    u->results++;
    u->code = result->code;
    u->sent = result->bytes_sent;
}

/* NULL without memory. */
static struct afetch_body *make_form(void)
{
    struct afetch_body *b = afetch_body_new_form(NULL, false);
    const struct afetch_part parts[] = {{.name = "a", .data = "b", .len = 1},
                                        {.name = "f", .fed = "one", .fed_length = FED},
                                        {.name = "g", .fed = "two", .fed_length = FED, .encoder = "base64"}};
    bool ok = b != NULL;
    for (size_t i = 0; ok && i < 3; i++)
        ok = afetch_body_add_part(b, &parts[i], NULL) == AFETCH_OK;
    if (ok && afetch_body_finish(b) == AFETCH_OK)
        return b;
    afetch_body_free(b);
    return NULL;
}

static struct afetch_body *make_body(size_t which)
{
    static const char bytes[100000];
    switch (which) {
    case 0:
        return afetch_body_new(bytes, sizeof bytes);
    case 1:
        return afetch_body_new_fed("sized");
    case 2:
        return afetch_body_new_fed("unsized");
    case 4:
        return afetch_body_new_fed("broken");
    default:
        return make_form();
    }
}

static void add(struct afetch_session *s, struct url *u, size_t which, const char *method)
{
    static const struct afetch_feeder feeder = {begin, give, end};
    char text[60];
    snprintf(text, sizeof text, "http://127.0.0.1:%u/%s", port, which % 2 ? "moved" : "");
    *u = (struct url){0};
    struct afetch_body *body = make_body(which);
    struct afetch_request *r = body ? afetch_request_new(text, strlen(text)) : NULL;
    if (r) {
        afetch_request_set_callbacks(r, &(struct afetch_callbacks){.body = on_body, .done = on_done}, u);
        afetch_request_set_feeder(r, &feeder, u);
        afetch_request_set_body(r, body);
        if (method)
            afetch_request_set_method(r, method);
        afetch_session_add(s, r);
    } else {
        u->results = 1;
        u->code = AFETCH_MEMORY;
    }
    afetch_body_free(body);
}

static void check(const struct url *u, size_t which, bool failed)
{
    assert_int_equal(u->results, 1);
    assert_true(u->ended >= u->begun && !u->threaded);
    if (failed && u->code == AFETCH_MEMORY)
        return;
    assert_int_equal(u->code, AFETCH_OK);
    assert_int_equal(u->sent, strtoul(u->body, NULL, 10));
    if (which < 3)
        assert_int_equal(u->sent, which ? FED : 100000);
    else
        assert_in_range(u->sent, FED * 7 / 3, FED * 7 / 3 + 3000);
    assert_int_equal(u->begun, which == 0 ? 0 : which == 1 ? 2 : which == 2 ? 1 : 4);
}

static void run_once(enum afetch_mode mode, uint64_t fail_at)
{
    struct sim_memory_plan plan = {.fail_at = fail_at, .fail_count = 1};
    struct afetch_options opt;
    struct afetch_session *s = NULL;
    static struct url urls[URLS];
    afetch_options_init(&opt);
    opt.mode = mode;
    opt.proxy = "";
    int64_t live = sim_memory_live();
    sim_memory_begin(&plan);
    sim_memory_library(true);
    enum afetch_code code = afetch_session_new(&s, &opt, NULL);
    if (code == AFETCH_OK) {
        for (size_t i = 0; i < URLS; i++)
            add(s, &urls[i], i, NULL);
        code = afetch_session_run(s);
        afetch_session_free(s);
        bool failed = sim_memory_failed() > 0;
        sim_memory_library(false);
        assert_true(code == AFETCH_OK || (failed && code == AFETCH_MEMORY));
        for (size_t i = 0; i < URLS && code == AFETCH_OK; i++)
            check(&urls[i], i, failed);
    }
    sim_memory_library(false);
    assert_true(code == AFETCH_OK || sim_memory_failed() > 0);
    sim_memory_end();
    assert_int_equal(sim_memory_live(), live);
}

static void each_mode(void **state)
{
    (void)state;
    run_once(AFETCH_ASYNC, 0);
    run_once(AFETCH_SYNC, 0);
}

/* Its failure is not taken for that of a connection that was used before. */
static void a_feeder_fails(void **state)
{
    (void)state;
    struct afetch_options opt;
    struct afetch_session *s = NULL;
    static struct url urls[2];
    afetch_options_init(&opt);
    opt.mode = AFETCH_SYNC;
    opt.proxy = "";
    assert_int_equal(afetch_session_new(&s, &opt, NULL), AFETCH_OK);
    add(s, &urls[0], 0, NULL);
    add(s, &urls[1], 4, "PUT");
    assert_int_equal(afetch_session_run(s), AFETCH_OK);
    afetch_session_free(s);
    assert_int_equal(urls[0].code, AFETCH_OK);
    assert_int_equal(urls[1].code, AFETCH_RECV);
    assert_int_equal(urls[1].begun, 1);
    assert_int_equal(urls[1].ended, 1);
}

static void allocations_fail(enum afetch_mode mode)
{
    run_once(mode, 0);
    uint64_t asked = sim_memory_asked();
    assert_true(asked > 50);
    for (uint64_t at = 1; at <= asked; at++)
        run_once(mode, at);
}

static void async_allocations_fail(void **state)
{
    (void)state;
    allocations_fail(AFETCH_ASYNC);
}

static void sync_allocations_fail(void **state)
{
    (void)state;
    allocations_fail(AFETCH_SYNC);
}

static int set_up(void **state)
{
    (void)state;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    pthread_t thread;
    listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&at, sizeof at) < 0 || listen(listener, 64) < 0 ||
        getsockname(listener, (struct sockaddr *)&at, &len) < 0)
        return -1;
    port = ntohs(at.sin_port);
    return pthread_create(&thread, NULL, run_server, NULL) == 0 && pthread_detach(thread) == 0 ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_mode),
        cmocka_unit_test(a_feeder_fails),
        cmocka_unit_test(async_allocations_fail),
        cmocka_unit_test(sync_allocations_fail),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
