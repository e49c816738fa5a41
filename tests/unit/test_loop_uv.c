/* The engine on libuv: a timer that is due before the loop even begins to wait ends that wait. */
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/engine.h"

#define MS ((uint64_t)1000000)

static uint64_t delay_ns; /* between the loop's look at the clock and what follows */

/* Stands before libuv's own, as if the thread lost its processor there. */
struct uv_loop_s;
void uv_update_time(struct uv_loop_s *loop);
void uv_update_time(struct uv_loop_s *loop)
{
    union {
        void *object;
        void (*function)(struct uv_loop_s *loop);
    } real = {dlsym(RTLD_NEXT, "uv_update_time")};
    real.function(loop);
    nanosleep(&(struct timespec){.tv_nsec = (long)delay_ns}, NULL);
}

struct sleeper {
    struct co co; /* first */
    struct engine *engine;
    struct co_sleep sleep;
};

static void sleeper_run(struct co *co)
{
    CO_BEGIN(struct sleeper, s);
    CO_TRY(sleeping, co_sleep(&s->sleep, &s->engine->timers, engine_now_ns(s->engine) + 2 * MS));
    CO_CLEANUP;
    CO_END;
}

static void test_due_before_the_wait(void **state)
{
    (void)state;
    struct engine *e = NULL;
    assert_int_equal(engine_new_uv(&e, NULL), 0);
    for (delay_ns = 0; delay_ns < 6 * MS; delay_ns += MS) {
        struct sleeper s = {.engine = e};
        alarm(20); /* it would wait for ever */
        co_start(&s.co, &e->sched, sleeper_run);
        assert_int_equal(engine_run(e, &s.co), 0);
    }
    alarm(0);
    engine_free(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_due_before_the_wait)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
