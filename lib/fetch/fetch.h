/* One URL, from waiting for a place to its result, over all its redirects and tries. */
#ifndef AFETCH_FETCH_FETCH_H
#define AFETCH_FETCH_FETCH_H

#include "fetch/hop.h"
#include "fetch/pool.h"
#include "fetch/worker.h"

struct fetch {
    struct co co;
    struct fetch *prev, *next;      /* its worker's */
    struct afetch_request *request; /* owned: freed when the fetch has ended */
    union {                         /* what it waits for */
        struct co_sleep nap;
        struct hop hop;
    } u;
    struct place place;
    bool hopping; /* u is the hop */
};

/* Started by the session with a zeroed frame; ends with the request's code, after its done callback. */
void fetch_run(struct co *co);

#endif
