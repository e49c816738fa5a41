/* Standard output and standard error as lines, each written whole. While a run lasts, each has a thread with a queue, so
 * that a slow reader holds up nothing but what is printed to it; before and after, a write waits. Standard output's
 * reader may be slow, gone (the run ends), or never have been there. All writes to the two go through here. Used by
 * report.c, transfer.c and main.c, on the session's thread. */
#ifndef AFETCH_CMD_OUTPUT_H
#define AFETCH_CMD_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct writer;

struct output {
    bool closed;           /* standard output was closed when the program began */
    bool broken;           /* its reader is gone */
    bool bodies;           /* they go to standard output: even where nothing waits they go the way of a thread */
    int error;             /* the errno of a write that failed otherwise (EBADF: closed; ETIMEDOUT: it is not read) */
    bool (*stopped)(void); /* whether the run is to end: a reader that does not read is not waited for then */
    struct writer *out;    /* NULL: a write to standard output waits */
    struct writer *err;    /* the same for standard error; the two are one where both lead to one file or terminal */
};

/* Opens /dev/null in place of each of the descriptors 0 to 2 that is closed, so that no socket becomes one of them. A
 * closed standard input reads as an error, and so may standard output be written: *out says. */
void output_guard(struct output *out, bool *stdin_closed);

/* From now on nothing waits for a reader. wake is called, on another thread, when there is room after output_full said
 * that there is none, and when a write failed (output_check tells). */
void output_begin(struct output *out, void (*wake)(void *arg), void *arg);
/* Waits until all is written, as long as its reader reads or the run is not stopped; from now on each write waits again.
 * waiting, called now and then meanwhile, may add to standard error. */
void output_end(struct output *out, void (*waiting)(void *arg), void *arg);

/* false: it was not, or will not be, written, and out says why. */
bool output_write(struct output *out, const char *data, size_t len);
/* The first len bytes of the file from, which it closes. The same. */
bool output_write_file(struct output *out, int from, uint64_t len);
/* To standard error; failures are passed over. */
void output_error(struct output *out, const char *data, size_t len);
/* Too much waits to be written: nothing new should be begun that prints. */
bool output_full(struct output *out);
/* Bytes that wait for the readers of standard output and standard error. */
size_t output_queued(const struct output *out);
/* false: standard output takes no more. */
bool output_check(struct output *out);

#endif
