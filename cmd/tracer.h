/* What happens to transfers, as -v, --trace-ascii and --trace tell it: curl's formats, with a transfer's number before each
 * line, so that many can be told apart. Used by run.c; called with the session's lock held. */
#ifndef AFETCH_CMD_TRACER_H
#define AFETCH_CMD_TRACER_H

#include "options.h"
#include "report_file.h"

struct tracer {
    struct report *report;
    enum options_trace kind;
    bool time, ids;
    bool to_stdout;
    bool quiet_data;         /* that there are data is not told: they are seen on the terminal */
    bool data_told;          /* since the last other line */
    struct report_file file; /* path NULL: standard output or standard error */
};

/* Creates or empties the file. false: it can't be, as was told. tracer_end in any case. */
bool tracer_open(struct tracer *t, const struct options *o, struct report *report);
/* From now on nothing waits for the file; as report_file_begin and report_file_full. */
void tracer_begin(struct tracer *t, void (*wake)(void *arg), void *arg);
bool tracer_full(const struct tracer *t);
void tracer_end(struct tracer *t);

/* A struct afetch_options' trace. */
void tracer_tell(struct tracer *t, const struct afetch_request *r, enum afetch_trace kind, const char *text,
                 size_t len);

#endif
