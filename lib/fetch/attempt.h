/* From one attempt at a request to the next: what is forgotten, what is undone, and what is gone on with. */
#ifndef AFETCH_FETCH_ATTEMPT_H
#define AFETCH_FETCH_ATTEMPT_H

#include <stdbool.h>

#include "proto/http1.h"

struct afetch_request;

/* Forgets a response, before another hop or attempt. */
void attempt_reset(struct afetch_request *r);
/* Back to the URL and method that were asked for. */
void attempt_restart(struct afetch_request *r);
/* Before another attempt: what was delivered is undone, or will be gone on with. False: neither can be. Calls a
 * callback, with the session's lock held. */
bool attempt_undo(struct afetch_request *r);
/* Keeps what a later attempt could go on by. ERR_MEMORY. */
int attempt_note_validator(struct afetch_request *r, const struct http1 *response);
/* To a request that goes on: 1 if this is the rest of what was delivered, 0 if it is something else, which begins from
 * the start, or an error, in r->err, where that can't be. */
int attempt_continues(struct afetch_request *r, const struct http1 *response);

#endif
