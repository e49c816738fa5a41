/* An engine that transfers run on, with what of them is its own: the session's only one, or, with --threads, one of many
 * (crew.h), each with a thread. */
#ifndef AFETCH_FETCH_WORKER_H
#define AFETCH_FETCH_WORKER_H

#include <stdatomic.h>

#include "fetch/pool.h"

struct afetch_session;
struct afetch_request;
struct fetch;

/* A request waits until somebody, of any thread, wishes it to go on (wish.h). */
struct pause {
    struct co_op op; /* first */
    struct worker *worker;
    struct pause *next; /* in its worker's list */
    bool cut;           /* the pause was cancelled: it goes on before anything else may come */
    atomic_bool over;   /* the wish was granted; it may have been before the pause began */
};

struct worker {
    struct afetch_session *session;
    struct engine *engine;
    struct pool_door door;
    struct fetch *fetches; /* that run on it, or will go on there; under the session's lock */
    struct pause *paused;  /* what they pause at; the thread's own */
    bool wants_cancel, wants_cancel_some, wants_describe; /* under the lock: what it was woken for */
    struct fetch *ended;                                  /* its frame is freed when its last step is over */
    struct co reaper;
};

/* engine: stays the caller's. From now on the engine's wake-ups are the worker's. */
void worker_init(struct worker *w, struct afetch_session *s, struct engine *e);

/* With the lock: f is one of w's. f comes from nowhere, or from another worker of whose it is then no more. */
void worker_add(struct worker *w, struct fetch *f);
/* On w's thread, in the last step of f's coroutine: takes it off, and frees it once it has ended. */
void worker_end(struct worker *w, struct fetch *f);

/* With the lock, on w's thread: everything that runs there ends soon, for the session's `ending`. */
void worker_cancel(struct worker *w);
/* Likewise: tells the session's describe of each of its transfers. */
void worker_describe(struct worker *w);
/* These from any thread, with the lock: what they do is done soon; cancel_some is for those that were cancelled one by
 * one. */
void worker_want_cancel(struct worker *w);
void worker_want_cancel_some(struct worker *w);
void worker_want_describe(struct worker *w);

/* Completes when p is over. */
struct co_op *worker_pause(struct worker *w, struct pause *p);

#endif
