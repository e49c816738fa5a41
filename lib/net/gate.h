/* A gate that lets so many through at once, first come, first served: handshakes are CPU, and thousands of them at once
 * would let every time-out pass. Shared by all engines of a session. */
#ifndef AFETCH_NET_GATE_H
#define AFETCH_NET_GATE_H

#include "base/lock.h"
#include "engine/engine.h"

struct gate {
    struct lock *lock;
    size_t limit, inside;
    struct gate_pass *first, *last; /* waiting */
};

struct gate_pass {
    union { /* first */
        struct co_op op;
        struct post post;
    };
    struct gate *gate;
    struct gate_pass *prev, *next;
    bool waiting;
    bool inside; /* pass->inside tells whether gate_leave is owed */
};

/* lock: of all that share the gate; it must stay. */
void gate_init(struct gate *g, struct lock *lock, size_t limit);
/* Completes with 0 inside. e: the engine of whoever enters. */
struct co_op *gate_enter(struct gate_pass *pass, struct gate *g, struct engine *e);
/* Leaves, if inside; legal on a zeroed pass. On the thread that entered. */
void gate_leave(struct gate_pass *pass);

#endif
