/* A list of URLs that can be read once alone (standard input, a FIFO), copied to its end into a temporary file that has
 * no name any more, so that several processes, one after another, read the same. Called by compare.c. */
#ifndef AFETCH_CMD_SPOOL_H
#define AFETCH_CMD_SPOOL_H

#include "report.h"

/* A new file without a name, in TMPDIR or in /tmp: a descriptor that the caller closes, or -1 with errno. */
int spool_open(void);
/* Where that is. */
const char *spool_folder(void);

/* Whether a list needs it. path "-": standard input. */
bool spool_needed(const char *path);

/* A copy of the list in TMPDIR, or in /tmp: a descriptor that the caller closes. -1: that failed and was reported, or a
 * signal came. The caller holds signals (signals_hold). */
int spool_list(const char *path, struct report *report);

/* From its start again. Reports a failure. */
bool spool_rewind(int fd, struct report *report);

#endif
