/* What the demo server answers to a URL: the pages, as one table, and the text of a response's head. No I/O. Includes
 * base/ alone; used by conn.c and, for --help, by main.c. */
#ifndef AFETCH_SERVER_ANSWER_H
#define AFETCH_SERVER_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "server/http_request.h"

enum answer_end {
    ANSWER_KEEP,   /* another request may follow */
    ANSWER_CLOSE,  /* an orderly close */
    ANSWER_CUT,    /* a close with no regard: over TLS without close_notify */
    ANSWER_RESET,  /* a TCP reset */
    ANSWER_STALE,  /* the next request is read and the connection closed, unanswered */
    ANSWER_REFUSE, /* a close after what the client is still sending: the request was not read to its end */
};

/* A response: what is sent first (see answer_make), then the body. */
struct answer {
    uint64_t delay_ms; /* before the first byte */
    uint64_t size;     /* bytes of the pattern that are announced */
    uint64_t send;     /* of these, to be sent: fewer where the answer breaks off */
    uint64_t sent;     /* so far */
    uint64_t piece;    /* bytes at a time, or in a chunk; 0: as many as fit */
    uint64_t pause_ms; /* between two pieces */
    int status;
    enum answer_end end;
    unsigned informs; /* informational responses that come first */
    bool echo;        /* the body is the request's */
    bool chunked;     /* and a trailer */
    bool unsized;     /* ends with the connection */
    bool bodiless;    /* HEAD, 204, 304 */
    bool garbage;     /* no HTTP */
};

/* Chooses what to answer and writes what is sent first into out: informational responses, the head, and a body that is
 * text. ERR_MEMORY. */
int answer_make(struct answer *a, struct buf *out, const struct request *r);
/* The same for a request that is refused with a status. */
int answer_refuse(struct answer *a, struct buf *out, int status);

/* The pattern of bodies: byte i is 'a' + i % 26. Lends len bytes, at most ANSWER_LEND_MAX, from byte `from` on. */
#define ANSWER_LEND_MAX ((size_t)64 * 1024)
const char *answer_pattern(uint64_t from);

/* Text for --help: a line a page. */
int answer_help(struct buf *out);

#endif
