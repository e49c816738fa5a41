/* Two tasks on one thread that switch by hand.
 *
 * A coroutine runs until it says itself that it can wait: nobody interrupts it, so between two awaits it needs no lock.
 * Here each says so after every step with co_pause, "a turn for the others", and the two take turns. */
#include <stdio.h>

#include "base/co.h"

struct task {
    struct co co;
    const char *name;
    int steps;
    int *running; /* how many are between their awaits; both share it, unlocked */
    int i;
    struct co_pause pause;
};

static void task_run(struct co *co)
{
    CO_BEGIN(struct task, t);
    for (t->i = 1; t->i <= t->steps; t->i++) {
        ++*t->running;
        printf("%s: step %d of %d\n", t->name, t->i, t->steps);
        if (*t->running != 1)
            CO_RETURN(-1); /* somebody else came in between: it can't be */
        --*t->running;
        CO_TRY(giving_way, co_pause(&t->pause, co));
    }
    printf("%s: done\n", t->name);
    CO_CLEANUP;
    CO_END;
}

int main(void)
{
    struct co_sched sched = {0};
    int running = 0;
    struct task a = {.name = "A", .steps = 3, .running = &running};
    struct task b = {.name = "B", .steps = 5, .running = &running};
    co_start(&a.co, &sched, task_run);
    co_start(&b.co, &sched, task_run);

    /* Starting runs nothing yet. Each step resumes the first who is ready, until its next await. */
    puts("both are ready");
    while (co_step(&sched))
        ;
    return co_ended(&a.co) && co_ended(&b.co) && a.co.end.rc == 0 && b.co.end.rc == 0 ? 0 : 1;
}
