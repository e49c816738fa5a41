#include "fetch/session.h"

#include <string.h>

#include "fetch/fetch.h"
#include "fetch/request.h"

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

static void begin_request(struct afetch_session *s, struct afetch_request *r)
{
    r->session = s;
    r->number = ++s->numbers;
    r->start_ns = engine_now_ns(s->engine);
    r->canceled = wishes_begin(r) & WISH_CANCEL;
}

static void refuse(struct afetch_session *s, struct afetch_request *r, int rc)
{
    begin_request(s, r);
    r->worker = &s->main;
    if (rc == s->ending)
        session_tell_ending(s, r);
    request_done(r, rc);
    afetch_request_free(r);
}

static void begin_fetch(struct afetch_session *s, struct afetch_request *r)
{
    struct fetch *f = calloc(1, sizeof *f);
    if (!f) {
        refuse(s, r, ERR_MEMORY);
        return;
    }
    begin_request(s, r);
    r->fetch = f;
    f->request = r;
    worker_add(&s->main, f);
    s->live++;
    co_start(&f->co, &s->engine->sched, fetch_run);
    if (r->canceled)
        co_cancel(&f->co, ERR_CANCELED);
}

/* As many as are looked ahead, so that a full host does not hold up the others. Whether there is anything to wait for. */
static bool admit(struct afetch_session *s)
{
    lock_take(&s->lock);
    s->news_missed = false;
    while (s->live < s->look_ahead) {
        struct afetch_request *r = dequeue(s);
        if (!r)
            r = pull(s);
        if (!r)
            break;
        begin_fetch(s, r);
    }
    bool full = s->live == s->look_ahead;
    bool work = s->live > 0 || (s->next && !s->source_ended);
    /* A batch at a time: that costs fewer wake-ups. */
    s->news_at = full ? s->look_ahead / 2 : 0;
    lock_drop(&s->lock);
    return work;
}

/* ---- what the root waits for ---------------------------------------------------------------------------------------- */

static void cancel_news(struct co_op *op, int reason)
{
    struct afetch_session *s = (struct afetch_session *)(void *)((char *)op - offsetof(struct afetch_session, news.op));
    lock_take(&s->lock);
    bool wanted = s->news_wanted;
    s->news_wanted = false;
    lock_drop(&s->lock);
    if (wanted) /* else it is on its way */
        co_complete(op, reason);
}

/* With the lock. here: the engine whose thread calls, or NULL. */
static void tell_news(struct afetch_session *s, struct engine *here)
{
    s->news_missed = !s->news_wanted;
    if (s->news_wanted)
        engine_post(here, &s->news, 0);
    s->news_wanted = false;
}

/* Completes when there is room for more, no transfer is left, or somebody woke the session. */
static struct co_op *news(struct afetch_session *s)
{
    s->news.engine = s->engine;
    lock_take(&s->lock);
    if (s->news_missed)
        co_done(&s->news.op, 0);
    else
        co_op_begin(&s->news.op, cancel_news);
    s->news_wanted = !s->news_missed;
    s->news_missed = false;
    lock_drop(&s->lock);
    return &s->news.op;
}

void session_end_fetch(struct afetch_session *s, struct fetch *f)
{
    struct worker *w = f->request->worker;
    request_done(f->request, f->co.ret);
    worker_end(w, f);
    afetch_request_free(f->request);
    lock_take(&s->lock);
    s->live--;
    if (s->live <= s->news_at)
        tell_news(s, w->engine);
    lock_drop(&s->lock);
}

void session_tell_ending(const struct afetch_session *s, struct afetch_request *r)
{
    if (s->ending == ERR_TIMEOUT)
        error_set(&r->err, ERR_TIMEOUT, 0, "after %.3g s of the whole run (--deadline)", (double)s->deadline_ns / 1e9);
}

static void cancel_fetches(struct afetch_session *s, int reason)
{
    lock_take(&s->lock);
    s->ending = reason ? reason : ERR_CANCELED;
    s->news_at = 0;
    worker_cancel(&s->main);
    crew_cancel(&s->crew);
    lock_drop(&s->lock);
}

/* What no run began ends with the run that was cancelled. What its done adds is for the next one. */
static void refuse_queued(struct afetch_session *s)
{
    lock_take(&s->lock);
    struct afetch_request *r = s->queue_first;
    s->queue_first = s->queue_last = NULL;
    for (struct afetch_request *next; r; r = next) {
        next = r->next;
        refuse(s, r, s->ending);
    }
    lock_drop(&s->lock);
}

static bool any_live(struct afetch_session *s)
{
    lock_take(&s->lock);
    bool any = s->live > 0;
    lock_drop(&s->lock);
    return any;
}

static int start_clock(struct session_root *root)
{
    const struct afetch_session *s = root->session;
    struct engine *e = s->engine;
    if (s->deadline_ns == 0)
        return 0;
    return deadline_set(&root->deadline, &e->timers, engine_now_ns(e) + s->deadline_ns, &root->co, ERR_TIMEOUT);
}

static void session_run(struct co *co)
{
    CO_BEGIN(struct session_root, root);
    if ((co->rc = start_clock(root)) < 0)
        CO_RETURN(co->rc);
    while (admit(root->session))
        CO_AWAIT(running, news(root->session));
    CO_CLEANUP;
    deadline_clear(&root->deadline);
    cancel_fetches(root->session, co->reason);
    while (any_live(root->session))
        CO_AWAIT(ending, news(root->session));
    if (co->reason)
        refuse_queued(root->session);
    CO_END;
}

/* ---- the tick ------------------------------------------------------------------------------------------------------------ */

static void on_tick(struct timer *t)
{
    struct afetch_session *s =
        (struct afetch_session *)(void *)((char *)t - offsetof(struct afetch_session, tick_timer));
    lock_take(&s->lock);
    if (s->tick)
        s->tick(s->tick_arg);
    if (s->tick)
        timer_start(&s->engine->timers, t, engine_now_ns(s->engine) + s->tick_ns, on_tick);
    lock_drop(&s->lock);
}

/* On the session's thread. */
/* Without the memory for its timer, the next wake-up tries again: nothing fails for want of a tick. */
static void start_tick(struct afetch_session *s)
{
    timer_stop(&s->engine->timers, &s->tick_timer);
    uint64_t first_ns = engine_now_ns(s->engine) + s->tick_ns;
    s->tick_changed = s->tick && timer_start(&s->engine->timers, &s->tick_timer, first_ns, on_tick) < 0;
}

/* ---- waking ---------------------------------------------------------------------------------------------------------------- */

void session_woken(struct afetch_session *s)
{
    lock_take(&s->lock);
    if (s->woken) /* first: what it resumes goes on in this turn */
        s->woken(s->woken_arg);
    pool_go_on(&s->pool, &s->main.door);
    s->source_later = false;
    if (s->tick_changed)
        start_tick(s);
    if (atomic_load(&s->cancel))
        co_cancel(&s->root.co, ERR_CANCELED);
    tell_news(s, s->engine);
    lock_drop(&s->lock);
}

void afetch_session_wake(struct afetch_session *s)
{
    engine_wake(s->engine);
}

void afetch_session_keep_places(struct afetch_session *s, unsigned places)
{
    lock_take(&s->lock);
    pool_keep(&s->pool, places);
    lock_drop(&s->lock);
    engine_wake(s->engine);
}

void afetch_session_set_on_wake(struct afetch_session *s, void (*woken)(void *arg), void *arg)
{
    s->woken = woken;
    s->woken_arg = arg;
}

void afetch_session_cancel(struct afetch_session *s)
{
    atomic_store(&s->cancel, true);
    engine_wake(s->engine);
}

/* ---- the run ---------------------------------------------------------------------------------------------------------------- */

static bool is_running(const struct afetch_session *s)
{
    return s->root.co.end.status == CO_OP_PENDING;
}

void afetch_session_set_tick(struct afetch_session *s, uint64_t interval_ms, void (*tick)(void *arg), void *arg)
{
    s->tick = interval_ms ? tick : NULL;
    s->tick_arg = arg;
    s->tick_ns = timer_ns_of_ms(interval_ms);
    s->tick_changed = true;
    if (is_running(s))
        engine_wake(s->engine);
}

enum afetch_code afetch_session_run(struct afetch_session *s)
{
    if (is_running(s))
        return AFETCH_INTERNAL;
    start_tick(s);
    s->source_later = false;
    s->root = (struct session_root){.session = s};
    co_start(&s->root.co, &s->engine->sched, session_run);
    if (atomic_load(&s->cancel))
        co_cancel(&s->root.co, ERR_CANCELED);
    int rc = engine_run(s->engine, &s->root.co);
    timer_stop(&s->engine->timers, &s->tick_timer);
    crew_end(&s->crew);
    alarm_rest(&s->pace.alarm);
    alarm_rest(&s->receiving.alarm);
    alarm_rest(&s->sending.alarm);
    if (rc == ERR_CANCELED)
        atomic_store(&s->cancel, false);
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
    lock_take(&s->lock);
    r->next = NULL;
    if (s->queue_last)
        s->queue_last->next = r;
    else
        s->queue_first = r;
    s->queue_last = r;
    /* With threads a callback may be on any of them. */
    tell_news(s, s->threads ? NULL : s->engine);
    lock_drop(&s->lock);
}

/* A look at what a mutex guards takes it. */
static struct lock *lock_of(const struct afetch_session *s)
{
    return (struct lock *)(uintptr_t)&s->lock;
}

void afetch_session_stats(const struct afetch_session *s, struct afetch_stats *out)
{
    lock_take(lock_of(s));
    *out = (struct afetch_stats){.connections = s->conn_ids,
                                 .reused = s->reused,
                                 .longest_wait_ns = s->pool.longest_wait_ns,
                                 .running = s->pool.active,
                                 .waiting = s->live - s->pool.active};
    lock_drop(lock_of(s));
}

void afetch_session_describe(struct afetch_session *s, void (*line)(void *arg, const char *text), void *arg)
{
    lock_take(&s->lock);
    s->describe_line = line;
    s->describe_arg = arg;
    if (s->threads) {
        worker_want_describe(&s->main);
        crew_describe(&s->crew);
    } else {
        worker_describe(&s->main);
    }
    lock_drop(&s->lock);
}

/* ---- life ------------------------------------------------------------------------------------------------------------------------ */

static unsigned parallel_of(const struct afetch_options *opt)
{
    if (opt->mode == AFETCH_SYNC || opt->parallel_max == 0)
        return 1;
    return opt->mode == AFETCH_THREADS && opt->parallel_max > AFETCH_THREADS_MAX ? AFETCH_THREADS_MAX
                                                                                 : opt->parallel_max;
}

static void on_pace(struct alarm *a)
{
    struct afetch_session *s =
        (struct afetch_session *)(void *)((char *)a - offsetof(struct afetch_session, pace.alarm));
    pool_go_on(&s->pool, &s->main.door);
}

static int init_limits(struct afetch_session *s, const struct afetch_options *opt, struct error *err)
{
    struct engine *e = s->engine;
    uint64_t interval_ns = opt->start_interval_us < UINT64_MAX / 2000 ? opt->start_interval_us * 1000 : UINT64_MAX / 2;
    gate_init(&s->gate, &s->lock, SESSION_HANDSHAKES_MAX);
    if (rate_init(&s->receiving, e, &s->lock, opt->limit_rate) < 0 ||
        rate_init(&s->sending, e, &s->lock, opt->limit_rate) < 0 ||
        pace_init(&s->pace, e, &s->lock, interval_ns, on_pace) < 0)
        return error_set(err, ERR_MEMORY, 0, NULL);
    return 0;
}

static void deinit_limits(struct afetch_session *s)
{
    alarm_deinit(&s->pace.alarm);
    alarm_deinit(&s->receiving.alarm);
    alarm_deinit(&s->sending.alarm);
}

int session_new(struct afetch_session **out, struct engine *e, struct names *n, const struct afetch_options *opt,
                struct error *err)
{
    struct afetch_session *s = calloc(1, sizeof *s);
    if (!s)
        return error_set(err, ERR_MEMORY, 0, NULL);
    int rc = lock_init(&s->lock, opt->mode == AFETCH_THREADS);
    if (rc < 0)
        error_set(err, rc, 0, NULL);
    else
        rc = session_copy_options(s, opt, engine_now_ns(e), err);
    s->engine = e;
    if (rc == 0)
        rc = init_limits(s, opt, err);
    if (rc < 0) {
        deinit_limits(s);
        s->engine = NULL; /* it stays the caller's */
        afetch_session_free(s);
        return rc;
    }
    unsigned parallel = parallel_of(opt);
    s->names = n;
    s->threads = opt->mode == AFETCH_THREADS;
    if (s->threads)
        names_share(n, &s->lock);
    s->look_ahead = parallel > LOOK_AHEAD_MIN / 4 ? (size_t)parallel * 4 : LOOK_AHEAD_MIN;
    pool_init(&s->pool, &s->lock, parallel, opt->parallel_max_host, s->threads ? &crew_pool : NULL, &s->crew);
    s->pool.pace = opt->start_interval_us ? &s->pace : NULL;
    crew_init(&s->crew, s);
    atomic_init(&s->cancel, false);
    s->random = engine_now_ns(e) | 1;
    atomic_init(&s->wishers, NULL);
    worker_init(&s->main, s, e);
    *out = s;
    return 0;
}

enum afetch_code afetch_session_new(struct afetch_session **out, const struct afetch_options *opt, char **error)
{
    struct error err = {0};
    struct engine *e = NULL;
    struct names *n = NULL;
    struct afetch_options defaults;
    if (!opt) {
        afetch_options_init(&defaults);
        opt = &defaults;
    }
    int rc = opt->mode == AFETCH_ASYNC ? engine_new_uv(&e, &err) : engine_new_poll(&e, &err);
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
        pool_deinit(&s->pool, &s->main.door);
        deinit_limits(s);
        names_free(s->names);
        engine_free(s->engine);
    }
    tickets_deinit(&s->tickets);
    holds_deinit(&s->holds);
    statuses_deinit(&s->retry_statuses);
    defaults_deinit(&s->defaults);
    overrides_deinit(&s->overrides);
    security_deinit(&s->security);
    credentials_known_deinit(&s->known);
    login_deinit(&s->login);
    jar_deinit(&s->jar);
    routes_deinit(&s->routes);
    texts_lines_deinit(&s->headers);
    free(s->default_scheme);
    free(s->user_agent);
    lock_deinit(&s->lock);
    free(s);
}
