#include "net/gate.h"

void gate_init(struct gate *g, struct lock *lock, size_t limit)
{
    *g = (struct gate){.lock = lock, .limit = limit};
}

static void unlink_pass(struct gate *g, struct gate_pass *pass)
{
    pass->waiting = false;
    if (pass->prev)
        pass->prev->next = pass->next;
    else
        g->first = pass->next;
    if (pass->next)
        pass->next->prev = pass->prev;
    else
        g->last = pass->prev;
}

/* One that was let in just now by another thread will hear of it. */
static void cancel_enter(struct co_op *op, int reason)
{
    struct gate_pass *pass = (struct gate_pass *)(void *)op;
    struct gate *g = pass->gate;
    lock_take(g->lock);
    bool waiting = pass->waiting;
    if (waiting)
        unlink_pass(g, pass);
    lock_drop(g->lock);
    if (waiting)
        co_complete(op, reason);
}

static void wait(struct gate *g, struct gate_pass *pass)
{
    pass->waiting = true;
    pass->prev = g->last;
    if (g->last)
        g->last->next = pass;
    else
        g->first = pass;
    g->last = pass;
}

struct co_op *gate_enter(struct gate_pass *pass, struct gate *g, struct engine *e)
{
    *pass = (struct gate_pass){.gate = g};
    pass->post.engine = e;
    lock_take(g->lock);
    if (g->inside < g->limit) {
        g->inside++;
        pass->inside = true;
        co_done(&pass->op, 0);
    } else {
        co_op_begin(&pass->op, cancel_enter);
        wait(g, pass);
    }
    lock_drop(g->lock);
    return &pass->op;
}

void gate_leave(struct gate_pass *pass)
{
    if (!pass->inside)
        return;
    pass->inside = false;
    struct gate *g = pass->gate;
    lock_take(g->lock);
    struct gate_pass *next = g->first;
    if (next) {
        unlink_pass(g, next);
        next->inside = true;
        engine_post(pass->post.engine, &next->post, 0);
    } else {
        g->inside--;
    }
    lock_drop(g->lock);
}
