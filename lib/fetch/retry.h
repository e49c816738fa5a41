/* Trying again (--retry): what is worth it, when, and from where. */
#ifndef AFETCH_FETCH_RETRY_H
#define AFETCH_FETCH_RETRY_H

#include "fetch/request.h"

/* At a response's head, before its body is dropped: whether there will be another try for its status. Where the server says when
 * (Retry-After), that is noted, and with 429 and 503 holds back every transfer to the origin, tries or not. */
bool retry_status(struct afetch_request *r, const struct http1 *response);
/* After an attempt that ended with rc: true if r is made ready for another, not before r->not_before_ns. now_ns: of the
 * engine that it runs on. */
bool retry_again(struct afetch_request *r, int rc, uint64_t now_ns);

#endif
