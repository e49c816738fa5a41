#include "base/co.h"

#include "base/error.h"

/* ---- the ready queue ------------------------------------------------------------------------------------------ */

static void push_back(struct co *co)
{
    struct co_sched *s = co->sched;
    co->queued = true;
    co->next = NULL;
    if (s->tail)
        s->tail->next = co;
    else
        s->head = co;
    s->tail = co;
}

static void push_front(struct co *co)
{
    struct co_sched *s = co->sched;
    co->queued = true;
    co->next = s->head;
    s->head = co;
    s->handed = true;
    if (!s->tail)
        s->tail = co;
}

bool co_step(struct co_sched *s)
{
    struct co *co = s->head;
    if (!co)
        return false;
    s->head = co->next;
    if (!s->head)
        s->tail = NULL;
    s->handed = false;
    co->next = NULL;
    co->queued = false;
    if (co->hook)
        co->waits = NULL;
    co->run(co);
    return true;
}

void co_drain(struct co_sched *s)
{
    while (co_step(s))
        ;
}

void co_hook(struct co_op *op, struct co *hook, struct co_sched *sched, void (*run)(struct co *hook))
{
    *hook = (struct co){.sched = sched, .run = run, .waits = op, .hook = true};
    op->waiter = hook;
}

void co_defer(struct co *hook, struct co_sched *sched, void (*run)(struct co *hook))
{
    *hook = (struct co){.sched = sched, .run = run, .hook = true};
    push_back(hook);
}

void co_abandon(struct co *co)
{
    if (!co->queued) {
        if (co->waits && co->waits->waiter == co)
            co_unhook(co->waits);
        co->waits = NULL;
        return;
    }
    /* Queued, what it waited for is done, and may be gone. */
    co->waits = NULL;
    struct co *prev = NULL;
    for (struct co *c = co->sched->head; c != co; c = c->next)
        prev = c;
    if (prev) {
        prev->next = co->next;
    } else {
        co->sched->head = co->next;
        co->sched->handed = false;
    }
    if (co->sched->tail == co)
        co->sched->tail = prev;
    co->queued = false;
}

/* ---- operations and awaits ------------------------------------------------------------------------------------ */

static struct co *end_op(struct co_op *op, int rc)
{
    if (op->status != CO_OP_PENDING)
        abort(); /* an operation completes exactly once */
    op->status = CO_OP_DONE;
    op->rc = rc;
    return op->waiter;
}

void co_complete(struct co_op *op, int rc)
{
    struct co *waiter = end_op(op, rc);
    if (waiter)
        push_back(waiter);
}

bool co_leaving(struct co *co)
{
    if (!co->reason || co->cleaning)
        return false;
    co->ret = co->reason;
    return true;
}

bool co_wait(struct co *co, const char *at, uint16_t line, struct co_op *op)
{
    co->at = at;
    co->line = line;
    co->waits = op;
    co->since_ns = co->sched->now_ns;
    if (op->status == CO_OP_DONE)
        return !co->queued; /* queued: a pause */
    if (op->status != CO_OP_PENDING)
        abort(); /* nobody submitted it: it would never complete */
    op->waiter = co;
    /* The submit itself may have led to a cancel, by a child that ran at once; nobody passed that one down. */
    if (co->reason && !co->cleaning)
        co_op_cancel(op, co->reason);
    return false;
}

struct co_op *co_pause(struct co_pause *p, struct co *caller)
{
    push_back(caller);
    return co_done(&p->op, 0);
}

bool co_woken(struct co *co)
{
    co->rc = co->waits->rc;
    co->waits = NULL;
    return co_leaving(co);
}

void co_cancel(struct co *co, int reason)
{
    if (co->reason || co->cleaning || co_ended(co))
        return;
    co->reason = reason;
    if (co->waits)
        co_op_cancel(co->waits, reason);
}

static void cancel_child(struct co_op *op, int reason)
{
    co_cancel((struct co *)op, reason);
}

static void init(struct co *co, struct co_sched *sched, void (*run)(struct co *co))
{
    co_op_begin(&co->end, cancel_child);
    co->sched = sched;
    co->run = run;
    co->at = "starting";
    co->since_ns = sched->now_ns;
}

void co_start(struct co *co, struct co_sched *sched, void (*run)(struct co *co))
{
    init(co, sched, run);
    push_back(co);
}

struct co_op *co_call(struct co *caller, struct co *child, void (*run)(struct co *co))
{
    init(child, caller->sched, run);
    run(child);
    return &child->end;
}

/* ---- groups --------------------------------------------------------------------------------------------------- */

static void wake_group(struct co_group *g)
{
    if (g->op.status != CO_OP_PENDING)
        return;
    if (g->any && g->finished_head) {
        co_complete(&g->op, 1);
    } else if (!g->running) {
        g->joined = !g->any;
        co_complete(&g->op, 0);
    }
}

/* After a join the frames of those finished may be gone: the list must not be touched again. */
static void forget_joined(struct co_group *g)
{
    if (g->joined)
        g->finished_head = g->finished_tail = NULL;
    g->joined = false;
}

static void leave_group(struct co_group *g, struct co *co)
{
    if (co->group_prev)
        co->group_prev->group_next = co->group_next;
    else
        g->running = co->group_next;
    if (co->group_next)
        co->group_next->group_prev = co->group_prev;
    co->group_prev = co->group_next = NULL;
    g->count--;
    co->next = NULL;
    if (g->finished_tail)
        g->finished_tail->next = co;
    else
        g->finished_head = co;
    g->finished_tail = co;
    wake_group(g);
}

void co_spawn(struct co *parent, struct co_group *g, struct co *child, void (*run)(struct co *co))
{
    forget_joined(g);
    child->group = g;
    child->group_next = g->running;
    if (g->running)
        g->running->group_prev = child;
    g->running = child;
    g->count++;
    co_start(child, parent->sched, run);
}

static void cancel_join(struct co_op *op, int reason)
{
    co_complete(op, reason);
}

struct co_op *co_join(struct co_group *g)
{
    g->any = false;
    if (!g->running) {
        g->joined = true;
        return co_done(&g->op, 0);
    }
    return co_op_begin(&g->op, cancel_join);
}

struct co_op *co_any(struct co_group *g)
{
    if (g->finished_head)
        return co_done(&g->op, 1);
    if (!g->running)
        return co_done(&g->op, 0);
    g->any = true;
    return co_op_begin(&g->op, cancel_join);
}

struct co *co_take(struct co_group *g)
{
    struct co *co = g->finished_head;
    if (!co)
        return NULL;
    g->finished_head = co->next;
    if (!g->finished_head)
        g->finished_tail = NULL;
    co->next = NULL;
    co->group = NULL;
    return co;
}

void co_group_cancel(struct co_group *g, int reason)
{
    /* A cancel ends nobody inline (ends happen in the drain), so the list stays as it is. */
    for (struct co *co = g->running; co; co = co->group_next)
        co_cancel(co, reason);
}

/* The waiter of a child that ended runs next, before others that are queued: what the child was lent still holds. */
void co_finish(struct co *co)
{
    co->line = CO_LINE_ENDED;
    struct co *waiter = end_op(&co->end, co->ret);
    if (waiter)
        push_front(waiter);
    if (co->generator) {
        struct co_gen *gen = (struct co_gen *)co;
        if (gen->out.status == CO_OP_PENDING)
            co_complete(&gen->out, co->ret < 0 ? co->ret : 1);
    }
    if (co->group)
        leave_group(co->group, co);
}

/* ---- generators ------------------------------------------------------------------------------------------------ */

static struct co_gen *gen_of(struct co_op *out)
{
    return (struct co_gen *)(void *)((char *)out - offsetof(struct co_gen, out));
}

/* Who waits for a value passes his cancel down to the generator; its end completes out. */
static void cancel_next(struct co_op *op, int reason)
{
    co_cancel(&gen_of(op)->co, reason);
}

static void cancel_yield(struct co_op *op, int reason)
{
    co_complete(op, reason);
}

struct co_op *co_next(struct co *caller, struct co_gen *gen, void (*run)(struct co *co), void *sent)
{
    gen->value = NULL;
    gen->sent = sent;
    if (co_ended(&gen->co))
        return co_done(&gen->out, gen->co.ret < 0 ? gen->co.ret : 1);
    co_op_begin(&gen->out, cancel_next);
    if (!gen->co.sched) {
        gen->co.generator = true;
        co_start(&gen->co, caller->sched, run);
    } else if (gen->resume.status == CO_OP_PENDING) {
        co_complete(&gen->resume, 0);
    }
    return &gen->out;
}

struct co_op *co_gen_end(struct co_gen *gen, int reason)
{
    if (!gen->co.sched)
        return co_done(&gen->out, 0);
    co_cancel(&gen->co, reason);
    return &gen->co.end;
}

struct co_op *co_yield_(struct co_gen *gen, void *value)
{
    gen->value = value;
    co_op_begin(&gen->resume, cancel_yield);
    if (gen->out.status == CO_OP_PENDING)
        co_complete(&gen->out, 0);
    return &gen->resume;
}

/* ---- where it is stuck ------------------------------------------------------------------------------------------ */

const struct co *co_leaf(const struct co *co)
{
    for (;;) {
        if (co->waits && co->waits->cancel == cancel_child)
            co = (const struct co *)co->waits;
        else if (co->waits && co->waits->cancel == cancel_next)
            co = &gen_of(co->waits)->co;
        else
            return co;
    }
}

/* ---- channels -------------------------------------------------------------------------------------------------- */

static void line_up(struct chan_line *line, struct chan_op *op)
{
    op->prev = line->last;
    op->next = NULL;
    if (line->last)
        line->last->next = op;
    else
        line->first = op;
    line->last = op;
}

static void drop_out(struct chan_line *line, struct chan_op *op)
{
    if (op->prev)
        op->prev->next = op->next;
    else
        line->first = op->next;
    if (op->next)
        op->next->prev = op->prev;
    else
        line->last = op->prev;
}

static struct chan_op *pop(struct chan_line *line)
{
    struct chan_op *op = line->first;
    if (op)
        drop_out(line, op);
    return op;
}

static void cancel_put(struct co_op *op, int reason)
{
    struct chan_op *put = (struct chan_op *)op;
    drop_out(&put->chan->putters, put);
    co_complete(op, reason);
}

static void cancel_get(struct co_op *op, int reason)
{
    struct chan_op *get = (struct chan_op *)op;
    drop_out(&get->chan->getters, get);
    co_complete(op, reason);
}

void chan_init(struct chan *ch, void **ring, size_t size)
{
    *ch = (struct chan){.ring = ring, .size = size};
}

static void ring_add(struct chan *ch, void *item)
{
    ch->ring[(ch->head + ch->len) % ch->size] = item;
    ch->len++;
}

static void *ring_take(struct chan *ch)
{
    void *item = ch->ring[ch->head];
    ch->head = (ch->head + 1) % ch->size;
    ch->len--;
    return item;
}

/* Takes over what the longest waiting put holds. */
static void *accept_put(struct chan_op *put)
{
    void *item = put->item;
    put->item = NULL;
    co_complete(&put->op, 0);
    return item;
}

struct co_op *chan_put(struct chan_op *op, struct chan *ch, void *item)
{
    op->chan = ch;
    op->item = item;
    if (ch->closed)
        return co_done(&op->op, ERR_CANCELED);
    struct chan_op *getter = pop(&ch->getters);
    if (!getter && ch->len == ch->size) {
        line_up(&ch->putters, op);
        return co_op_begin(&op->op, cancel_put);
    }
    op->item = NULL;
    if (getter) {
        getter->item = item;
        co_complete(&getter->op, 1);
    } else {
        ring_add(ch, item);
    }
    return co_done(&op->op, 0);
}

struct co_op *chan_get(struct chan_op *op, struct chan *ch)
{
    op->chan = ch;
    op->item = NULL;
    bool ringed = ch->len > 0;
    if (ringed)
        op->item = ring_take(ch);
    struct chan_op *putter = pop(&ch->putters);
    if (putter && ringed)
        ring_add(ch, accept_put(putter));
    else if (putter)
        op->item = accept_put(putter);
    if (ringed || putter)
        return co_done(&op->op, 1);
    if (ch->closed)
        return co_done(&op->op, 0);
    line_up(&ch->getters, op);
    return co_op_begin(&op->op, cancel_get);
}

void chan_close(struct chan *ch)
{
    ch->closed = true;
    struct chan_op *op;
    while ((op = pop(&ch->putters)))
        co_complete(&op->op, ERR_CANCELED);
    while ((op = pop(&ch->getters)))
        co_complete(&op->op, 0);
}
