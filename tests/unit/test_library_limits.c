/* Limits of time and speed, and where to connect, by the public interface; in each mode. */
#include "unit/library.h"

static void test_deadline(void **state)
{
    struct afetch_options opt;
    afetch_options_init(&opt);
    opt.deadline_ms = 100;
    struct run *run = run_new(state, 6, &opt);
    for (int i = 0; i < 3; i++)
        add_item(run, i == 1 ? HELD_IN_BODY : HELD);
    assert_int_equal(afetch_session_run(run->session), AFETCH_TIMEOUT);
    assert_all_done(run, AFETCH_TIMEOUT);
    for (size_t i = 0; i < run->count; i++)
        assert_non_null(strstr(run->items[i].error, "--deadline"));
    /* It is each run's own. */
    run->count = run->done = 0;
    memset(run->items, 0, 6 * sizeof *run->items);
    add_item(run, "/bytes/10");
    assert_int_equal(afetch_session_run(run->session), AFETCH_OK);
    assert_all_done(run, AFETCH_OK);
    run_free(run);
}

static enum afetch_next never_asked_again(void *arg, struct afetch_request **out)
{
    struct run *run = arg;
    if (run->count > 0)
        return AFETCH_NEXT_LATER;
    *out = make_item(run, "/bytes/10")->request;
    return AFETCH_NEXT_ONE;
}

/* A source that has nothing yet is not waited for. */
static void test_deadline_of_a_source(void **state)
{
    struct afetch_options opt;
    afetch_options_init(&opt);
    opt.deadline_ms = 100;
    struct run *run = run_new(state, 1, &opt);
    afetch_session_set_source(run->session, never_asked_again, run);
    assert_int_equal(afetch_session_run(run->session), AFETCH_TIMEOUT);
    assert_all_done(run, AFETCH_OK);
    run_free(run);
}

static void note_waits(void *arg, const char *text)
{
    unsigned *waits = arg;
    *waits += strstr(text, "held by --rate") != NULL;
}

static void tick_describes(void *arg)
{
    struct run *run = arg;
    unsigned waits = 0;
    if (run->done == 0)
        return;
    afetch_session_describe(run->session, note_waits, &waits);
    if (waits > 0)
        afetch_session_cancel(run->session);
}

/* The first begins at once, the second not for an hour. */
static void test_interval(void **state)
{
    struct afetch_options opt;
    afetch_options_init(&opt);
    opt.start_interval_us = (uint64_t)3600 * 1000000;
    struct run *run = run_new(state, 2, &opt);
    add_item(run, "/bytes/10");
    add_item(run, "/bytes/10");
    if (opt.mode != AFETCH_THREADS) { /* there it is told later, by others */
        afetch_session_set_tick(run->session, 10, tick_describes, run);
        assert_int_equal(afetch_session_run(run->session), AFETCH_CANCELED);
        assert_int_equal(run->items[0].code, AFETCH_OK);
        assert_int_equal(run->items[1].code, AFETCH_CANCELED);
    }
    run_free(run);
}

static void test_speed(void **state)
{
    struct afetch_options opt;
    afetch_options_init(&opt);
    opt.speed_limit = 1000;
    opt.speed_time_ms = 80;
    struct run *run = run_new(state, 2, &opt);
    add_item(run, HELD);
    add_item(run, HELD_IN_BODY);
    assert_int_equal(afetch_session_run(run->session), AFETCH_OK);
    assert_all_done(run, AFETCH_TIMEOUT);
    assert_non_null(strstr(run->items[0].error, "too slow"));
    run_free(run);
}

/* "For ever" and "as much as you like" are no limits. */
static void test_largest(void **state)
{
    struct afetch_options opt;
    afetch_options_init(&opt);
    opt.deadline_ms = opt.speed_time_ms = opt.speed_limit = opt.limit_rate = opt.happy_eyeballs_ms = UINT64_MAX;
    opt.keepalive_s = opt.keepalive_count = 1;
    struct run *run = run_new(state, 2, &opt);
    add_item(run, "/delay/10/100000");
    add_item(run, "/bytes/100000");
    assert_int_equal(afetch_session_run(run->session), AFETCH_OK);
    assert_all_done(run, AFETCH_OK);
    run_free(run);
}

/* All that a session is told of places leads there. */
static void test_places(void **state)
{
    char resolve[2][60], detour[60];
    struct afetch_options opt;
    afetch_options_init(&opt);
    snprintf(resolve[0], sizeof resolve[0], "a.example:%d:127.0.0.1", server.port);
    snprintf(resolve[1], sizeof resolve[1], "-b.example:%d", server.port);
    snprintf(detour, sizeof detour, "::a.example:%d", server.port);
    opt.resolve = (const char *const[]){resolve[0], resolve[1]};
    opt.resolve_count = 2;
    opt.connect_to = (const char *const[]){detour};
    opt.connect_to_count = 1;
    opt.ip = AFETCH_IP_V6;
    struct run *run = run_new(state, 1, &opt);
    struct item *it = make_item(run, "/bytes/10");
    afetch_request_free(it->request);
    it->request = afetch_request_new("http://elsewhere.example/bytes/10", 33);
    assert_non_null(it->request);
    afetch_request_set_callbacks(it->request, &item_callbacks, it);
    afetch_session_add(run->session, it->request);
    assert_int_equal(afetch_session_run(run->session), AFETCH_OK);
    assert_all_done(run, AFETCH_OK);
    run_free(run);
}

static void test_no_places(void **state)
{
    struct afetch_options opt;
    struct afetch_session *session = NULL;
    char *error = NULL;
    (void)state;
    afetch_options_init(&opt);
    opt.unix_socket = "";
    assert_int_equal(afetch_session_new(&session, &opt, &error), AFETCH_INTERNAL);
    assert_true(!session && error && strstr(error, "--unix-socket"));
    free(error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {IN_EACH_MODE(test_deadline),     IN_EACH_MODE(test_deadline_of_a_source),
                                       IN_EACH_MODE(test_interval),     IN_EACH_MODE(test_speed),
                                       IN_EACH_MODE(test_largest),      IN_EACH_MODE(test_places),
                                       cmocka_unit_test(test_no_places)};
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
