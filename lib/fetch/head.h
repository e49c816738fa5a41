/* The head of a request as it is sent: what was asked for, what the session adds, and what must stay behind when a
 * redirect has led to another origin. */
#ifndef AFETCH_FETCH_HEAD_H
#define AFETCH_FETCH_HEAD_H

#include "fetch/request.h"

/* Appends r's head to out, which is initialised. 0, or an error that is in r->err. */
int head_write(struct afetch_request *r, struct buf *out);

/* What follows the name in the first line of that name that was given by hand; "" where it takes the field away; NULL:
 * there is none. */
const char *head_own_field(const struct afetch_request *r, const char *name);

#endif
