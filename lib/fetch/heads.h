/* Heads as they come, for those who look at them: the trace, and the receiver who wants them whole. */
#ifndef AFETCH_FETCH_HEADS_H
#define AFETCH_FETCH_HEADS_H

#include "afetch.h"
#include "proto/http1.h"

/* Whether they are to be kept as they come (HTTP1_KEEP_HEAD). */
bool heads_wanted(const struct afetch_request *r);
/* One has come; it was kept, if it is wanted. */
void heads_tell(struct afetch_request *r, const struct http1 *response, enum afetch_head_kind kind);

#endif
