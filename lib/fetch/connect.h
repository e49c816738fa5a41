/* From a request's URL to a connection that is ready for it: what there is to dial, and what becomes of it. */
#ifndef AFETCH_FETCH_CONNECT_H
#define AFETCH_FETCH_CONNECT_H

#include "fetch/conn.h"
#include "net/dial.h"

struct afetch_request;

struct connect {
    struct afetch_request *request;
    struct dial *dial;     /* on the heap: half a kilobyte that those who wait for an answer need not hold */
    struct stream *stream; /* dialled, and no connection yet */
};

/* Makes the dial ready: 0, or the error, in the request's err, of its TLS configuration or of memory. connect_end in any
 * case. */
int connect_begin(struct connect *c, struct afetch_request *r);
/* Dials; completes as dial_run ends. */
struct co_op *connect_dial(struct connect *c, struct co *caller);
/* After a dial that succeeded: the connection, the caller's. ERR_MEMORY. */
int connect_done(struct connect *c, struct conn **out);
/* What came meanwhile for later connections to the same peers is kept. */
void connect_keep_tickets(struct afetch_request *r, struct stream *s);
/* Gives back what is held; all zero is fine, and twice. */
void connect_end(struct connect *c);

#endif
