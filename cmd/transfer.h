/* One URL between its input and its report: the callbacks of its request. Called by run.c, on the session's thread. */
#ifndef AFETCH_CMD_TRANSFER_H
#define AFETCH_CMD_TRANSFER_H

#include "glob.h"
#include "outfile.h"
#include "report.h"

struct transfer_start {
    struct report *report;
    struct outfile_names *names;
    struct report_place place;
    const char *output;         /* -o, or NULL */
    const struct glob *glob;    /* whose values it may want; NULL: there is none. Not used later */
    uint64_t n;                 /* which input, from 1 */
    void (*end_run)(void *arg); /* standard output takes no more */
    void *arg;
};

/* A request with its callbacks set. NULL: it failed at once (its file cannot be had), which was reported. */
struct afetch_request *transfer_new(const struct transfer_start *start, const char *url, size_t len);

#endif
