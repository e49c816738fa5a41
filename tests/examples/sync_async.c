/* The same ten tasks, one after another and all at once.
 *
 * The task does not know which: it says what it waits for, and an engine waits. One after another, each is called and
 * its result awaited, on the engine that waits with poll(2); at once, all are spawned and then joined, on the engine of
 * a libuv loop. The first takes the sum of their times, the second about the longest. */
#include <stdio.h>

#include "engine/engine.h"

enum { TASKS = 10, SUM_MS = 1100, LONGEST_MS = 200 };

struct task {
    struct co co;
    struct engine *engine;
    int number;
    struct co_sleep nap;
};

static uint64_t task_ns(const struct task *t)
{
    return (uint64_t)t->number * LONGEST_MS / TASKS * 1000000;
}

/* Stands for a download: it waits for something else than the processor. The later ones take longer. */
static void task_run(struct co *co)
{
    CO_BEGIN(struct task, t);
    CO_TRY(waiting, co_sleep(&t->nap, &t->engine->timers, engine_now_ns(t->engine) + task_ns(t)));
    printf(" %d", t->number);
    CO_CLEANUP;
    CO_END;
}

struct root {
    struct co co;
    struct engine *engine;
    int i;
    struct co_group group;
    struct task tasks[TASKS];
};

static void one_after_another(struct co *co)
{
    CO_BEGIN(struct root, r);
    for (r->i = 0; r->i < TASKS; r->i++)
        CO_TRY(calling, co_call(co, &r->tasks[r->i].co, task_run)); /* a call: its end is awaited */
    CO_CLEANUP;
    CO_END;
}

static void at_once(struct co *co)
{
    CO_BEGIN(struct root, r);
    for (int i = 0; i < TASKS; i++)
        co_spawn(co, &r->group, &r->tasks[i].co, task_run); /* a spawn: nothing is awaited yet */
    CO_TRY(joining, co_join(&r->group));
    CO_CLEANUP;
    co_group_cancel(&r->group, ERR_CANCELED);
    CO_AWAIT(reaping, co_join(&r->group));
    CO_END;
}

/* Runs the ten on an engine, frees it, and returns the milliseconds it took; 0 if it failed. */
static unsigned run(const char *title, struct engine *engine, void (*root_run)(struct co *co))
{
    struct root root = {.engine = engine};
    for (int i = 0; i < TASKS; i++)
        root.tasks[i] = (struct task){.engine = engine, .number = i + 1};
    printf("%s:", title);
    uint64_t start_ns = engine_clock_ns();
    co_start(&root.co, &engine->sched, root_run);
    int rc = engine_run(engine, &root.co);
    unsigned ms = (unsigned)((engine_clock_ns() - start_ns) / 1000000);
    engine_free(engine);
    puts("");
    fprintf(stderr, "%s: %u ms\n", title, ms);
    return rc == 0 ? ms : 0;
}

int main(void)
{
    struct engine *engine;
    if (engine_new_poll(&engine, NULL) < 0)
        return 1;
    unsigned sync_ms = run("one after another", engine, one_after_another);
    if (engine_new_uv(&engine, NULL) < 0)
        return 1;
    unsigned async_ms = run("all at once", engine, at_once);

    bool sum = sync_ms >= SUM_MS && sync_ms < 2 * SUM_MS;
    bool longest = async_ms >= LONGEST_MS && async_ms < SUM_MS / 2;
    printf("one after another takes about the sum: %s\n", sum ? "yes" : "no");
    printf("all at once takes about the longest: %s\n", longest ? "yes" : "no");
    return sum && longest ? 0 : 1;
}
