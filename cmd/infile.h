/* Files that are sent, each read by a thread a little ahead of what is on its way: opening and reading may block for
 * long, or for ever, and hold up neither the session nor another file. In constant memory, whatever their size. All of it
 * is called on the session's thread. Used by transfer.c. */
#ifndef AFETCH_CMD_INFILE_H
#define AFETCH_CMD_INFILE_H

#include "afetch.h"

struct infiles; /* of a run */

/* NULL: no memory. */
struct infiles *infiles_new(void);
/* Every feed has ended. Threads that are stalled are left behind; they touch nothing of the caller's. */
void infiles_drop(struct infiles *all);

/* What one request sends: arg of infile_feeder. The names are paths; "-" and "." are standard input, which one request
 * alone can have. */
struct infile_feed {
    struct infiles *all;
    struct infile *now; /* NULL: none is read */
};
extern const struct afetch_feeder infile_feeder;

#endif
