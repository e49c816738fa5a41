#include "base/timer.h"

#include "base/error.h"

enum { ARITY = 4 }; /* shallower than a binary heap, and the children of a node share cache lines */

void timers_init(struct timers *ts)
{
    *ts = (struct timers){0};
}

void timers_deinit(struct timers *ts)
{
    free(ts->heap);
    timers_init(ts);
}

static bool before(const struct timer_entry *a, const struct timer_entry *b)
{
    return a->when_ns != b->when_ns ? a->when_ns < b->when_ns : a->order < b->order;
}

static void place(struct timers *ts, size_t i, struct timer_entry entry)
{
    ts->heap[i] = entry;
    entry.timer->index = i + 1;
}

static void sift_up(struct timers *ts, size_t i, struct timer_entry entry)
{
    while (i > 0) {
        size_t parent = (i - 1) / ARITY;
        if (!before(&entry, &ts->heap[parent]))
            break;
        place(ts, i, ts->heap[parent]);
        i = parent;
    }
    place(ts, i, entry);
}

static size_t least_child(const struct timers *ts, size_t i)
{
    size_t first = i * ARITY + 1;
    size_t best = first;
    for (size_t k = first + 1; k < first + ARITY && k < ts->len; k++)
        if (before(&ts->heap[k], &ts->heap[best]))
            best = k;
    return best;
}

static void sift_down(struct timers *ts, size_t i, struct timer_entry entry)
{
    while (i * ARITY + 1 < ts->len) {
        size_t child = least_child(ts, i);
        if (!before(&ts->heap[child], &entry))
            break;
        place(ts, i, ts->heap[child]);
        i = child;
    }
    place(ts, i, entry);
}

static void settle(struct timers *ts, size_t i, struct timer_entry entry)
{
    if (i > 0 && before(&entry, &ts->heap[(i - 1) / ARITY]))
        sift_up(ts, i, entry);
    else
        sift_down(ts, i, entry);
}

static int grow(struct timers *ts)
{
    size_t size = ts->size ? ts->size * 2 : 16;
    if (size > SIZE_MAX / sizeof *ts->heap)
        return ERR_MEMORY;
    struct timer_entry *heap = realloc(ts->heap, size * sizeof *heap);
    if (!heap)
        return ERR_MEMORY;
    ts->heap = heap;
    ts->size = size;
    return 0;
}

int timer_start(struct timers *ts, struct timer *t, uint64_t when_ns, void (*fire)(struct timer *t))
{
    if (when_ns < ts->floor_ns)
        when_ns = ts->floor_ns; /* not before those that are due and wait for their turn in timers_run */
    struct timer_entry entry = {.when_ns = when_ns, .order = ts->starts, .timer = t};
    if (t->index) {
        ts->starts++;
        t->fire = fire;
        settle(ts, t->index - 1, entry);
        return 0;
    }
    if (ts->len == ts->size && grow(ts) < 0)
        return ERR_MEMORY;
    ts->starts++;
    t->fire = fire;
    sift_up(ts, ts->len++, entry);
    return 0;
}

void timer_stop(struct timers *ts, struct timer *t)
{
    if (!t->index)
        return;
    size_t i = t->index - 1;
    t->index = 0;
    struct timer_entry last = ts->heap[--ts->len];
    if (i < ts->len)
        settle(ts, i, last);
}

uint64_t timers_next(const struct timers *ts)
{
    return ts->len ? ts->heap[0].when_ns : TIMER_NEVER;
}

void timers_run(struct timers *ts, uint64_t now_ns)
{
    /* What a fire starts is left for the next run: a timer that restarts itself for now cannot hold the loop. */
    uint64_t starts = ts->starts;
    ts->floor_ns = now_ns;
    while (ts->len && ts->heap[0].when_ns <= now_ns && ts->heap[0].order < starts) {
        struct timer *t = ts->heap[0].timer;
        timer_stop(ts, t);
        t->fire(t);
    }
    ts->floor_ns = 0;
}

static void wake(struct timer *t)
{
    struct co_sleep *s = (struct co_sleep *)(void *)((char *)t - offsetof(struct co_sleep, timer));
    co_complete(&s->op, 0);
}

static void cancel_sleep(struct co_op *op, int reason)
{
    struct co_sleep *s = (struct co_sleep *)op;
    timer_stop(s->timers, &s->timer);
    co_complete(op, reason);
}

struct co_op *co_sleep(struct co_sleep *s, struct timers *ts, uint64_t until_ns)
{
    s->timers = ts;
    s->timer = (struct timer){0};
    co_op_begin(&s->op, cancel_sleep);
    int rc = timer_start(ts, &s->timer, until_ns, wake);
    return rc < 0 ? co_done(&s->op, rc) : &s->op;
}

static void pass(struct timer *t)
{
    struct deadline *d = (struct deadline *)(void *)((char *)t - offsetof(struct deadline, timer));
    d->passed = true;
    co_cancel(d->co, d->reason);
}

int deadline_set(struct deadline *d, struct timers *ts, uint64_t when_ns, struct co *co, int reason)
{
    d->timers = ts;
    d->co = co;
    d->reason = reason;
    d->passed = false;
    return timer_start(ts, &d->timer, when_ns, pass);
}

void deadline_clear(struct deadline *d)
{
    if (d->timers)
        timer_stop(d->timers, &d->timer);
}
