/* Standard output and standard error as lines: each line is one write(2), whole. Standard output's reader may be slow
 * (the write waits), gone (the run ends), or never have been there. All writes to the two go through here, so that a
 * thread with a queue can come between. Used by report.c and main.c, on the session's thread. */
#ifndef AFETCH_CMD_OUTPUT_H
#define AFETCH_CMD_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

struct output {
    bool closed;           /* standard output was closed when the program began */
    bool broken;           /* its reader is gone */
    int error;             /* the errno of a write that failed otherwise (EBADF: closed) */
    bool (*stopped)(void); /* whether the run is to end: a reader that does not read is not waited for then */
};

/* Opens /dev/null in place of each of the descriptors 0 to 2 that is closed, so that no socket becomes one of them. A
 * closed standard input reads as an error, and so may standard output be written: *out says. */
void output_guard(struct output *out, bool *stdin_closed);

/* false: it was not written, and out says why. */
bool output_write(struct output *out, const char *data, size_t len);
/* To standard error; failures are passed over. */
void output_error(const struct output *out, const char *data, size_t len);

#endif
