/* What a transfer is made of, between its input and its report: transfer.c begins it and takes up what becomes of its file,
 * transfer_request.c hears of its request, transfer_end.c ends and tells it. Included by these three alone. */
#ifndef AFETCH_CMD_TRANSFER_PARTS_H
#define AFETCH_CMD_TRANSFER_PARTS_H

#include "filework.h"
#include "heads.h"
#include "infile.h"
#include "journal.h"
#include "options.h"
#include "stdout_sink.h"
#include "transfer.h"

enum transfer_state {
    CLAIMING, /* its name is looked up */
    READY,
    RUNNING,
    FINISHING, /* its file is not whole yet */
    DONE,      /* it is, but that of one before it is not (--sync) */
    IN_LINE    /* it has ended, and waits for its turn on standard output */
};

struct transfer {
    struct transfers *all;
    const struct options *options;
    struct report_place place;
    enum transfer_state state;
    struct afetch_request *request; /* the session's while it runs; NULL once it is done */
    uint64_t number;                /* these two are the request's, once it is done */
    char *url;
    uint64_t bytes; /* of the body */
    int code;       /* of a failure whose body is kept all the same (--fail-with-body) */
    char *why;
    struct record_log *log; /* for reports; NULL: none wants it */
    char *id;               /* as the input has it; or NULL */
    struct sum *sum;        /* of a body that no file can be read again for; NULL: not wanted */
    char *etag;             /* of the response that was told last; NULL: none */

    struct stdout_body *body; /* what it has in standard output's line; NULL: nothing */
    bool to_stdout;           /* its body goes there */
    uint64_t in_line_ns;      /* since when it waits for its turn */
    bool kept;                /* and is one of a success */
    struct heads_kept heads;
    bool url_is_none;             /* what was asked for is no URL at all */
    bool skipped;                 /* its file is there, and stays (--skip-existing) */
    bool filed;                   /* it is to have a file */
    bool late;                    /* whose name is not known before the head has come (-J) */
    uint64_t n;                   /* of such a one: which input, */
    bool keyed;                   /* it is to be recorded */
    struct journal_key key;       /* under this */
    char *modified;               /* Last-Modified, for its record; or NULL */
    char *redirect;               /* and where the last redirect led; NULL: there was none */
    struct filework *file;        /* NULL: it has none, or not yet */
    int descriptor;               /* what the file is, if it is standard output or standard error; else -1 */
    int status;                   /* of the response that was told last */
    bool begun;                   /* there is a body for the file */
    bool printed;                 /* bytes of it went to standard output or standard error */
    bool paused;                  /* it has returned AFETCH_PAUSE */
    struct infile_feed feed;      /* what it sends */
    struct transfer *prev, *next; /* in all->first */
    struct transfer *other;       /* in all->ready_first or all->paused */
};

uint64_t transfer_number(const struct transfer *t);
const char *transfer_url(const struct transfer *t);

/* ---- transfer_request.c ------------------------------------------------------------------------------------------ */

/* filed: its body goes to a file. */
void transfer_set_callbacks(struct transfer *t, bool filed);
/* Has the name of its file looked up. Owns path and resume, also on failure. false: no memory. */
bool transfer_begin_file(struct transfer *t, char *path, struct resume *resume);

/* ---- transfer_end.c: each ends it, and it is freed then or soon ---------------------------------------------------- */

/* url may be the request's own, and NULL for what is no URL. */
void transfer_finish(struct transfer *t, const char *url, int code, const char *why);
/* Its file is there, and stays (--skip-existing). */
void transfer_finish_skipped(struct transfer *t, const char *url);
/* Its file could not be written, or is not what was expected. */
void transfer_finish_unwritten(struct transfer *t, const char *url, const char *why);
void transfer_finish_canceled(struct transfer *t, const char *url, const char *why);
/* The run has ended with code, and t is not done. */
void transfer_finish_stopped(struct transfer *t, const char *url, enum afetch_code code);
/* Its file is whole. */
void transfer_succeed(struct transfer *t);
/* Those whose turn it is to be reported. */
void transfers_finish_done(struct transfers *ts);
/* It is in the journal, or could not be written there. */
void transfer_recorded(void *owner, int error);

#endif
