/* The reports that a run makes beside its lines: --jsonl, -w and the like, each a sink that is told of every input as it
 * ends. Used by report.c and run.c, on the session's thread. */
#ifndef AFETCH_CMD_REPORTS_H
#define AFETCH_CMD_REPORTS_H

#include "options.h"
#include "report_file.h"

/* A report; each kind's struct begins with it. */
struct sink {
    struct report *report;
    struct report_file file; /* with a path, or none */
    unsigned want;           /* RECORD_... */
    bool skipped_too;        /* it is told of inputs that were skipped, too */
    void (*tell)(struct sink *s, const struct record *rec);
    void (*begin)(struct sink *s, void (*wake)(void *arg),
                  void *arg); /* for files of its own; NULL: none, and so full */
    bool (*full)(const struct sink *s);
    void (*end)(struct sink *s);  /* all inputs were told; NULL: nothing is left to be written */
    void (*free)(struct sink *s); /* what is its own, the struct included */
};

enum { SINKS_MAX = 8 };

struct reports {
    struct sink *sink[SINKS_MAX];
    size_t count;
    unsigned want;   /* RECORD_..., of all */
    int64_t wall_ns; /* struct record's */
    bool failed;     /* one could not be opened */
};

/* Opens what the options ask for. false: that failed, and was told. reports_close in any case. */
bool reports_open(struct reports *rs, const struct options *o, struct report *report);
/* From now on nothing waits for a file. */
void reports_begin(struct reports *rs, void (*wake)(void *arg), void *arg);
void reports_tell(struct reports *rs, struct record *rec);
bool reports_full(const struct reports *rs);
/* Writes what is left to be written, and waits for it. */
void reports_end(struct reports *rs);
void reports_close(struct reports *rs);

/* ---- each kind: NULL without memory ------------------------------------------------------------------------------ */

struct sink *waterfall_new(void);
struct sink *har_new(void);
/* zero_ns: when the run began, on CLOCK_MONOTONIC. */
struct sink *perfetto_new(uint64_t zero_ns);
struct sink *page_new(const struct options *o, uint64_t zero_ns, int64_t wall_ns);
/* Has opened what it needs, or told that it cannot. */
struct sink *failed_new(const char *path, struct report *report, bool *opened);
struct sink *jsonl_new(const struct options *o);
struct sink *writeout_new(const struct options *o);
/* Warns of variables that there are not. */
void writeout_check(const struct options *o, struct report *report);

#endif
