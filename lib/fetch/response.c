#include "fetch/response.h"

#include "fetch/attempt.h"
#include "fetch/deliver.h"
#include "fetch/heads.h"
#include "fetch/jar.h"
#include "fetch/proxying.h"
#include "fetch/redirect.h"
#include "fetch/request.h"
#include "fetch/retry.h"
#include "fetch/session.h"
#include "fetch/upload.h"

enum { DISCARD_MAX = 64 * 1024 }; /* of a failed status's body: dropping it costs less than a new connection */

/* What cannot be read past quickly ends here, with its connection. */
static int drop_body(struct afetch_request *r, const struct http1 *response)
{
    int64_t length = http1_content_length(response);
    bool endless = length < 0 && r->session->defaults.ignore_length;
    r->discard = true;
    r->discarded = 0;
    if (request_ends_at_head(r) || (length <= DISCARD_MAX && !endless))
        return DELIVER_GO;
    return r->satisfied ? DELIVER_END : ERR_STATUS;
}

static void set_refusal(struct error *err, const struct http1 *response)
{
    const char *reason = http1_reason(response);
    int status = http1_status(response);
    error_set(err, ERR_STATUS, 0, "%d%s%.100s%s", status, *reason ? " " : "", reason,
              status < 400 ? ", which is not to be accepted" : "");
}

/* Whether the request is made again as it is, or without Expect, but with what the server asks for, or did not care to ask
 * for: 1, 0, or an error. */
static int again(struct afetch_request *r, const struct http1 *response)
{
    int rc = credentials_challenged(r->credentials, r->session, response);
    if (rc == 0)
        rc = proxying_challenged(r, response);
    if (rc != 0)
        return rc < 0 ? error_set(&r->err, rc, 0, NULL) : rc;
    if (!r->send_empty || r->status >= 300)
        return upload_unexpected(r, r->status);
    credentials_unchallenged(r->credentials);
    credentials_unchallenged(r->proxy_credentials);
    return 1;
}

/* Whether the response is followed by another hop or attempt, and is only read past: 1, 0, or an error. */
static int leads_on(struct afetch_request *r, const struct http1 *response)
{
    int repeats = again(r, response);
    int redirects = repeats == 0 ? redirect_wanted(r, response) : 0;
    if (repeats < 0 || redirects < 0)
        return repeats < 0 ? repeats : redirects;
    if (repeats)
        r->then = REQUEST_AGAIN;
    else if (redirects)
        r->then = REQUEST_REDIRECT;
    else if (retry_status(r, response))
        r->then = REQUEST_RETRY;
    return r->then != REQUEST_END;
}

static struct afetch_head make_head(const struct afetch_request *r, const struct http1 *response, int word)
{
    const struct ranges *g = &r->ranges;
    bool resumable = ranges_can_resume(r, response);
    return (struct afetch_head){.status = r->status,
                                .reason = http1_reason(response),
                                .http_minor = r->http_minor,
                                .content_length = http1_content_length(response),
                                .offset = g->from,
                                .complete = word == RANGES_WHOLE,
                                .resumable = resumable,
                                .size = resumable ? g->size : 0,
                                .validator = resumable ? g->validator : NULL};
}

static int tell_head(struct afetch_request *r, const struct http1 *response, int word)
{
    int rc = ranges_note(r, response);
    if (rc == 0 && !r->satisfied)
        rc = deliver_begin(r, response);
    if (rc < 0)
        return error_set(&r->err, rc, 0, NULL);
    struct afetch_head head = make_head(r, response, word);
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

/* A success without a body. */
static int satisfy(struct afetch_request *r, const struct http1 *response, int word)
{
    r->satisfied = true;
    int rc = tell_head(r, response, word);
    return rc == 0 ? drop_body(r, response) : rc;
}

/* A head whose body is wanted, or which says that none is needed. */
static int accept_head(struct afetch_request *r, const struct http1 *response, int word)
{
    int rc = word == RANGES_NONE ? attempt_begin_anew(r) : 0;
    if (rc < 0)
        return rc;
    if (condition_unmet(r, response)) {
        r->status = 304; /* what a server that knows the condition would have said */
        return satisfy(r, response, word);
    }
    if (word == RANGES_WHOLE)
        return satisfy(r, response, word);
    if (word == RANGES_REST && r->ranges.from)
        session_trace(r->session, r, "Going on at byte %llu", (unsigned long long)r->ranges.from);
    bool told = word == RANGES_REST && r->delivering;
    return told ? 0 : tell_head(r, response, word);
}

int response_head(struct afetch_request *r, const struct http1 *response)
{
    r->status = http1_status(response);
    r->http_minor = http1_minor_version(response);
    r->header_bytes = (uint32_t)http1_head_bytes(response);
    if (request_copy_field(&r->content_type, http1_find(response, "Content-Type")) < 0)
        return error_set(&r->err, ERR_MEMORY, 0, NULL);
    heads_tell(r, response, AFETCH_HEAD_RESPONSE);
    int rc = jar_receive(r, response);
    if (rc == 0)
        rc = leads_on(r, response);
    if (rc != 0)
        return rc < 0 ? rc : drop_body(r, response);
    int word = ranges_judge(r, response);
    if (word < 0)
        return word;
    if (word == RANGES_AGAIN) {
        session_trace(r->session, r, "Not the rest of what is there: asking for all of it");
        r->then = REQUEST_AGAIN;
        rc = attempt_begin_anew(r);
        return rc < 0 ? rc : drop_body(r, response);
    }
    bool accepted = word != RANGES_NONE || defaults_accept(&r->session->defaults, r->status);
    if (!accepted && !r->session->defaults.fail_with_body) {
        set_refusal(&r->err, response);
        return drop_body(r, response);
    }
    if (!accepted)
        set_refusal(&r->refusal, response);
    return accept_head(r, response, word);
}

int response_body(struct afetch_request *r, const void *data, size_t len)
{
    r->wire_bytes += len;
    if (!r->discard) {
        int rc = ranges_check(r, len);
        return rc < 0 ? rc : deliver(r, data, len);
    }
    r->discarded += len;
    if (r->discarded <= DISCARD_MAX)
        return DELIVER_GO;
    return r->satisfied ? DELIVER_END : ERR_STATUS;
}

int response_end(struct afetch_request *r)
{
    if (r->discard)
        return r->satisfied ? 0 : ERR_STATUS;
    int rc = ranges_end(r);
    if (rc == 0)
        rc = deliver_end(r);
    return rc == 0 && r->refusal.code ? error_copy(&r->err, &r->refusal) : rc;
}

int response_outcome(struct afetch_request *r, int rc)
{
    if (rc >= 0 || !r->satisfied || !response_read_past(r, rc))
        return rc;
    error_clear(&r->err);
    return 0;
}

bool response_read_past(const struct afetch_request *r, int rc)
{
    return r->discard && rc != ERR_CANCELED && rc != ERR_TIMEOUT && rc != ERR_MEMORY;
}
