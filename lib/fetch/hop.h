/* One attempt at a request on one connection: connect if none came with the place, send, receive. */
#ifndef AFETCH_FETCH_HOP_H
#define AFETCH_FETCH_HOP_H

#include "base/buf.h"
#include "fetch/brake.h"
#include "fetch/connect.h"
#include "fetch/exchange.h"
#include "fetch/worker.h"

/* A zeroed frame with these set; run by co_call. */
struct hop {
    struct co co;
    struct afetch_request *request;
    struct conn *conn; /* in: an idle connection, or NULL; out: one that may be used again, or NULL */
    /* hop.c's */
    struct deadline deadline; /* -m */
    uint64_t begun_ns;
    struct connect connect;
    struct exchange exchange;
    struct buf head;
    bool again; /* out: to be tried once more, at once and in its place, on the connection if there is one */
    union {
        struct co_sleep nap;   /* a turn for the others */
        struct rate_wait pass; /* --limit-rate */
    } u;
};

void hop_run(struct co *co);

#endif
