/* Generators: yield a value, take the one sent back; each scenario also cancelled at every step. */
#include "unit/world.h"

#include <string.h>

struct counter {
    struct co_gen gen; /* first */
    struct world *w;
    int limit;   /* how many it yields */
    int rc;      /* and ends with */
    bool sleeps; /* between them */
    int i;
    struct co_sleep nap;
    struct grab grab;
    void *thing;
};

static int sent_to(const struct counter *c)
{
    return *(const int *)c->gen.sent;
}

static void counter_run(struct co *co)
{
    CO_BEGIN(struct counter, c);
    CO_TRY(grabbing, grab(&c->grab, c->w, &c->thing));
    assert_int_equal(sent_to(c), 100); /* the first co_next's */
    for (c->i = 0; c->i < c->limit; c->i++) {
        CO_YIELD(yielding, &c->gen, &c->i);
        assert_int_equal(sent_to(c), 101 + c->i);
        if (c->sleeps)
            CO_TRY(napping, co_sleep(&c->nap, &c->w->timers, co->sched->now_ns + MS));
    }
    CO_RETURN(c->rc);
    CO_CLEANUP;
    /* A clean-up that takes its time: whoever cancels must not leave before. */
    CO_AWAIT(tidying, co_sleep(&c->nap, &c->w->timers, co->sched->now_ns + MS));
    release(c->w, &c->thing);
    c->w->cleaned++;
    CO_END;
}

struct user {
    struct task task;
    int stop_after; /* values */
    struct counter counter;
    int sent;
    int got;
};

static void user_run(struct co *co)
{
    CO_BEGIN(struct user, u);
    u->counter.w = u->task.w;
    u->sent = 100;
    while (u->got < u->stop_after) {
        CO_TRY(taking, co_next(co, &u->counter.gen, counter_run, &u->sent));
        if (co->rc == 1)
            break;
        assert_int_equal(*(int *)u->counter.gen.value, u->got);
        u->got++;
        u->sent++;
    }
    if (u->stop_after == INT32_MAX) {
        assert_true(co_ended(&u->counter.gen.co));
        CO_TRY(taking_again, co_next(co, &u->counter.gen, counter_run, NULL)); /* it stays ended */
        assert_int_equal(co->rc, 1);
        assert_null(u->counter.gen.value);
    }
    CO_RETURN(u->got);
    CO_CLEANUP;
    CO_AWAIT(ending, co_gen_end(&u->counter.gen, ERR_CANCELED));
    if (u->counter.gen.co.sched)
        assert_int_equal(u->task.w->cleaned, 1);
    CO_END;
}

static void prepare_all(struct world *w, struct task *root)
{
    (void)w;
    struct user *u = (struct user *)root;
    u->stop_after = INT32_MAX;
    u->counter.limit = 4;
}

static void prepare_sleeping(struct world *w, struct task *root)
{
    prepare_all(w, root);
    ((struct user *)root)->counter.sleeps = true;
}

static void prepare_some(struct world *w, struct task *root)
{
    prepare_all(w, root);
    ((struct user *)root)->stop_after = 2;
}

static void prepare_none(struct world *w, struct task *root)
{
    prepare_all(w, root);
    ((struct user *)root)->counter.limit = 0;
}

static void prepare_failing(struct world *w, struct task *root)
{
    prepare_sleeping(w, root);
    ((struct user *)root)->counter.rc = ERR_READ;
}

static void test_yield(void **state)
{
    (void)state;
    sweep(&(struct scenario){
        .slow_cleanup = true, .size = sizeof(struct user), .run = user_run, .rc = 4, .prepare = prepare_all});
    sweep(&(struct scenario){
        .slow_cleanup = true, .size = sizeof(struct user), .run = user_run, .rc = 4, .prepare = prepare_sleeping});
}

static void test_stopped_early(void **state)
{
    (void)state;
    sweep(&(struct scenario){
        .slow_cleanup = true, .size = sizeof(struct user), .run = user_run, .rc = 2, .prepare = prepare_some});
}

static void test_yields_nothing(void **state)
{
    (void)state;
    sweep(&(struct scenario){
        .slow_cleanup = true, .size = sizeof(struct user), .run = user_run, .rc = 0, .prepare = prepare_none});
}

static void test_fails(void **state)
{
    (void)state;
    sweep(&(struct scenario){.slow_cleanup = true,
                             .size = sizeof(struct user),
                             .run = user_run,
                             .rc = ERR_READ,
                             .prepare = prepare_failing});
}

static void test_never_begun(void **state)
{
    (void)state;
    struct co_gen gen = {0};
    struct co_op *op = co_gen_end(&gen, ERR_CANCELED);
    assert_int_equal(op->status, CO_OP_DONE);
    assert_int_equal(op->rc, 0);
}

/* Its user is cancelled while it cleans up: the user leaves only when it has ended. */
static void test_cancel_in_cleanup(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    struct user u = {0};
    prepare_none(&w, &u.task);
    world_start(&w, &u.task, user_run);
    while (!u.counter.gen.co.cleaning)
        assert_true(world_turn(&w));
    co_cancel(&u.task.co, ERR_TIMEOUT);
    co_drain(&w.sched);
    assert_false(u.task.co.cleaning);
    world_settle(&w);
    assert_int_equal(u.task.co.end.rc, ERR_TIMEOUT);
    assert_int_equal(u.counter.gen.co.end.rc, 0);
    assert_int_equal(w.cleaned, 1);
    world_deinit(&w);
}

static void test_leaf(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    struct user u = {0};
    prepare_all(&w, &u.task);
    world_start(&w, &u.task, user_run);
    co_drain(&w.sched);
    assert_ptr_equal(co_leaf(&u.task.co), &u.counter.gen.co);
    assert_string_equal(co_leaf(&u.task.co)->at, "grabbing");
    world_settle(&w);
    assert_int_equal(u.task.co.end.rc, 4);
    world_deinit(&w);
}

/* A generator that is fed by a generator. */
struct doubler {
    struct co_gen gen; /* first */
    struct world *w;
    struct counter counter;
    int sent;
    int value;
};

static void doubler_run(struct co *co)
{
    CO_BEGIN(struct doubler, d);
    d->counter.w = d->w;
    d->counter.limit = 3;
    d->sent = 100;
    for (;;) {
        CO_TRY(taking, co_next(co, &d->counter.gen, counter_run, &d->sent));
        if (co->rc == 1)
            break;
        d->sent++;
        d->value = *(int *)d->counter.gen.value * 2;
        CO_YIELD(yielding, &d->gen, &d->value);
    }
    CO_CLEANUP;
    CO_AWAIT(ending, co_gen_end(&d->counter.gen, ERR_CANCELED));
    CO_END;
}

struct summer {
    struct task task;
    struct doubler doubler;
    int sum;
};

static void summer_run(struct co *co)
{
    CO_BEGIN(struct summer, s);
    s->doubler.w = s->task.w;
    for (;;) {
        CO_TRY(taking, co_next(co, &s->doubler.gen, doubler_run, NULL));
        if (co->rc == 1)
            CO_RETURN(s->sum);
        s->sum += *(int *)s->doubler.gen.value;
    }
    CO_CLEANUP;
    CO_AWAIT(ending, co_gen_end(&s->doubler.gen, ERR_CANCELED));
    CO_END;
}

static void test_chained(void **state)
{
    (void)state;
    sweep(&(struct scenario){.slow_cleanup = true, .size = sizeof(struct summer), .run = summer_run, .rc = 0 + 2 + 4});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_yield), cmocka_unit_test(test_stopped_early), cmocka_unit_test(test_yields_nothing),
        cmocka_unit_test(test_fails), cmocka_unit_test(test_never_begun),   cmocka_unit_test(test_cancel_in_cleanup),
        cmocka_unit_test(test_leaf),  cmocka_unit_test(test_chained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
