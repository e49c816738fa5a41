#include "fetch/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fetch/fetch.h"
#include "fetch/request.h"
#include "fetch/session.h"
#include "fetch/upload.h"

/* ---- its fetches ------------------------------------------------------------------------------------------------ */

static void unlink_fetch(struct worker *w, struct fetch *f)
{
    if (f->prev)
        f->prev->next = f->next;
    else
        w->fetches = f->next;
    if (f->next)
        f->next->prev = f->prev;
    f->prev = f->next = NULL;
}

void worker_add(struct worker *w, struct fetch *f)
{
    if (f->request->worker)
        unlink_fetch(f->request->worker, f);
    f->request->worker = w;
    f->next = w->fetches;
    if (f->next)
        f->next->prev = f;
    w->fetches = f;
    if (f->request->canceled) /* while it was on its way */
        worker_want_cancel_some(w);
}

static void reap(struct co *hook)
{
    struct worker *w = (struct worker *)(void *)((char *)hook - offsetof(struct worker, reaper));
    free(w->ended);
    w->ended = NULL;
}

void worker_end(struct worker *w, struct fetch *f)
{
    lock_take(&w->session->lock);
    unlink_fetch(w, f);
    lock_drop(&w->session->lock);
    w->ended = f;
    co_hook(&f->co.end, &w->reaper, &w->engine->sched, reap);
}

/* ---- pauses ----------------------------------------------------------------------------------------------------- */

static void forget(struct pause *p)
{
    struct pause **at = &p->worker->paused;
    while (*at && *at != p)
        at = &(*at)->next;
    if (*at)
        *at = p->next;
}

static void cancel_pause(struct co_op *op, int reason)
{
    struct pause *p = (struct pause *)op;
    p->cut = true;
    forget(p);
    co_complete(op, reason);
}

struct co_op *worker_pause(struct worker *w, struct pause *p)
{
    p->worker = w;
    p->next = w->paused;
    w->paused = p;
    co_op_begin(&p->op, cancel_pause);
    /* Another thread may have ended it before it was listed. */
    if (atomic_load(&p->over))
        engine_wake(w->engine);
    return &p->op;
}

/* Linear in those that pause, at most two for each of parallel_max. */
static void end_pauses(struct worker *w)
{
    for (struct pause *p = w->paused, *next; p; p = next) {
        next = p->next;
        if (!atomic_exchange(&p->over, false))
            continue;
        p->cut = false;
        forget(p);
        co_complete(&p->op, 0);
    }
}

/* ---- what it is woken for --------------------------------------------------------------------------------------- */

void worker_cancel(struct worker *w)
{
    const struct afetch_session *s = w->session;
    /* A cancel ends nobody inline, so the list stays as it is. */
    for (struct fetch *f = w->fetches; f; f = f->next) {
        session_tell_ending(s, f->request);
        co_cancel(&f->co, s->ending);
    }
}

void worker_want_cancel(struct worker *w)
{
    w->wants_cancel = true;
    engine_wake(w->engine);
}

static void cancel_some(struct worker *w)
{
    for (struct fetch *f = w->fetches; f; f = f->next)
        if (f->request->canceled)
            co_cancel(&f->co, ERR_CANCELED);
}

void worker_want_cancel_some(struct worker *w)
{
    w->wants_cancel_some = true;
    engine_wake(w->engine);
}

/* While the response is waited for, what the sending of the body waits for tells more. */
static const struct co *waiter(const struct fetch *f)
{
    const struct co *leaf = co_leaf(&f->co);
    const struct upload *u = f->request->upload;
    return leaf == &f->u.hop.co && f->hopping && upload_is_sending(u) ? &u->co : leaf;
}

static const char *waits_for(const struct fetch *f, const struct co *leaf)
{
    if (leaf == &f->co && pool_paces(&f->place))
        return "held by --rate";
    return strcmp(leaf->at, "limiting") == 0 ? "held by --limit-rate" : leaf->at;
}

void worker_describe(struct worker *w)
{
    const struct afetch_session *s = w->session;
    const struct fetch *f = w->fetches;
    while (f && f->next) /* the one that began first */
        f = f->next;
    for (; f; f = f->prev) {
        const struct co *leaf = waiter(f);
        char text[512];
        snprintf(text, sizeof text, "%llu %.300s %s %.1f s", (unsigned long long)f->request->number, f->request->shown,
                 waits_for(f, leaf), (double)(engine_now_ns(w->engine) - leaf->since_ns) / 1e9);
        s->describe_line(s->describe_arg, text);
    }
}

void worker_want_describe(struct worker *w)
{
    w->wants_describe = true;
    engine_wake(w->engine);
}

static void on_wake(void *arg)
{
    struct worker *w = arg;
    if (w == &w->session->main)
        session_woken(w->session);
    lock_take(&w->session->lock);
    wishes_grant(w->session, w);
    if (w->wants_cancel)
        worker_cancel(w);
    if (w->wants_cancel_some)
        cancel_some(w);
    if (w->wants_describe)
        worker_describe(w);
    w->wants_cancel = w->wants_cancel_some = w->wants_describe = false;
    lock_drop(&w->session->lock);
    end_pauses(w);
}

void worker_init(struct worker *w, struct afetch_session *s, struct engine *e)
{
    *w = (struct worker){.session = s, .engine = e};
    pool_door_init(&w->door, &s->pool, e);
    e->keep_alive_s = s->keep_alive_s;
    e->keep_alive_count = s->keep_alive_count;
    e->read_max = rate_piece(&s->receiving);
    e->on_wake = on_wake;
    e->on_wake_arg = w;
}
