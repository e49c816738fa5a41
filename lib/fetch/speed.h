/* A lowest speed (--speed-limit, --speed-time): a transfer that moves fewer bytes within some time is given up. What it
 * does not do of its own accord is not counted: while it is paused the time stands still, and begins anew after that. All
 * functions but speed_new take NULL for a transfer that may be as slow as it is. */
#ifndef AFETCH_FETCH_SPEED_H
#define AFETCH_FETCH_SPEED_H

#include "base/error.h"
#include "base/timer.h"

#define SPEED_SLOTS 8 /* the time is looked at in so many parts */

/* Who makes it wait: bits. */
enum speed_pause { SPEED_RECEIVING = 1, SPEED_SENDING = 2 };

struct speed {
    struct timer timer;
    struct timers *timers;
    struct co *co;
    struct error *err;
    uint64_t limit; /* bytes a second */
    uint64_t slot_ns;
    uint64_t slots[SPEED_SLOTS]; /* bytes; the one under way is `at` */
    unsigned at, full;
    unsigned paused; /* enum speed_pause */
    bool begins;     /* with the next slot */
};

/* From now_ns on, and until speed_free: co is cancelled with ERR_TIMEOUT and a sentence in err when it was slower than
 * limit bytes a second for time_ns. ERR_MEMORY. */
int speed_new(struct speed **out, struct timers *ts, uint64_t now_ns, uint64_t limit, uint64_t time_ns, struct co *co,
              struct error *err);
void speed_free(struct speed *s);
/* Bytes have come, or were sent. */
void speed_count(struct speed *s, size_t bytes);
void speed_pause(struct speed *s, enum speed_pause who);
/* Nothing happens to one that is not paused. */
void speed_resume(struct speed *s, enum speed_pause who);

#endif
