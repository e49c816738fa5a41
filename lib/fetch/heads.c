#include "fetch/heads.h"

#include "fetch/request.h"
#include "fetch/session.h"

bool heads_wanted(const struct afetch_request *r)
{
    return r->callbacks.raw_head || r->session->trace;
}

void heads_tell(struct afetch_request *r, const struct http1 *response, enum afetch_head_kind kind)
{
    struct afetch_raw_head head = {
        .kind = kind, .status = http1_status(response), .redirects = r->redirects, .retries = r->retries};
    head.text = http1_raw_head(response, &head.len);
    session_trace_response(r->session, r, head.text, head.len);
    if (!r->callbacks.raw_head)
        return;
    lock_take(&r->session->lock);
    if (!request_is_canceled(r))
        r->callbacks.raw_head(r->arg, r, &head);
    lock_drop(&r->session->lock);
}
