#include "fetch/attempt.h"

#include <stdlib.h>

#include "fetch/deliver.h"
#include "fetch/request.h"
#include "fetch/session.h"

void attempt_reset(struct afetch_request *r)
{
    error_clear(&r->err);
    error_clear(&r->refusal);
    r->bytes = r->ranges.from;
    r->status = 0;
    r->discard = r->satisfied = false;
    deliver_reset(r);
    r->then = REQUEST_END;
    r->sent_ns = r->first_byte_ns = 0;
    r->wire_bytes = 0;
    r->connect_status = 0;
    r->conn_id = 0;
    r->times = (struct dial_times){0};
}

void attempt_restart(struct afetch_request *r)
{
    r->as_get = false;
    free(r->referer);
    r->referer = NULL;
    r->redirects = 0;
    r->spent_ns = 0;
    if (!r->first_url)
        return;
    url_deinit(&r->url);
    r->url = *r->first_url;
    free(r->first_url);
    r->first_url = NULL;
}

/* What was delivered is void. */
static bool undo(struct afetch_request *r)
{
    bool undone = true;
    if (r->callbacks.restart) {
        lock_take(&r->session->lock);
        undone = !request_is_canceled(r) && r->callbacks.restart(r->arg, r) != AFETCH_ABORT;
        lock_drop(&r->session->lock);
    } else if (r->callbacks.body) {
        undone = r->bytes == r->ranges.had;
    }
    if (undone) {
        r->delivering = false;
        r->bytes = r->ranges.from = r->ranges.had;
    }
    return undone;
}

bool attempt_undo(struct afetch_request *r)
{
    if (!r->delivering)
        return true;
    if (!ranges_continue(r))
        return undo(r);
    r->ranges.from = r->bytes;
    return true;
}

int attempt_begin_anew(struct afetch_request *r)
{
    uint64_t from = r->ranges.from;
    if (from == 0)
        return 0;
    if (r->delivering && !undo(r))
        return error_set(&r->err, ERR_PARTIAL, 0,
                         "after %llu bytes, which cannot be taken back, as the server does not go on there",
                         (unsigned long long)from);
    ranges_forget(&r->ranges);
    r->bytes = 0;
    return 0;
}
