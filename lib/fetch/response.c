#include "fetch/response.h"

#include "fetch/attempt.h"
#include "fetch/deliver.h"
#include "fetch/redirect.h"
#include "fetch/request.h"
#include "fetch/retry.h"
#include "fetch/session.h"
#include "fetch/upload.h"

enum { DISCARD_MAX = 64 * 1024 }; /* of a failed status's body: dropping it costs less than a new connection */

static int drop_body(struct afetch_request *r, const struct http1 *response)
{
    r->discard = true;
    r->discarded = 0;
    return http1_content_length(response) > DISCARD_MAX && !request_ends_at_head(r) ? ERR_STATUS : 0;
}

static void set_refusal(struct error *err, const struct http1 *response)
{
    const char *reason = http1_reason(response);
    int status = http1_status(response);
    error_set(err, ERR_STATUS, 0, "%d%s%.100s%s", status, *reason ? " " : "", reason,
              status < 400 ? ", which is not to be accepted" : "");
}

/* Whether the response is followed by another hop or attempt, and is only read past: 1, 0, or an error. */
static int leads_on(struct afetch_request *r, const struct http1 *response)
{
    int rc = redirect_wanted(r, response);
    if (rc < 0)
        return rc;
    if (rc > 0)
        r->then = REQUEST_REDIRECT;
    else if (upload_unexpected(r, r->status))
        r->then = REQUEST_AGAIN;
    else if (retry_status(r, response))
        r->then = REQUEST_RETRY;
    return r->then != REQUEST_END;
}

static int tell_head(struct afetch_request *r, const struct http1 *response)
{
    struct afetch_head head = {.status = r->status,
                               .reason = http1_reason(response),
                               .http_minor = r->http_minor,
                               .content_length = http1_content_length(response)};
    int rc = attempt_note_validator(r, response);
    if (rc == 0)
        rc = deliver_begin(r, response);
    if (rc < 0)
        return error_set(&r->err, rc, 0, NULL);
    r->delivering = true;
    if (!r->callbacks.head)
        return 0;
    r->response = response;
    lock_take(&r->session->lock);
    bool canceled = request_is_canceled(r);
    enum afetch_flow flow = canceled ? AFETCH_GO : r->callbacks.head(r->arg, r, &head);
    lock_drop(&r->session->lock);
    r->response = NULL;
    if (canceled)
        return ERR_CANCELED;
    return flow == AFETCH_ABORT ? request_stop(r) : 0;
}

int response_head(struct afetch_request *r, const struct http1 *response)
{
    r->status = http1_status(response);
    r->http_minor = http1_minor_version(response);
    r->header_bytes = (uint32_t)http1_head_bytes(response);
    if (request_copy_field(&r->content_type, http1_find(response, "Content-Type")) < 0)
        return error_set(&r->err, ERR_MEMORY, 0, NULL);
    session_trace_response(r->session, r, response);
    int rc = leads_on(r, response);
    if (rc != 0)
        return rc < 0 ? rc : drop_body(r, response);
    bool rest = r->continue_from && r->status == 206; /* the range was our idea */
    bool accepted = rest || defaults_accept(&r->session->defaults, r->status);
    if (!accepted && !r->session->defaults.fail_with_body) {
        set_refusal(&r->err, response);
        return drop_body(r, response);
    }
    if (!accepted)
        set_refusal(&r->refusal, response);
    rc = attempt_continues(r, response);
    return rc != 0 ? (rc < 0 ? rc : 0) : tell_head(r, response);
}

int response_body(struct afetch_request *r, const void *data, size_t len)
{
    r->wire_bytes += len;
    if (!r->discard)
        return deliver(r, data, len);
    r->discarded += len;
    return r->discarded > DISCARD_MAX ? ERR_STATUS : 0;
}

int response_end(struct afetch_request *r)
{
    if (r->discard)
        return ERR_STATUS;
    int rc = deliver_end(r);
    return rc == 0 && r->refusal.code ? error_copy(&r->err, &r->refusal) : rc;
}

bool response_read_past(const struct afetch_request *r, int rc)
{
    return r->discard && rc != ERR_CANCELED && rc != ERR_TIMEOUT && rc != ERR_MEMORY;
}
