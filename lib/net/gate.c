#include "net/gate.h"

void gate_init(struct gate *g, size_t limit)
{
    *g = (struct gate){.limit = limit};
}

static void unlink_pass(struct gate *g, struct gate_pass *pass)
{
    if (pass->prev)
        pass->prev->next = pass->next;
    else
        g->first = pass->next;
    if (pass->next)
        pass->next->prev = pass->prev;
    else
        g->last = pass->prev;
}

static void cancel_enter(struct co_op *op, int reason)
{
    struct gate_pass *pass = (struct gate_pass *)op;
    unlink_pass(pass->gate, pass);
    co_complete(op, reason);
}

struct co_op *gate_enter(struct gate_pass *pass, struct gate *g)
{
    *pass = (struct gate_pass){.gate = g};
    if (g->inside < g->limit) {
        g->inside++;
        pass->inside = true;
        return co_done(&pass->op, 0);
    }
    co_op_begin(&pass->op, cancel_enter);
    pass->prev = g->last;
    if (g->last)
        g->last->next = pass;
    else
        g->first = pass;
    g->last = pass;
    return &pass->op;
}

void gate_leave(struct gate_pass *pass)
{
    if (!pass->inside)
        return;
    pass->inside = false;
    struct gate *g = pass->gate;
    struct gate_pass *next = g->first;
    if (!next) {
        g->inside--;
        return;
    }
    unlink_pass(g, next);
    next->inside = true;
    co_complete(&next->op, 0);
}
