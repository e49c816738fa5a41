/* What the command line asks of each request, beside what the session does for all. Used by transfer.c. */
#ifndef AFETCH_CMD_ASKED_H
#define AFETCH_CMD_ASKED_H

#include "options.h"

/* A request for a URL, as the options have it, with a body (NULL: none). NULL without memory. */
struct afetch_request *asked_request(const struct options *o, struct afetch_body *body, const char *url, size_t len);

#endif
