/* Conditions of time (RFC 9110 sections 13.1.3 and 13.1.4): the server is asked, and one that does not know them is
 * believed by its Last-Modified, as in curl. */
#ifndef AFETCH_FETCH_CONDITION_H
#define AFETCH_FETCH_CONDITION_H

#include <stdbool.h>
#include <stdint.h>

#include "afetch.h"
#include "proto/http1.h"

struct afetch_request;

enum { CONDITION_TEXT = 32 };

/* Of a request. */
struct condition {
    enum afetch_condition kind;
    int64_t time_s; /* since the epoch; one that HTTP can write */
};

/* The field that asks, and its value; NULL: there is no condition. room is the caller's. */
const char *condition_name(const struct condition *c);
const char *condition_value(const struct condition *c, char room[CONDITION_TEXT]);
/* At the head of a success: whether what the server sends is not what was wanted. */
bool condition_unmet(const struct afetch_request *r, const struct http1 *response);

#endif
