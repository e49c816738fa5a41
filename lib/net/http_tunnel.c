#include "net/http_tunnel.h"

/* ---- asking ---------------------------------------------------------------------------------------------------------- */

static int prepare(struct http_tunnel *t)
{
    t->repeats = t->again;
    t->again = false;
    t->discarded = 0;
    buf_init(&t->head, HTTP_TUNNEL_HEAD_MAX);
    if (!t->http1 && !(t->http1 = http1_new()))
        return error_set(t->err, ERR_MEMORY, 0, NULL);
    http1_reset(t->http1, false, &t->reason);
    http1_read_as(t->http1, t->keep_heads ? HTTP1_KEEP_HEAD : 0);
    return t->ops->ask(t->arg, &t->head, t->err);
}

/* A proxy may close the connection behind a refusal, without a word. */
static bool may_be_closed(const struct http_tunnel *t)
{
    return t->repeats && !http1_begun(t->http1);
}

static int asked(struct http_tunnel *t)
{
    int rc = stream_sent(t->stream, may_be_closed(t) ? NULL : t->err);
    buf_deinit(&t->head);
    if (rc != ERR_SEND || !may_be_closed(t))
        return rc;
    t->reconnect = true;
    return 0;
}

/* ---- the answer -------------------------------------------------------------------------------------------------------- */

enum { NEXT_GO, NEXT_WAIT, NEXT_END };

/* What breaks in the body of a refusal matters to nobody: the connection is given up. Else the proxy does not speak
 * HTTP as it should. */
static int broken(struct http_tunnel *t, int rc)
{
    if (rc == ERR_MEMORY)
        return error_set(t->err, rc, 0, NULL);
    if (t->again) {
        t->reconnect = true;
        return NEXT_END;
    }
    return error_set(t->err, ERR_RECV, 0, "the proxy's answer to CONNECT: %s", error_text(&t->reason));
}

static int refused(struct http_tunnel *t)
{
    const char *reason = http1_reason(t->http1);
    return error_set(t->err, ERR_TUNNEL, 0, "response %d%s%.100s", http1_status(t->http1), *reason ? " " : "", reason);
}

/* The length of a 2xx says nothing, for there is no body (RFC 9110 section 9.3.6). The target cannot have said anything
 * that was not asked for. */
static int opened(struct http_tunnel *t)
{
    if (http1_left(t->http1) == 0)
        return NEXT_END;
    return error_set(t->err, ERR_RECV, 0, "the proxy sent more than its answer to CONNECT");
}

/* Whether the body of a refusal ends before the connection does. */
static bool body_ends(const struct http1 *response)
{
    return http1_content_length(response) >= 0 || http1_find(response, "Transfer-Encoding");
}

static int on_answer(struct http_tunnel *t)
{
    int rc = t->ops->answered(t->arg, t->http1, t->err);
    if (rc < 0)
        return rc;
    if (http1_status(t->http1) / 100 == 2)
        return opened(t);
    if (rc == 0)
        return refused(t);
    t->again = true;
    t->reconnect = !body_ends(t->http1);
    return t->reconnect ? NEXT_END : NEXT_GO;
}

static int on_event(struct http_tunnel *t, int event, size_t len)
{
    switch (event) {
    case HTTP1_MORE:
        return NEXT_WAIT;
    case HTTP1_INFORM:
        return t->ops->answered(t->arg, t->http1, t->err);
    case HTTP1_HEAD:
        return on_answer(t);
    case HTTP1_BODY:
        t->discarded += len;
        t->reconnect = t->discarded > HTTP_TUNNEL_DISCARD_MAX;
        return t->reconnect ? NEXT_END : NEXT_GO;
    case HTTP1_END:
        t->reconnect = !http1_reusable(t->http1);
        return NEXT_END;
    case HTTP1_UPGRADE:
        t->ops->answered(t->arg, t->http1, t->err);
        return refused(t);
    default:
        return broken(t, event);
    }
}

static int next(struct http_tunnel *t)
{
    int rc = NEXT_GO;
    while (rc == NEXT_GO) {
        const char *data;
        size_t len = 0;
        int event = http1_next(t->http1, &data, &len);
        rc = on_event(t, event, len);
    }
    return rc;
}

static struct co_op *wait_for_more(struct http_tunnel *t, struct co *caller)
{
    stream_release(t->stream);
    return stream_read(t->stream, caller);
}

static int arrived(struct http_tunnel *t)
{
    const char *data;
    size_t len;
    bool matters = !t->again && !may_be_closed(t);
    int rc = stream_got(t->stream, &data, &len, matters ? t->err : NULL);
    if (rc == ERR_MEMORY || (rc == ERR_RECV && matters))
        return rc;
    if (rc > 0)
        http1_feed(t->http1, data, len);
    else if (may_be_closed(t))
        t->reconnect = true;
    else
        http1_eof(t->http1, rc == 0);
    return 0;
}

void http_tunnel_run(struct co *co)
{
    CO_BEGIN(struct http_tunnel, t);
    do {
        if ((co->rc = prepare(t)) < 0)
            CO_RETURN(co->rc);
        CO_AWAIT(asking, stream_write(t->stream, co, t->head.data, t->head.len));
        if ((co->rc = asked(t)) < 0)
            CO_RETURN(co->rc);
        while (!t->reconnect && (co->rc = next(t)) == NEXT_WAIT) {
            CO_AWAIT(answering, wait_for_more(t, co));
            if ((co->rc = arrived(t)) < 0)
                CO_RETURN(co->rc);
        }
        if (co->rc < 0)
            CO_RETURN(co->rc);
    } while (t->again && !t->reconnect);
    CO_CLEANUP;
    stream_release(t->stream);
    buf_deinit(&t->head);
    http1_free(t->http1);
    t->http1 = NULL;
    error_clear(&t->reason);
    CO_END;
}
