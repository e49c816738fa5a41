/* The URLs of a run, each between its input and its report. One with a file (-o) waits for its name before it is handed
 * to the session, and once its body has come, for its file. Called by run.c, on the session's thread. */
#ifndef AFETCH_CMD_TRANSFER_H
#define AFETCH_CMD_TRANSFER_H

#include "glob.h"
#include "report.h"
#include "target.h"

struct fields;
struct journal;
struct journal_key;
struct files;
struct heads;
struct infiles;
struct options;
struct stdout_sink;
struct transfer;

/* What the run does for its transfers. */
struct transfers_owner {
    void (*wake)(void *arg);                      /* has transfers_woken called, soon; from any thread */
    void (*end_run)(void *arg);                   /* standard output takes no more */
    void (*keep_places)(void *arg, size_t count); /* so many transfers that are done hold their places */
    void *arg;
};

struct transfers {
    struct report *report;
    struct heads *heads;
    struct transfers_owner owner;
    unsigned parallel;                         /* files that are written at once */
    bool one_at_a_time;                        /* those with a file, and their lines, keep the order of their inputs */
    struct files *files;                       /* NULL until one has a file */
    struct infiles *infiles;                   /* likewise, one that is sent */
    struct transfer *first, *last;             /* those with a file that have not ended, in the order of their inputs */
    struct transfer *ready_first, **ready_end; /* to be handed to the session */
    struct stdout_sink *sink;                  /* NULL: no body goes to standard output, and no order is wanted */
    bool all_in_line;                          /* also those without a body for it have their turn there */
    struct transfer *paused;                   /* until there is room on standard output or standard error */
    size_t ahead;                              /* with a file, and not handed to the session yet */
    size_t finishing;                          /* wait for their files, and for nothing else */
    struct journal *journal;                   /* NULL: none. The run's */
    size_t recording;                          /* wait for it, and for nothing else */
    struct transfer *recorded;                 /* those */
    bool journal_failed;                       /* that was told */
};

struct transfer_start {
    struct report_place place;
    uint64_t urlnum;          /* which URL, from 0 */
    const char *output;       /* as in struct target, or NULL */
    const struct glob *glob;  /* whose values -o may want, during the call; NULL: none */
    uint64_t n;               /* which input, from 1 */
    const struct fields *own; /* what the input itself says, during the call; NULL: nothing but its URL */
    const char *text;         /* as it stood in the input, text_len bytes, during the call; or NULL */
    size_t text_len;
    const struct journal_key *key; /* under which it is recorded, during the call; NULL: there is no journal */
    const struct options *options;
    struct afetch_body *body; /* NULL: none */
    const char *upload;       /* a file to be sent in its place, or NULL */
};

void transfers_init(struct transfers *ts, struct report *report, const struct transfers_owner *owner, unsigned parallel,
                    bool one_at_a_time);

/* Before the first: bodies go to standard output, or what is printed of them has the order of the inputs. false: no
 * memory. */
bool transfers_print(struct transfers *ts, bool ordered, bool tells);
/* Heads are shown or written. */
void transfers_show_heads(struct transfers *ts, struct heads *heads);

/* Whether another one may begin; if not, transfers_woken changes it. */
bool transfers_room(const struct transfers *ts);
/* Begins one, which soon is ready or has failed, and is reported when it ends. */
void transfers_begin(struct transfers *ts, const struct transfer_start *start, const char *url, size_t len);
/* An input that cannot be begun has failed. url NULL: it is none. */
void transfers_refuse(struct transfers *ts, const struct transfer_start *start, const char *url, int code,
                      const char *why);
/* Where its body goes, as far as its input goes; url: it, fit to be shown. */
struct target transfers_target(const struct transfer_start *start, const char *url);
/* The record of one that is not begun, as far as its input goes. */
struct record transfers_record(const struct transfer_start *start);
/* An input that needs no transfer waits for its turn to be told. false: there is no need to wait. */
bool transfers_skip(struct transfers *ts, const struct transfer_start *start, const char *url);
/* One that there is no memory to begin fails. */
void transfers_out_of_memory(struct transfers *ts, const struct transfer_start *start);
/* The request of one that is ready, for the session; NULL: there is none now. */
struct afetch_request *transfers_ready(struct transfers *ts);
/* Whether there are some that the session may not know of, or not any more; there is a wake when there are none. */
bool transfers_busy(const struct transfers *ts);

/* Takes up what other threads have done. */
void transfers_woken(struct transfers *ts);

/* Calls line for each file that a thread works at. */
void transfers_describe(struct transfers *ts, void (*line)(void *arg, const char *text), void *arg);
/* Whether a request that pauses does so for its file. */
bool transfers_waits(const struct transfers *ts, uint64_t number);

/* The session has run, and ended with code. Files that are not done, as it was cancelled or its deadline has passed, get a
 * moment; then their transfers fail. */
void transfers_end(struct transfers *ts, enum afetch_code code);

#endif
