#include "fetch/exchange.h"

void exchange_begin(struct exchange *x, struct conn *conn, bool head_request, struct error *err)
{
    *x = (struct exchange){.conn = conn, .err = err};
    http1_reset(conn->http1, head_request, err);
}

void exchange_read_as(struct exchange *x, bool raw, bool no_length, bool keep_head)
{
    http1_read_as(x->conn->http1,
                  (raw ? HTTP1_RAW : 0) | (no_length ? HTTP1_NO_LENGTH : 0) | (keep_head ? HTTP1_KEEP_HEAD : 0));
}

struct co_op *exchange_send(struct exchange *x, struct co *caller, const void *data, size_t len)
{
    return stream_write(x->conn->stream, caller, data, len);
}

int exchange_sent(struct exchange *x)
{
    struct error err = {0};
    int rc = stream_sent(x->conn->stream, &err);
    if (rc < 0 && err.sys) {
        error_clear(&x->broken);
        x->broken = err;
        return 0;
    }
    if (rc < 0)
        error_copy(x->err, &err);
    error_clear(&err);
    return rc;
}

bool exchange_broken(const struct exchange *x)
{
    return x->broken.code != 0;
}

void exchange_whole(struct exchange *x)
{
    x->sent = !exchange_broken(x);
}

void exchange_end(struct exchange *x)
{
    error_clear(&x->broken);
}

/* Reading failed. Where nothing came and nothing could be sent, the latter was first. */
static int failed(struct exchange *x, int rc)
{
    bool mute = rc == ERR_EMPTY || (rc == ERR_RECV && x->err->sys);
    if (!exchange_broken(x) || !mute || !exchange_unanswered(x))
        return rc;
    error_clear(x->err);
    return error_copy(x->err, &x->broken);
}

int exchange_next(struct exchange *x, const char **data, size_t *len)
{
    int event = http1_next(x->conn->http1, data, len);
    switch (event) {
    case HTTP1_MORE:
        return EXCHANGE_WAIT;
    case HTTP1_INFORM:
        return EXCHANGE_INFORM;
    case HTTP1_HEAD:
        return EXCHANGE_HEAD;
    case HTTP1_BODY:
        return EXCHANGE_BODY;
    case HTTP1_END:
        return EXCHANGE_END;
    case HTTP1_UPGRADE:
        return error_set(x->err, ERR_REPLY, 0, "the server switched protocols, which was not asked for");
    default:
        return failed(x, event);
    }
}

struct co_op *exchange_wait(struct exchange *x, struct co *caller)
{
    stream_release(x->conn->stream);
    return stream_read(x->conn->stream, caller);
}

int exchange_arrived(struct exchange *x)
{
    const char *data;
    size_t len;
    int rc = stream_got(x->conn->stream, &data, &len, x->err);
    if (rc > 0)
        http1_feed(x->conn->http1, data, len);
    else if (rc == 0 || rc == ERR_PARTIAL)
        http1_eof(x->conn->http1, rc == 0);
    if (rc == ERR_PARTIAL)
        return 0;
    return rc < 0 ? failed(x, rc) : rc;
}

size_t exchange_unread(const struct exchange *x)
{
    return http1_left(x->conn->http1);
}

int exchange_keep(struct exchange *x)
{
    size_t left = http1_left(x->conn->http1);
    if (left == 0)
        return 0;
    const char *kept = stream_keep(x->conn->stream, http1_rest(x->conn->http1), left);
    if (!kept)
        return error_set(x->err, ERR_MEMORY, 0, NULL);
    http1_move(x->conn->http1, kept);
    return 0;
}

bool exchange_unanswered(const struct exchange *x)
{
    return !http1_begun(x->conn->http1);
}

bool exchange_persists(const struct exchange *x)
{
    return http1_reusable(x->conn->http1);
}

bool exchange_reusable(const struct exchange *x)
{
    return x->sent && http1_reusable(x->conn->http1);
}
