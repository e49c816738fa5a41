/* What limits of speed mean to one hop of a request: its share of the rate that transfers have together, and the lowest
 * speed at which it goes on. Without such limits nothing is done, timed or allocated. */
#ifndef AFETCH_FETCH_BRAKE_H
#define AFETCH_FETCH_BRAKE_H

#include "fetch/rate.h"
#include "fetch/speed.h"

struct afetch_request;

/* From the request's sending on, until brake_release; hop is cancelled when it is too slow. 0, or the error in r->err. */
int brake_begin(struct afetch_request *r, struct co *hop);
void brake_release(struct afetch_request *r);

/* Bytes of the response came. Whether they must wait, by brake_hold. */
bool brake_received(struct afetch_request *r, size_t bytes);
/* Completes when bytes that were received, or are to be sent (who says which), are within the rate. */
struct co_op *brake_hold(struct rate_wait *w, struct afetch_request *r, enum speed_pause who, size_t bytes);
/* Whether what is sent must be held before. */
bool brake_sends(const struct afetch_request *r);
/* How many of len bytes should be sent at once; and these were. */
size_t brake_part(const struct afetch_request *r, size_t len);
void brake_sent(struct afetch_request *r, size_t bytes);

/* The server is waited for, or it is not its turn: the time that it may take goes on, or stands still. */
void brake_on_server(struct afetch_request *r, enum speed_pause who);
void brake_on_us(struct afetch_request *r, enum speed_pause who);

#endif
