/* One attempt at a request on one connection: connect if none came with the place, send, receive. */
#ifndef AFETCH_FETCH_HOP_H
#define AFETCH_FETCH_HOP_H

#include "base/buf.h"
#include "fetch/exchange.h"
#include "fetch/worker.h"
#include "net/dial.h"

/* A zeroed frame with these set; run by co_call. */
struct hop {
    struct co co;
    struct afetch_request *request;
    struct conn *conn; /* in: an idle connection, or NULL; out: one that may be used again, or NULL */
    /* hop.c's */
    struct deadline deadline; /* -m */
    uint64_t begun_ns;
    struct exchange exchange;
    struct buf head;
    struct stream *stream; /* dialled, and no connection yet */
    bool stale;            /* out: the reused connection was closed before it answered: try on a new one */
    struct co_sleep nap;   /* a turn for the others */
    struct dial *dial;     /* while it connects: half a kilobyte that those who wait for an answer need not hold */
};

void hop_run(struct co *co);

#endif
