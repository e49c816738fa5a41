#include "sim/sim_engine.h"

#include <string.h>

#include "sim/sim_machine.h"
#include "sim/sim_memory.h"
#include "sim/sim_socket.h"

enum {
    EVENTS_MAX = 3000000, /* of one run */
    STEPS_MAX = 1000000,  /* of coroutines within one moment's event */
};

void sim_engine_require(struct sim_engine *e, bool holds, const char *what)
{
    if (!holds)
        sim_fail(e->sim, "%s", what);
}

/* ---- what is lent ------------------------------------------------------------------------------------------------ */

/* Ends the loan of the last read, unless engine_keep took it. */
static void poison(struct sim_engine *e)
{
    if (e->lends && !e->engine.lent)
        e->has_buffer = false;
    e->lends = false;
    while (e->engine.spares) { /* given back: nobody may look at it either */
        struct engine_spare *spare = e->engine.spares;
        e->engine.spares = spare->next;
        e->engine.spare_count--;
        free(spare);
    }
    if (!e->engine.lent)
        return;
    memset(e->engine.lent, 0xdb, e->lent_len);
    free(e->engine.lent);
    e->engine.lent = NULL;
}

/* A real engine has one buffer, and needs another once that was kept. */
static bool buffer_fails(void)
{
    bool library = sim_memory_library(true);
    bool fails = sim_memory_fails();
    sim_memory_library(library);
    return fails;
}

/* Exactly as large as it must be: who looks behind it is found, too. */
char *sim_engine_lend(struct sim_engine *e, const char *data, size_t len)
{
    poison(e);
    if (!e->has_buffer && buffer_fails())
        return NULL;
    e->has_buffer = e->lends = true;
    /* engine_release keeps a list in what was kept, which must hold a pointer. */
    char *lent = sim_alloc(e->sim, len < sizeof(void *) ? sizeof(void *) : len);
    memcpy(lent, data, len);
    e->engine.lent = lent;
    e->lent_len = len;
    e->counts->lends++;
    return lent;
}

/* ---- what else there is ------------------------------------------------------------------------------------------------ */

static struct co_op *op_watch(struct engine *e, struct io *io, int fd, int events)
{
    (void)e;
    (void)fd;
    (void)events;
    return co_done(&io->op, ERR_INTERNAL);
}

static void op_unwatch(struct engine *e, int fd)
{
    (void)e;
    (void)fd;
}

static void on_wake(struct sim_event *event)
{
    struct sim_engine *e = SIM_OF(struct sim_engine, wake, event);
    sim_note(e->sim, "wake", 0, 0);
    sim_memory_library(true);
    engine_woken(&e->engine);
    sim_memory_library(false);
}

static void op_wake(struct engine *engine)
{
    struct sim_engine *e = (struct sim_engine *)engine;
    if (!e->wake.index)
        sim_after(e->sim, &e->wake, 0, on_wake);
}
/* ---- the run ------------------------------------------------------------------------------------------------------------ */

/* A point at which the run may be cancelled; that may make others ready. */
static void point(struct sim_engine *e)
{
    e->sim->events++;
    if (e->sim->on_point)
        e->sim->on_point(e->sim->on_point_arg);
}

/* What was lent holds until the reader's next await, so for one step; then on only for the waiter of a child that ended
 * in that step. */
static void drain(struct sim_engine *e)
{
    uint64_t steps = 0;
    sim_memory_library(true);
    while (co_step(&e->engine.sched)) {
        if (!e->engine.sched.handed)
            poison(e);
        sim_engine_require(e, ++steps < STEPS_MAX, "the ready queue does not become empty");
        point(e);
    }
    poison(e);
    sim_memory_library(false);
}

/* The machine sleeps, for minutes or hours. What should have happened meanwhile happens at once when it wakes up: timers
 * in one go, the network's events as they came, before the timers or not. */
static void leap(struct sim_engine *e)
{
    struct sim *sim = e->sim;
    uint64_t ns = rng_range(&sim->rng, 1, rng_chance(&sim->rng, 500) ? 600 : 36000) * SIM_SECOND;
    sim->net.leaps--;
    e->next_leap = sim->events + rng_below(&sim->rng, sim->net.leap_apart);
    e->engine.sched.now_ns += ns;
    sim->leapt_ns += ns;
    e->bytes_first = rng_chance(&sim->rng, 500);
    sim_note(sim, "leap", ns, e->bytes_first);
    sim_met(sim, MET_LEAP);
    if (timers_next(&e->engine.timers) <= e->engine.sched.now_ns)
        sim_met(sim, MET_LEAP_TIMER);
}

static uint64_t next_timer_ns(const struct sim_engine *e)
{
    uint64_t ns = timers_next(&e->engine.timers);
    return ns == TIMER_NEVER ? ns : ns + e->sim->timer_lag_ns;
}

/* Whether an event comes before the timers. */
static bool event_first(const struct sim_engine *e, uint64_t event_ns, uint64_t timer_ns)
{
    if (event_ns <= timer_ns)
        return true;
    if (!e->bytes_first || event_ns > e->engine.sched.now_ns)
        return false;
    sim_met(e->sim, MET_LEAP_BYTES);
    return true;
}

static void turn(struct sim_engine *e)
{
    struct sim *sim = e->sim;
    if (sim->net.leaps && sim->events >= e->next_leap)
        leap(e);
    uint64_t event_ns = sim_next_ns(sim);
    uint64_t timer_ns = next_timer_ns(e);
    uint64_t next_ns = event_ns <= timer_ns ? event_ns : timer_ns;
    if (next_ns == SIM_NEVER)
        sim_fail(sim, "stuck: nothing will ever happen any more");
    sim_engine_require(e, sim->events < EVENTS_MAX, "too many events");
    if (next_ns > e->engine.sched.now_ns)
        e->engine.sched.now_ns = next_ns;
    if (event_first(e, event_ns, timer_ns)) {
        struct sim_event *event = sim_pop(sim);
        event->fire(event);
    } else {
        sim_note(sim, "timer", 0, 0);
        sim_memory_library(true);
        timers_run(&e->engine.timers, e->engine.sched.now_ns);
        sim_memory_library(false);
    }
    point(e);
    drain(e);
}

static int op_run(struct engine *engine, const struct co *root)
{
    struct sim_engine *e = (struct sim_engine *)engine;
    sim_memory_library(false);
    point(e);
    drain(e);
    while (!co_ended(root))
        turn(e);
    sim_memory_library(true);
    return 0;
}

static void op_free(struct engine *engine)
{
    struct sim_engine *e = (struct sim_engine *)engine;
    sim_engine_require(e, timers_next(&engine->timers) == TIMER_NEVER, "a timer runs at the end");
    sim_engine_require(e, !engine->sched.head, "somebody is ready at the end");
    sim_cancel(e->sim, &e->wake);
    e->sim->ended_ns = engine->sched.now_ns;
    e->sim->now_ns = &e->sim->ended_ns;
    sim_machine_clock(e->sim->now_ns);
    engine_deinit(engine);
    free(e);
}

static struct engine_ops make_ops(const char *name, bool idle_watched)
{
    struct engine_ops ops = sim_socket_ops;
    ops.name = name;
    ops.idle_watched = idle_watched;
    ops.watch = op_watch;
    ops.unwatch = op_unwatch;
    ops.run = op_run;
    ops.wake = op_wake;
    ops.free = op_free;
    return ops;
}

struct engine *sim_engine_new(struct sim *sim, const struct sim_remote *remote, struct sim_engine_counts *counts)
{
    static struct engine_ops watched, asked;
    watched = make_ops("sim", true);
    asked = make_ops("sim, asked", false);
    struct sim_engine *e = sim_alloc(sim, sizeof *e);
    if (engine_init(&e->engine, sim->net.idle_watched ? &watched : &asked) < 0)
        sim_fail(sim, "no engine");
    e->engine.sched.now_ns = SIM_SECOND; /* 0 means "it did not happen" in the fetch's times */
    e->sim = sim;
    e->remote = remote;
    e->counts = counts;
    e->next_leap = rng_below(&sim->rng, sim->net.leap_apart);
    sim->now_ns = &e->engine.sched.now_ns;
    sim_machine_clock(sim->now_ns);
    return &e->engine;
}
