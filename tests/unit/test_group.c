/* Groups: spawn, join, join any; each scenario also cancelled at every step. */
#include "unit/world.h"

#include <string.h>

struct sleeper {
    struct task task;
    uint64_t for_ns;
    int rc;
    char name;
    struct co_sleep nap;
    struct grab grab;
    void *thing;
};

static void sleeper_run(struct co *co)
{
    CO_BEGIN(struct sleeper, s);
    world_log(s->task.w, s->name);
    CO_TRY(grabbing, grab(&s->grab, s->task.w, &s->thing));
    CO_TRY(napping, co_sleep(&s->nap, &s->task.w->timers, co->sched->now_ns + s->for_ns));
    CO_RETURN(s->rc);
    CO_CLEANUP;
    release(s->task.w, &s->thing);
    CO_END;
}

static void set(struct sleeper *s, struct world *w, char name, uint64_t for_ns, int rc)
{
    *s = (struct sleeper){.task.w = w, .name = name, .for_ns = for_ns, .rc = rc};
}

/* ---- spawn and join ---------------------------------------------------------------------------------------------------- */

enum { KIDS = 3 };

struct joiner {
    struct task task;
    struct co_group group;
    struct sleeper kids[KIDS];
    bool empty_joined;
};

static void joiner_run(struct co *co)
{
    CO_BEGIN(struct joiner, j);
    CO_TRY(joining_nobody, co_join(&j->group));
    CO_TRY(taking_nobody, co_any(&j->group));
    assert_int_equal(co->rc, 0);
    j->empty_joined = true;
    for (int i = 0; i < KIDS; i++) {
        set(&j->kids[i], j->task.w, (char)('a' + i), (uint64_t)(KIDS - i) * MS, 10 + i);
        co_spawn(co, &j->group, &j->kids[i].task.co, sleeper_run);
    }
    assert_string_equal(j->task.w->log, ""); /* never run inline */
    assert_int_equal(j->group.count, KIDS);
    CO_TRY(joining, co_join(&j->group));
    assert_int_equal(j->group.count, 0);
    for (int i = 0; i < KIDS; i++)
        assert_int_equal(j->kids[i].task.co.end.rc, 10 + i);
    CO_CLEANUP;
    co_group_cancel(&j->group, ERR_CANCELED);
    CO_AWAIT(reaping, co_join(&j->group));
    CO_END;
}

static void joiner_check(struct world *w, const struct task *root)
{
    (void)w;
    const struct joiner *j = (const struct joiner *)root;
    assert_int_equal(j->group.count, 0);
    assert_null(j->group.running);
}

static void test_join(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    struct joiner j = {0};
    world_start(&w, &j.task, joiner_run);
    world_settle(&w);
    assert_int_equal(j.task.co.end.rc, 0);
    assert_true(j.empty_joined);
    assert_string_equal(w.log, "abc");
    assert_true(w.sched.now_ns == (KIDS + 1) * MS); /* the longest, not the sum */
    world_deinit(&w);
    sweep(&(struct scenario){.size = sizeof j, .run = joiner_run, .check = joiner_check});
}

/* A join that is cancelled leaves the children running; the clean-up here lets them finish. */
struct patient {
    struct task task;
    struct co_group group;
    struct sleeper kid;
};

static void patient_run(struct co *co)
{
    CO_BEGIN(struct patient, p);
    set(&p->kid, p->task.w, 'a', 5 * MS, 5);
    co_spawn(co, &p->group, &p->kid.task.co, sleeper_run);
    CO_TRY(joining, co_join(&p->group));
    CO_CLEANUP;
    CO_AWAIT(reaping, co_join(&p->group));
    CO_END;
}

static void test_join_cancelled(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    struct patient p = {0};
    world_start(&w, &p.task, patient_run);
    co_drain(&w.sched);
    co_cancel(&p.task.co, ERR_TIMEOUT);
    world_settle(&w);
    assert_int_equal(p.task.co.end.rc, ERR_TIMEOUT);
    assert_int_equal(p.kid.task.co.end.rc, 5);
    world_deinit(&w);
}

/* ---- join any ------------------------------------------------------------------------------------------------------------ */

/* Frames of the heap: each is taken as it finishes, and freed. */
struct taker {
    struct task task;
    struct co_group group;
    int i;
};

static void take_all(struct taker *t)
{
    struct co *co;
    while ((co = co_take(&t->group))) {
        struct sleeper *s = (struct sleeper *)co;
        world_log(t->task.w, (char)(s->name - 'a' + 'A'));
        t->task.w->held--;
        free(s);
    }
}

static void taker_run(struct co *co)
{
    CO_BEGIN(struct taker, t);
    for (t->i = 0; t->i < KIDS; t->i++) {
        struct sleeper *s = calloc(1, sizeof *s);
        assert_non_null(s);
        t->task.w->held++;
        set(s, t->task.w, (char)('a' + t->i), (uint64_t)(KIDS - t->i) * MS, 0);
        co_spawn(co, &t->group, &s->task.co, sleeper_run);
    }
    do {
        CO_TRY(awaiting_any, co_any(&t->group));
        take_all(t);
    } while (co->rc > 0);
    CO_CLEANUP;
    co_group_cancel(&t->group, ERR_CANCELED);
    CO_AWAIT(reaping, co_join(&t->group));
    take_all(t);
    CO_END;
}

static void test_any(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    struct taker t = {0};
    world_start(&w, &t.task, taker_run);
    world_settle(&w);
    assert_string_equal(w.log, "abcCBA");
    assert_int_equal(t.task.co.end.rc, 0);
    assert_null(co_take(&t.group));
    world_deinit(&w);
    sweep(&(struct scenario){.size = sizeof t, .run = taker_run});
}

/* The first to finish wins, the others are cancelled. */
struct race {
    struct task task;
    struct co_group group;
    struct sleeper kids[KIDS];
    struct sleeper *winner;
};

static void race_run(struct co *co)
{
    CO_BEGIN(struct race, r);
    for (int i = 0; i < KIDS; i++) {
        set(&r->kids[i], r->task.w, (char)('a' + i), (uint64_t)(i == 1 ? 1 : 10) * MS, i);
        co_spawn(co, &r->group, &r->kids[i].task.co, sleeper_run);
    }
    CO_TRY(racing, co_any(&r->group));
    assert_int_equal(co->rc, 1);
    r->winner = (struct sleeper *)co_take(&r->group);
    CO_RETURN(r->winner->task.co.end.rc);
    CO_CLEANUP;
    co_group_cancel(&r->group, ERR_CANCELED);
    CO_AWAIT(reaping, co_join(&r->group));
    CO_END;
}

static void test_race(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    struct race r = {0};
    world_start(&w, &r.task, race_run);
    world_settle(&w);
    assert_ptr_equal(r.winner, &r.kids[1]);
    assert_int_equal(r.task.co.end.rc, 1);
    assert_int_equal(r.kids[0].task.co.end.rc, ERR_CANCELED);
    assert_int_equal(r.kids[2].task.co.end.rc, ERR_CANCELED);
    assert_true(w.sched.now_ns == 2 * MS);
    world_deinit(&w);
    sweep(&(struct scenario){.size = sizeof r, .run = race_run, .rc = 1});
}

/* ---- a group that is used again --------------------------------------------------------------------------------------------- */

/* After a join the frames may go although nobody took them; the next round must not touch them. */
struct rounds {
    struct task task;
    struct co_group group;
    struct sleeper *kid;
    int i;
};

static void rounds_run(struct co *co)
{
    CO_BEGIN(struct rounds, r);
    for (r->i = 0; r->i < 3; r->i++) {
        r->kid = calloc(1, sizeof *r->kid);
        assert_non_null(r->kid);
        set(r->kid, r->task.w, (char)('a' + r->i), MS, r->i);
        co_spawn(co, &r->group, &r->kid->task.co, sleeper_run);
        CO_TRY(joining, co_join(&r->group));
        free(r->kid);
        r->kid = NULL;
    }
    r->kid = calloc(1, sizeof *r->kid);
    assert_non_null(r->kid);
    set(r->kid, r->task.w, 'z', MS, 0);
    co_spawn(co, &r->group, &r->kid->task.co, sleeper_run);
    CO_TRY(awaiting_any, co_any(&r->group));
    assert_ptr_equal(co_take(&r->group), &r->kid->task.co);
    assert_null(co_take(&r->group));
    CO_CLEANUP;
    co_group_cancel(&r->group, ERR_CANCELED);
    CO_AWAIT(reaping, co_join(&r->group));
    free(r->kid);
    CO_END;
}

static void test_rounds(void **state)
{
    (void)state;
    sweep(&(struct scenario){.size = sizeof(struct rounds), .run = rounds_run});
}

/* ---- children that spawn ------------------------------------------------------------------------------------------------------ */

struct spawner {
    struct task task;
    struct co_group *group;
    struct spawner *kids; /* the next to spawn of a common store, or NULL */
    size_t left;
    struct co_sleep nap;
};

static void spawner_run(struct co *co)
{
    CO_BEGIN(struct spawner, s);
    CO_TRY(napping, co_sleep(&s->nap, &s->task.w->timers, co->sched->now_ns + MS));
    if (s->left) {
        struct spawner *kid = s->kids;
        *kid = (struct spawner){.task.w = s->task.w, .group = s->group, .kids = kid + 1, .left = s->left - 1};
        co_spawn(co, s->group, &kid->task.co, spawner_run);
    }
    CO_CLEANUP;
    CO_END;
}

struct family {
    struct task task;
    struct co_group group;
    struct spawner all[5];
};

static void family_run(struct co *co)
{
    CO_BEGIN(struct family, f);
    f->all[0] = (struct spawner){.task.w = f->task.w, .group = &f->group, .kids = &f->all[1], .left = 4};
    co_spawn(co, &f->group, &f->all[0].task.co, spawner_run);
    CO_TRY(joining, co_join(&f->group));
    assert_true(f->task.w->sched.now_ns == 5 * MS);
    CO_CLEANUP;
    co_group_cancel(&f->group, ERR_CANCELED);
    CO_AWAIT(reaping, co_join(&f->group));
    assert_int_equal(f->group.count, 0);
    CO_END;
}

static void test_family(void **state)
{
    (void)state;
    sweep(&(struct scenario){.size = sizeof(struct family), .run = family_run});
}

/* One that fails takes its siblings with it, its own group cancelled from within. */
struct failing {
    struct task task;
    struct co_group group;
    struct sleeper kids[2];
    struct saboteur {
        struct task task;
        struct co_group *group;
        struct co_sleep nap;
    } saboteur;
};

static void saboteur_run(struct co *co)
{
    CO_BEGIN(struct saboteur, s);
    CO_TRY(napping, co_sleep(&s->nap, &s->task.w->timers, co->sched->now_ns + 2 * MS));
    co_group_cancel(s->group, ERR_READ);
    CO_TRY(leaving, co_sleep(&s->nap, &s->task.w->timers, co->sched->now_ns + 2 * MS));
    CO_CLEANUP;
    CO_END;
}

static void failing_run(struct co *co)
{
    CO_BEGIN(struct failing, f);
    for (int i = 0; i < 2; i++) {
        set(&f->kids[i], f->task.w, (char)('a' + i), 100 * MS, 0);
        co_spawn(co, &f->group, &f->kids[i].task.co, sleeper_run);
    }
    f->saboteur.task.w = f->task.w;
    f->saboteur.group = &f->group;
    co_spawn(co, &f->group, &f->saboteur.task.co, saboteur_run);
    CO_TRY(joining, co_join(&f->group));
    assert_true(f->task.w->sched.now_ns == 2 * MS);
    for (int i = 0; i < 2; i++)
        assert_int_equal(f->kids[i].task.co.end.rc, ERR_READ);
    assert_int_equal(f->saboteur.task.co.end.rc, ERR_READ);
    CO_CLEANUP;
    co_group_cancel(&f->group, ERR_CANCELED);
    CO_AWAIT(reaping, co_join(&f->group));
    CO_END;
}

static void test_failing(void **state)
{
    (void)state;
    sweep(&(struct scenario){.size = sizeof(struct failing), .run = failing_run});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_join),    cmocka_unit_test(test_join_cancelled), cmocka_unit_test(test_any),
        cmocka_unit_test(test_race),    cmocka_unit_test(test_rounds),         cmocka_unit_test(test_family),
        cmocka_unit_test(test_failing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
