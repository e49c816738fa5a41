/* What the parts of a response mean to its request: another hop or try, a failure, or a body to deliver. */
#ifndef AFETCH_FETCH_RESPONSE_H
#define AFETCH_FETCH_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/http1.h"

struct afetch_request;

/* These call callbacks, with the session's lock held. They say as deliver does: DELIVER_END where the rest is not wanted,
 * or an error that is in r->err. */
int response_head(struct afetch_request *r, const struct http1 *response);
int response_body(struct afetch_request *r, const void *data, size_t len);
/* It is whole: 0, or ERR_STATUS. */
int response_end(struct afetch_request *r);
/* The attempt ended with rc, and of its response nothing was wanted but its head. */
bool response_read_past(const struct afetch_request *r, int rc);

/* What an attempt that ended with rc comes to: a response whose head says that the receiver needs nothing is a success,
 * whatever becomes of its body. */
int response_outcome(struct afetch_request *r, int rc);

#endif
