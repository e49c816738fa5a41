/* What a run tells: a line for each URL, errors, warnings, the trace of -v, the total, and the exit status.
 * Used by run.c and main.c, on the session's thread. */
#ifndef AFETCH_CMD_REPORT_H
#define AFETCH_CMD_REPORT_H

#include "afetch.h"
#include "output.h"
#include "record.h"
#include "text.h"

enum { EXIT_SEVERAL = 123, EXIT_PIPE = 141 };

struct report {
    struct output out;
    struct text line;        /* the line under way */
    bool quiet;              /* -s: no total, no warnings */
    bool errors;             /* they are shown */
    const char *mode;        /* of --compare, where this is one of its runs: no lines and no total; NULL: it is not */
    bool lines;              /* of successes are wanted: no other report is in their place */
    struct reports *reports; /* beside them; NULL: none */
    struct waterfall *waterfall; /* of --compare, for the parent to draw, when the run has ended; NULL: none */
    uint64_t inputs, failed, skipped, bytes;
    uint64_t max_fails; /* that end the run; 0: however many there are */
    int code;           /* the first failure's */
    bool several;       /* there were failures of different codes */
    int run_code;       /* a failure of the run as a whole; 0: none */
    bool output_told;   /* the failure of standard output was reported */
};

void report_init(struct report *r, bool silent, bool show_error);
void report_deinit(struct report *r);

/* The end of an input, which counts it. false: the run should end, as standard output took no line, or too many failed. */
bool report_end(struct report *r, struct record *rec);

/* What would become of an input (--dry-run); what cannot be fetched has failed. As report_end. */
bool report_plan(struct report *r, struct record *rec);

/* A sentence on standard error, unless -s. */
void report_note(struct report *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* "afetch: warning: …" */
void report_warning(struct report *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The run as a whole failed: "afetch: …", and the exit status. */
void report_run_failure(struct report *r, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Inputs were left unread: a warning says why, and the exit status is that of a failure with code among others. */
void report_input_left(struct report *r, int code, const char *why);

/* output_write failed: says why, once, and makes it the run's failure; a reader that is gone is passed over. */
void report_output_failed(struct report *r);
/* Lines that were written meanwhile. false: one was not, and the run should end. */
bool report_check(struct report *r);

/* What SIGUSR1 asked for: "afetch: TEXT", also under -s. */
void report_answer(struct report *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* waited_ns: the longest wait for a place that a limit caused. */
void report_total(struct report *r, uint64_t elapsed_ns, uint64_t waited_ns);
int report_exit_status(const struct report *r);

/* Adds what became of another run's inputs, so that the exit status is that of both. */
void report_join(struct report *r, const struct report *other);

#endif
