/* The heap of timers against a sorted model; sleeping and deadlines, also cancelled at every step. */
#include "unit/world.h"

#include <string.h>

/* ---- the heap against a model ---------------------------------------------------------------------------------------- */

enum { COUNT = 200, ROUNDS = 40000 };

static struct model {
    struct timer timer; /* first */
    bool runs;
    uint64_t when_ns;
    uint64_t order;
} model[COUNT];

static struct timers heap;
static uint64_t now_ns, last_when_ns, last_order, orders;
static size_t fired;

static uint64_t seed = 0x9e3779b97f4a7c15u;

static uint64_t random_below(uint64_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % n;
}

static void on_fire(struct timer *t)
{
    struct model *m = (struct model *)t;
    assert_true(m->runs);
    assert_int_equal(t->index, 0);
    assert_true(m->when_ns <= now_ns);
    /* In order of time, and of the starts where the times are equal. */
    if (fired++)
        assert_true(m->when_ns > last_when_ns || (m->when_ns == last_when_ns && m->order > last_order));
    last_when_ns = m->when_ns;
    last_order = m->order;
    m->runs = false;
}

static uint64_t model_next(void)
{
    uint64_t next = TIMER_NEVER;
    for (size_t i = 0; i < COUNT; i++)
        if (model[i].runs && model[i].when_ns < next)
            next = model[i].when_ns;
    return next;
}

static void start(struct model *m, uint64_t when_ns)
{
    assert_int_equal(timer_start(&heap, &m->timer, when_ns, on_fire), 0);
    m->runs = true;
    m->when_ns = when_ns;
    m->order = orders++;
}

static void check_heap(void)
{
    size_t runs = 0;
    for (size_t i = 0; i < COUNT; i++) {
        runs += model[i].runs;
        assert_int_equal(model[i].timer.index != 0, model[i].runs);
        if (model[i].runs) {
            const struct timer_entry *entry = &heap.heap[model[i].timer.index - 1];
            assert_ptr_equal(entry->timer, &model[i].timer);
            assert_true(entry->when_ns == model[i].when_ns);
        }
    }
    assert_int_equal(heap.len, runs);
    for (size_t i = 1; i < heap.len; i++)
        assert_true(heap.heap[(i - 1) / 4].when_ns <= heap.heap[i].when_ns);
    assert_true(timers_next(&heap) == model_next());
}

static void run_until(uint64_t ns)
{
    now_ns = ns;
    fired = 0;
    timers_run(&heap, now_ns);
    for (size_t i = 0; i < COUNT; i++)
        assert_false(model[i].runs && model[i].when_ns <= now_ns);
}

static void test_model(void **state)
{
    (void)state;
    timers_init(&heap);
    for (int round = 0; round < ROUNDS; round++) {
        struct model *m = &model[random_below(COUNT)];
        switch (random_below(8)) {
        case 0:
            timer_stop(&heap, &m->timer); /* also one that does not run */
            m->runs = false;
            break;
        case 1:
            if (random_below(8) == 0)
                run_until(now_ns + random_below(300));
            break;
        default:
            start(m, now_ns + random_below(500)); /* also one that runs: it is moved */
        }
        if (round % 16 == 0)
            check_heap();
    }
    run_until(now_ns + 500);
    check_heap();
    assert_true(timers_next(&heap) == TIMER_NEVER);
    timers_deinit(&heap);
    timers_deinit(&heap);
}

/* ---- what a timer that fires may do ------------------------------------------------------------------------------------- */

static struct timer again, other;
static int again_fired, other_fired;

static void fire_again(struct timer *t)
{
    again_fired++;
    assert_int_equal(timer_start(&heap, t, 0, fire_again), 0); /* for a time long past */
}

static void fire_other(struct timer *t)
{
    (void)t;
    other_fired++;
}

static void test_restarts_itself(void **state)
{
    (void)state;
    timers_init(&heap);
    assert_int_equal(timer_start(&heap, &again, 1, fire_again), 0);
    assert_int_equal(timer_start(&heap, &other, 2, fire_other), 0);
    timers_run(&heap, 10);
    /* It neither holds the loop nor those that are due behind it. */
    assert_int_equal(again_fired, 1);
    assert_int_equal(other_fired, 1);
    assert_true(timers_next(&heap) <= 10);
    timers_run(&heap, 10);
    assert_int_equal(again_fired, 2);
    timer_stop(&heap, &again);
    assert_true(timers_next(&heap) == TIMER_NEVER);
    timers_deinit(&heap);
}

static void fire_stops_other(struct timer *t)
{
    (void)t;
    timer_stop(&heap, &other);
}

static void test_stops_another(void **state)
{
    (void)state;
    timers_init(&heap);
    other_fired = 0;
    assert_int_equal(timer_start(&heap, &again, 1, fire_stops_other), 0);
    assert_int_equal(timer_start(&heap, &other, 1, fire_other), 0);
    timers_run(&heap, 5);
    assert_int_equal(other_fired, 0);
    assert_true(timers_next(&heap) == TIMER_NEVER);
    timers_deinit(&heap);
}

static void test_never(void **state)
{
    (void)state;
    timers_init(&heap);
    other_fired = 0;
    assert_true(timers_next(&heap) == TIMER_NEVER);
    timers_run(&heap, 100);
    assert_int_equal(timer_start(&heap, &other, TIMER_NEVER, fire_other), 0);
    timers_run(&heap, TIMER_NEVER - 1);
    assert_int_equal(other_fired, 0);
    assert_int_equal(timer_start(&heap, &other, 7, fire_other), 0); /* moved to the front */
    assert_true(timers_next(&heap) == 7);
    timers_run(&heap, 6);
    assert_int_equal(other_fired, 0);
    timers_run(&heap, 7);
    assert_int_equal(other_fired, 1);
    timers_deinit(&heap);
}

/* ---- sleeping ----------------------------------------------------------------------------------------------------------------- */

struct sleeper {
    struct task task;
    uint64_t until_ns;
    char name;
    struct co_sleep nap;
};

static void sleeper_run(struct co *co)
{
    CO_BEGIN(struct sleeper, s);
    CO_TRY(napping, co_sleep(&s->nap, &s->task.w->timers, s->until_ns));
    assert_true(co->sched->now_ns >= s->until_ns);
    world_log(s->task.w, s->name);
    CO_TRY(napping_until_past, co_sleep(&s->nap, &s->task.w->timers, 0));
    world_log(s->task.w, (char)(s->name - 'a' + 'A'));
    CO_CLEANUP;
    CO_END;
}

static void test_sleep(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    const uint64_t until_ns[] = {30 * MS, 10 * MS, 20 * MS, 10 * MS};
    struct sleeper s[4];
    for (int i = 0; i < 4; i++) {
        s[i] = (struct sleeper){.until_ns = until_ns[i], .name = (char)('a' + i)};
        world_start(&w, &s[i].task, sleeper_run);
    }
    world_settle(&w);
    assert_string_equal(w.log, "bdBDcCaA");
    assert_true(w.sched.now_ns == 30 * MS);
    world_deinit(&w);
    sweep(&(struct scenario){.size = sizeof(struct sleeper), .run = sleeper_run});
}

/* ---- deadlines ------------------------------------------------------------------------------------------------------------------ */

struct work {
    struct task task;
    uint64_t for_ns;
    struct grab grab;
    void *thing;
    struct co_sleep nap;
};

static void work_run(struct co *co)
{
    CO_BEGIN(struct work, k);
    CO_TRY(grabbing, grab(&k->grab, k->task.w, &k->thing));
    CO_TRY(working, co_sleep(&k->nap, &k->task.w->timers, co->sched->now_ns + k->for_ns));
    CO_RETURN(1);
    CO_CLEANUP;
    release(k->task.w, &k->thing);
    CO_END;
}

/* A scope with a deadline of its own around a child; and one of the caller around the scope. */
struct scope {
    struct task task;
    uint64_t work_ns, inner_ns, outer_ns;
    struct deadline inner, outer;
    struct work work;
    int inner_rc;
};

static void scope_run(struct co *co)
{
    CO_BEGIN(struct scope, s);
    CO_TRY(setting, co_done(&s->work.grab.op, deadline_set(&s->outer, &s->task.w->timers, s->outer_ns, co, ERR_READ)));
    s->work.task.w = s->task.w;
    s->work.for_ns = s->work_ns;
    if (deadline_set(&s->inner, &s->task.w->timers, s->inner_ns, &s->work.task.co, ERR_TIMEOUT) < 0)
        CO_RETURN(ERR_MEMORY);
    CO_AWAIT(calling, co_call(co, &s->work.task.co, work_run));
    s->inner_rc = co->rc;
    deadline_clear(&s->inner);
    CO_TRY(going_on, co_sleep(&s->work.nap, &s->task.w->timers, co->sched->now_ns + 2 * MS));
    CO_RETURN(s->inner_rc);
    CO_CLEANUP;
    deadline_clear(&s->inner);
    deadline_clear(&s->outer);
    CO_END;
}

static struct scope wanted;

static void scope_prepare(struct world *w, struct task *root)
{
    *(struct scope *)root = wanted;
    root->w = w;
}

static void scope_check(struct world *w, const struct task *root)
{
    (void)w;
    const struct scope *s = (const struct scope *)root;
    if (root->co.end.rc == ERR_READ)
        assert_true(s->outer.passed);
    if (root->co.end.rc == ERR_TIMEOUT)
        assert_true(s->inner.passed);
}

static void test_deadlines(void **state)
{
    (void)state;
    const struct {
        uint64_t work_ms, inner_ms, outer_ms;
        int rc;
    } rows[] = {
        {5, 50, 100, 1},            /* in time */
        {50, 20, 100, ERR_TIMEOUT}, /* the scope's own deadline; its caller goes on */
        {50, 80, 20, ERR_READ},     /* the caller's, with its own reason */
        {50, 20, 20, ERR_READ},     /* both at once */
        {5, 50, 7, ERR_READ},       /* after the scope */
        {0, 2, 100, 1},             /* just in time */
        {0, 1, 100, ERR_TIMEOUT},   /* at the same moment the deadline comes first, as it was set first */
        {5, 0, 100, ERR_TIMEOUT},   /* passed when it was set */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wanted = (struct scope){
            .work_ns = rows[i].work_ms * MS, .inner_ns = rows[i].inner_ms * MS, .outer_ns = rows[i].outer_ms * MS};
        sweep(&(struct scenario){.size = sizeof(struct scope),
                                 .run = scope_run,
                                 .rc = rows[i].rc,
                                 .check = scope_check,
                                 .prepare = scope_prepare});
    }
}

static void test_deadline_moved(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    struct sleeper s = {.until_ns = 100 * MS, .name = 'a'};
    struct deadline d = {0};
    deadline_clear(&d); /* never set */
    world_start(&w, &s.task, sleeper_run);
    assert_int_equal(deadline_set(&d, &w.timers, 10 * MS, &s.task.co, ERR_TIMEOUT), 0);
    assert_int_equal(deadline_set(&d, &w.timers, 50 * MS, &s.task.co, ERR_TIMEOUT), 0);
    world_settle(&w);
    assert_true(d.passed);
    assert_true(w.sched.now_ns == 50 * MS);
    assert_int_equal(s.task.co.end.rc, ERR_TIMEOUT);
    deadline_clear(&d);
    world_deinit(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model),          cmocka_unit_test(test_restarts_itself),
        cmocka_unit_test(test_stops_another),  cmocka_unit_test(test_never),
        cmocka_unit_test(test_sleep),          cmocka_unit_test(test_deadlines),
        cmocka_unit_test(test_deadline_moved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
