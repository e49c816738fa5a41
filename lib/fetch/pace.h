/* How far apart transfers begin (--rate). The pool asks before it gives a first place; whoever comes too early is told
 * when. */
#ifndef AFETCH_FETCH_PACE_H
#define AFETCH_FETCH_PACE_H

#include "fetch/alarm.h"

#define PACE_LATE_NS ((uint64_t)5 * 1000 * 1000) /* so much of a delay is made up for, that timers' may not add up */

/* All zero lets everything begin. */
struct pace {
    struct alarm alarm;
    uint64_t interval_ns;
    uint64_t next_ns; /* no transfer begins before */
};

/* ring: a transfer that came too early may begin now; as alarm_init's. ERR_MEMORY. */
int pace_init(struct pace *p, struct engine *e, struct lock *lock, uint64_t interval_ns, void (*ring)(struct alarm *a));
/* With the lock: whether a transfer may begin now, which is then taken to do so; else there will be a ring. */
bool pace_begin(struct pace *p, struct engine *here);
/* Whether a transfer that wanted to begin now would be too early. */
static inline bool pace_holds(const struct pace *p, uint64_t now_ns)
{
    return p->interval_ns && now_ns < p->next_ns;
}

#endif
