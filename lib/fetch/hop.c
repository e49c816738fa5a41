#include "fetch/hop.h"

#include <string.h>

#include "fetch/account.h"
#include "fetch/attempt.h"
#include "fetch/deliver.h"
#include "fetch/head.h"
#include "fetch/heads.h"
#include "fetch/proxying.h"
#include "fetch/request.h"
#include "fetch/response.h"
#include "fetch/session.h"
#include "fetch/upload.h"

enum { HEAD_OUT_MAX = 1024 * 1024 };

/* ---- the request ------------------------------------------------------------------------------------------------------------ */

static int begin_exchange(struct hop *h)
{
    struct afetch_request *r = h->request;
    r->peer = h->conn->peer;
    r->have_peer = true;
    r->conn_id = h->conn->id;
    r->reused = h->conn->used;
    struct tls *tls = proxying_server_tls(r, h->conn->stream);
    r->tls_version = tls ? tls_version(tls) : NULL;
    if (h->conn->used) {
        session_count_reuse(h->request->session);
        session_trace(h->request->session, r, "Reusing connection #%llu", (unsigned long long)h->conn->id);
    }
    exchange_begin(&h->exchange, h->conn, request_ends_at_head(r), &r->err);
    exchange_read_as(&h->exchange, r->session->defaults.raw, r->session->defaults.ignore_length, heads_wanted(r));
    buf_init(&h->head, HEAD_OUT_MAX);
    int rc = r->upload ? upload_frame(r) : 0;
    if (rc == 0)
        rc = head_write(r, &h->head);
    return rc == 0 && r->upload ? upload_join_head(r, &h->head) : rc;
}

/* The head was sent; a body follows it. */
static int sent(struct hop *h)
{
    struct afetch_request *r = h->request;
    int rc = exchange_sent(&h->exchange);
    r->sent_ns = engine_now_ns(r->worker->engine);
    if (rc == 0 && r->upload)
        upload_start(r, &h->exchange, &h->co, &h->head);
    else if (rc == 0)
        exchange_whole(&h->exchange);
    if (!r->callbacks.hop)
        buf_deinit(&h->head);
    return rc;
}

/* ---- the response ------------------------------------------------------------------------------------------------------------- */

enum { STEP_GO, STEP_END, STEP_WAIT, STEP_PAUSE, STEP_TURN };

static int step_of(int delivered)
{
    if (delivered <= 0)
        return delivered;
    if (delivered == DELIVER_END)
        return STEP_END;
    return delivered == DELIVER_PAUSE ? STEP_PAUSE : STEP_TURN;
}

static int take_head(struct afetch_request *r, const struct http1 *response)
{
    int rc = response_head(r, response);
    if (rc >= 0 && r->upload)
        upload_answered(r, r->status);
    return step_of(rc);
}

/* One event of the response: a step, or an error. */
static int take_event(struct hop *h)
{
    struct afetch_request *r = h->request;
    const char *data;
    size_t len;
    int event = exchange_next(&h->exchange, &data, &len);
    if (event < 0)
        return event;
    if (event == EXCHANGE_WAIT)
        return STEP_WAIT;
    if (event == EXCHANGE_END)
        return STEP_END;
    if (!r->first_byte_ns)
        r->first_byte_ns = engine_now_ns(r->worker->engine);
    if (event == EXCHANGE_HEAD)
        return take_head(r, h->conn->http1);
    if (event == EXCHANGE_BODY) {
        session_trace_data(r->session, r, false, data, len);
        return step_of(response_body(r, data, len));
    }
    heads_tell(r, h->conn->http1, AFETCH_HEAD_INFORM);
    if (r->upload)
        upload_informed(r, http1_status(h->conn->http1));
    return STEP_GO;
}

/* Takes events until something must be awaited, or the end has come: a step, or an error. */
static int step(struct hop *h)
{
    int rc = STEP_GO;
    while (rc == STEP_GO)
        rc = deliver_left(h->request) ? step_of(deliver_more(h->request)) : take_event(h);
    if ((rc == STEP_PAUSE || rc == STEP_TURN) && exchange_keep(&h->exchange) < 0)
        return ERR_MEMORY;
    return rc;
}

/* Timers and I/O are looked at, too. */
static struct co_op *give_turn(struct hop *h)
{
    struct engine *e = h->request->worker->engine;
    return co_sleep(&h->u.nap, &e->timers, engine_now_ns(e));
}

static struct co_op *pause(struct hop *h)
{
    brake_on_us(h->request, SPEED_RECEIVING);
    return request_pause(h->request);
}

static struct co_op *await_response(struct hop *h)
{
    brake_on_server(h->request, SPEED_RECEIVING);
    return exchange_wait(&h->exchange, &h->co);
}

/* 1: what came must be held back for a while. */
static int arrived(struct hop *h)
{
    int rc = exchange_arrived(&h->exchange);
    return rc < 0 ? rc : brake_received(h->request, exchange_unread(&h->exchange));
}

static struct co_op *hold_back(struct hop *h)
{
    size_t bytes = exchange_unread(&h->exchange);
    if (exchange_keep(&h->exchange) < 0)
        return co_done(&h->u.pass.op, ERR_MEMORY);
    return brake_hold(&h->u.pass, h->request, SPEED_RECEIVING, bytes);
}

/* ---- the end ------------------------------------------------------------------------------------------------------------------- */

static uint64_t timeout_ns(const struct afetch_request *r)
{
    return timer_ns_of_ms(r->timeout_set ? r->timeout_ms : r->session->timeout_ms);
}

/* A time-out is for an attempt with all its redirects; what waits for a place in between does not count. */
static int start_clock(struct hop *h)
{
    struct afetch_request *r = h->request;
    struct engine *e = r->worker->engine;
    uint64_t ns = timeout_ns(r);
    h->begun_ns = engine_now_ns(e);
    if (ns == 0)
        return 0;
    uint64_t left_ns = ns > r->spent_ns ? ns - r->spent_ns : 0;
    return deadline_set(&h->deadline, &e->timers, h->begun_ns + left_ns, &h->co, ERR_TIMEOUT);
}

static void stop_clock(struct hop *h)
{
    deadline_clear(&h->deadline);
    h->request->spent_ns += engine_now_ns(h->request->worker->engine) - h->begun_ns;
    if (h->deadline.passed)
        error_set(&h->request->err, ERR_TIMEOUT, 0, "after %.3g s (--max-time), with %llu bytes received",
                  (double)timeout_ns(h->request) / 1e9,
                  (unsigned long long)(h->request->bytes - h->request->ranges.had));
}

/* A connection that was kept may have been closed by the server in the very moment of its reuse (RFC 9112
 * section 9.3.1). */
static bool was_stale(const struct hop *h)
{
    if (h->co.reason || !h->exchange.conn) /* it was ended by something else, or came to nothing before */
        return false;
    if (h->co.ret != ERR_SEND && h->co.ret != ERR_RECV && h->co.ret != ERR_EMPTY)
        return false;
    return h->conn && h->conn->used && exchange_unanswered(&h->exchange) && request_is_idempotent(h->request) &&
           upload_can_repeat(h->request);
}

static void end_attempt(struct hop *h)
{
    const struct afetch_request *r = h->request;
    bool stale = was_stale(h);
    h->co.ret = response_outcome(h->request, h->co.ret);
    h->again = stale || (r->then == REQUEST_AGAIN && response_read_past(r, h->co.ret));
    if (!stale)
        account_hop(h->request, &(struct account){h->conn, &h->head, h->begun_ns, h->co.ret});
    buf_deinit(&h->head);
}

static void end_exchange(struct hop *h)
{
    connect_keep_tickets(h->request, h->conn->stream);
    bool body_left = request_ends_at_head(h->request) && !request_is_head(h->request);
    bool reusable =
        h->exchange.conn && exchange_reusable(&h->exchange) && !body_left && !proxying_ends(h->request, h->conn->http1);
    if (h->again)
        attempt_reset(h->request);
    exchange_end(&h->exchange);
    h->conn->used = true;
    stream_release(h->conn->stream);
    if (!reusable) {
        conn_close(h->conn);
        h->conn = NULL;
    }
}

void hop_run(struct co *co)
{
    CO_BEGIN(struct hop, h);
    if ((co->rc = start_clock(h)) < 0 || (co->rc = upload_new(h->request)) < 0)
        CO_RETURN(co->rc);
    if (h->request->upload)
        CO_TRY(opening, upload_open(h->request, co));
    if (!h->conn) {
        if ((co->rc = connect_begin(&h->connect, h->request)) < 0)
            CO_RETURN(co->rc);
        CO_TRY(connecting, connect_dial(&h->connect, co));
        if ((co->rc = connect_done(&h->connect, &h->conn)) < 0)
            CO_RETURN(co->rc);
    }
    if ((co->rc = begin_exchange(h)) < 0 || (co->rc = brake_begin(h->request, co)) < 0)
        CO_RETURN(co->rc);
    CO_AWAIT(sending, exchange_send(&h->exchange, co, h->head.data, h->head.len));
    if ((co->rc = sent(h)) < 0)
        CO_RETURN(co->rc);
    while ((co->rc = step(h)) != STEP_END) {
        if (co->rc < 0)
            CO_RETURN(co->rc);
        if (co->rc == STEP_PAUSE) {
            CO_TRY(pausing, pause(h));
        } else if (co->rc == STEP_TURN) {
            CO_TRY(yielding, give_turn(h));
        } else {
            CO_AWAIT(receiving, await_response(h));
            if ((co->rc = arrived(h)) < 0)
                CO_RETURN(co->rc);
            if (co->rc > 0)
                CO_TRY(limiting, hold_back(h));
        }
    }
    if (h->request->upload)
        CO_TRY(finishing, upload_finish(h->request));
    co->ret = response_end(h->request);
    CO_CLEANUP;
    if (h->request->upload)
        CO_AWAIT(reaping, upload_reap(h->request));
    upload_free(h->request);
    brake_release(h->request);
    stop_clock(h);
    connect_end(&h->connect);
    end_attempt(h);
    if (h->conn)
        end_exchange(h);
    CO_END;
}
