/* What became of one input: all that a report may tell of it. Made as the transfer goes (record_log), told once at its
 * end. Where no report wants more than the line of a success, there is no log. Used by transfer.c and the reports, on
 * the session's thread. */
#ifndef AFETCH_CMD_RECORD_H
#define AFETCH_CMD_RECORD_H

#include "afetch.h"

/* Where an input stood: a line of a list, if line is not 0. */
struct report_place {
    uint64_t line;
    const char *list; /* NULL: there is one list alone */
};

/* What reports want to know of. */
enum record_want {
    RECORD_HOPS = 1,  /* each exchange with a server */
    RECORD_HEADS = 2, /* the heads, too */
    RECORD_TEXT = 4   /* the input as it stood */
};

struct record_field {
    const char *name, *value;
};

/* One allocation. */
struct record_hop {
    struct record_hop *next;
    struct afetch_hop told;       /* without RECORD_HEADS its request_head is "" */
    const char *referer;          /* that was sent, or NULL */
    size_t field_count;           /* of the response */
    struct record_field fields[]; /* with RECORD_HEADS */
};

struct record {
    struct report_place place;
    uint64_t n;         /* which input, from 1 */
    uint64_t number;    /* the request's in the session, as -v shows it; 0: none */
    uint64_t urlnum;    /* which URL, from 0, before its globs were filled in */
    const char *id;     /* of a line in JSON, as JSON; or NULL */
    const char *sha256; /* of the body, or NULL */
    const char *text;   /* the input as it stood, text_len bytes; NULL: it is not known */
    size_t text_len;
    const char *url;  /* that was asked for, fit to be shown; NULL: a line that is none */
    const char *path; /* where its body goes, or NULL */
    bool skipped;     /* nothing was fetched, as it is there already: a success */
    int code;
    const char *error;                  /* a sentence; "" for a success */
    uint64_t bytes;                     /* of the body, as delivered */
    const struct afetch_result *result; /* NULL: no transfer came of it; or there is no log */
    const struct record_hop *hops;      /* in their order */
    int64_t wall_ns;                    /* what makes a time on CLOCK_MONOTONIC one since 1970 */
};

/* The hop after which none followed, or NULL. */
const struct record_hop *record_last_hop(const struct record *rec);
/* The value of a field of a hop's response: the first of that name in any case, or NULL. */
const char *record_field(const struct record_hop *hop, const char *name);

/* The value of a field in a request's head, *len bytes; NULL: it has none. */
const char *record_find_sent(const char *head, size_t head_len, const char *name, size_t *len);

struct record_log;

/* want: RECORD_...; path is copied, or NULL. NULL: no memory. */
struct record_log *record_log_new(unsigned want, uint64_t n, uint64_t urlnum);
/* NULL is allowed, here and below. */
void record_log_free(struct record_log *log);
void record_log_path(struct record_log *log, const char *path);
/* text may be NULL. */
void record_log_text(struct record_log *log, const char *text, size_t len);
void record_log_hop(struct record_log *log, const struct afetch_request *r, const struct afetch_hop *hop);
void record_log_result(struct record_log *log, const struct afetch_result *result);
/* Puts what the log has into rec, which may be told as long as the log is there. */
void record_log_fill(const struct record_log *log, struct record *rec);

#endif
