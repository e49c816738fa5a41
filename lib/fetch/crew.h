/* The threads of AFETCH_THREADS: each with a poll engine, and one transfer at a time. A fetch that waits for its place
 * belongs to no thread; it goes on in the one that is hired for it: the thread whose transfer gave its place back, else
 * one that is idle, else a new one. The pool sees them through struct pool_crew. */
#ifndef AFETCH_FETCH_CREW_H
#define AFETCH_FETCH_CREW_H

#include "fetch/pool.h"

struct afetch_session;
struct crew_worker;

struct crew {
    struct afetch_session *session;
    struct crew_worker *all, *idle; /* under the session's lock */
};

extern const struct pool_crew crew_pool;

void crew_init(struct crew *c, struct afetch_session *s);
/* From the session's thread, with the lock: what runs in the threads ends soon with ERR_CANCELED. */
void crew_cancel(struct crew *c);
/* Likewise: each tells the session's describe of its transfer. */
void crew_describe(struct crew *c);
/* When no transfer is left: ends and joins the threads. From the session's thread, without the lock. */
void crew_end(struct crew *c);

#endif
