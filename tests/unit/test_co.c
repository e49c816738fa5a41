/* Coroutines: await, call, cancel and clean-up, hooks, pauses; each scenario also cancelled at every step. */
#include "unit/world.h"

#include <string.h>

/* ---- begin, await, return ------------------------------------------------------------------------------------------ */

struct three {
    struct task task;
    struct co_sleep nap;
    int i;
};

static void three_run(struct co *co)
{
    CO_BEGIN(struct three, t);
    for (t->i = 0; t->i < 3; t->i++) {
        CO_TRY(napping, co_sleep(&t->nap, &t->task.w->timers, co->sched->now_ns + MS));
        world_log(t->task.w, (char)('0' + t->i));
    }
    CO_RETURN(7);
    CO_CLEANUP;
    t->task.w->cleaned++;
    CO_END;
}

static void three_check(struct world *w, const struct task *root)
{
    (void)root;
    assert_int_equal(w->cleaned, 1);
}

static void test_awaits(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    struct three t = {0};
    world_start(&w, &t.task, three_run);
    assert_false(co_ended(&t.task.co));
    assert_string_equal(w.log, "");
    world_settle(&w);
    assert_true(co_ended(&t.task.co));
    assert_int_equal(t.task.co.end.rc, 7);
    assert_string_equal(w.log, "012");
    assert_true(w.sched.now_ns == 3 * MS);
    world_deinit(&w);
    sweep(&(struct scenario){.size = sizeof t, .run = three_run, .rc = 7, .check = three_check});
}

/* Operations that are done when they are submitted are passed without a turn. */
struct done {
    struct task task;
    struct co_op op;
    int i;
};

static void done_run(struct co *co)
{
    CO_BEGIN(struct done, d);
    for (d->i = 0; d->i < 1000; d->i++) {
        CO_AWAIT(passing, co_done(&d->op, d->i));
        assert_int_equal(co->rc, d->i);
    }
    CO_TRY(failing, co_done(&d->op, ERR_READ));
    world_log(d->task.w, 'x'); /* never */
    CO_CLEANUP;
    CO_AWAIT(still_awaiting, co_done(&d->op, 1));
    world_log(d->task.w, 'c');
    CO_END;
}

static void test_done_at_once(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    struct done d = {0};
    world_start(&w, &d.task, done_run);
    assert_int_equal(world_settle(&w), 1);
    assert_int_equal(d.task.co.end.rc, ERR_READ);
    assert_string_equal(w.log, "c");
    world_deinit(&w);
}

/* ---- calls, nested --------------------------------------------------------------------------------------------------- */

struct leaf {
    struct task task;
    struct grab grab;
    void *thing;
};

struct middle {
    struct task task;
    struct grab grab;
    void *thing;
    struct leaf leaf;
};

struct top {
    struct task task;
    struct middle middle;
    struct grab grab;
    void *thing;
};

static void leaf_run(struct co *co)
{
    CO_BEGIN(struct leaf, l);
    CO_TRY(grabbing_first, grab(&l->grab, l->task.w, &l->thing));
    release(l->task.w, &l->thing);
    CO_TRY(grabbing_again, grab(&l->grab, l->task.w, &l->thing));
    CO_RETURN(3);
    CO_CLEANUP;
    release(l->task.w, &l->thing);
    world_log(l->task.w, 'l');
    CO_END;
}

static void middle_run(struct co *co)
{
    CO_BEGIN(struct middle, m);
    CO_TRY(grabbing, grab(&m->grab, m->task.w, &m->thing));
    m->leaf.task.w = m->task.w;
    CO_TRY(calling_leaf, co_call(co, &m->leaf.task.co, leaf_run));
    CO_RETURN(co->rc + 10);
    CO_CLEANUP;
    release(m->task.w, &m->thing);
    world_log(m->task.w, 'm');
    CO_END;
}

static void top_run(struct co *co)
{
    CO_BEGIN(struct top, t);
    t->middle.task.w = t->task.w;
    CO_TRY(calling_middle, co_call(co, &t->middle.task.co, middle_run));
    assert_int_equal(co->rc, 13);
    CO_TRY(grabbing, grab(&t->grab, t->task.w, &t->thing));
    CO_RETURN(100);
    CO_CLEANUP;
    release(t->task.w, &t->thing);
    world_log(t->task.w, 't');
    CO_END;
}

static void top_check(struct world *w, const struct task *root)
{
    (void)root;
    /* Innermost first, each once; who was not called has nothing to clean. */
    assert_true(strcmp(w->log, "t") == 0 || strcmp(w->log, "mt") == 0 || strcmp(w->log, "lmt") == 0);
}

static void test_calls(void **state)
{
    (void)state;
    sweep(&(struct scenario){.size = sizeof(struct top), .run = top_run, .rc = 100, .check = top_check});
}

static void test_leaf_names(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    struct top t = {0};
    world_start(&w, &t.task, top_run);
    assert_string_equal(co_leaf(&t.task.co)->at, "starting");
    assert_true(world_turn(&w));
    assert_ptr_equal(co_leaf(&t.task.co), &t.middle.task.co);
    assert_string_equal(co_leaf(&t.task.co)->at, "grabbing");
    assert_string_equal(t.task.co.at, "calling_middle");
    while (!t.middle.thing || w.sched.head)
        assert_true(world_turn(&w));
    assert_ptr_equal(co_leaf(&t.task.co), &t.middle.leaf.task.co);
    assert_string_equal(co_leaf(&t.task.co)->at, "grabbing_first");
    assert_true(co_leaf(&t.task.co)->since_ns == MS);
    world_settle(&w);
    assert_true(co_ended(&t.task.co));
    assert_string_equal(w.log, "lmt");
    world_deinit(&w);
}

/* ---- who runs next ----------------------------------------------------------------------------------------------------- */

/* The caller of a child that ended runs before others that were ready sooner. */
struct quick {
    struct task task;
    struct co_sleep nap;
};

static void quick_run(struct co *co)
{
    CO_BEGIN(struct quick, q);
    CO_TRY(napping, co_sleep(&q->nap, &q->task.w->timers, MS));
    world_log(q->task.w, 'q');
    CO_CLEANUP;
    CO_END;
}

struct caller {
    struct task task;
    struct quick child;
};

static void caller_run(struct co *co)
{
    CO_BEGIN(struct caller, c);
    c->child.task.w = c->task.w;
    CO_TRY(calling, co_call(co, &c->child.task.co, quick_run));
    world_log(c->task.w, 'C');
    CO_CLEANUP;
    CO_END;
}

static void test_caller_runs_next(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    struct caller c = {0};
    struct quick others[2] = {0};
    world_start(&w, &c.task, caller_run);
    world_start(&w, &others[0].task, quick_run);
    world_start(&w, &others[1].task, quick_run);
    world_settle(&w);
    assert_string_equal(w.log, "qCqq");
    world_deinit(&w);
}

/* ---- clean-up that awaits ------------------------------------------------------------------------------------------------ */

struct tidy {
    struct task task;
    struct co_sleep nap;
    struct grab grab;
    void *thing;
};

static void tidy_run(struct co *co)
{
    CO_BEGIN(struct tidy, t);
    CO_TRY(grabbing, grab(&t->grab, t->task.w, &t->thing));
    CO_TRY(napping, co_sleep(&t->nap, &t->task.w->timers, co->sched->now_ns + MS));
    CO_CLEANUP;
    CO_AWAIT(tidying, co_sleep(&t->nap, &t->task.w->timers, co->sched->now_ns + 5 * MS));
    assert_int_equal(co->rc, 0); /* nobody cancels a clean-up */
    CO_AWAIT(tidying_more, co_sleep(&t->nap, &t->task.w->timers, co->sched->now_ns + 5 * MS));
    release(t->task.w, &t->thing);
    t->task.w->cleaned++;
    CO_END;
}

struct above {
    struct task task;
    struct tidy tidy;
};

static void above_run(struct co *co)
{
    CO_BEGIN(struct above, a);
    a->tidy.task.w = a->task.w;
    CO_TRY(calling, co_call(co, &a->tidy.task.co, tidy_run));
    CO_CLEANUP;
    if (a->tidy.task.co.sched) /* it has ended, or was never called */
        assert_true(co_ended(&a->tidy.task.co));
    CO_END;
}

static void test_cleanup_awaits(void **state)
{
    (void)state;
    sweep(&(struct scenario){.size = sizeof(struct tidy), .run = tidy_run, .check = three_check});
    sweep(&(struct scenario){.size = sizeof(struct above), .run = above_run, .slow_cleanup = true});
}

/* ---- cancel at odd times --------------------------------------------------------------------------------------------------- */

static void test_cancel_before_first_run(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    struct three t = {0};
    world_start(&w, &t.task, three_run);
    co_cancel(&t.task.co, ERR_TIMEOUT);
    co_cancel(&t.task.co, ERR_CANCELED); /* only the first counts */
    assert_false(co_ended(&t.task.co));
    assert_int_equal(world_settle(&w), 1);
    assert_int_equal(t.task.co.end.rc, ERR_TIMEOUT);
    assert_int_equal(w.cleaned, 1);
    assert_string_equal(w.log, "");
    co_cancel(&t.task.co, ERR_CANCELED); /* after its end: nothing */
    assert_int_equal(t.task.co.end.rc, ERR_TIMEOUT);
    world_deinit(&w);
}

static void test_cancel_never_runs_inline(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    struct above a = {0};
    world_start(&w, &a.task, above_run);
    co_drain(&w.sched);
    co_cancel(&a.task.co, ERR_CANCELED);
    assert_false(co_ended(&a.task.co));
    assert_false(a.tidy.task.co.cleaning);
    world_settle(&w);
    assert_int_equal(a.task.co.end.rc, ERR_CANCELED);
    assert_int_equal(a.tidy.task.co.end.rc, ERR_CANCELED);
    assert_true(w.sched.now_ns == 10 * MS);
    world_deinit(&w);
}

/* The grab has completed and its coroutine is ready, but a cancel comes first: the owner's field is honoured. */
static void test_cancel_after_completion(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    struct tidy t = {0};
    world_start(&w, &t.task, tidy_run);
    while (!t.thing)
        assert_true(world_turn(&w));
    assert_int_equal(t.grab.op.status, CO_OP_DONE);
    assert_true(t.task.co.queued);
    co_cancel(&t.task.co, ERR_CANCELED);
    world_settle(&w);
    assert_int_equal(t.grab.op.rc, 0); /* what really happened */
    assert_int_equal(t.task.co.end.rc, ERR_CANCELED);
    assert_int_equal(w.cleaned, 1);
    world_deinit(&w);
}

struct self {
    struct task task;
    struct co_sleep nap;
    bool in_cleanup;
};

static void self_run(struct co *co)
{
    CO_BEGIN(struct self, s);
    CO_TRY(napping, co_sleep(&s->nap, &s->task.w->timers, co->sched->now_ns + MS));
    if (!s->in_cleanup)
        co_cancel(co, ERR_TIMEOUT);
    world_log(s->task.w, 'a'); /* it leaves at its next await, not before */
    CO_TRY(never_napping, co_sleep(&s->nap, &s->task.w->timers, co->sched->now_ns + MS));
    world_log(s->task.w, 'b');
    CO_CLEANUP;
    if (s->in_cleanup)
        co_cancel(co, ERR_TIMEOUT);
    CO_AWAIT(tidying, co_sleep(&s->nap, &s->task.w->timers, co->sched->now_ns + MS));
    world_log(s->task.w, 'c');
    CO_END;
}

static void test_self_cancel(void **state)
{
    (void)state;
    for (int in_cleanup = 0; in_cleanup < 2; in_cleanup++) {
        struct world w;
        world_init(&w);
        struct self s = {.in_cleanup = in_cleanup};
        world_start(&w, &s.task, self_run);
        world_settle(&w);
        assert_int_equal(s.task.co.end.rc, in_cleanup ? 0 : ERR_TIMEOUT);
        assert_string_equal(w.log, in_cleanup ? "abc" : "ac");
        world_deinit(&w);
    }
}

/* A child that runs within its caller's submit cancels the caller, then waits for what never comes: the cancel must
 * reach the child although nobody waited for it yet. Two levels deep. */
struct never {
    struct task task;
    struct co *victim;
    struct co_sleep nap;
};

static void never_run(struct co *co)
{
    CO_BEGIN(struct never, n);
    co_cancel(n->victim, ERR_TIMEOUT);
    CO_TRY(waiting_for_ever, co_sleep(&n->nap, &n->task.w->timers, TIMER_NEVER));
    world_log(n->task.w, 'x');
    CO_CLEANUP;
    world_log(n->task.w, 'n');
    CO_END;
}

struct victim {
    struct task task;
    struct never never;
};

static void victim_run(struct co *co)
{
    CO_BEGIN(struct victim, v);
    v->never.task.w = v->task.w;
    CO_TRY(calling, co_call(co, &v->never.task.co, never_run));
    CO_CLEANUP;
    world_log(v->task.w, 'v');
    CO_END;
}

struct grand {
    struct task task;
    struct victim victim;
};

static void grand_run(struct co *co)
{
    CO_BEGIN(struct grand, g);
    g->victim.task.w = g->task.w;
    CO_TRY(calling, co_call(co, &g->victim.task.co, victim_run));
    CO_CLEANUP;
    world_log(g->task.w, 'g');
    CO_END;
}

static void test_child_cancels_caller(void **state)
{
    (void)state;
    for (int deep = 0; deep < 2; deep++) {
        struct world w;
        world_init(&w);
        struct grand g = {0};
        g.victim.never.victim = deep ? &g.task.co : &g.victim.task.co;
        world_start(&w, &g.task, grand_run);
        world_settle(&w);
        assert_true(co_ended(&g.task.co));
        assert_int_equal(g.task.co.end.rc, ERR_TIMEOUT);
        assert_string_equal(w.log, "nvg");
        world_deinit(&w);
    }
}

/* A leaf that is resumed from the queue cancels its root: it leaves at its own next await. */
static void late_run(struct co *co)
{
    CO_BEGIN(struct never, n);
    CO_TRY(napping, co_sleep(&n->nap, &n->task.w->timers, co->sched->now_ns + MS));
    co_cancel(n->victim, ERR_TIMEOUT);
    CO_TRY(waiting_for_ever, co_sleep(&n->nap, &n->task.w->timers, TIMER_NEVER));
    CO_CLEANUP;
    world_log(n->task.w, 'n');
    CO_END;
}

static void late_root_run(struct co *co)
{
    CO_BEGIN(struct victim, v);
    v->never.task.w = v->task.w;
    v->never.victim = co;
    CO_TRY(calling, co_call(co, &v->never.task.co, late_run));
    CO_CLEANUP;
    world_log(v->task.w, 'v');
    CO_END;
}

static void test_leaf_cancels_root(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    struct victim v = {0};
    world_start(&w, &v.task, late_root_run);
    world_settle(&w);
    assert_int_equal(v.task.co.end.rc, ERR_TIMEOUT);
    assert_int_equal(v.never.task.co.end.rc, ERR_TIMEOUT);
    assert_string_equal(w.log, "nv");
    world_deinit(&w);
}

/* ---- pauses --------------------------------------------------------------------------------------------------------------- */

struct pauser {
    struct task task;
    struct co_pause pause;
    char name;
    int i;
};

static void pauser_run(struct co *co)
{
    CO_BEGIN(struct pauser, p);
    for (p->i = 0; p->i < 3; p->i++) {
        world_log(p->task.w, p->name);
        CO_TRY(pausing, co_pause(&p->pause, co));
    }
    CO_RETURN(1);
    CO_CLEANUP;
    p->task.w->cleaned++;
    CO_END;
}

struct pauser_caller {
    struct task task;
    struct pauser pauser;
};

static void pauser_caller_run(struct co *co)
{
    CO_BEGIN(struct pauser_caller, p);
    p->pauser.task.w = p->task.w;
    p->pauser.name = 'p';
    CO_TRY(calling, co_call(co, &p->pauser.task.co, pauser_run));
    CO_RETURN(co->rc);
    CO_CLEANUP;
    CO_END;
}

static void test_pause(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    struct pauser a = {.name = 'a'}, b = {.name = 'b'}, c = {.name = 'c'};
    world_start(&w, &a.task, pauser_run);
    world_start(&w, &b.task, pauser_run);
    world_start(&w, &c.task, pauser_run);
    assert_true(world_turn(&w));
    co_cancel(&b.task.co, ERR_CANCELED); /* before its first run */
    world_settle(&w);
    assert_string_equal(w.log, "abcacac");
    assert_int_equal(a.task.co.end.rc, 1);
    assert_int_equal(b.task.co.end.rc, ERR_CANCELED);
    assert_int_equal(w.cleaned, 3);
    world_deinit(&w);
    sweep(&(struct scenario){.size = sizeof a, .run = pauser_run, .rc = 1, .check = three_check});
    sweep(&(struct scenario){.size = sizeof(struct pauser_caller), .run = pauser_caller_run, .rc = 1});
}

/* ---- hooks, abandon --------------------------------------------------------------------------------------------------------- */

static int hooked;

static void hook_run(struct co *hook)
{
    (void)hook;
    hooked++;
}

static void test_hook(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    hooked = 0;
    struct co hook;
    void *thing = NULL;
    struct grab g;

    struct grab *gone = malloc(sizeof *gone);
    assert_non_null(gone);
    co_hook(grab(gone, &w, &thing), &hook, &w.sched, hook_run);
    world_settle(&w);
    assert_int_equal(hooked, 1);
    release(&w, &thing);
    free(gone);
    co_abandon(&hook); /* it has run: what it waited for may be gone */

    co_hook(grab(&g, &w, &thing), &hook, &w.sched, hook_run);
    co_unhook(&g.op);
    world_settle(&w);
    assert_int_equal(hooked, 1);
    release(&w, &thing);

    /* Abandoned while it waits, and when it is ready already. */
    co_hook(grab(&g, &w, &thing), &hook, &w.sched, hook_run);
    co_abandon(&hook);
    assert_null(g.op.waiter);
    world_settle(&w);
    release(&w, &thing);
    co_hook(grab(&g, &w, &thing), &hook, &w.sched, hook_run);
    while (!thing)
        assert_true(world_turn(&w));
    assert_true(hook.queued);
    co_abandon(&hook);
    world_settle(&w);
    release(&w, &thing);
    assert_int_equal(hooked, 1);

    /* Another waiter has taken its place: it stays. */
    struct co other;
    co_hook(grab(&g, &w, &thing), &hook, &w.sched, hook_run);
    co_hook(&g.op, &other, &w.sched, hook_run);
    co_abandon(&hook);
    world_settle(&w);
    assert_int_equal(hooked, 2);
    release(&w, &thing);
    world_deinit(&w);
}

static void test_abandon(void **state)
{
    (void)state;
    struct world w;
    /* Each of three in the queue: first, middle, last. */
    for (int i = 0; i < 3; i++) {
        world_init(&w);
        struct pauser *p[3];
        for (int k = 0; k < 3; k++) {
            p[k] = calloc(1, sizeof *p[k]);
            assert_non_null(p[k]);
            p[k]->name = (char)('a' + k);
            world_start(&w, &p[k]->task, pauser_run);
        }
        co_abandon(&p[i]->task.co);
        free(p[i]); /* at once */
        world_settle(&w);
        assert_string_equal(w.log, i == 0 ? "bcbcbc" : i == 1 ? "acacac" : "ababab");
        for (int k = 0; k < 3; k++)
            if (k != i)
                free(p[k]);
        world_deinit(&w);
    }
    /* One that waits: the operation goes on without it. */
    world_init(&w);
    struct three t = {0};
    world_start(&w, &t.task, three_run);
    co_drain(&w.sched);
    co_abandon(&t.task.co);
    assert_null(t.nap.op.waiter);
    world_settle(&w);
    assert_int_equal(t.nap.op.status, CO_OP_DONE);
    assert_string_equal(w.log, "");
    struct co zero = {0};
    co_abandon(&zero);
    world_deinit(&w);
}

/* ---- what aborts --------------------------------------------------------------------------------------------------------------- */

static void complete_twice(void)
{
    struct co_op op;
    co_op_begin(&op, NULL);
    co_complete(&op, 0);
    co_complete(&op, 0);
}

static void idle_run(struct co *co)
{
    CO_BEGIN(struct done, d);
    CO_AWAIT(waiting, &d->op); /* nobody submitted it */
    CO_CLEANUP;
    CO_END;
}

static void await_idle(void)
{
    struct world w;
    world_init(&w);
    struct done d = {0};
    world_start(&w, &d.task, idle_run);
    world_settle(&w);
}

static void run_ended(void)
{
    struct world w;
    world_init(&w);
    struct done d = {0};
    world_start(&w, &d.task, done_run);
    world_settle(&w);
    done_run(&d.task.co);
}

static void test_aborts(void **state)
{
    (void)state;
    assert_aborts(complete_twice);
    assert_aborts(await_idle);
    assert_aborts(run_ended);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_awaits),
        cmocka_unit_test(test_done_at_once),
        cmocka_unit_test(test_calls),
        cmocka_unit_test(test_leaf_names),
        cmocka_unit_test(test_caller_runs_next),
        cmocka_unit_test(test_cleanup_awaits),
        cmocka_unit_test(test_cancel_before_first_run),
        cmocka_unit_test(test_cancel_never_runs_inline),
        cmocka_unit_test(test_cancel_after_completion),
        cmocka_unit_test(test_self_cancel),
        cmocka_unit_test(test_child_cancels_caller),
        cmocka_unit_test(test_leaf_cancels_root),
        cmocka_unit_test(test_pause),
        cmocka_unit_test(test_hook),
        cmocka_unit_test(test_abandon),
        cmocka_unit_test(test_aborts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
