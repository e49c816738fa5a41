/* One heap of timers for all engines, and what is made of timers: sleeping, and deadlines that cancel a coroutine.
 * Engines arm their own single wake-up for timers_next and call timers_run after I/O, so that a result that is there
 * beats its deadline. Depends on co.h alone; one thread. */
#ifndef AFETCH_BASE_TIMER_H
#define AFETCH_BASE_TIMER_H

#include "base/co.h"

#define TIMER_NEVER UINT64_MAX

struct timer {
    void (*fire)(struct timer *t);
    size_t index; /* 1 + its place in the heap; 0: not running */
};

struct timer_entry {
    uint64_t when_ns;
    uint64_t order; /* equal times fire in the order of their starts */
    struct timer *timer;
};

struct timers {
    struct timer_entry *heap;
    size_t len, size;
    uint64_t starts;
    uint64_t floor_ns; /* while timers_run runs, its now; else 0 */
};

/* "For ever" in milliseconds stays a long time in nanoseconds. */
static inline uint64_t timer_ns_of_ms(uint64_t ms)
{
    return ms < UINT64_MAX / 2 / 1000000 ? ms * 1000000 : UINT64_MAX / 2;
}

void timers_init(struct timers *ts);
void timers_deinit(struct timers *ts);

/* Starts t, or moves it if it runs already: fire is called by timers_run at or after when_ns (monotonic). fire may
 * start and stop timers. ERR_MEMORY. */
int timer_start(struct timers *ts, struct timer *t, uint64_t when_ns, void (*fire)(struct timer *t));
/* Stops t; one that does not run is left alone. */
void timer_stop(struct timers *ts, struct timer *t);

/* When the earliest fires; TIMER_NEVER if none runs. */
uint64_t timers_next(const struct timers *ts);
/* Fires all that are due at now_ns, but for those that are started meanwhile: these wait for the next run. */
void timers_run(struct timers *ts, uint64_t now_ns);

/* Sleeping: an operation that completes with 0 by the first timers_run at or after until_ns; ERR_MEMORY. */
struct co_sleep {
    struct co_op op; /* first */
    struct timer timer;
    struct timers *timers;
};
struct co_op *co_sleep(struct co_sleep *s, struct timers *ts, uint64_t until_ns);

/* A deadline of a scope: cancels co with reason at when_ns unless cleared before. */
struct deadline {
    struct timer timer;
    struct timers *timers;
    struct co *co;
    int reason;
    bool passed;
};
int deadline_set(struct deadline *d, struct timers *ts, uint64_t when_ns, struct co *co, int reason);
/* Clears it; one that was never set (all zero) is left alone. */
void deadline_clear(struct deadline *d);

#endif
