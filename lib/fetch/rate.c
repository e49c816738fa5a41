#include "fetch/rate.h"

enum { PIECES_A_SECOND = 20, PIECE_MIN = 64, PIECE_MAX = 8 * 1024 };

/* The rate as a schedule: each byte moves the time at which the next may pass. */
static void charge(struct rate *r, size_t bytes, uint64_t now_ns)
{
    uint64_t least_ns = now_ns > RATE_SLACK_NS ? now_ns - RATE_SLACK_NS : 0;
    if (r->due_ns < least_ns)
        r->due_ns = least_ns;
    r->due_ns += (uint64_t)((double)bytes * 1e9 / (double)r->per_s);
}

static void unlink_wait(struct rate *r, struct rate_wait *w)
{
    if (w->prev)
        w->prev->next = w->next;
    else
        r->first = w->next;
    if (w->next)
        w->next->prev = w->prev;
    else
        r->last = w->prev;
    w->waiting = false;
}

static void let_pass(struct rate *r, struct engine *here)
{
    uint64_t now_ns = engine_now_ns(here);
    while (r->first && r->due_ns <= now_ns) {
        struct rate_wait *w = r->first;
        unlink_wait(r, w);
        charge(r, w->bytes, now_ns);
        engine_post(here, &w->post, 0);
    }
    if (r->first)
        alarm_set(&r->alarm, here, r->due_ns);
}

static void on_ring(struct alarm *a)
{
    let_pass((struct rate *)(void *)((char *)a - offsetof(struct rate, alarm)), a->engine);
}

/* One that was let pass just now by another thread will hear of it. */
static void cancel_wait(struct co_op *op, int reason)
{
    struct rate_wait *w = (struct rate_wait *)(void *)op;
    struct rate *r = w->rate;
    lock_take(r->lock);
    bool waiting = w->waiting;
    if (waiting)
        unlink_wait(r, w);
    lock_drop(r->lock);
    if (waiting)
        co_complete(op, reason);
}

static void line_up(struct rate *r, struct rate_wait *w)
{
    w->waiting = true;
    w->prev = r->last;
    if (r->last)
        r->last->next = w;
    else
        r->first = w;
    r->last = w;
}

int rate_init(struct rate *r, struct engine *e, struct lock *lock, uint64_t per_s)
{
    *r = (struct rate){.lock = lock, .per_s = per_s};
    return per_s ? alarm_init(&r->alarm, e, lock, on_ring) : 0;
}

size_t rate_piece(const struct rate *r)
{
    uint64_t bytes = r->per_s / PIECES_A_SECOND;
    if (r->per_s == 0)
        return 0;
    return bytes < PIECE_MIN ? PIECE_MIN : bytes > PIECE_MAX ? PIECE_MAX : (size_t)bytes;
}

struct co_op *rate_pass(struct rate_wait *w, struct rate *r, struct engine *here, size_t bytes)
{
    *w = (struct rate_wait){.rate = r, .bytes = bytes};
    w->post.engine = here;
    lock_take(r->lock);
    if (!r->first && r->due_ns <= engine_now_ns(here)) {
        charge(r, bytes, engine_now_ns(here));
        co_done(&w->op, 0);
    } else {
        co_op_begin(&w->op, cancel_wait);
        line_up(r, w);
        if (r->first == w)
            alarm_set(&r->alarm, here, r->due_ns);
    }
    lock_drop(r->lock);
    return &w->op;
}

void rate_passed(struct rate *r, struct engine *here, size_t bytes)
{
    lock_take(r->lock);
    charge(r, bytes, engine_now_ns(here));
    lock_drop(r->lock);
}
