/* A world without an engine for the tests of coroutines: a ready queue, timers and a clock that jumps to whatever
 * fires next. sweep() runs a scenario again and again and cancels its root one step later each time, until it ends on
 * its own; it asserts that the cancel arrived, and that nothing is left behind. */
#ifndef TESTS_UNIT_WORLD_H
#define TESTS_UNIT_WORLD_H

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/co.h"
#include "base/error.h"
#include "base/timer.h"

#define MS ((uint64_t)1000000)

struct world {
    struct co_sched sched;
    struct timers timers;
    size_t submitted, completed; /* grabs */
    size_t held;                 /* resources that somebody owns */
    size_t cleaned;              /* clean-ups that ran to their end */
    char log[256];               /* what happened, a letter each */
};

/* Every frame of a test begins with this. */
struct task {
    struct co co;
    struct world *w;
};

static inline void world_log(struct world *w, char c)
{
    for (size_t i = 0; i + 1 < sizeof w->log; i++)
        if (!w->log[i]) {
            w->log[i] = c;
            return;
        }
}

/* One step: the first who is ready runs, or else the clock jumps. False: nothing will ever happen again. */
static inline bool world_turn(struct world *w)
{
    if (co_step(&w->sched))
        return true;
    uint64_t next = timers_next(&w->timers);
    if (next == TIMER_NEVER)
        return false;
    if (next > w->sched.now_ns)
        w->sched.now_ns = next;
    timers_run(&w->timers, w->sched.now_ns);
    return true;
}

static inline void world_init(struct world *w)
{
    *w = (struct world){0};
    timers_init(&w->timers);
}

/* Nothing is ready, no timer runs, nobody owns anything. */
static inline void world_deinit(struct world *w)
{
    assert_null(w->sched.head);
    assert_null(w->sched.tail);
    assert_true(timers_next(&w->timers) == TIMER_NEVER);
    assert_int_equal(w->submitted, w->completed);
    assert_int_equal(w->held, 0);
    timers_deinit(&w->timers);
}

/* Starts a task (zeroed but for its own fields). */
static inline void world_start(struct world *w, struct task *t, void (*run)(struct co *co))
{
    t->w = w;
    co_start(&t->co, &w->sched, run);
}

/* Runs until nothing happens any more; returns the steps it took. */
static inline size_t world_settle(struct world *w)
{
    size_t steps = 0;
    while (world_turn(w))
        assert_true(++steps < 100000);
    return steps;
}

/* ---- a resource that takes its time: what it yields is in the owner's field as it completes ----------------------- */

struct grab {
    struct co_op op; /* first */
    struct timer timer;
    struct world *w;
    void **out;
};

static inline void grab_fired(struct timer *t)
{
    struct grab *g = (struct grab *)(void *)((char *)t - offsetof(struct grab, timer));
    *g->out = malloc(16);
    assert_non_null(*g->out);
    g->w->held++;
    g->w->completed++;
    co_complete(&g->op, 0);
}

static inline void grab_cancel(struct co_op *op, int reason)
{
    struct grab *g = (struct grab *)op;
    timer_stop(&g->w->timers, &g->timer);
    g->w->completed++;
    co_complete(op, reason);
}

static inline struct co_op *grab(struct grab *g, struct world *w, void **out)
{
    *g = (struct grab){.w = w, .out = out};
    co_op_begin(&g->op, grab_cancel);
    w->submitted++;
    assert_int_equal(timer_start(&w->timers, &g->timer, w->sched.now_ns + MS, grab_fired), 0);
    return &g->op;
}

static inline void release(struct world *w, void **what)
{
    if (*what)
        w->held--;
    free(*what);
    *what = NULL;
}

/* ---- the sweep ------------------------------------------------------------------------------------------------------ */

struct scenario {
    size_t size; /* of the root's frame */
    void (*run)(struct co *co);
    int rc;            /* how it ends if nobody cancels it */
    bool slow_cleanup; /* something below the root has a clean-up that takes time */
    /* Further things that hold at the end, however that came about; or NULL. */
    void (*check)(struct world *w, const struct task *root);
    void (*prepare)(struct world *w, struct task *root); /* or NULL */
};

static inline void sweep_finish(struct world *w, struct co *root, bool nag)
{
    for (size_t steps = 0; !co_ended(root); steps++) {
        assert_true(steps < 100000);
        assert_true(world_turn(w)); /* false: it is stuck */
        if (nag)
            co_cancel(root, ERR_TIMEOUT); /* only the first reason counts */
    }
}

/* Cancels after so many steps; returns whether the root had ended before. */
static inline bool sweep_one(const struct scenario *s, size_t steps, size_t *arrived)
{
    struct world w;
    world_init(&w);
    struct task *root = calloc(1, s->size);
    assert_non_null(root);
    root->w = &w;
    if (s->prepare)
        s->prepare(&w, root);
    world_start(&w, root, s->run);
    for (size_t i = 0; i < steps && !co_ended(&root->co); i++)
        assert_true(world_turn(&w));
    bool ended = co_ended(&root->co);
    bool cancels = !ended && !root->co.cleaning && !root->co.reason; /* else it leaves already */
    if (!ended)
        co_cancel(&root->co, ERR_CANCELED);
    co_drain(&w.sched);
    /* It left at once, without waiting for what it was waiting for. */
    if (cancels && !s->slow_cleanup)
        assert_true(root->co.cleaning);
    sweep_finish(&w, &root->co, !ended);
    assert_int_equal(root->co.end.rc, cancels ? ERR_CANCELED : s->rc);
    *arrived += cancels;
    if (s->check)
        s->check(&w, root);
    free(root);
    world_deinit(&w);
    return ended;
}

static inline void sweep(const struct scenario *s)
{
    size_t arrived = 0;
    size_t steps = 0;
    while (!sweep_one(s, steps, &arrived))
        steps++;
    assert_true(steps > 1);
    assert_true(arrived > 1);
}

/* ---- what must not be done ------------------------------------------------------------------------------------------- */

/* Asserts that fn aborts the program. */
static inline void assert_aborts(void (*fn)(void))
{
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        signal(SIGABRT, SIG_DFL);
        fn();
        _exit(0);
    }
    int status = 0;
    assert_true(waitpid(pid, &status, 0) == pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

#endif
