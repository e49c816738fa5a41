/* Heads for people: before bodies (-i, -I), and in a file or on standard output (-D). Used by run.c and transfer.c, on the
 * session's thread. */
#ifndef AFETCH_CMD_HEADS_H
#define AFETCH_CMD_HEADS_H

#include "options.h"
#include "report_file.h"
#include "text.h"

/* Of a run. */
struct heads {
    struct report *report;
    struct report_file file; /* -D FILE; path NULL: none */
    bool include;            /* they go where the body does */
    bool dump_stdout;        /* -D - */
    bool without_connect;    /* --suppress-connect-headers */
};

/* Of a transfer. */
struct heads_kept {
    struct text dumped; /* for the file, which gets them all at once */
    struct text late;   /* the last one's, where bytes of the body have come before it */
    unsigned retries;   /* before the last one */
    bool body_begun;    /* since the body began, or began anew */
};

/* Creates or empties the file. false: it can't be, as was told. heads_end in any case. */
bool heads_open(struct heads *h, const struct options *o, struct report *report);
/* From now on nothing waits for the file; as report_file_begin and report_file_full. */
void heads_begin(struct heads *h, void (*wake)(void *arg), void *arg);
bool heads_full(const struct heads *h);
void heads_end(struct heads *h);

/* Whether any are wanted. */
bool heads_any(const struct heads *h);
/* One has come: keeps what is for the file. false: it is not to be shown at all. */
bool heads_take(const struct heads *h, struct heads_kept *kept, const struct afetch_raw_head *head);
/* The transfer has ended: writes what is for the file, and frees. */
void heads_finish(struct heads *h, struct heads_kept *kept);

#endif
