/* Redirects (RFC 9110 section 15.4), followed as by curl's --follow. */
#ifndef AFETCH_FETCH_REDIRECT_H
#define AFETCH_FETCH_REDIRECT_H

#include "fetch/request.h"

/* At a response's head: 1 if it leads elsewhere and is to be followed (what for redirect_follow is kept in r), 0 if not,
 * or an error that is in r->err (ERR_REDIRECTS, ERR_MEMORY). */
int redirect_wanted(struct afetch_request *r, const struct http1 *response);
/* Makes r a request for where it leads: URL, method and body. 0, or an error that is in r->err (ERR_URL, ERR_SCHEME,
 * ERR_MEMORY). */
int redirect_follow(struct afetch_request *r);
/* Whether r has left the origin that it was made for: what is secret stays behind then. */
bool redirect_crossed(const struct afetch_request *r);

#endif
