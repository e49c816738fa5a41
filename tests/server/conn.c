#include "server/conn.h"

#include <string.h>

#include "net/stream.h"
#include "proto/tls.h"
#include "server/answer.h"
#include "server/http_request.h"
#include "server/tls_server.h"

#define NS_PER_MS ((uint64_t)1000000)
#define IN_MAX (REQUEST_HEAD_MAX + REQUEST_LINE_MAX + ENGINE_READ_MAX)
#define OUT_FULL ((size_t)16 * 1024)     /* what is sent at a time, where it is put together */
#define OUT_MAX ((size_t)512 * 1024)     /* a head echoed, or the largest chunk, with room to spare */
#define LINGER_NS (100 * NS_PER_MS)      /* of silence, until a refused client is thought to have sent all */
#define BEFORE_RESET_NS (50 * NS_PER_MS) /* a reset overtakes what was sent before */

struct conn;

/* A part of the conversation, called by the coroutine of the whole. */
struct part {
    struct co co; /* first */
    struct conn *conn;
};

struct conn {
    struct co co; /* first */
    struct engine *engine;
    struct sock *sock;
    struct tls_config *tls;
    struct stream *stream;
    struct buf in;  /* came and was not used yet; no memory while it is empty */
    struct buf out; /* to be sent, where it is not the pattern */
    struct request_body body;
    struct answer answer;
    struct error err; /* of the handshake; nobody reads it */
    bool invite;      /* the client waits for a 100 (Continue) */
    union {
        struct tls_open greeting;
        struct {
            struct part part;
            size_t scanned; /* by request_head_end */
        } asking;
        struct {
            struct part part, body;
            size_t used; /* of c->in by the piece that is echoed */
            struct co_sleep nap;
        } answering;
        struct {
            struct part part;
            struct co_sleep nap;
            struct deadline deadline;
        } parting;
    } u;
};

static struct co_op *call_part(struct conn *c, struct part *part, struct co *caller, void (*run)(struct co *co))
{
    *part = (struct part){.conn = c};
    return co_call(caller, &part->co, run);
}

static struct co_op *sleep_ns(struct conn *c, struct co_sleep *nap, uint64_t ns)
{
    return co_sleep(nap, &c->engine->timers, engine_now_ns(c->engine) + ns);
}

static struct co_op *send_text(struct conn *c, struct co *caller, const char *text)
{
    return stream_write(c->stream, caller, text, strlen(text));
}

static struct co_op *send_out(struct conn *c, struct co *caller)
{
    return stream_write(c->stream, caller, c->out.data, c->out.len);
}

/* Takes what the read brought: 1, 0 at the end, or an error. */
static int take(struct conn *c)
{
    const char *data;
    size_t len;
    int rc = stream_got(c->stream, &data, &len, NULL);
    if (rc > 0 && buf_add(&c->in, data, len) < 0)
        return ERR_MEMORY;
    return rc;
}

static void use(struct conn *c, size_t len)
{
    buf_drop(&c->in, len);
    if (c->in.len == 0)
        buf_deinit(&c->in);
}

/* ---- asking: the request's head ---------------------------------------------------------------------------------- */

static void skip_blank_lines(struct conn *c)
{
    size_t n = 0;
    while (n < c->in.len && (c->in.data[n] == '\r' || c->in.data[n] == '\n'))
        n++;
    use(c, n);
}

static int refuse(struct conn *c, int status)
{
    buf_clear(&c->out);
    c->invite = false;
    c->body = (struct request_body){0};
    int rc = answer_refuse(&c->answer, &c->out, status);
    return rc < 0 ? rc : 1;
}

/* Makes the answer if the head is there: 1; 0: not yet. */
static int make_answer(struct conn *c)
{
    if (c->in.len == 0)
        return 0;
    size_t len = request_head_end(c->in.data, c->in.len, &c->u.asking.scanned);
    if (len > REQUEST_HEAD_MAX || (len == 0 && c->in.len > REQUEST_HEAD_MAX))
        return refuse(c, 431);
    if (len == 0)
        return 0;
    struct request r;
    int status = request_parse(&r, c->in.data, len);
    if (status != 0)
        return refuse(c, status);
    request_body_init(&c->body, &r);
    c->invite = r.expect;
    int rc = answer_make(&c->answer, &c->out, &r);
    use(c, len);
    return rc < 0 ? rc : 1;
}

/* Ends with 1 and an answer, or 0 when the client has ended. */
static void ask_run(struct co *co)
{
    CO_BEGIN(struct part, part);
    part->conn->u.asking.scanned = 0;
    for (;;) {
        if (part->conn->u.asking.scanned == 0)
            skip_blank_lines(part->conn);
        co->ret = make_answer(part->conn);
        if (co->ret != 0)
            break;
        CO_AWAIT(reading, stream_read(part->conn->stream, co));
        co->rc = take(part->conn);
        if (co->rc <= 0)
            CO_RETURN(co->rc);
    }
    CO_CLEANUP;
    CO_END;
}

/* ---- answering: the request's body, dropped or sent back ----------------------------------------------------------- */

/* The next piece of the request's body, put into c->out if it is to be sent back. */
static enum request_event next_piece(struct conn *c)
{
    size_t piece;
    const char *data = c->in.data ? c->in.data : "";
    enum request_event event = request_body_next(&c->body, data, c->in.len, &c->u.answering.used, &piece);
    if (c->answer.echo)
        buf_clear(&c->out);
    if (event == REQUEST_PIECE && c->answer.echo && !c->answer.bodiless) {
        const char *from = data + c->u.answering.used - piece;
        bool chunked = c->answer.chunked;
        if ((chunked && buf_addf(&c->out, "%zx\r\n", piece) < 0) || buf_add(&c->out, from, piece) < 0 ||
            (chunked && buf_adds(&c->out, "\r\n") < 0))
            return REQUEST_BAD;
    }
    use(c, c->u.answering.used);
    return event;
}

/* Ends with 0 when the body was read to its end; ERR_REPLY when it is none. */
static void body_run(struct co *co)
{
    CO_BEGIN(struct part, part);
    for (;;) {
        co->rc = (int)next_piece(part->conn);
        if (co->rc == REQUEST_BAD)
            CO_RETURN(ERR_REPLY);
        if (co->rc == REQUEST_END)
            break;
        if (co->rc == REQUEST_PIECE) {
            if (part->conn->answer.echo && part->conn->out.len > 0)
                CO_TRY(echoing, send_out(part->conn, co));
        } else {
            CO_AWAIT(reading, stream_read(part->conn->stream, co));
            co->rc = take(part->conn);
            if (co->rc <= 0)
                CO_RETURN(ERR_PARTIAL);
        }
    }
    if (part->conn->answer.echo && part->conn->answer.chunked && !part->conn->answer.bodiless)
        CO_TRY(ending, send_text(part->conn, co, "0\r\n\r\n"));
    CO_CLEANUP;
    CO_END;
}

/* ---- answering: the pattern -------------------------------------------------------------------------------------------- */

static size_t piece_len(const struct answer *a, size_t max)
{
    uint64_t n = a->send - a->sent;
    if (a->piece > 0 && n > a->piece - a->sent % a->piece)
        n = a->piece - a->sent % a->piece;
    return n < max ? (size_t)n : max;
}

/* Adds chunks to c->out, as many as are sent at a time, and the trailer behind the last. */
static int add_chunks(struct conn *c)
{
    struct answer *a = &c->answer;
    while (a->sent < a->send && c->out.len < OUT_FULL) {
        size_t n = piece_len(a, ANSWER_LEND_MAX);
        if (buf_addf(&c->out, "%zx\r\n", n) < 0 || buf_add(&c->out, answer_pattern(a->sent), n) < 0 ||
            buf_adds(&c->out, "\r\n") < 0)
            return ERR_MEMORY;
        a->sent += n;
    }
    if (a->sent < a->send)
        return 0;
    return buf_addf(&c->out, "0\r\nX-Trailer: %llu bytes\r\n\r\n", (unsigned long long)a->sent);
}

/* A small body goes with its head. */
static int add_first_bytes(struct conn *c)
{
    struct answer *a = &c->answer;
    if (a->echo || a->bodiless || a->garbage)
        return 0;
    if (a->chunked)
        return add_chunks(c);
    if (a->pause_ms > 0 || a->sent == a->send)
        return 0;
    size_t n = piece_len(a, OUT_FULL);
    int rc = buf_add(&c->out, answer_pattern(0), n);
    if (rc == 0)
        a->sent = n;
    return rc;
}

static struct co_op *send_more(struct conn *c, struct co *caller)
{
    struct answer *a = &c->answer;
    if (a->chunked) {
        buf_clear(&c->out);
        if (add_chunks(c) == 0)
            return send_out(c, caller);
        return co_done(&c->u.answering.nap.op, ERR_MEMORY);
    }
    size_t n = piece_len(a, ANSWER_LEND_MAX);
    const char *from = answer_pattern(a->sent);
    a->sent += n;
    return stream_write(c->stream, caller, from, n);
}

static bool pauses(const struct answer *a)
{
    return a->pause_ms > 0 && a->sent > 0 && a->sent % a->piece == 0;
}

/* Reads what is left of the request, unless the answer is made of it, and answers. */
static void answer_run(struct co *co)
{
    CO_BEGIN(struct part, part);
    if (part->conn->invite)
        CO_TRY(inviting, send_text(part->conn, co, "HTTP/1.1 100 Continue\r\n\r\n"));
    if (!part->conn->answer.echo) {
        CO_AWAIT(dropping, call_part(part->conn, &part->conn->u.answering.body, co, body_run));
        if (co->rc == ERR_REPLY)
            co->rc = refuse(part->conn, 400);
        if (co->rc < 0)
            CO_RETURN(co->rc);
    }
    if (part->conn->answer.delay_ms > 0)
        CO_TRY(delaying, sleep_ns(part->conn, &part->conn->u.answering.nap, part->conn->answer.delay_ms * NS_PER_MS));
    co->rc = add_first_bytes(part->conn);
    if (co->rc < 0)
        CO_RETURN(co->rc);
    CO_TRY(sending, send_out(part->conn, co));
    while (part->conn->answer.sent < part->conn->answer.send) {
        if (pauses(&part->conn->answer))
            CO_TRY(pausing,
                   sleep_ns(part->conn, &part->conn->u.answering.nap, part->conn->answer.pause_ms * NS_PER_MS));
        CO_TRY(sending_more, send_more(part->conn, co));
    }
    if (part->conn->answer.echo)
        CO_TRY(echoing, call_part(part->conn, &part->conn->u.answering.body, co, body_run));
    CO_CLEANUP;
    buf_deinit(&part->conn->out);
    CO_END;
}

/* ---- parting --------------------------------------------------------------------------------------------------------------- */

static bool orderly(const struct conn *c)
{
    return c->answer.end == ANSWER_KEEP || c->answer.end == ANSWER_CLOSE || c->answer.end == ANSWER_REFUSE;
}

/* Ends the conversation as the last answer has it. */
static void part_run(struct co *co)
{
    CO_BEGIN(struct part, part);
    if (orderly(part->conn) && part->conn->tls) {
        tls_close_notify(stream_tls(part->conn->stream));
        CO_TRY(closing, stream_write(part->conn->stream, co, "", 0));
    }
    if (part->conn->answer.end == ANSWER_STALE && part->conn->in.len == 0)
        CO_AWAIT(next_request, stream_read(part->conn->stream, co));
    if (part->conn->answer.end == ANSWER_RESET) {
        CO_TRY(arriving, sleep_ns(part->conn, &part->conn->u.parting.nap, BEFORE_RESET_NS));
        engine_reset_on_close(part->conn->engine, part->conn->sock);
    }
    /* A close with bytes unread is a reset, which could kill the answer on its way. */
    while (part->conn->answer.end == ANSWER_REFUSE) {
        co->rc = deadline_set(&part->conn->u.parting.deadline, &part->conn->engine->timers,
                              engine_now_ns(part->conn->engine) + LINGER_NS, co, ERR_TIMEOUT);
        if (co->rc < 0)
            CO_RETURN(co->rc);
        CO_AWAIT(lingering, stream_read(part->conn->stream, co));
        buf_clear(&part->conn->in);
        if (take(part->conn) <= 0)
            break;
    }
    CO_CLEANUP;
    deadline_clear(&part->conn->u.parting.deadline);
    CO_END;
}

/* ---- the conversation ------------------------------------------------------------------------------------------------------- */

static int open_stream(struct conn *c)
{
    int rc = stream_new_tcp(&c->stream, c->engine, c->sock);
    if (rc < 0 || !c->tls)
        return rc;
    struct tls *tls = NULL;
    rc = tls_server_new(&tls, c->tls, NULL);
    if (rc < 0)
        return rc;
    struct stream *over = NULL;
    rc = stream_new_tls(&over, c->stream, tls);
    if (rc < 0)
        tls_free(tls);
    else
        c->stream = over;
    return rc;
}

static struct co_op *greet(struct conn *c)
{
    c->u.greeting = (struct tls_open){.stream = c->stream, .err = &c->err};
    return co_call(&c->co, &c->u.greeting.co, tls_open_run);
}

void conn_run(struct co *co)
{
    CO_BEGIN(struct conn, c);
    co->rc = open_stream(c);
    if (co->rc < 0)
        CO_RETURN(co->rc);
    if (c->tls)
        CO_TRY(greeting, greet(c));
    do {
        CO_TRY(asking, call_part(c, &c->u.asking.part, co, ask_run));
        if (co->rc == 0)
            break;
        CO_TRY(answering, call_part(c, &c->u.answering.part, co, answer_run));
    } while (c->answer.end == ANSWER_KEEP);
    memset(&c->u, 0, sizeof c->u);
    CO_TRY(parting, call_part(c, &c->u.parting.part, co, part_run));
    CO_CLEANUP;
    if (c->stream)
        stream_close(c->stream);
    else
        engine_close(c->engine, c->sock);
    error_clear(&c->err);
    buf_deinit(&c->in);
    buf_deinit(&c->out);
    CO_END;
}

struct co *conn_new(struct engine *e, struct sock *sock, struct tls_config *tls)
{
    struct conn *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->engine = e;
    c->sock = sock;
    c->tls = tls;
    buf_init(&c->in, IN_MAX);
    buf_init(&c->out, OUT_MAX);
    return &c->co;
}
