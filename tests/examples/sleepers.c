/* Five tasks sleep at once on one thread, and are joined.
 *
 * A sleep is an operation like any other: the task is suspended, and the engine (here libuv's loop) waits for whatever
 * comes first. So five sleeps take as long as the longest, and the shortest is done first. */
#include <stdio.h>

#include "engine/engine.h"

struct sleeper {
    struct co co;
    struct engine *engine;
    const char *name;
    unsigned tenths; /* of a second */
    struct co_sleep nap;
};

static void sleeper_run(struct co *co)
{
    CO_BEGIN(struct sleeper, s);
    printf("%s goes to sleep\n", s->name);
    CO_TRY(napping, co_sleep(&s->nap, &s->engine->timers, engine_now_ns(s->engine) + s->tenths * UINT64_C(100000000)));
    printf("%s wakes up after %u tenths\n", s->name, s->tenths);
    CO_CLEANUP;
    CO_END;
}

enum { SLEEPERS = 5 };

struct root {
    struct co co;
    struct engine *engine;
    struct co_group group;
    struct sleeper sleepers[SLEEPERS]; /* the children's frames, in the frame of who spawns them */
};

static void root_run(struct co *co)
{
    CO_BEGIN(struct root, r);
    for (int i = 0; i < SLEEPERS; i++) {
        static const char *const names[] = {"Ada", "Bob", "Cat", "Dan", "Eve"};
        static const unsigned tenths[] = {3, 1, 4, 2, 5};
        r->sleepers[i] = (struct sleeper){.engine = r->engine, .name = names[i], .tenths = tenths[i]};
        co_spawn(co, &r->group, &r->sleepers[i].co, sleeper_run);
    }
    puts("all are on their way");
    CO_TRY(joining, co_join(&r->group));
    puts("all are awake");
    CO_CLEANUP;
    /* What every spawner's clean-up looks like: had it been cancelled, its children would have to leave before it, as
     * their frames are within its own. When all have ended, these two lines do nothing. */
    co_group_cancel(&r->group, ERR_CANCELED);
    CO_AWAIT(reaping, co_join(&r->group));
    CO_END;
}

int main(void)
{
    struct root root = {0};
    if (engine_new_uv(&root.engine, NULL) < 0)
        return 1;
    uint64_t start_ns = engine_clock_ns();
    co_start(&root.co, &root.engine->sched, root_run);
    int rc = engine_run(root.engine, &root.co);
    unsigned ms = (unsigned)((engine_clock_ns() - start_ns) / 1000000);
    fprintf(stderr, "%u ms for sleeps of 1500 ms in all, 500 ms the longest\n", ms);
    engine_free(root.engine);
    return rc == 0 && ms >= 500 && ms < 1400 ? 0 : 1;
}
