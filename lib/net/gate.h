/* A gate that lets so many through at once, first come, first served: handshakes are CPU, and thousands of them at once
 * would let every time-out pass. One thread. */
#ifndef AFETCH_NET_GATE_H
#define AFETCH_NET_GATE_H

#include "base/co.h"

struct gate {
    size_t limit, inside;
    struct gate_pass *first, *last; /* waiting */
};

struct gate_pass {
    struct co_op op; /* first */
    struct gate *gate;
    struct gate_pass *prev, *next;
    bool inside;
};

void gate_init(struct gate *g, size_t limit);
/* Completes with 0 inside; pass->inside tells whether gate_leave is owed. */
struct co_op *gate_enter(struct gate_pass *pass, struct gate *g);
/* Leaves, if inside; legal on a zeroed pass. */
void gate_leave(struct gate_pass *pass);

#endif
