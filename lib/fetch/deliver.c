#include "fetch/deliver.h"

#include <strings.h>

#include "fetch/session.h"

enum { TURN_BYTES = 256 * 1024 }; /* decoded at a time: a few bytes may stand for gigabytes */

static int too_large(struct afetch_request *r)
{
    return error_set(&r->err, ERR_FILESIZE, 0, "over %llu bytes (--max-filesize)",
                     (unsigned long long)r->session->filesize_max);
}

static int add_codings(struct afetch_request *r, const struct http1 *response)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < http1_field_count(response); i++) {
        struct http1_field f = http1_field_at(response, i);
        if (strcasecmp(f.name, "Content-Encoding") == 0)
            rc = decode_add(r->decode, f.value, &r->err);
    }
    return rc;
}

int deliver_begin(struct afetch_request *r, const struct http1 *response)
{
    const struct afetch_session *s = r->session;
    int64_t length = http1_content_length(response);
    deliver_reset(r);
    if (s->filesize_max && length > 0 && (uint64_t)length > s->filesize_max && !request_ends_at_head(r))
        return too_large(r);
    if (!s->compressed || s->defaults.raw || !http1_find(response, "Content-Encoding"))
        return 0;
    int rc = decode_new(&r->decode, &r->err);
    return rc == 0 ? add_codings(r, response) : rc;
}

/* Plain bytes to the receiver. */
static int hand_over(struct afetch_request *r, const void *data, size_t len)
{
    r->bytes += len;
    if (r->session->filesize_max && r->bytes > r->session->filesize_max)
        return too_large(r);
    if (!r->callbacks.body)
        return DELIVER_GO;
    lock_take(&r->session->lock);
    bool canceled = request_is_canceled(r);
    enum afetch_flow flow = canceled ? AFETCH_GO : r->callbacks.body(r->arg, r, data, len);
    lock_drop(&r->session->lock);
    if (canceled)
        return ERR_CANCELED;
    if (flow == AFETCH_ABORT)
        return request_stop(r);
    return flow == AFETCH_PAUSE ? DELIVER_PAUSE : DELIVER_GO;
}

int deliver_more(struct afetch_request *r)
{
    size_t turn = 0;
    int rc = DELIVER_GO;
    while (rc == DELIVER_GO) {
        const char *data;
        size_t len;
        int event = decode_next(r->decode, &data, &len, &r->err);
        r->decoding = event == DECODE_DATA;
        if (event != DECODE_DATA)
            return event < 0 ? event : DELIVER_GO;
        rc = hand_over(r, data, len);
        turn += len;
        if (rc == DELIVER_GO && turn > TURN_BYTES)
            rc = DELIVER_TURN;
    }
    if (rc > 0 && decode_keep(r->decode, &r->err) < 0)
        return r->err.code;
    return rc;
}

int deliver(struct afetch_request *r, const void *data, size_t len)
{
    if (!r->decode)
        return hand_over(r, data, len);
    decode_feed(r->decode, data, len);
    return deliver_more(r);
}

bool deliver_left(const struct afetch_request *r)
{
    return r->decoding;
}

int deliver_end(struct afetch_request *r)
{
    return r->decode ? decode_end(r->decode, &r->err) : 0;
}

void deliver_reset(struct afetch_request *r)
{
    decode_free(r->decode);
    r->decode = NULL;
    r->decoding = false;
}
