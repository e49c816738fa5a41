/* A transfer as phases that follow one another without gap or overlap, for pictures and traces. Depends on record.h
 * alone. */
#ifndef AFETCH_CMD_PHASES_H
#define AFETCH_CMD_PHASES_H

#include "record.h"

#include <stddef.h>

enum phase {
    PHASE_QUEUE,   /* until it had a place; before a retry, too */
    PHASE_LOOKUP,  /* the host's addresses */
    PHASE_CONNECT, /* TCP, a proxy's tunnel */
    PHASE_TLS,
    PHASE_SEND,
    PHASE_WAIT, /* for the first byte */
    PHASE_RECEIVE,
    PHASES
};

struct phase_span {
    enum phase phase;
    uint64_t begin_ns, end_ns; /* since the session began with the transfer */
};

enum { HOP_SPANS = PHASES }; /* of one hop at most, the queue before it included */

/* The phases of a hop, and of the queue before it since free_ns (the end of the last hop, or 0). How many there are;
 * none is empty. What a hop that failed was at when it did lasts until its end. */
size_t phases_of_hop(const struct afetch_hop *hop, uint64_t free_ns, struct phase_span out[HOP_SPANS]);

/* "look-up" */
extern const char *const phase_names[PHASES];

#endif
