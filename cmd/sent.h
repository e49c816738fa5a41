/* What the options about bodies come to: the one body that every URL is sent. Used by run.c. */
#ifndef AFETCH_CMD_SENT_H
#define AFETCH_CMD_SENT_H

#include "options.h"

struct sent_error {
    enum afetch_code code;
    char text[400];
};

/* The body of -d or -F, the caller's to free before o is; NULL where there is none, or with error->code set. Reads standard input to
 * its end where a form wants it. */
struct afetch_body *sent_body(const struct options *o, struct sent_error *error);

#endif
