/* A connection that carries one request after another: a stream, the parser of its responses, and what is told of it.
 */
#ifndef AFETCH_FETCH_CONN_H
#define AFETCH_FETCH_CONN_H

#include "net/stream.h"
#include "proto/http1.h"

struct conn {
    struct stream *stream;
    struct http1 *http1;
    struct addr peer;
    uint64_t id; /* from 1 in a session */
    bool used;   /* a request was answered on it */
    /* The pool's, while it is idle. */
    struct pool *pool;
    struct pool_host *host;
    struct conn *host_prev, *host_next, *older, *newer;
    struct co watch; /* wakes the pool when the server closes it or sends what nobody asked for */
    struct co_op *read;
};

/* stream becomes the connection's on success. NULL without memory. */
struct conn *conn_new(struct stream *stream, const struct addr *peer);
/* Moves an idle one as stream_move does; where it is there already, nothing happens. */
void conn_move(struct conn *c, struct engine *e);
/* Closes and frees it; c may be NULL. It must not be idle in a pool. */
void conn_close(struct conn *c);

#endif
