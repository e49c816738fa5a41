/* The cookies of a run: those that -b read come in, and go out to -c once, at its end. Used by run.c. */
#ifndef AFETCH_CMD_COOKIES_H
#define AFETCH_CMD_COOKIES_H

#include "options.h"
#include "report.h"

/* Before and after a session's run: what was read goes into its jar; the jar goes to the file of -c, or standard output. A
 * file that cannot be written is worth a warning, as in curl. */
void cookies_begin(struct afetch_session *s, const struct options *o, struct report *report);
void cookies_end(struct afetch_session *s, const struct options *o, struct report *report);

#endif
