/* From one attempt at a request to the next: what is forgotten, what is undone, and what is gone on with. */
#ifndef AFETCH_FETCH_ATTEMPT_H
#define AFETCH_FETCH_ATTEMPT_H

#include <stdbool.h>

struct afetch_request;

/* Forgets a response, before another hop or attempt. */
void attempt_reset(struct afetch_request *r);
/* Back to the URL and method that were asked for. */
void attempt_restart(struct afetch_request *r);
/* Before another attempt: what was delivered is undone, or will be gone on with. False: neither can be. Calls a
 * callback, with the session's lock held. */
bool attempt_undo(struct afetch_request *r);
/* A response does not go on with what there is: that is undone, and forgotten. 0, or an error, in r->err, where it can't
 * be. Calls a callback likewise. */
int attempt_begin_anew(struct afetch_request *r);

#endif
