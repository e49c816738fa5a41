/* A body on its way to the receiver: content codings taken off, its size bounded. */
#ifndef AFETCH_FETCH_DELIVER_H
#define AFETCH_FETCH_DELIVER_H

#include "fetch/request.h"

enum {
    DELIVER_GO,
    DELIVER_PAUSE, /* the receiver wants no more for now: go on with deliver_more when it does */
    DELIVER_TURN,  /* others should have their turn; then deliver_more */
    DELIVER_END    /* of response_body: the rest is not wanted */
};

/* At the head of a response whose body will be delivered. 0, or an error that is in r->err. */
int deliver_begin(struct afetch_request *r, const struct http1 *response);
/* Bytes of the body as they came; before an await they are kept where they are not used up. One of the above, or an error
 * that is in r->err. */
int deliver(struct afetch_request *r, const void *data, size_t len);
/* Whether deliver_more has something to do; before anything else is read. */
bool deliver_left(const struct afetch_request *r);
int deliver_more(struct afetch_request *r);
/* The body has ended. 0, or an error that is in r->err. */
int deliver_end(struct afetch_request *r);
/* Forgets a body. */
void deliver_reset(struct afetch_request *r);

#endif
