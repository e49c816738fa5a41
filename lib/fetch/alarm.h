/* A timer of the session's engine that transfers on any thread may set: for what they share and time brings on. Its timer
 * is in the engine's heap from the beginning, so that setting it needs no memory. */
#ifndef AFETCH_FETCH_ALARM_H
#define AFETCH_FETCH_ALARM_H

#include "base/lock.h"
#include "engine/engine.h"

/* All zero is one that may be put to rest. */
struct alarm {
    struct engine *engine;
    struct lock *lock;
    void (*ring)(struct alarm *a);
    struct timer timer;
    uint64_t when_ns; /* TIMER_NEVER: it rests */
    struct post post; /* from another thread */
    struct co hook;
    bool posted;
};

/* On e's thread. lock: the session's. ring is called on e's thread with the lock held, once, at the time that was set
 * last or after it. ERR_MEMORY. */
int alarm_init(struct alarm *a, struct engine *e, struct lock *lock, void (*ring)(struct alarm *a));
/* With the lock; here: the engine whose thread calls. */
void alarm_set(struct alarm *a, struct engine *here, uint64_t when_ns);
/* On its engine's thread, when nobody sets it any more for now, or ever. */
void alarm_rest(struct alarm *a);
void alarm_deinit(struct alarm *a);

#endif
