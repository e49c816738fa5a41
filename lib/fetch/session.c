#include "fetch/session.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fetch/fetch.h"
#include "fetch/request.h"
#include "fetch/trust.h"

enum { LOOK_AHEAD_MIN = 1024 };

/* ---- admitting ------------------------------------------------------------------------------------------------------------ */

static struct afetch_request *dequeue(struct afetch_session *s)
{
    struct afetch_request *r = s->queue_first;
    if (!r)
        return NULL;
    s->queue_first = r->next;
    if (!s->queue_first)
        s->queue_last = NULL;
    return r;
}

static struct afetch_request *pull(struct afetch_session *s)
{
    struct afetch_request *r = NULL;
    if (!s->next || s->source_ended || s->source_later)
        return NULL;
    switch (s->next(s->next_arg, &r)) {
    case AFETCH_NEXT_ONE:
        return r;
    case AFETCH_NEXT_LATER:
        s->source_later = true;
        return NULL;
    default:
        s->source_ended = true;
        return NULL;
    }
}

static void refuse(struct afetch_session *s, struct afetch_request *r)
{
    r->session = s;
    request_done(r, ERR_MEMORY);
    afetch_request_free(r);
}

static void begin_fetch(struct afetch_session *s, struct afetch_request *r)
{
    struct fetch *f = calloc(1, sizeof *f);
    r->session = s;
    r->number = ++s->numbers;
    r->start_ns = engine_now_ns(s->engine);
    if (!f) {
        refuse(s, r);
        return;
    }
    f->session = s;
    f->request = r;
    co_spawn(&s->root.co, &s->fetches, &f->co, fetch_run);
}

/* As many as are looked ahead, so that a full host does not hold up the others. */
static void admit(struct afetch_session *s)
{
    while (s->fetches.count < s->look_ahead) {
        struct afetch_request *r = dequeue(s);
        if (!r)
            r = pull(s);
        if (!r)
            return;
        begin_fetch(s, r);
    }
}

static void reap(struct afetch_session *s)
{
    struct co *co;
    while ((co = co_take(&s->fetches)))
        free(co);
}

static void cancel_idle(struct co_op *op, int reason)
{
    co_complete(op, reason);
}

/* Completes when a transfer has ended or somebody woke the session. */
static struct co_op *news(struct afetch_session *s)
{
    if (s->fetches.running || s->fetches.finished_head)
        return co_any(&s->fetches);
    return co_op_begin(&s->idle, cancel_idle);
}

static bool has_work(const struct afetch_session *s)
{
    return s->fetches.running || s->queue_first || (s->next && !s->source_ended);
}

static void session_run(struct co *co)
{
    CO_BEGIN(struct session_root, root);
    for (;;) {
        admit(root->session);
        if (!has_work(root->session))
            break;
        CO_AWAIT(running, news(root->session));
        reap(root->session);
    }
    CO_CLEANUP;
    co_group_cancel(&root->session->fetches, ERR_CANCELED);
    CO_AWAIT(ending, co_join(&root->session->fetches));
    reap(root->session);
    CO_END;
}

/* ---- waking ---------------------------------------------------------------------------------------------------------------- */

void session_add_paused(struct afetch_session *s, struct afetch_request *r)
{
    r->paused = true;
    r->paused_next = s->paused;
    s->paused = r;
    /* It may have been resumed by another thread before it was listed. */
    if (atomic_load(&r->resumed))
        engine_wake(s->engine);
}

void session_forget_paused(struct afetch_session *s, struct afetch_request *r)
{
    struct afetch_request **p = &s->paused;
    while (*p && *p != r)
        p = &(*p)->paused_next;
    if (*p)
        *p = r->paused_next;
    r->paused = false;
}

/* Linear in those that pause, at most parallel_max. */
static void resume_paused(struct afetch_session *s)
{
    for (struct afetch_request *r = s->paused, *next; r; r = next) {
        next = r->paused_next;
        if (!atomic_exchange(&r->resumed, false))
            continue;
        session_forget_paused(s, r);
        co_complete(&r->resume, 0);
    }
}

static void on_wake(void *arg)
{
    struct afetch_session *s = arg;
    s->source_later = false;
    resume_paused(s);
    if (atomic_load(&s->cancel))
        co_cancel(&s->root.co, ERR_CANCELED);
    co_nudge(&s->fetches);
    if (s->idle.status == CO_OP_PENDING)
        co_complete(&s->idle, 0);
}

void afetch_session_wake(struct afetch_session *s)
{
    engine_wake(s->engine);
}

void afetch_session_cancel(struct afetch_session *s)
{
    atomic_store(&s->cancel, true);
    engine_wake(s->engine);
}

/* ---- the run ---------------------------------------------------------------------------------------------------------------- */

static void on_tick(struct timer *t)
{
    struct afetch_session *s =
        (struct afetch_session *)(void *)((char *)t - offsetof(struct afetch_session, tick_timer));
    s->tick(s->tick_arg);
    timer_start(&s->engine->timers, t, engine_now_ns(s->engine) + s->tick_ns, on_tick);
}

void afetch_session_set_tick(struct afetch_session *s, uint64_t interval_ms, void (*tick)(void *arg), void *arg)
{
    s->tick = interval_ms ? tick : NULL;
    s->tick_arg = arg;
    s->tick_ns = interval_ms * 1000000;
    timer_stop(&s->engine->timers, &s->tick_timer);
}

enum afetch_code afetch_session_run(struct afetch_session *s)
{
    s->source_later = false;
    s->root = (struct session_root){.session = s};
    co_start(&s->root.co, &s->engine->sched, session_run);
    if (atomic_load(&s->cancel))
        co_cancel(&s->root.co, ERR_CANCELED);
    if (s->tick)
        timer_start(&s->engine->timers, &s->tick_timer, engine_now_ns(s->engine) + s->tick_ns, on_tick);
    int rc = engine_run(s->engine, &s->root.co);
    timer_stop(&s->engine->timers, &s->tick_timer);
    return (enum afetch_code)error_exit_code(rc);
}

void afetch_session_set_source(struct afetch_session *s,
                               enum afetch_next (*next)(void *arg, struct afetch_request **out), void *arg)
{
    s->next = next;
    s->next_arg = arg;
    s->source_ended = false;
}

void afetch_session_add(struct afetch_session *s, struct afetch_request *r)
{
    r->next = NULL;
    if (s->queue_last)
        s->queue_last->next = r;
    else
        s->queue_first = r;
    s->queue_last = r;
    co_nudge(&s->fetches);
}

void afetch_session_stats(const struct afetch_session *s, struct afetch_stats *out)
{
    *out = (struct afetch_stats){.connections = s->conn_ids,
                                 .reused = s->reused,
                                 .longest_wait_ns = s->pool.longest_wait_ns,
                                 .running = s->pool.active,
                                 .waiting = s->pool.waiting};
}

void afetch_session_describe(struct afetch_session *s, void (*line)(void *arg, const char *text), void *arg)
{
    for (const struct co *co = s->fetches.running; co; co = co->group_next) {
        const struct fetch *f = (const struct fetch *)co;
        const struct co *leaf = co_leaf(co);
        char text[512];
        snprintf(text, sizeof text, "%llu %.300s %s %.1f s", (unsigned long long)f->request->number, f->request->shown,
                 leaf->at, (double)(engine_now_ns(s->engine) - leaf->since_ns) / 1e9);
        line(arg, text);
    }
}

/* ---- TLS ---------------------------------------------------------------------------------------------------------------------- */

static int make_tls(struct afetch_session *s, struct error *err)
{
    struct tls_config *c;
    struct tls_options opt = {.insecure = s->insecure, .alpn = {"http/1.1", NULL}};
    int rc = tls_config_new(&c, &opt, err);
    if (rc < 0)
        return rc;
    if (!s->insecure && (rc = trust_load(c, s->ca_file, err)) < 0) {
        tls_config_free(c);
        return rc;
    }
    s->tls = c;
    return 0;
}

int session_tls(struct afetch_session *s, struct tls_config **out, struct error *err)
{
    if (!s->tls && !s->tls_error.code)
        make_tls(s, &s->tls_error);
    if (!s->tls) { /* a bad trust store is the same for every https URL, and found out once; else it may be cured by then */
        int rc = error_copy(err, &s->tls_error);
        if (rc != ERR_TRUST)
            error_clear(&s->tls_error);
        return rc;
    }
    *out = s->tls;
    return 0;
}

/* ---- tracing -------------------------------------------------------------------------------------------------------------------- */

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
        s->trace(s->trace_arg, r, AFETCH_TRACE_INFO, text, strlen(text));
}

void session_trace_request(struct afetch_session *s, const struct afetch_request *r, const char *head, size_t len)
{
    const char *end = head + len;
    while (s->trace && head < end) {
        const char *eol = memchr(head, '\r', (size_t)(end - head));
        if (!eol)
            return;
        s->trace(s->trace_arg, r, AFETCH_TRACE_HEAD_OUT, head, (size_t)(eol - head));
        head = eol + 2;
    }
}

void session_trace_response(struct afetch_session *s, const struct afetch_request *r, const struct http1 *response)
{
    if (!s->trace)
        return;
    char line[512];
    int len = snprintf(line, sizeof line, "HTTP/1.%d %d %s", http1_minor_version(response), http1_status(response),
                       http1_reason(response));
    s->trace(s->trace_arg, r, AFETCH_TRACE_HEAD_IN, line, len < (int)sizeof line ? (size_t)len : sizeof line - 1);
    for (size_t i = 0; i < http1_field_count(response); i++) {
        struct http1_field f = http1_field_at(response, i);
        len = snprintf(line, sizeof line, "%s: %s", f.name, f.value);
        s->trace(s->trace_arg, r, AFETCH_TRACE_HEAD_IN, line, len < (int)sizeof line ? (size_t)len : sizeof line - 1);
    }
    s->trace(s->trace_arg, r, AFETCH_TRACE_HEAD_IN, "", 0);
}

/* ---- life ------------------------------------------------------------------------------------------------------------------------ */

void afetch_options_init(struct afetch_options *opt)
{
    *opt = (struct afetch_options){.mode = AFETCH_ASYNC,
                                   .parallel_max = 64,
                                   .connect_timeout_ms = 30000,
                                   .default_scheme = "http",
                                   .fail_on_status = true};
}

static bool copy_headers(struct afetch_session *s, const struct afetch_options *opt)
{
    s->headers = calloc(opt->header_count ? opt->header_count : 1, sizeof(char *));
    if (!s->headers)
        return false;
    for (; s->header_count < opt->header_count; s->header_count++)
        if (!(s->headers[s->header_count] = strdup(opt->headers[s->header_count])))
            return false;
    return true;
}

static int copy_options(struct afetch_session *s, const struct afetch_options *opt, struct error *err)
{
    s->connect_timeout_ns = opt->connect_timeout_ms * 1000000;
    s->timeout_ms = opt->timeout_ms;
    s->insecure = opt->insecure;
    s->fail_on_status = opt->fail_on_status;
    s->trace = opt->trace;
    s->trace_arg = opt->trace_arg;
    s->default_scheme = strdup(opt->default_scheme ? opt->default_scheme : "http");
    s->user_agent = strdup(opt->user_agent ? opt->user_agent : "afetch/" AFETCH_VERSION);
    s->ca_file = opt->ca_file ? strdup(opt->ca_file) : NULL;
    if (!s->default_scheme || !s->user_agent || (opt->ca_file && !s->ca_file) || !copy_headers(s, opt))
        return error_set(err, ERR_MEMORY, 0, NULL);
    return s->ca_file && !s->insecure ? trust_check(s->ca_file, err) : 0;
}

int session_new(struct afetch_session **out, struct engine *e, struct names *n, const struct afetch_options *opt,
                struct error *err)
{
    struct afetch_session *s = calloc(1, sizeof *s);
    if (!s)
        return error_set(err, ERR_MEMORY, 0, NULL);
    int rc = copy_options(s, opt, err);
    if (rc < 0) {
        s->engine = NULL; /* it stays the caller's */
        afetch_session_free(s);
        return rc;
    }
    unsigned parallel = opt->mode == AFETCH_SYNC ? 1 : opt->parallel_max ? opt->parallel_max : 1;
    s->engine = e;
    s->names = n;
    s->look_ahead = parallel > LOOK_AHEAD_MIN / 4 ? (size_t)parallel * 4 : LOOK_AHEAD_MIN;
    pool_init(&s->pool, e, parallel, opt->parallel_max_host);
    gate_init(&s->gate, SESSION_HANDSHAKES_MAX);
    atomic_init(&s->cancel, false);
    e->on_wake = on_wake;
    e->on_wake_arg = s;
    *out = s;
    return 0;
}

enum afetch_code afetch_session_new(struct afetch_session **out, const struct afetch_options *opt, char **error)
{
    struct error err = {0};
    struct engine *e = NULL;
    struct names *n = NULL;
    int rc = opt->mode == AFETCH_SYNC ? engine_new_poll(&e, &err) : engine_new_uv(&e, &err);
    if (rc == 0)
        rc = names_new(&n, e, opt->dns_servers, NULL, &err);
    if (rc == 0)
        rc = session_new(out, e, n, opt, &err);
    if (rc < 0) {
        if (n)
            names_free(n);
        engine_free(e);
        if (error)
            *error = strdup(error_text(&err));
    }
    enum afetch_code code = rc < 0 ? (enum afetch_code)error_exit_code(rc) : AFETCH_OK;
    error_clear(&err);
    return code;
}

void afetch_session_free(struct afetch_session *s)
{
    if (!s)
        return;
    for (struct afetch_request *r; (r = dequeue(s));)
        afetch_request_free(r);
    if (s->engine) {
        pool_deinit(&s->pool);
        names_free(s->names);
        engine_free(s->engine);
    }
    tickets_deinit(&s->tickets);
    tls_config_free(s->tls);
    error_clear(&s->tls_error);
    for (size_t i = 0; i < s->header_count; i++)
        free(s->headers[i]);
    free(s->headers);
    free(s->default_scheme);
    free(s->user_agent);
    free(s->ca_file);
    free(s);
}
