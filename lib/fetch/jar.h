/* The cookies of a session: what responses set, and what requests are sent. Cookies of the jar go by its rules (RFC
 * 6265bis), redirects or not; those that were given by hand belong to the origin that was asked for. */
#ifndef AFETCH_FETCH_JAR_H
#define AFETCH_FETCH_JAR_H

#include "afetch.h"
#include "base/error.h"
#include "proto/http1.h"

struct cookies;

/* All zero: there are no cookies. */
struct jar {
    struct cookies *cookies; /* behind the session's lock; NULL: none are kept */
    char *given;             /* "a=1; b=2", by hand; NULL: none */
};

/* Copies what it needs of opt; jar_deinit frees it in any case. ERR_MEMORY, ERR_USAGE. */
int jar_init(struct jar *j, const struct afetch_options *opt, struct error *err);
void jar_deinit(struct jar *j);

/* At the head of a response, whatever its status: keeps what it sets. ERR_MEMORY, in r->err. */
int jar_receive(struct afetch_request *r, const struct http1 *response);
/* The value of r's Cookie field: allocated, the caller's; NULL: none is to be sent. ERR_MEMORY, in r->err. */
int jar_value(struct afetch_request *r, char **value);

#endif
