/* What transfers on any thread ask of their session and leave with it. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fetch/session.h"

/* ---- what transfers count and keep -------------------------------------------------------------------------------------- */

uint64_t session_count_conn(struct afetch_session *s)
{
    lock_take(&s->lock);
    uint64_t id = ++s->conn_ids;
    lock_drop(&s->lock);
    return id;
}

void session_count_reuse(struct afetch_session *s)
{
    lock_take(&s->lock);
    s->reused++;
    lock_drop(&s->lock);
}

void session_hold(struct afetch_session *s, const char *origin, uint64_t wait_ns, uint64_t now_ns)
{
    lock_take(&s->lock);
    holds_add(&s->holds, origin, now_ns + wait_ns, now_ns);
    lock_drop(&s->lock);
}

uint64_t session_held_until(struct afetch_session *s, const char *origin, uint64_t now_ns)
{
    lock_take(&s->lock);
    uint64_t until_ns = holds_until(&s->holds, origin, now_ns);
    lock_drop(&s->lock);
    return until_ns;
}

/* xorshift64* (Vigna). */
uint64_t session_random(struct afetch_session *s)
{
    lock_take(&s->lock);
    uint64_t x = s->random;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    s->random = x;
    lock_drop(&s->lock);
    return x * 0x2545f4914f6cdd1dULL;
}

struct tls_session *session_take_ticket(struct afetch_session *s, const char *origin)
{
    lock_take(&s->lock);
    struct tls_session *ticket = tickets_take(&s->tickets, origin);
    lock_drop(&s->lock);
    return ticket;
}

void session_keep_ticket(struct afetch_session *s, const char *origin, struct tls_session *ticket)
{
    if (!ticket)
        return;
    lock_take(&s->lock);
    tickets_put(&s->tickets, origin, ticket);
    lock_drop(&s->lock);
}

/* ---- TLS ---------------------------------------------------------------------------------------------------------------------- */

int session_tls(struct afetch_session *s, struct tls_config **out, struct error *err)
{
    lock_take(&s->lock);
    int rc = security_config(&s->security, out, err);
    lock_drop(&s->lock);
    return rc;
}

int session_proxy_tls(struct afetch_session *s, struct tls_config **out, struct error *err)
{
    lock_take(&s->lock);
    int rc = security_config(&s->routes.security, out, err);
    lock_drop(&s->lock);
    return rc;
}

/* ---- tracing -------------------------------------------------------------------------------------------------------------------- */

static void trace(struct afetch_session *s, const struct afetch_request *r, enum afetch_trace kind, const char *text,
                  size_t len)
{
    lock_take(&s->lock);
    s->trace(s->trace_arg, r, kind, text, len);
    lock_drop(&s->lock);
}

void session_trace(struct afetch_session *s, const struct afetch_request *r, const char *fmt, ...)
{
    if (!s->trace)
        return;
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    int len = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (len >= 0)
        trace(s, r, AFETCH_TRACE_INFO, text, strlen(text));
}

void session_trace_request(struct afetch_session *s, const struct afetch_request *r, const char *head, size_t len)
{
    const char *end = head + len;
    if (s->trace)
        trace(s, r, AFETCH_TRACE_REQUEST, head, len);
    while (s->trace && head < end) {
        const char *eol = memchr(head, '\r', (size_t)(end - head));
        if (!eol)
            return;
        trace(s, r, AFETCH_TRACE_HEAD_OUT, head, (size_t)(eol - head));
        head = eol + 2;
    }
}

void session_trace_data(struct afetch_session *s, const struct afetch_request *r, bool out, const void *data,
                        size_t len)
{
    if (s->trace && len)
        trace(s, r, out ? AFETCH_TRACE_DATA_OUT : AFETCH_TRACE_DATA_IN, data, len);
}

void session_trace_response(struct afetch_session *s, const struct afetch_request *r, const char *head, size_t len)
{
    const char *end = head + len;
    while (s->trace && head < end) {
        const char *lf = memchr(head, '\n', (size_t)(end - head));
        const char *next = lf ? lf + 1 : end;
        size_t line = (size_t)((lf ? lf : end) - head);
        trace(s, r, AFETCH_TRACE_HEAD_IN, head, line && head[line - 1] == '\r' ? line - 1 : line);
        head = next;
    }
}
