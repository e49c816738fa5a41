/* What a hop came to, for those who want to know of each (afetch_callbacks.hop): made as it ends, from what is there
 * anyway, so that a request that waits holds nothing for it. */
#ifndef AFETCH_FETCH_ACCOUNT_H
#define AFETCH_FETCH_ACCOUNT_H

#include "base/buf.h"
#include "fetch/conn.h"

struct afetch_request;

struct account {
    struct conn *conn;      /* NULL: there was none */
    const struct buf *head; /* the request's, as it was sent; may be empty */
    uint64_t begun_ns;      /* the engine's clock */
    int rc;                 /* what the hop ended with */
};

/* Calls the hop callback, with the session's lock held; without one it does nothing. */
void account_hop(struct afetch_request *r, const struct account *a);

#endif
