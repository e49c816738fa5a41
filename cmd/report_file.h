/* A file that a report is written to, by a thread, so that a slow one holds up nothing. Or standard output, the way of the
 * lines. Used by the reports, on the session's thread. */
#ifndef AFETCH_CMD_REPORT_FILE_H
#define AFETCH_CMD_REPORT_FILE_H

#include "report.h"

struct report_file {
    const char *option, *path; /* path NULL: standard output */
    int fd;                    /* -1 */
    struct writer *writer;     /* NULL before report_file_begin, where a write waits */
    bool ending;               /* nothing else is held up: a write waits where many bytes are queued */
    int error;                 /* errno of the write that failed */
};

/* Creates or empties it. false: it can't be; that is told, and is the run's failure. */
bool report_file_open(struct report_file *f, struct report *report, const char *option, const char *path);
/* From now on nothing waits; wake is called, on another thread, when there is room after report_file_full. */
void report_file_begin(struct report_file *f, void (*wake)(void *arg), void *arg);
/* What is written after a failure is dropped. */
void report_file_write(struct report_file *f, struct report *report, const char *data, size_t len);
bool report_file_full(const struct report_file *f);
/* Waits until it is written and closes it; a failure is told, and is the run's. */
void report_file_end(struct report_file *f, struct report *report);

#endif
