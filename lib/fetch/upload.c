#include "fetch/upload.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fetch/head.h"
#include "fetch/proxying.h"
#include "fetch/request.h"
#include "fetch/session.h"

enum {
    EXPECT_FROM = 1024 * 1024, /* bytes; as curl: what is not over that is sent at once */
    JOIN_MAX = 16 * 1024,      /* bytes of a body that go into its head's first packets */
    TAIL_MAX = 2000            /* bytes that are worth less than a new connection; as curl */
};

static uint64_t now_ns(const struct upload *u)
{
    return engine_now_ns(u->request->worker->engine);
}

/* ---- life ------------------------------------------------------------------------------------------------------------- */

static bool contains(const char *text, const char *word)
{
    return text && strcasestr(text, word) != NULL;
}

bool upload_sends_body(const struct afetch_request *r)
{
    return !r->as_get && (r->body || contains(head_own_field(r, "Transfer-Encoding"), "chunked"));
}

int upload_new(struct afetch_request *r)
{
    r->bytes_sent = 0;
    r->send_empty = false;
    if (!upload_sends_body(r))
        return 0;
    r->send_empty = credentials_await_challenge(r->credentials, r->session) || proxying_awaits_challenge(r);
    struct upload *u = r->upload = calloc(1, sizeof *u);
    if (!u)
        return error_set(&r->err, ERR_MEMORY, 0, NULL);
    u->request = r;
    u->body.request = r;
    u->body.body = r->send_empty ? NULL : r->body;
    buf_init(&u->framed, SIZE_MAX / 2);
    return 0;
}

void upload_free(struct afetch_request *r)
{
    struct upload *u = r->upload;
    if (!u)
        return;
    body_close(&u->body);
    buf_deinit(&u->framed);
    free(u);
    r->upload = NULL;
}

static void open_run(struct co *co)
{
    CO_BEGIN(struct upload, u);
    while ((co->rc = body_open(&u->body)) == BODY_LATER)
        CO_TRY(feeding, worker_pause(u->request->worker, &u->request->feed));
    co->ret = co->rc;
    CO_CLEANUP;
    CO_END;
}

struct co_op *upload_open(struct afetch_request *r, struct co *hop)
{
    return co_call(hop, &r->upload->co, open_run);
}

/* ---- the head --------------------------------------------------------------------------------------------------------- */

int upload_frame(struct afetch_request *r)
{
    struct upload *u = r->upload;
    const char *coding = head_own_field(r, "Transfer-Encoding");
    const char *expect = head_own_field(r, "Expect");
    bool http10 = r->session->defaults.http10;
    bool unknown = u->body.length < 0;
    if (unknown && http10 && !coding)
        return error_set(&r->err, ERR_UPLOAD, 0, "HTTP/1.0 has no way to send what has no known length");
    if (unknown && coding && !contains(coding, "chunked"))
        return error_set(&r->err, ERR_UPLOAD, 0, "its length is not known, and Transfer-Encoding is not chunked");
    u->chunked = coding ? contains(coding, "chunked") : unknown;
    u->expects = expect ? contains(expect, "100-continue")
                        : !http10 && !r->no_expect && (unknown || u->body.length > EXPECT_FROM);
    return 0;
}

const char *upload_coding(const struct afetch_request *r)
{
    return r->upload && r->upload->chunked ? "chunked" : NULL;
}

void upload_fields(const struct afetch_request *r, struct http1_default fields[UPLOAD_FIELDS])
{
    struct upload *u = r->upload;
    bool sized = u && !u->chunked;
    if (sized)
        snprintf(u->length_text, sizeof u->length_text, "%" PRId64, u->body.length);
    fields[0] = (struct http1_default){"Content-Length", sized ? u->length_text : NULL};
    fields[1] = (struct http1_default){"Content-Type", u ? body_content_type(r->body) : NULL};
    fields[2] = (struct http1_default){"Expect", u && u->expects ? "100-continue" : NULL};
}

/* ---- pieces ----------------------------------------------------------------------------------------------------------- */

/* RFC 9112 section 7.1. */
static int frame_chunk(struct upload *u, const char *data, size_t len)
{
    buf_clear(&u->framed);
    int rc = len ? buf_addf(&u->framed, "%zx\r\n", len) : buf_adds(&u->framed, "0\r\n");
    if (rc == 0)
        rc = buf_add(&u->framed, data, len);
    if (rc == 0)
        rc = buf_adds(&u->framed, "\r\n");
    u->piece = u->framed.data;
    u->piece_len = u->framed.len;
    return rc < 0 ? error_set(&u->request->err, rc, 0, NULL) : BODY_BYTES;
}

/* The next piece as it is sent: an event, or an error. */
static int next_piece(struct upload *u)
{
    const char *data = "";
    size_t len = 0;
    if (u->last_chunk)
        return BODY_END;
    int rc = body_next(&u->body, &data, &len);
    if (rc < 0 || rc == BODY_LATER)
        return rc;
    if (u->chunked) {
        u->last_chunk = rc == BODY_END;
        rc = frame_chunk(u, data, len);
    } else {
        u->piece = data;
        u->piece_len = len;
    }
    u->payload_len = len;
    return rc;
}

static void end(struct upload *u)
{
    u->whole = true;
    exchange_whole(u->exchange);
    u->request->sent_ns = now_ns(u);
    session_trace(u->request->session, u->request, "Upload completely sent off: %llu bytes",
                  (unsigned long long)u->request->bytes_sent);
}

int upload_join_head(struct afetch_request *r, struct buf *head)
{
    struct upload *u = r->upload;
    if (u->expects || u->chunked || u->body.length > JOIN_MAX || !body_is_here(&u->body) || brake_sends(r))
        return 0;
    int rc;
    while ((rc = next_piece(u)) == BODY_BYTES) {
        if (buf_add(head, u->piece, u->piece_len) < 0)
            return error_set(&r->err, ERR_MEMORY, 0, NULL);
        session_trace_data(r->session, r, true, u->piece, u->piece_len);
        u->joined += u->piece_len;
    }
    u->whole = rc == BODY_END;
    return rc;
}

/* ---- the sender ------------------------------------------------------------------------------------------------------- */

static struct co_op *await_continue(struct upload *u)
{
    struct afetch_request *r = u->request;
    u->awaiting = true;
    return co_sleep(&u->u.nap, &r->worker->engine->timers, now_ns(u) + r->session->expect_timeout_ns);
}

static struct co_op *await_feed(struct upload *u)
{
    brake_on_us(u->request, SPEED_SENDING);
    return worker_pause(u->request->worker, &u->request->feed);
}

/* The next part of the piece waits until it is within the limit. */
static struct co_op *hold_back(struct upload *u)
{
    u->part_len = brake_part(u->request, u->piece_len);
    return brake_hold(&u->u.pass, u->request, SPEED_SENDING, u->part_len);
}

static struct co_op *send_part(struct upload *u)
{
    u->part_len = brake_part(u->request, u->piece_len);
    brake_on_server(u->request, SPEED_SENDING);
    u->writing = true;
    session_trace_data(u->request->session, u->request, true, u->piece, u->part_len);
    return exchange_send(u->exchange, &u->co, u->piece, u->part_len);
}

static int part_sent(struct upload *u)
{
    u->writing = false;
    int rc = exchange_sent(u->exchange);
    if (rc < 0 || exchange_broken(u->exchange))
        return rc;
    brake_sent(u->request, u->part_len);
    u->piece += u->part_len;
    u->piece_len -= u->part_len;
    if (!u->chunked)
        u->request->bytes_sent += u->part_len;
    else if (u->piece_len == 0)
        u->request->bytes_sent += u->payload_len;
    return 0;
}

static void send_run(struct co *co)
{
    CO_BEGIN(struct upload, u);
    if (u->expects)
        CO_TRY(expecting, await_continue(u));
    u->awaiting = false;
    while ((co->rc = next_piece(u)) != BODY_END) {
        if (co->rc < 0)
            CO_RETURN(co->rc);
        if (co->rc == BODY_LATER) {
            CO_TRY(feeding, await_feed(u));
            continue;
        }
        while (u->piece_len > 0) {
            if (brake_sends(u->request))
                CO_TRY(limiting, hold_back(u));
            CO_AWAIT(sending, send_part(u));
            if ((co->rc = part_sent(u)) < 0)
                CO_RETURN(co->rc);
            if (u->stopped || exchange_broken(u->exchange))
                CO_RETURN(0);
        }
    }
    end(u);
    CO_CLEANUP;
    brake_on_server(u->request, SPEED_SENDING);
    if (co->ret < 0 && !co->reason) /* of the connection's failure the hop learns by reading */
        co_cancel(u->hop, co->ret);
    CO_END;
}

void upload_start(struct afetch_request *r, struct exchange *x, struct co *hop, struct buf *head)
{
    struct upload *u = r->upload;
    head->len -= u->joined;
    u->exchange = x;
    u->hop = hop;
    if (u->whole) {
        r->bytes_sent = u->body.taken;
        end(u);
    } else if (!exchange_broken(x)) {
        u->spawned = true;
        u->co = (struct co){0};
        co_spawn(hop, &u->group, &u->co, send_run);
    }
}

/* A piece that is on its way still goes; what it waits for beside that, it waits for no more. */
static void stop(struct upload *u)
{
    if (!u->spawned || u->whole || u->stopped)
        return;
    u->stopped = true;
    if (!u->writing)
        co_cancel(&u->co, ERR_CANCELED);
}

/* ---- the response ----------------------------------------------------------------------------------------------------- */

void upload_informed(struct afetch_request *r, int status)
{
    struct upload *u = r->upload;
    if (status == 100 && u->awaiting)
        co_op_cancel(&u->u.nap.op, 0);
}

/* Where the request will be made again, a small rest is sent for the connection's sake. */
static bool small_rest(const struct upload *u)
{
    return u->body.length >= 0 && (uint64_t)u->body.length - u->request->bytes_sent < TAIL_MAX && !u->awaiting;
}

void upload_answered(struct afetch_request *r, int status)
{
    struct upload *u = r->upload;
    if (u->whole || !u->spawned || status < 300 || (r->then != REQUEST_END && small_rest(u)))
        return;
    session_trace(r->session, r, "HTTP error before end of send, stop sending after %llu bytes",
                  (unsigned long long)r->bytes_sent);
    stop(u);
}

struct co_op *upload_finish(struct afetch_request *r)
{
    struct upload *u = r->upload;
    if (!exchange_persists(u->exchange))
        stop(u);
    return u->stopped ? upload_reap(r) : co_join(&u->group);
}

struct co_op *upload_reap(struct afetch_request *r)
{
    co_group_cancel(&r->upload->group, ERR_CANCELED);
    return co_join(&r->upload->group);
}

/* ---- another attempt -------------------------------------------------------------------------------------------------- */

bool upload_can_repeat(const struct afetch_request *r)
{
    return !r->body_spent || !upload_sends_body(r);
}

bool upload_unexpected(struct afetch_request *r, int status)
{
    if (status != 417 || !r->upload || !r->upload->expects || r->no_expect || !upload_can_repeat(r))
        return false;
    r->no_expect = true;
    return true;
}
