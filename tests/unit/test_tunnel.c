/* net/http_tunnel.h and net/socks_tunnel.h over a stream that follows a script: what is said, what becomes of each
 * answer, and that a cancel at any step leaves nothing behind. */
#include <errno.h>
#include <string.h>

#include "net/http_tunnel.h"
#include "net/socks_tunnel.h"
#include "unit/world.h"

enum { PIECES = 6, TOLD_MAX = 512 };

/* ---- a stream by a script -------------------------------------------------------------------------------------------- */

#define THE_END "\1end"
#define BREAKS "\1breaks"

struct pending {
    struct co_op op; /* first */
    struct timer timer;
    struct fake *fake;
};

struct fake {
    struct stream stream; /* first */
    struct world *w;
    const char *const *pieces; /* what the proxy sends, a piece a read */
    const size_t *sizes;       /* of them; NULL: they are texts */
    size_t at;
    char told[TOLD_MAX]; /* what it was sent */
    size_t told_len;
    struct pending reader, writer;
};

static void on_time(struct timer *timer)
{
    struct pending *p = (struct pending *)(void *)((char *)timer - offsetof(struct pending, timer));
    p->fake->w->completed++;
    co_complete(&p->op, 0);
}

static void cancel_pending(struct co_op *op, int reason)
{
    struct pending *p = (struct pending *)(void *)op;
    timer_stop(&p->fake->w->timers, &p->timer);
    p->fake->w->completed++;
    co_complete(op, reason);
}

static struct co_op *take_time(struct fake *f, struct pending *p)
{
    *p = (struct pending){.fake = f};
    f->w->submitted++;
    assert_int_equal(timer_start(&f->w->timers, &p->timer, f->w->sched.now_ns + MS, on_time), 0);
    return co_op_begin(&p->op, cancel_pending);
}

static struct co_op *fake_read(struct stream *s, struct co *caller)
{
    struct fake *f = (struct fake *)s;
    (void)caller;
    s->reading = true;
    return take_time(f, &f->reader);
}

static int fake_got(struct stream *s, const char **data, size_t *len, struct error *err)
{
    struct fake *f = (struct fake *)s;
    const char *piece = f->pieces[f->at];
    assert_non_null(piece); /* else it reads what nobody is to send */
    if (strcmp(piece, THE_END) == 0)
        return 0;
    if (strcmp(piece, BREAKS) == 0)
        return error_set(err, ERR_RECV, ECONNRESET, NULL);
    *data = piece;
    *len = f->sizes ? f->sizes[f->at] : strlen(piece);
    f->at++;
    return 1;
}

static struct co_op *fake_write(struct stream *s, struct co *caller, const void *data, size_t len)
{
    struct fake *f = (struct fake *)s;
    (void)caller;
    assert_true(f->told_len + len < TOLD_MAX);
    memcpy(f->told + f->told_len, data, len);
    f->told_len += len;
    return take_time(f, &f->writer);
}

static int fake_sent(struct stream *s, struct error *err)
{
    (void)s;
    (void)err;
    return 0;
}

static void fake_release(struct stream *s)
{
    (void)s;
}

static const struct stream_ops fake_ops = {
    .read = fake_read, .got = fake_got, .write = fake_write, .sent = fake_sent, .release = fake_release};

/* ---- CONNECT ------------------------------------------------------------------------------------------------------------ */

struct http_case {
    const char *pieces[PIECES];
    unsigned again; /* so many refusals are answered */
    int rc;
    bool reconnect;
    unsigned asked;
    const char *sentence;
};

struct http_task {
    struct task task; /* first */
    struct fake fake;
    struct http_tunnel tunnel;
    struct error err;
    const struct http_case *script;
    unsigned asked, answers, informed;
};

static int ask(void *arg, struct buf *out, struct error *err)
{
    struct http_task *t = arg;
    (void)err;
    return buf_addf(out, "CONNECT %u\r\n\r\n", ++t->asked);
}

static int answered(void *arg, const struct http1 *response, struct error *err)
{
    struct http_task *t = arg;
    (void)err;
    if (http1_status(response) < 200) {
        t->informed++;
        return 0;
    }
    return http1_status(response) == 407 && t->answers++ < t->script->again;
}

static const struct http_tunnel_ops http_ops = {ask, answered};

static void http_run(struct co *co)
{
    CO_BEGIN(struct http_task, t);
    t->fake = (struct fake){.stream = {.ops = &fake_ops}, .w = t->task.w, .pieces = t->script->pieces};
    t->tunnel = (struct http_tunnel){.stream = &t->fake.stream, .ops = &http_ops, .arg = t, .err = &t->err};
    CO_AWAIT(tunneling, co_call(co, &t->tunnel.co, http_tunnel_run));
    co->ret = co->rc;
    CO_CLEANUP;
    CO_END;
}

#define REFUSAL "HTTP/1.1 407 Prove it\r\nContent-Length: 4\r\n\r\n"
#define OPENED "HTTP/1.1 200 OK\r\n\r\n"

static const struct http_case http_cases[] = {
    {{OPENED}, .asked = 1},
    {{"H", "TTP/1.1 200 OK\r\nA: b\r", "\n\r\n"}, .asked = 1},
    {{"HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 204 No\r\nContent-Length: 10\r\n\r\n"}, .asked = 1},
    {{OPENED "early"},
     .rc = ERR_RECV,
     .asked = 1,
     .sentence = "could not receive: the proxy sent more than its answer to CONNECT"},
    {{"HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\n"},
     .rc = ERR_TUNNEL,
     .asked = 1,
     .sentence = "CONNECT tunnel failed: response 403 Forbidden"},
    {{"HTTP/1.1 101 x\r\nUpgrade: y\r\nConnection: upgrade\r\n\r\n"},
     .rc = ERR_TUNNEL,
     .asked = 1,
     .sentence = "CONNECT tunnel failed: response 101 x"},
    {{REFUSAL "body"}, .rc = ERR_TUNNEL, .asked = 1, .sentence = "CONNECT tunnel failed: response 407 Prove it"},
    {{THE_END},
     .rc = ERR_RECV,
     .asked = 1,
     .sentence = "could not receive: the proxy's answer to CONNECT: empty reply from server"},
    {{BREAKS}, .rc = ERR_RECV, .asked = 1, .sentence = "could not receive (Connection reset by peer)"},
    {{"220 ftp\r\n"}, .rc = ERR_RECV, .asked = 1, .sentence = NULL},
    /* asked again on the same connection: its body is read past, in whatever pieces */
    {{REFUSAL "body", OPENED}, .again = 1, .asked = 2},
    {{REFUSAL, "bo", "dy", OPENED}, .again = 1, .asked = 2},
    {{REFUSAL "body", REFUSAL "body", OPENED}, .again = 2, .asked = 3},
    {{"HTTP/1.1 407 x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", OPENED}, .again = 1, .asked = 2},
    {{REFUSAL "body", "HTTP/1.1 502 Bad\r\n\r\n"},
     .again = 1,
     .rc = ERR_TUNNEL,
     .asked = 2,
     .sentence = "CONNECT tunnel failed: response 502 Bad"},
    /* or on another one: it closes this, or its body has no end, breaks, or is too long */
    {{"HTTP/1.1 407 x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"}, .again = 1, .reconnect = true, .asked = 1},
    {{"HTTP/1.0 407 x\r\nContent-Length: 1\r\n\r\na"}, .again = 1, .reconnect = true, .asked = 1},
    {{"HTTP/1.1 407 x\r\n\r\nbody"}, .again = 1, .reconnect = true, .asked = 1},
    {{REFUSAL "bo", THE_END}, .again = 1, .reconnect = true, .asked = 1},
    {{REFUSAL "bo", BREAKS}, .again = 1, .reconnect = true, .asked = 1},
    {{REFUSAL "bodyandmore"}, .again = 1, .reconnect = true, .asked = 1},
    {{REFUSAL "body", THE_END}, .again = 1, .reconnect = true, .asked = 2},
    {{REFUSAL "body", BREAKS}, .again = 1, .reconnect = true, .asked = 2},
    {{REFUSAL "body", "HTTP", BREAKS},
     .again = 1,
     .rc = ERR_RECV,
     .asked = 2,
     .sentence = "could not receive (Connection reset by peer)"},
};

static const struct http_case *http_script;

static void http_prepare(struct world *w, struct task *root)
{
    (void)w;
    ((struct http_task *)root)->script = http_script;
}

static void http_check(struct world *w, const struct task *root)
{
    struct http_task *t = (struct http_task *)(uintptr_t)root;
    const struct http_case *c = t->script;
    (void)w;
    if (t->task.co.end.rc != ERR_CANCELED) {
        assert_int_equal(t->asked, c->asked);
        assert_int_equal(t->tunnel.reconnect, c->reconnect);
        assert_int_equal(t->err.code, c->rc);
        if (c->sentence)
            assert_string_equal(error_text(&t->err), c->sentence);
    }
    error_clear(&t->err);
}

static void test_connect(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof http_cases / sizeof http_cases[0]; i++) {
        http_script = &http_cases[i];
        sweep(&(struct scenario){.size = sizeof(struct http_task),
                                 .run = http_run,
                                 .rc = http_script->rc,
                                 .check = http_check,
                                 .prepare = http_prepare});
    }
}

/* A body that is not worth reading past. */
static void test_long_refusal(void **state)
{
    (void)state;
    static char body[HTTP_TUNNEL_DISCARD_MAX + 2];
    memset(body, 'x', sizeof body - 1);
    struct http_case script = {{"HTTP/1.1 407 x\r\nContent-Length: 1000000\r\n\r\n", body, NULL}, 1, 0, true, 1, NULL};
    http_script = &script;
    struct world w;
    struct http_task t = {.script = &script};
    world_init(&w);
    world_start(&w, &t.task, http_run);
    world_settle(&w);
    assert_true(co_ended(&t.task.co));
    http_check(&w, &t.task);
    world_deinit(&w);
}

/* ---- SOCKS, by name: addresses are for the end-to-end tests -------------------------------------------------------------- */

struct socks_case {
    enum socks_kind kind;
    const char *host, *user, *password;
    const char *pieces[PIECES];
    size_t sizes[PIECES];
    const char *told;
    size_t told_len;
    int rc;
    const char *sentence;
};

struct socks_task {
    struct task task; /* first */
    struct fake fake;
    struct socks_tunnel tunnel;
    struct error err;
    const struct socks_case *script;
};

static void socks_run(struct co *co)
{
    CO_BEGIN(struct socks_task, t);
    t->fake = (struct fake){
        .stream = {.ops = &fake_ops}, .w = t->task.w, .pieces = t->script->pieces, .sizes = t->script->sizes};
    t->tunnel = (struct socks_tunnel){.stream = &t->fake.stream,
                                      .kind = t->script->kind,
                                      .host = t->script->host,
                                      .port = 80,
                                      .user = t->script->user,
                                      .password = t->script->password,
                                      .err = &t->err};
    CO_AWAIT(tunneling, co_call(co, &t->tunnel.co, socks_tunnel_run));
    co->ret = co->rc;
    CO_CLEANUP;
    CO_END;
}

static const struct socks_case socks_cases[] = {
    {SOCKS_4A, "h", NULL, NULL, {"\0\x5a\0\0\0\0\0\0"}, {8}, "\4\1\0\x50\0\0\0\1\0h\0", 11, 0, NULL},
    {SOCKS_4,
     "127.0.0.1",
     "u",
     NULL,
     {"\0", "\x5a\0\0\0\0\0", "\0"},
     {1, 6, 1},
     "\4\1\0\x50\x7f\0\0\1u\0",
     10,
     0,
     NULL},
    {SOCKS_5H, "h", NULL, NULL, {"\5\0", "\5\0\0\1\0\0\0\0\0\0"}, {2, 10}, "\5\1\0\5\1\0\3\1h\0\x50", 11, 0, NULL},
    {SOCKS_5,
     "::1",
     "u",
     "p",
     {"\5\2", "\1\0", "\5\0\0\3\1x\0\0"},
     {2, 2, 8},
     "\5\2\0\2\1\1u\1p\5\1\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\x50",
     31,
     0,
     NULL},
    {SOCKS_5H,
     "h",
     NULL,
     NULL,
     {"\5\0", "\5\5\0\1\0\0\0\0\0\0"},
     {2, 10},
     "\5\1\0\5\1\0\3\1h\0\x50",
     11,
     ERR_PROXY,
     "proxy handshake failed: the host refused the SOCKS 5 proxy's connection (5)"},
    {SOCKS_5H,
     "h",
     NULL,
     NULL,
     {"\5\0", "\5\0\0\1\0\0\0\0\0\0early"},
     {2, 15},
     "\5\1\0\5\1\0\3\1h\0\x50",
     11,
     ERR_PROXY,
     "proxy handshake failed: the SOCKS proxy sent more than its answer"},
    {SOCKS_5H,
     "h",
     NULL,
     NULL,
     {"\5\0", THE_END},
     {2},
     "\5\1\0\5\1\0\3\1h\0\x50",
     11,
     ERR_PROXY,
     "proxy handshake failed: the SOCKS proxy closed the connection within the handshake"},
    {SOCKS_5H,
     "h",
     NULL,
     NULL,
     {BREAKS},
     {0},
     "\5\1\0",
     3,
     ERR_PROXY,
     "proxy handshake failed: the connection to the proxy broke (Connection reset by peer)"},
};

static const struct socks_case *socks_script;

static void socks_prepare(struct world *w, struct task *root)
{
    (void)w;
    ((struct socks_task *)root)->script = socks_script;
}

static void socks_check(struct world *w, const struct task *root)
{
    struct socks_task *t = (struct socks_task *)(uintptr_t)root;
    const struct socks_case *c = t->script;
    (void)w;
    if (t->task.co.end.rc != ERR_CANCELED) {
        assert_int_equal(t->fake.told_len, c->told_len);
        assert_memory_equal(t->fake.told, c->told, c->told_len);
        if (c->sentence)
            assert_string_equal(error_text(&t->err), c->sentence);
    }
    error_clear(&t->err);
}

static void test_socks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof socks_cases / sizeof socks_cases[0]; i++) {
        socks_script = &socks_cases[i];
        sweep(&(struct scenario){.size = sizeof(struct socks_task),
                                 .run = socks_run,
                                 .rc = socks_script->rc,
                                 .check = socks_check,
                                 .prepare = socks_prepare});
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_connect),
        cmocka_unit_test(test_long_refusal),
        cmocka_unit_test(test_socks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
