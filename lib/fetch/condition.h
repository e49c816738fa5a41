/* Conditions of time (RFC 9110 sections 13.1.3 and 13.1.4): the server is asked, and one that does not know them is
 * believed by its Last-Modified, as in curl. */
#ifndef AFETCH_FETCH_CONDITION_H
#define AFETCH_FETCH_CONDITION_H

#include <stdbool.h>
#include <stdint.h>

#include "afetch.h"
#include "proto/http1.h"

struct afetch_request;

/* Of a request. */
struct condition {
    enum afetch_condition kind;
    char value[32]; /* the time as HTTP has it */
    int64_t time_s; /* since the epoch */
};

/* The field that asks, and its value; NULL: there is no condition. */
const char *condition_name(const struct condition *c);
const char *condition_value(const struct condition *c);
/* At the head of a success: whether what the server sends is not what was wanted. */
bool condition_unmet(const struct afetch_request *r, const struct http1 *response);

#endif
