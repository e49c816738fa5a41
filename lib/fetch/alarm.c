#include "fetch/alarm.h"

static void on_time(struct timer *t)
{
    struct alarm *a = (struct alarm *)(void *)((char *)t - offsetof(struct alarm, timer));
    timer_start(&a->engine->timers, t, TIMER_NEVER, on_time); /* into the room that it has just left */
    lock_take(a->lock);
    a->when_ns = TIMER_NEVER;
    a->ring(a);
    lock_drop(a->lock);
}

/* Moved, not started: that cannot fail. */
static void arm(struct alarm *a)
{
    timer_start(&a->engine->timers, &a->timer, a->when_ns, on_time);
}

static void on_post(struct co *hook)
{
    struct alarm *a = (struct alarm *)(void *)((char *)hook - offsetof(struct alarm, hook));
    lock_take(a->lock);
    a->posted = false;
    arm(a);
    lock_drop(a->lock);
}

static void cancel_post(struct co_op *op, int reason)
{
    co_complete(op, reason);
}

int alarm_init(struct alarm *a, struct engine *e, struct lock *lock, void (*ring)(struct alarm *a))
{
    *a = (struct alarm){.engine = e, .lock = lock, .ring = ring, .when_ns = TIMER_NEVER};
    a->post.engine = e;
    int rc = timer_start(&e->timers, &a->timer, TIMER_NEVER, on_time);
    if (rc < 0)
        a->engine = NULL;
    return rc;
}

void alarm_set(struct alarm *a, struct engine *here, uint64_t when_ns)
{
    a->when_ns = when_ns;
    if (here == a->engine) {
        arm(a);
    } else if (!a->posted) {
        a->posted = true;
        a->post.engine = a->engine;
        co_op_begin(&a->post.op, cancel_post);
        co_hook(&a->post.op, &a->hook, &a->engine->sched, on_post);
        engine_post(here, &a->post, 0);
    }
}

void alarm_rest(struct alarm *a)
{
    if (!a->engine)
        return;
    lock_take(a->lock);
    a->when_ns = TIMER_NEVER;
    arm(a);
    lock_drop(a->lock);
}

void alarm_deinit(struct alarm *a)
{
    if (a->engine)
        timer_stop(&a->engine->timers, &a->timer);
    a->engine = NULL;
}
