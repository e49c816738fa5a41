/* Stackless coroutines: a function resumed with its frame, a struct whose first member is a struct co.
 *
 * One thing is awaited, an operation (struct co_op): I/O, sleep, a channel, a place in line, a join and a child
 * coroutine are all operations. What lives across an await lives in the frame, never in a local variable.
 *
 *     struct greet { struct co co; struct co_sleep nap; };
 *
 *     static void greet_run(struct co *co)
 *     {
 *         CO_BEGIN(struct greet, g);
 *         CO_TRY(napping, co_sleep(&g->nap, timers, until_ns));
 *         puts("hello");
 *         CO_CLEANUP;
 *         CO_END;
 *     }
 *
 * Two awaits of one name in a function do not compile (a label is made of the name). An await may not stand within an
 * inner switch, nor an initialised local above CO_BEGIN: tests/check/coroutines.py finds both.
 *
 * A completion never resumes anyone from inside another call: it marks the operation done and puts its waiter into the
 * ready queue, which the engine drains before its own callback returns. All of this is for one thread; what may be
 * called from another says so. Depends on nothing. */
#ifndef AFETCH_BASE_CO_H
#define AFETCH_BASE_CO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

struct co;
struct co_group;

/* ---- operations ---------------------------------------------------------------------------------------------- */

enum co_op_status { CO_OP_IDLE, CO_OP_PENDING, CO_OP_DONE };

struct co_op {
    struct co *waiter; /* who is suspended on it, or NULL */
    /* Stops a pending operation for a reason (a negative error code): it completes exactly once, soon, with the reason
     * or with what really happened. Never NULL while pending. */
    void (*cancel)(struct co_op *op, int reason);
    int rc; /* the result, once done */
    uint8_t status;
};

/* Submits: marks op pending. For those who make operations. */
static inline struct co_op *co_op_begin(struct co_op *op, void (*cancel)(struct co_op *op, int reason))
{
    *op = (struct co_op){.cancel = cancel, .status = CO_OP_PENDING};
    return op;
}

/* Ends op with rc; its waiter, if any, is queued behind the others that are ready. What the operation yields must have
 * been written into its owner's field before, so that a cancel that comes in between loses nothing. */
void co_complete(struct co_op *op, int rc);

/* A submit that is done at once: op ends with rc; returned for the await. */
static inline struct co_op *co_done(struct co_op *op, int rc)
{
    *op = (struct co_op){.rc = rc, .status = CO_OP_DONE};
    return op;
}

/* Cancels op if it is pending. */
static inline void co_op_cancel(struct co_op *op, int reason)
{
    if (op->status == CO_OP_PENDING)
        op->cancel(op, reason);
}

/* ---- coroutines ---------------------------------------------------------------------------------------------- */

/* The ready queue of one engine, and the clock that awaits are stamped with. Zero-initialised is empty. */
struct co_sched {
    struct co *head, *tail;
    uint64_t now_ns; /* monotonic; kept by the engine */
    bool handed;     /* the head is the waiter of a child that ended just now */
};

struct co {
    struct co_op end; /* first: a coroutine is an operation that completes when it has ended, with its result */
    void (*run)(struct co *co);
    struct co_sched *sched;
    struct co_op *waits; /* what it is suspended on */
    const char *at;      /* the name of the await it is at */
    uint64_t since_ns;   /* when it came there */
    struct co *next;     /* in the ready queue, or in a group's list of finished ones */
    struct co_group *group;
    struct co *group_prev, *group_next; /* among the running of its group */
    int rc;                             /* the last await's result */
    int ret;                            /* what it will end with */
    int reason;                         /* why it was cancelled; 0: it was not */
    uint16_t line;
    bool cleaning, queued, generator, hook;
};

enum { CO_LINE_ENDED = UINT16_MAX };

/* Runs until the ready queue is empty. For engines. */
void co_drain(struct co_sched *sched);
/* Runs the first of the ready queue; false if there is none. For the simulator. */
bool co_step(struct co_sched *sched);

/* Makes a plain function the waiter of a pending operation: run(hook) is called from the ready queue when it
 * completes. hook: any memory that stays until then. To take the hook off again, co_unhook; an operation that is done
 * has queued it already. */
void co_hook(struct co_op *op, struct co *hook, struct co_sched *sched, void (*run)(struct co *hook));
static inline void co_unhook(struct co_op *op)
{
    op->waiter = NULL;
}

/* Calls run(hook) from the ready queue, behind those who are ready now: once whoever runs has come to his await. hook:
 * any memory that stays until then. */
void co_defer(struct co *hook, struct co_sched *sched, void (*run)(struct co *hook));

/* Forgets a coroutine (or hook) that holds nothing and that nobody waits for: it will not be resumed, its clean-up does
 * not run, its memory is free at once. What it waits for goes on with no waiter. One that is all zero, or has ended, is
 * left alone. */
void co_abandon(struct co *co);

/* Puts a zeroed coroutine with its function into the ready queue: how the root of all begins. */
void co_start(struct co *co, struct co_sched *sched, void (*run)(struct co *co));

/* Runs child at once, until its first await that must wait; completes with child's result. child: a zeroed frame (its
 * fields beside co set), which must stay until it has ended. A cancel of the caller is passed down to it. */
struct co_op *co_call(struct co *caller, struct co *child, void (*run)(struct co *co));

/* Cancels co for a reason (a negative error code): the leaf that it waits for is cancelled, and every level leaves
 * through its clean-up. Legal at any time: a coroutine that has ended, cleans up or was cancelled before is left alone;
 * one that is running or ready leaves at its next await. */
void co_cancel(struct co *co, int reason);

static inline bool co_ended(const struct co *co)
{
    return co->end.status == CO_OP_DONE;
}

/* The innermost coroutine that co waits for by co_call or co_next, and so where it is stuck (leaf->at,
 * leaf->since_ns). */
const struct co *co_leaf(const struct co *co);

/* A turn for the others: completes behind everybody who is ready now. Only those in the ready queue get their turn; who
 * wants timers and I/O to be looked at as well sleeps until now (base/timer.h). */
struct co_pause {
    struct co_op op;
};
struct co_op *co_pause(struct co_pause *p, struct co *caller);

/* ---- spawn, join, join any ----------------------------------------------------------------------------------- */

struct co_group {
    struct co_op op; /* the pending join or any */
    struct co *running;
    struct co *finished_head, *finished_tail;
    size_t count; /* running */
    bool any;     /* the pending op is an any */
    bool joined;  /* the finished ones are the caller's again, whether taken or not */
};

/* Queues child (never runs it inline) as one of group; its frame must stay until it has been taken or joined. */
void co_spawn(struct co *parent, struct co_group *group, struct co *child, void (*run)(struct co *co));

/* Completes with 0 when no child runs: their frames are the caller's again (those not taken yet can still be taken,
 * until the group's next spawn forgets them). Cancelled, it ends with the reason; the children run on: a spawner's
 * clean-up is always  co_group_cancel(&g, reason); CO_AWAIT(reaping, co_join(&g)); */
struct co_op *co_join(struct co_group *group);

/* Completes with 1 when a finished child can be taken, with 0 when none is left at all. */
struct co_op *co_any(struct co_group *group);

/* The child that finished first and was not taken yet, or NULL. Its frame is the caller's again. */
struct co *co_take(struct co_group *group);

/* Cancels all running children. */
void co_group_cancel(struct co_group *group, int reason);

/* ---- generators: yield a value, take the one sent back -------------------------------------------------------- */

struct co_gen {
    struct co co;        /* first */
    struct co_op out;    /* completes when a value was yielded (0) or the generator has ended (1, or its error) */
    struct co_op resume; /* what CO_YIELD waits for */
    void *value;         /* the value yielded */
    void *sent;          /* the value sent with the co_next that resumed it */
};

/* Resumes gen (a zeroed frame at first, run its function) with a value sent to it, and completes with 0 when gen->value
 * holds what it yielded next, 1 when it ended, a negative code when it failed. A cancel of the caller is passed down to
 * the generator, and completes when that has ended. */
struct co_op *co_next(struct co *caller, struct co_gen *gen, void (*run)(struct co *co), void *sent);

/* Cancels gen and completes when it has ended: belongs into the clean-up of whoever calls co_next, as a generator's
 * frame must stay until then. One that never began, or has ended, is left alone. */
struct co_op *co_gen_end(struct co_gen *gen, int reason);
struct co_op *co_yield_(struct co_gen *gen, void *value);

/* ---- bounded channel of pointers ------------------------------------------------------------------------------ */

struct chan_op {
    struct co_op op; /* first */
    struct chan *chan;
    void *item; /* put: what is handed over, NULL from then on; get: what came. Not NULL in a clean-up: it is ours */
    struct chan_op *prev, *next;
};

struct chan_line {
    struct chan_op *first, *last;
};

struct chan {
    void **ring; /* the caller's, size slots; size may be 0: every put meets a get */
    size_t size, head, len;
    struct chan_line getters, putters; /* waiting, oldest first */
    bool closed;
};

/* ring: room for size pointers, the caller's. */
void chan_init(struct chan *ch, void **ring, size_t size);
/* Completes with 0 when item was taken over, ERR_CANCELED when the channel was closed. */
struct co_op *chan_put(struct chan_op *op, struct chan *ch, void *item);
/* Completes with 1 and op->item, or 0 when the channel is closed and empty. */
struct co_op *chan_get(struct chan_op *op, struct chan *ch);
/* No more puts: waiting and later ones fail, getters empty the ring and then see the end. */
void chan_close(struct chan *ch);

/* ---- the macros ------------------------------------------------------------------------------------------------ */

bool co_wait(struct co *co, const char *at, uint16_t line, struct co_op *op);
bool co_woken(struct co *co);
bool co_leaving(struct co *co);
void co_finish(struct co *co);

#define CO_FALLTHROUGH __attribute__((fallthrough))

/* Begins the body; declares the frame. */
#define CO_BEGIN(type, frame)                                                                                          \
    type *frame = (type *)(void *)co;                                                                                  \
    (void)frame;                                                                                                       \
    switch (co->line) {                                                                                                \
    case 0:

/* Awaits op; its result is then co->rc. A cancel leaves for the clean-up. */
#define CO_AWAIT(name, op_expr)                                                                                        \
    do {                                                                                                               \
        if (co_leaving(co))                                                                                            \
            goto co_cleanup;                                                                                           \
        if (!co_wait(co, #name, __LINE__, (op_expr)))                                                                  \
            return;                                                                                                    \
        CO_FALLTHROUGH;                                                                                                \
    case __LINE__:                                                                                                     \
        co_at_##name : __attribute__((unused));                                                                        \
        if (co_woken(co))                                                                                              \
            goto co_cleanup;                                                                                           \
    } while (0)

/* The same, and a negative result leaves for the clean-up and is what the coroutine ends with. Not within the
 * clean-up. */
#define CO_TRY(name, op_expr)                                                                                          \
    do {                                                                                                               \
        CO_AWAIT(name, op_expr);                                                                                       \
        if (co->rc < 0)                                                                                                \
            CO_RETURN(co->rc);                                                                                         \
    } while (0)

/* Leaves for the clean-up with a result. Not within the clean-up. */
#define CO_RETURN(result)                                                                                              \
    do {                                                                                                               \
        co->ret = (result);                                                                                            \
        goto co_cleanup;                                                                                               \
    } while (0)

/* Within a generator: hands out value, then goes on with gen->sent. Not within the clean-up. */
#define CO_YIELD(name, gen, value) CO_AWAIT(name, co_yield_((gen), (value)))

/* The one clean-up block: all ways out lead through it. Awaits are allowed, and no longer cancelled. */
#define CO_CLEANUP                                                                                                     \
    co_cleanup:                                                                                                        \
    __attribute__((unused));                                                                                           \
    co->cleaning = true

#define CO_END                                                                                                         \
    co_finish(co);                                                                                                     \
    break;                                                                                                             \
    default:                                                                                                           \
        abort(); /* resumed after its end, or an await within an inner switch */                                       \
        }                                                                                                              \
        return

#endif
