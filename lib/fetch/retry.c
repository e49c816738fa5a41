#include "fetch/retry.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "fetch/attempt.h"
#include "fetch/response.h"
#include "fetch/session.h"
#include "fetch/upload.h"
#include "proto/httpdate.h"

#define SECOND_NS ((uint64_t)1000000000)

enum { BACKOFF_MAX_S = 600 };

/* ---- what is worth another try -------------------------------------------------------------------------------------- */

static bool transient_status(const struct afetch_session *s, int status)
{
    static const int transient[] = {408, 429, 500, 502, 503, 504, 522, 524};
    if (statuses_have(&s->retry_statuses, status))
        return true;
    if (statuses_have(&s->defaults.accept, status)) /* it was named a success */
        return false;
    for (size_t i = 0; i < sizeof transient / sizeof transient[0]; i++)
        if (transient[i] == status)
            return true;
    return s->retry_all_errors && status >= 500;
}

static bool transient_error(const struct afetch_request *r, int rc)
{
    const struct afetch_session *s = r->session;
    switch (rc) {
    case ERR_CANCELED:
    case ERR_MEMORY:
    case ERR_INTERNAL:
    case ERR_USAGE:
    case ERR_URL: /* what was asked for, or where a redirect leads, will be no better */
    case ERR_SCHEME:
    case ERR_LOGIN:
    case ERR_WRITE: /* the receiver's word is final */
    case ERR_STATUS:
        return false;
    case ERR_TIMEOUT:
    case ERR_RESOLVE:
    case ERR_PROXY_RESOLVE: /* its name; what is no URL ends the request before its first try */
        return true;
    case ERR_CONNECT:
        return s->retry_all_errors || (s->retry_connrefused && r->err.sys == ECONNREFUSED);
    default:
        return s->retry_all_errors;
    }
}

/* A status that failed is not made worth another try by what becomes of its body. */
static int first_error(const struct afetch_request *r, int rc)
{
    bool final = rc == ERR_CANCELED || rc == ERR_MEMORY;
    return r->err.code && !final ? r->err.code : rc;
}

static bool tries_left(const struct afetch_request *r)
{
    return r->retries < r->session->retry_max;
}

static void note_retry_after(struct afetch_request *r, const struct http1 *response)
{
    uint64_t seconds;
    const char *field = http1_find(response, "Retry-After");
    r->retry_after_ns = 0;
    if (!field || !httpdate_retry_after(field, (int64_t)time(NULL), &seconds))
        return;
    r->retry_after_ns = (seconds < UINT32_MAX ? seconds : UINT32_MAX) * SECOND_NS;
    if (r->status != 429 && r->status != 503)
        return;
    session_trace(r->session, r, "%s is left alone for %llu s, as it asks", r->origin,
                  (unsigned long long)(r->retry_after_ns / SECOND_NS));
    session_hold(r->session, r->origin, r->retry_after_ns, engine_now_ns(r->worker->engine));
}

/* ---- when ------------------------------------------------------------------------------------------------------------- */

/* 1 s, doubled each time, and up to a quarter less, so that those who failed together do not come back together. */
static uint64_t backoff_ns(const struct afetch_request *r)
{
    uint64_t ns = SECOND_NS;
    for (unsigned i = 0; i < r->retries && ns < BACKOFF_MAX_S * SECOND_NS; i++)
        ns *= 2;
    if (ns > BACKOFF_MAX_S * SECOND_NS)
        ns = BACKOFF_MAX_S * SECOND_NS;
    return ns - session_random(r->session) % (ns / 4);
}

static uint64_t delay_ns(const struct afetch_request *r)
{
    uint64_t ns = r->session->retry_delay_ns ? r->session->retry_delay_ns : backoff_ns(r);
    return ns > r->retry_after_ns ? ns : r->retry_after_ns;
}

/* Whether a try after so long would begin in time. */
static bool in_time(const struct afetch_request *r, uint64_t wait_ns, uint64_t now_ns)
{
    uint64_t max_ns = r->session->retry_max_time_ns;
    return !max_ns || now_ns + wait_ns - r->first_ns <= max_ns;
}

bool retry_status(struct afetch_request *r, const struct http1 *response)
{
    note_retry_after(r, response);
    if (!tries_left(r) || !upload_can_repeat(r) || !transient_status(r->session, r->status))
        return false;
    r->wait_ns = delay_ns(r);
    return in_time(r, r->wait_ns, engine_now_ns(r->worker->engine));
}

bool retry_again(struct afetch_request *r, int rc, uint64_t now_ns)
{
    bool status = r->then == REQUEST_RETRY && response_read_past(r, rc);
    if (rc >= 0 || !tries_left(r) || !(status || transient_error(r, first_error(r, rc))))
        return false;
    uint64_t wait_ns = status ? r->wait_ns : delay_ns(r);
    if (!status && !in_time(r, wait_ns, now_ns)) /* a status was judged with its head */
        return false;
    if (!upload_can_repeat(r) || !attempt_undo(r))
        return false;
    session_trace(r->session, r, "Trying again in %.1f s (%u of %u): %s", (double)wait_ns / 1e9, r->retries + 1,
                  r->session->retry_max, status ? "the status" : error_text(&r->err));
    r->retries++;
    r->not_before_ns = now_ns + wait_ns;
    r->retry_after_ns = 0;
    attempt_reset(r);
    attempt_restart(r);
    return true;
}
