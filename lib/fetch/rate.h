/* Bytes a second for all transfers of a session together, in one direction. Whoever has bytes asks for them to pass; what
 * is over the rate waits in line, first come, first served, and holds no more than those bytes meanwhile. One alarm wakes
 * the first of the line, however long it is. */
#ifndef AFETCH_FETCH_RATE_H
#define AFETCH_FETCH_RATE_H

#include "fetch/alarm.h"

#define RATE_SLACK_NS ((uint64_t)20 * 1000 * 1000) /* of so much time nothing is lost when nobody was there, or late */

struct rate {
    struct alarm alarm;
    struct lock *lock;
    uint64_t per_s;  /* 0: no limit */
    uint64_t due_ns; /* when the next bytes may pass */
    struct rate_wait *first, *last;
};

struct rate_wait {
    union { /* first */
        struct co_op op;
        struct post post;
    };
    struct rate *rate;
    struct rate_wait *prev, *next;
    size_t bytes;
    bool waiting;
};

/* per_s: bytes; 0: no limit, and rate_pass is not for it. lock: the session's. ERR_MEMORY. */
int rate_init(struct rate *r, struct engine *e, struct lock *lock, uint64_t per_s);
static inline bool rate_limits(const struct rate *r)
{
    return r->per_s != 0;
}
/* How many bytes should be read or sent at once, that transfers share the rate evenly and it flows; 0: any number. */
size_t rate_piece(const struct rate *r);
/* Completes when bytes may pass. here: the engine of whoever asks. */
struct co_op *rate_pass(struct rate_wait *w, struct rate *r, struct engine *here, size_t bytes);
/* Bytes that have passed without asking: those that do ask wait for them. */
void rate_passed(struct rate *r, struct engine *here, size_t bytes);

#endif
