/* What coroutines cost: bytes each, and nanoseconds a switch, a sleep, a channel item, a call and a spawn. Each figure
 * is the best of several rounds, as whatever else runs on the machine only adds to it. A sleep is the timer heap's
 * cost beside the switch's, so they are told apart.
 * usage: bench_co [COROUTINES] */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "engine/engine.h"

enum { ROUNDS = 5 };

static struct engine *engine;

static uint64_t run_ns(struct co *root, void (*run)(struct co *co))
{
    uint64_t start_ns = engine_clock_ns();
    co_start(root, &engine->sched, run);
    if (engine_run(engine, root) < 0) {
        fputs("a run failed\n", stderr);
        exit(1);
    }
    return engine_clock_ns() - start_ns;
}

static void tell(const char *what, double value, const char *unit)
{
    printf("%-46s %10.1f %s\n", what, value, unit);
}

static double least(double a, double b)
{
    return a == 0 || b < a ? b : a;
}

/* ---- switches: some pause again and again --------------------------------------------------------------------------- */

struct pauser {
    struct co co;
    size_t times, i;
    struct co_pause pause;
};

static void pauser_run(struct co *co)
{
    CO_BEGIN(struct pauser, p);
    for (p->i = 0; p->i < p->times; p->i++)
        CO_TRY(pausing, co_pause(&p->pause, co));
    CO_CLEANUP;
    CO_END;
}

struct crowd {
    struct co co;
    size_t count, times;
    struct pauser *pausers;
    struct co_group group;
    uint64_t spawned_ns; /* the clock when all were spawned */
};

static void crowd_run(struct co *co)
{
    CO_BEGIN(struct crowd, c);
    for (size_t i = 0; i < c->count; i++) {
        c->pausers[i] = (struct pauser){.times = c->times};
        co_spawn(co, &c->group, &c->pausers[i].co, pauser_run);
    }
    c->spawned_ns = engine_clock_ns();
    CO_TRY(joining, co_join(&c->group));
    CO_CLEANUP;
    CO_END;
}

static void *zeroed(size_t count, size_t size)
{
    void *p = calloc(count, size);
    if (!p) {
        fputs("out of memory\n", stderr);
        exit(1);
    }
    return p;
}

static double bench_switch(size_t count, size_t times)
{
    double best = 0;
    struct pauser *pausers = zeroed(count, sizeof *pausers);
    for (int round = 0; round < ROUNDS; round++) {
        struct crowd crowd = {.count = count, .times = times, .pausers = pausers};
        run_ns(&crowd.co, crowd_run);
        uint64_t ns = engine_clock_ns() - crowd.spawned_ns;
        best = least(best, (double)ns / ((double)count * (double)(times + 1)));
    }
    free(pausers);
    return best;
}

/* Spawning, running once, ending and joining, the frames warm. */
static double bench_spawn(size_t count)
{
    double best = 0;
    struct pauser *pausers = zeroed(count, sizeof *pausers);
    for (int round = 0; round < ROUNDS; round++) {
        struct crowd crowd = {.count = count, .pausers = pausers};
        best = least(best, (double)run_ns(&crowd.co, crowd_run) / (double)count);
    }
    free(pausers);
    return best;
}

/* ---- calls ------------------------------------------------------------------------------------------------------------ */

struct caller {
    struct co co;
    size_t times, i;
    struct pauser child; /* ends at once */
};

static void caller_run(struct co *co)
{
    CO_BEGIN(struct caller, c);
    for (c->i = 0; c->i < c->times; c->i++) {
        c->child = (struct pauser){0};
        CO_TRY(calling, co_call(co, &c->child.co, pauser_run));
    }
    CO_CLEANUP;
    CO_END;
}

static double bench_call(size_t times)
{
    double best = 0;
    for (int round = 0; round < ROUNDS; round++) {
        struct caller c = {.times = times};
        best = least(best, (double)run_ns(&c.co, caller_run) / (double)times);
    }
    return best;
}

/* ---- a channel between two ----------------------------------------------------------------------------------------------- */

struct party {
    struct co co;
    struct chan *chan;
    size_t items;
    struct chan_op op;
};

static void putter_run(struct co *co)
{
    CO_BEGIN(struct party, p);
    for (; p->items > 0; p->items--)
        CO_TRY(putting, chan_put(&p->op, p->chan, p));
    chan_close(p->chan);
    CO_CLEANUP;
    CO_END;
}

static void getter_run(struct co *co)
{
    CO_BEGIN(struct party, p);
    for (;;) {
        CO_TRY(getting, chan_get(&p->op, p->chan));
        if (co->rc == 0)
            break;
        p->items++;
    }
    CO_CLEANUP;
    CO_END;
}

struct pair {
    struct co co;
    struct chan chan;
    void *ring[16];
    size_t size;
    struct co_group group;
    struct party putter, getter;
};

static void pair_run(struct co *co)
{
    CO_BEGIN(struct pair, p);
    chan_init(&p->chan, p->ring, p->size);
    p->putter.chan = p->getter.chan = &p->chan;
    co_spawn(co, &p->group, &p->putter.co, putter_run);
    co_spawn(co, &p->group, &p->getter.co, getter_run);
    CO_TRY(joining, co_join(&p->group));
    CO_CLEANUP;
    CO_END;
}

static double bench_chan(size_t size, size_t items)
{
    double best = 0;
    for (int round = 0; round < ROUNDS; round++) {
        struct pair p = {.size = size, .putter = {.items = items}};
        double ns = (double)run_ns(&p.co, pair_run) / (double)items;
        if (p.getter.items != items) {
            fputs("items were lost\n", stderr);
            exit(1);
        }
        best = least(best, ns);
    }
    return best;
}

/* ---- sleepers --------------------------------------------------------------------------------------------------------------- */

struct sleeper {
    struct co co;
    struct co_sleep nap;
    uint64_t until_ns;
};

static void sleeper_run(struct co *co)
{
    CO_BEGIN(struct sleeper, s);
    CO_TRY(napping, co_sleep(&s->nap, &engine->timers, s->until_ns));
    CO_CLEANUP;
    CO_END;
}

struct night {
    struct co co;
    size_t count;
    struct sleeper **sleepers; /* each allocated, as a program would */
    struct co_group group;
    uint64_t wake_ns; /* when the first may wake */
    uint64_t seed;
};

static void night_run(struct co *co)
{
    CO_BEGIN(struct night, n);
    n->seed = 88172645463325252u;
    for (size_t i = 0; i < n->count; i++) {
        n->seed ^= n->seed << 13;
        n->seed ^= n->seed >> 7;
        n->seed ^= n->seed << 17;
        struct sleeper *s = n->sleepers[i] = zeroed(1, sizeof *s);
        s->until_ns = n->wake_ns + n->seed % 1000000;
        co_spawn(co, &n->group, &s->co, sleeper_run);
    }
    CO_TRY(joining, co_join(&n->group));
    CO_CLEANUP;
    CO_END;
}

static size_t in_use(void)
{
    struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd; /* large blocks, as the heap of timers is, are mapped */
}

/* All sleep at once until times in random order, all due when the engine looks: so it is the cost of starting a timer
 * in, and of taking it from, a heap of so many; with the coroutine's own start and end. */
static void bench_sleep(size_t count)
{
    double best_start = 0, best_wake = 0;
    size_t bytes = 0;
    for (int round = 0; round < ROUNDS; round++) {
        struct night n = {.count = count, .sleepers = zeroed(count, sizeof(struct sleeper *))};
        n.wake_ns = engine_clock_ns() + 1000000000;
        size_t before = in_use();
        uint64_t start_ns = engine_clock_ns();
        co_start(&n.co, &engine->sched, night_run);
        co_drain(&engine->sched);
        uint64_t asleep_ns = engine_clock_ns();
        if (round == 0)
            bytes = in_use() - before;
        while (engine_clock_ns() < n.wake_ns + 1000000)
            ;
        uint64_t woken_ns = engine_clock_ns();
        if (engine_run(engine, &n.co) < 0)
            exit(1);
        best_wake = least(best_wake, (double)(engine_clock_ns() - woken_ns) / (double)count);
        best_start = least(best_start, (double)(asleep_ns - start_ns) / (double)count);
        for (size_t i = 0; i < count; i++)
            free(n.sleepers[i]);
        free(n.sleepers);
    }
    printf("%zu that sleep and are joined:\n", count);
    tell("  a coroutine, with its timer", (double)bytes / (double)count, "bytes");
    tell("  to allocate, spawn and start sleeping", best_start, "ns");
    tell("  to wake, end and be joined", best_wake, "ns");
    tell("  a sleep, both together", best_start + best_wake, "ns");
}

int main(int argc, char **argv)
{
    size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000;
    if (count == 0) {
        fputs("usage: bench_co [COROUTINES]\n", stderr);
        return 2;
    }
    if (engine_new_uv(&engine, NULL) < 0)
        return 1;
    tell("struct co", (double)sizeof(struct co), "bytes");
    tell("frame of a sleeper", (double)sizeof(struct sleeper), "bytes");
    tell("switch, two in turn", bench_switch(2, 2000000), "ns");
    tell("switch, a round of 100", bench_switch(100, 40000), "ns");
    char what[64];
    snprintf(what, sizeof what, "switch, a round of %zu", count);
    tell(what, bench_switch(count, 20), "ns");
    tell("call of a child that ends at once", bench_call(2000000), "ns");
    tell("spawn, run and join, 100 warm frames", bench_spawn(100), "ns");
    snprintf(what, sizeof what, "spawn, run and join, %zu warm frames", count);
    tell(what, bench_spawn(count), "ns");
    tell("channel of 0, an item", bench_chan(0, 1000000), "ns");
    tell("channel of 1, an item", bench_chan(1, 1000000), "ns");
    tell("channel of 16, an item", bench_chan(16, 1000000), "ns");
    bench_sleep(count > 10000 ? 10000 : count);
    bench_sleep(count);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    tell("most memory resident", (double)usage.ru_maxrss, "KiB");
    engine_free(engine);
    return 0;
}
