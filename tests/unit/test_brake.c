/* fetch/rate.h, fetch/pace.h, fetch/speed.h: limits of speed on an engine of nothing but a clock, which jumps to what is
 * next: seconds take no time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fetch/pace.h"
#include "fetch/rate.h"
#include "fetch/speed.h"

#define MS ((uint64_t)1000000)
#define SECOND ((uint64_t)1000000000)
#define START (100 * SECOND)

/* ---- the engine ------------------------------------------------------------------------------------------------- */

struct lab {
    struct engine engine;
    struct lock lock;
    uint64_t late_ns; /* timers fire so much after their time */
    size_t wakes;
};

static const struct engine_ops nothing = {.name = "lab"};

static void lab_init(struct lab *lab)
{
    *lab = (struct lab){0};
    assert_int_equal(engine_init(&lab->engine, &nothing), 0);
    lab->engine.sched.now_ns = START;
}

/* Until nothing is left to wait for, or until until_ns. */
static void lab_run(struct lab *lab, uint64_t until_ns)
{
    struct engine *e = &lab->engine;
    co_drain(&e->sched);
    for (;;) {
        uint64_t next = timers_next(&e->timers);
        if (next == TIMER_NEVER || next + lab->late_ns > until_ns)
            break;
        if (next + lab->late_ns > e->sched.now_ns)
            e->sched.now_ns = next + lab->late_ns;
        lab->wakes++;
        timers_run(&e->timers, e->sched.now_ns);
        co_drain(&e->sched);
    }
    if (until_ns != TIMER_NEVER)
        e->sched.now_ns = until_ns;
}

static uint64_t lab_ns(const struct lab *lab)
{
    return lab->engine.sched.now_ns - START;
}

/* ---- rate --------------------------------------------------------------------------------------------------------- */

struct taker {
    struct co co;
    struct lab *lab;
    struct rate *rate;
    struct rate_wait wait;
    size_t piece, total, taken;
    uint64_t ended_ns;
};

static void taker_run(struct co *co)
{
    CO_BEGIN(struct taker, t);
    while (t->taken < t->total) {
        CO_TRY(passing, rate_pass(&t->wait, t->rate, &t->lab->engine, t->piece));
        t->taken += t->piece;
    }
    CO_CLEANUP;
    t->ended_ns = lab_ns(t->lab);
    CO_END;
}

static void taker_start(struct taker *t, struct lab *lab, struct rate *r, size_t piece, size_t total)
{
    *t = (struct taker){.lab = lab, .rate = r, .piece = piece, .total = total};
    co_start(&t->co, &lab->engine.sched, taker_run);
}

/* However many share it: in the time that their bytes take, each its part, and woken one by one. */
static void rates(void **state)
{
    (void)state;
    static const struct {
        uint64_t per_s;
        size_t takers, piece, total; /* of each */
    } cases[] = {{1000, 1, 100, 3000},
                 {1000, 10, 100, 3000},
                 {100, 3, 64, 640},
                 {1000000, 1, 8192, 8192000},
                 {100000, 10000, 64, 256},
                 {1000000000, 64, 8192, 81920000},
                 {1, 2, 1, 20},
                 {12345678901, 4, 8192, 819200}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lab lab;
        struct rate rate;
        size_t n = cases[i].takers;
        struct taker *takers = calloc(n, sizeof *takers);
        assert_non_null(takers);
        lab_init(&lab);
        assert_int_equal(rate_init(&rate, &lab.engine, &lab.lock, cases[i].per_s), 0);
        for (size_t t = 0; t < n; t++)
            taker_start(&takers[t], &lab, &rate, cases[i].piece, cases[i].total);
        lab_run(&lab, TIMER_NEVER);
        double wanted = (double)n * (double)cases[i].total / (double)cases[i].per_s;
        double took = (double)lab_ns(&lab) / 1e9;
        double piece = (double)cases[i].piece / (double)cases[i].per_s;
        assert_true(took > wanted - piece - 0.021 && took < wanted + 0.001);
        for (size_t t = 0; t < n; t++) {
            assert_int_equal(takers[t].co.ret, 0);
            /* what is between the first to end and the last: a round or two of pieces, and what of the slack the first
             * had before the others were there */
            assert_true((double)takers[t].ended_ns / 1e9 > took - (double)n * (2 * piece + 0.02) - 0.002);
        }
        assert_true(lab.wakes <= n * cases[i].total / cases[i].piece);
        alarm_deinit(&rate.alarm);
        engine_deinit(&lab.engine);
        free(takers);
    }
}

/* While nobody is there, and while timers are late, hardly anything is saved up. */
static void rates_save_nothing(void **state)
{
    (void)state;
    struct lab lab;
    struct rate rate;
    struct taker t;
    lab_init(&lab);
    assert_int_equal(rate_init(&rate, &lab.engine, &lab.lock, 1000), 0);
    taker_start(&t, &lab, &rate, 10, 1000);
    lab_run(&lab, START + 100 * SECOND);
    assert_true(t.taken == 1000 && t.ended_ns < SECOND);
    taker_start(&t, &lab, &rate, 10, 1000);
    lab_run(&lab, TIMER_NEVER);
    assert_true(t.ended_ns >= 100 * SECOND + 960 * MS && t.ended_ns < 101 * SECOND);
    lab.late_ns = 15 * MS;
    taker_start(&t, &lab, &rate, 10, 1000);
    uint64_t begun_ns = lab_ns(&lab);
    lab_run(&lab, TIMER_NEVER);
    assert_true(t.ended_ns - begun_ns > 950 * MS && t.ended_ns - begun_ns < 1030 * MS);
    /* what passed without asking is waited for */
    rate_passed(&rate, &lab.engine, 5000);
    begun_ns = lab_ns(&lab);
    taker_start(&t, &lab, &rate, 10, 20);
    lab_run(&lab, TIMER_NEVER);
    assert_true(t.ended_ns - begun_ns > 4900 * MS && t.ended_ns - begun_ns < 5100 * MS);
    alarm_deinit(&rate.alarm);
    engine_deinit(&lab.engine);
}

/* Whoever leaves the line, first, last or between, is not in the way of others. */
static void rates_cancel(void **state)
{
    (void)state;
    struct lab lab;
    struct rate rate;
    struct taker t[5];
    lab_init(&lab);
    assert_int_equal(rate_init(&rate, &lab.engine, &lab.lock, 1000), 0);
    for (int i = 0; i < 5; i++)
        taker_start(&t[i], &lab, &rate, 1000, 1000);
    lab_run(&lab, START + 500 * MS);
    assert_true(t[0].taken == 1000 && t[1].taken == 0);
    co_cancel(&t[1].co, ERR_CANCELED);
    co_cancel(&t[4].co, ERR_CANCELED);
    lab_run(&lab, START + 1500 * MS);
    assert_true(t[1].co.ret == ERR_CANCELED && t[4].co.ret == ERR_CANCELED && t[2].taken == 1000 && t[3].taken == 0);
    co_cancel(&t[3].co, ERR_CANCELED);
    lab_run(&lab, TIMER_NEVER);
    assert_true(t[3].co.ret == ERR_CANCELED && !rate.first && !rate.last);
    taker_start(&t[0], &lab, &rate, 10, 10);
    lab_run(&lab, TIMER_NEVER);
    assert_int_equal(t[0].taken, 10);
    alarm_deinit(&rate.alarm);
    engine_deinit(&lab.engine);
}

static void pieces(void **state)
{
    (void)state;
    static const struct {
        uint64_t per_s;
        size_t piece;
    } cases[] = {{0, 0}, {1, 64}, {1000, 64}, {20000, 1000}, {1000000, 8192}, {UINT64_MAX, 8192}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rate r = {.per_s = cases[i].per_s};
        assert_int_equal(rate_piece(&r), cases[i].piece);
        assert_int_equal(rate_limits(&r), cases[i].per_s != 0);
    }
}

/* ---- pace --------------------------------------------------------------------------------------------------------- */

enum { STARTS = 50 };

struct starts {
    struct lab lab;
    struct pace pace;
    size_t waiting, begun;
    uint64_t at_ns[STARTS];
};

static void begin_some(struct starts *s)
{
    while (s->waiting > 0 && pace_begin(&s->pace, &s->lab.engine)) {
        s->waiting--;
        s->at_ns[s->begun++] = lab_ns(&s->lab);
    }
}

static void on_ring(struct alarm *a)
{
    begin_some((struct starts *)(void *)((char *)a - offsetof(struct starts, pace.alarm)));
}

static void paces(void **state)
{
    (void)state;
    static const struct {
        uint64_t interval_ns, late_ns, least_ns, most_ns; /* between two */
        uint64_t average_ns;
    } cases[] = {{0, 0, 0, 0, 0},
                 {6 * SECOND, 0, 6 * SECOND, 6 * SECOND, 6 * SECOND},
                 {6 * SECOND, MS, 6 * SECOND, 6 * SECOND + MS, 6 * SECOND}, /* the delay of one is not that of all */
                 {6 * SECOND, SECOND, 6 * SECOND, 7 * SECOND, 7 * SECOND},
                 {MS, 0, MS, MS, MS},
                 {MS / 5, MS, 0, 2 * MS, MS / 5}}; /* several at a time, at the rate all the same */
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct starts s = {.waiting = STARTS};
        lab_init(&s.lab);
        s.lab.late_ns = cases[i].late_ns;
        assert_int_equal(pace_init(&s.pace, &s.lab.engine, &s.lab.lock, cases[i].interval_ns, on_ring), 0);
        begin_some(&s);
        lab_run(&s.lab, TIMER_NEVER);
        assert_int_equal(s.begun, STARTS);
        assert_int_equal(s.at_ns[0], 0);
        assert_in_range(s.at_ns[STARTS - 1], (STARTS - 1) * cases[i].interval_ns,
                        (STARTS - 1) * cases[i].average_ns + MS);
        for (size_t k = 1; k < STARTS; k++)
            assert_in_range(s.at_ns[k] - s.at_ns[k - 1], cases[i].least_ns, cases[i].most_ns);
        alarm_deinit(&s.pace.alarm);
        engine_deinit(&s.lab.engine);
    }
}

/* Who comes when the time has long passed begins at once, but not two. */
static void paces_save_nothing(void **state)
{
    (void)state;
    struct starts s = {.waiting = 1};
    lab_init(&s.lab);
    assert_int_equal(pace_init(&s.pace, &s.lab.engine, &s.lab.lock, SECOND, on_ring), 0);
    begin_some(&s);
    lab_run(&s.lab, START + 100 * SECOND);
    s.waiting = 2;
    begin_some(&s);
    assert_true(s.begun == 2 && pace_holds(&s.pace, s.lab.engine.sched.now_ns));
    lab_run(&s.lab, TIMER_NEVER);
    assert_int_equal(s.at_ns[1], 100 * SECOND);
    assert_int_equal(s.at_ns[2], 101 * SECOND - PACE_LATE_NS);
    alarm_deinit(&s.pace.alarm);
    engine_deinit(&s.lab.engine);
}

/* An alarm that is at rest rings no more, and may be set again. */
static void alarms(void **state)
{
    (void)state;
    struct starts s = {.waiting = 2};
    lab_init(&s.lab);
    assert_int_equal(pace_init(&s.pace, &s.lab.engine, &s.lab.lock, SECOND, on_ring), 0);
    begin_some(&s);
    assert_int_equal(timers_next(&s.lab.engine.timers), START + SECOND);
    alarm_rest(&s.pace.alarm);
    lab_run(&s.lab, TIMER_NEVER);
    assert_true(s.begun == 1 && lab_ns(&s.lab) == 0);
    alarm_set(&s.pace.alarm, &s.lab.engine, START + 5 * SECOND);
    lab_run(&s.lab, TIMER_NEVER);
    assert_true(s.begun == 2 && lab_ns(&s.lab) == 5 * SECOND);
    alarm_deinit(&s.pace.alarm);
    alarm_deinit(&s.pace.alarm);
    alarm_rest(&s.pace.alarm);
    engine_deinit(&s.lab.engine);
}

/* ---- speed -------------------------------------------------------------------------------------------------------- */

/* What happens to a transfer: at_ms, bytes; or a pause begins (-1) or ends (-2), or that of the other half (-3, -4). */
struct happening {
    uint64_t at_ms;
    int what;
};

struct slow_case {
    const char *name;
    uint64_t limit, time_s;
    struct happening list[12];
    uint64_t repeat_ms;         /* the last one is repeated so often; 0: not */
    uint64_t least_ms, most_ms; /* when it is given up; 0: never */
};

struct mover {
    struct co co;
    struct lab *lab;
    const struct slow_case *c;
    struct speed *speed;
    struct co_sleep nap;
    size_t at;
    uint64_t next_ms, ended_ns;
    struct error err;
};

static void perform(struct mover *m, int what)
{
    static const enum speed_pause who[] = {SPEED_RECEIVING, SPEED_RECEIVING, SPEED_SENDING, SPEED_SENDING};
    if (what >= 0)
        speed_count(m->speed, (size_t)what);
    else if (what == -1 || what == -3)
        speed_pause(m->speed, who[-what - 1]);
    else
        speed_resume(m->speed, who[-what - 1]);
}

static struct co_op *await_next(struct mover *m)
{
    return co_sleep(&m->nap, &m->lab->engine.timers, START + m->next_ms * MS);
}

static void mover_run(struct co *co)
{
    CO_BEGIN(struct mover, m);
    for (m->next_ms = m->c->list[0].at_ms; m->next_ms <= 200000;) {
        CO_TRY(moving, await_next(m));
        perform(m, m->c->list[m->at].what);
        if (m->c->list[m->at + 1].at_ms)
            m->next_ms = m->c->list[++m->at].at_ms;
        else if (m->c->repeat_ms)
            m->next_ms += m->c->repeat_ms;
        else
            m->next_ms = 200000 + (m->next_ms == 200000);
    }
    CO_CLEANUP;
    speed_free(m->speed);
    m->ended_ns = lab_ns(m->lab);
    CO_END;
}

static void speeds(void **state)
{
    (void)state;
    static const struct slow_case cases[] = {
        {"nothing comes", 1, 30, {{200000, 0}}, 0, 30000, 30000},
        {"as fast as it must be", 100, 10, {{50, 10}}, 100, 0, 0},
        {"a little too slow", 101, 10, {{50, 10}}, 100, 10000, 10000},
        {"twice as fast", 50, 10, {{50, 10}}, 100, 0, 0},
        {"fast, then nothing", 100, 8, {{1000, 1000000}}, 0, 8000, 10000},
        {"fast, then too slow", 100, 8, {{1000, 500}, {2000, 500}, {3000, 500}, {4000, 50}}, 1000, 8000, 12000},
        {"in gushes", 100, 10, {{1, 1000}}, 9000, 0, 0},
        {"in gushes too far apart", 100, 10, {{1, 1000}}, 12000, 11000, 24000},
        {"paused by the receiver", 100, 8, {{1000, 800}, {1500, -1}, {100000, -2}, {100001, 1000}}, 500, 0, 0},
        {"paused, then nothing", 100, 8, {{1000, 800}, {1500, -1}, {100000, -2}}, 0, 108000, 109000},
        {"paused on both sides", 100, 8, {{1000, -1}, {1500, -3}, {2000, -2}, {100000, -4}}, 0, 108000, 109000},
        {"resumed without a pause", 100, 8, {{1000, -2}}, 100, 8000, 8000},
        {"paused again and again", 100, 8, {{1000, -1}, {4000, -2}, {7000, -1}, {11000, -2}, {15000, -1}}, 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lab lab;
        struct mover m = {.lab = &lab, .c = &cases[i]};
        lab_init(&lab);
        co_start(&m.co, &lab.engine.sched, mover_run);
        assert_int_equal(speed_new(&m.speed, &lab.engine.timers, lab.engine.sched.now_ns, cases[i].limit,
                                   cases[i].time_s * SECOND, &m.co, &m.err),
                         0);
        lab_run(&lab, TIMER_NEVER);
        bool as_wanted = cases[i].least_ms ? m.co.ret == ERR_TIMEOUT && m.ended_ns >= cases[i].least_ms * MS &&
                                                 m.ended_ns <= cases[i].most_ms * MS
                                           : m.co.ret == 0;
        if (!as_wanted)
            fail_msg("%s: ended with %d after %.3f s", cases[i].name, m.co.ret, (double)m.ended_ns / 1e9);
        assert_int_equal(strstr(error_text(&m.err), "too slow: less than") != NULL, cases[i].least_ms != 0);
        error_clear(&m.err);
        engine_deinit(&lab.engine);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rates),        cmocka_unit_test(rates_save_nothing),
                                       cmocka_unit_test(rates_cancel), cmocka_unit_test(pieces),
                                       cmocka_unit_test(paces),        cmocka_unit_test(paces_save_nothing),
                                       cmocka_unit_test(alarms),       cmocka_unit_test(speeds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
