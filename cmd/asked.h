/* What the command line asks of each request, beside what the session does for all. Used by transfer.c. */
#ifndef AFETCH_CMD_ASKED_H
#define AFETCH_CMD_ASKED_H

#include "fields.h"
#include "options.h"

/* The method, unless the input itself says another; NULL: by whether there is a body. upload: a file is sent (-T). */
const char *asked_method(const struct options *o, bool upload);

/* A request for a URL, as the options have it, less its body; upload: a file is sent (-T). NULL without memory. */
struct afetch_request *asked_request(const struct options *o, const struct fields *own, bool upload, const char *url,
                                     size_t len);

#endif
