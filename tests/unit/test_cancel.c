/* Cancelling by afetch.h, in each mode, against the demo server: the whole session or one request, from another thread,
 * from a signal handler and from every callback. Each request gets its one result, and nothing comes after it. */
#include "unit/library.h"

enum { MANY = 1300 }; /* more than a session looks ahead */

/* ---- the whole session ------------------------------------------------------------------------------------------------ */

static enum afetch_flow tell_other(struct item *it)
{
    sem_post(&it->run->signal);
    return AFETCH_GO;
}

static bool cancel_session(struct run *run)
{
    afetch_session_cancel(run->session);
    return false;
}

/* The session works after a cancel as it did before. */
static void assert_usable(struct run *run)
{
    run->on_head = NULL;
    run->on_body = NULL;
    run->on_done = NULL;
    run->count = run->done = 0;
    memset(run->items, 0, run->size * sizeof *run->items);
    afetch_session_set_source(run->session, NULL, NULL);
    afetch_session_set_tick(run->session, 0, NULL, NULL);
    add_item(run, "/bytes/10");
    assert_int_equal(afetch_session_run(run->session), AFETCH_OK);
    assert_all_done(run, AFETCH_OK);
}

/* Those that run, those that wait for a place and those that the session has not even looked at. */
static void test_by_other_thread(void **state)
{
    struct run *run = run_new(state, MANY, NULL);
    struct other other;
    run->on_body = tell_other;
    while (run->count < run->size)
        add_item(run, HELD_IN_BODY);
    other_start(&other, run, cancel_session);
    assert_int_equal(afetch_session_run(run->session), AFETCH_CANCELED);
    other_join(&other);
    assert_all_done(run, AFETCH_CANCELED);
    assert_string_equal(run->items[MANY - 1].error, "canceled");
    assert_usable(run);
    run_free(run);
}

static void test_before_a_run(void **state)
{
    struct run *run = run_new(state, 2, NULL);
    afetch_session_cancel(run->session);
    add_item(run, HELD);
    add_item(run, HELD);
    assert_int_equal(afetch_session_run(run->session), AFETCH_CANCELED);
    assert_all_done(run, AFETCH_CANCELED);
    assert_usable(run);
    run_free(run);
}

static enum afetch_flow cancel_in_head(struct item *it, const struct afetch_head *head)
{
    (void)head;
    afetch_session_cancel(it->run->session);
    return AFETCH_GO;
}

static enum afetch_flow cancel_in_body(struct item *it)
{
    afetch_session_cancel(it->run->session);
    return AFETCH_PAUSE;
}

static void cancel_in_tick(void *arg)
{
    struct run *run = arg;
    afetch_session_cancel(run->session);
}

static enum afetch_next cancel_in_next(void *arg, struct afetch_request **out)
{
    struct run *run = arg;
    (void)out;
    assert_int_equal(run->number++, 0); /* it is asked no more */
    afetch_session_cancel(run->session);
    return AFETCH_NEXT_LATER;
}

static struct afetch_session *signalled;

static void on_signal(int signal)
{
    (void)signal;
    afetch_session_cancel(signalled);
}

static void raise_in_tick(void *arg)
{
    (void)arg;
    raise(SIGUSR1);
}

/* A result of the others' while the session ends adds one more: that is for the next run. */
static void add_when_canceled(struct item *it, const struct afetch_result *result)
{
    if (it->n == 0) {
        assert_int_equal(result->code, AFETCH_STATUS);
        afetch_session_cancel(it->run->session);
    }
    if (it->n == MANY - 2)
        add_item(it->run, "/bytes/10");
}

static void test_in_head(void **state)
{
    struct run *run = run_new(state, 3, NULL);
    run->on_head = cancel_in_head;
    while (run->count < run->size)
        add_item(run, HELD_IN_BODY);
    assert_int_equal(afetch_session_run(run->session), AFETCH_CANCELED);
    assert_all_done(run, AFETCH_CANCELED);
    assert_usable(run);
    run_free(run);
}

static void test_in_body(void **state)
{
    struct run *run = run_new(state, 3, NULL);
    run->on_body = cancel_in_body;
    while (run->count < run->size)
        add_item(run, HELD_IN_BODY);
    assert_int_equal(afetch_session_run(run->session), AFETCH_CANCELED);
    assert_all_done(run, AFETCH_CANCELED);
    assert_usable(run);
    run_free(run);
}

static void test_in_done(void **state)
{
    struct run *run = run_new(state, MANY, NULL);
    run->on_done = add_when_canceled;
    add_item(run, "/status/404");
    while (run->count < MANY - 1)
        add_item(run, HELD);
    assert_int_equal(afetch_session_run(run->session), AFETCH_CANCELED);
    assert_int_equal(run->done, MANY - 1);
    for (size_t i = 1; i < MANY - 1; i++)
        assert_int_equal(run->items[i].code, AFETCH_CANCELED);
    run->on_done = NULL;
    assert_int_equal(afetch_session_run(run->session), AFETCH_OK);
    assert_int_equal(run->done, MANY);
    assert_int_equal(run->items[MANY - 1].code, AFETCH_OK);
    run_free(run);
}

static void test_in_source(void **state)
{
    struct run *run = run_new(state, 2, NULL);
    add_item(run, HELD);
    afetch_session_set_source(run->session, cancel_in_next, run);
    assert_int_equal(afetch_session_run(run->session), AFETCH_CANCELED);
    assert_all_done(run, AFETCH_CANCELED);
    assert_usable(run);
    run_free(run);
}

static void test_in_tick(void **state)
{
    struct run *run = run_new(state, 2, NULL);
    add_item(run, HELD);
    afetch_session_set_tick(run->session, 1, cancel_in_tick, run);
    assert_int_equal(afetch_session_run(run->session), AFETCH_CANCELED);
    assert_all_done(run, AFETCH_CANCELED);
    run_free(run);
}

static void test_in_signal_handler(void **state)
{
    struct run *run = run_new(state, 2, NULL);
    struct sigaction before, action = {.sa_handler = on_signal};
    sigaction(SIGUSR1, &action, &before);
    signalled = run->session;
    add_item(run, HELD);
    afetch_session_set_tick(run->session, 1, raise_in_tick, run);
    assert_int_equal(afetch_session_run(run->session), AFETCH_CANCELED);
    sigaction(SIGUSR1, &before, NULL);
    assert_all_done(run, AFETCH_CANCELED);
    run_free(run);
}

/* ---- one request ---------------------------------------------------------------------------------------------------------- */

/* Of those for path among others that go well, the one in the middle is cancelled. */
static void check_one(struct run *run, const char *path)
{
    add_item(run, "/bytes/10");
    add_item(run, path);
    add_item(run, "/bytes/10");
    assert_int_equal(afetch_session_run(run->session), AFETCH_OK);
    assert_int_equal(run->done, 3);
    assert_int_equal(run->items[0].code, AFETCH_OK);
    assert_int_equal(run->items[1].code, AFETCH_CANCELED);
    assert_int_equal(run->items[1].dones, 1);
    assert_string_equal(run->items[1].error, "canceled");
    assert_int_equal(run->items[2].code, AFETCH_OK);
}

static enum afetch_flow cancel_self(struct item *it)
{
    if (it->n == 1) {
        assert_int_equal(it->bodies, 1); /* none comes after it */
        afetch_request_cancel(it->request);
        afetch_request_cancel(it->request);
    }
    return AFETCH_GO;
}

static void test_one_in_its_body(void **state)
{
    static const char *const paths[] = {HELD_IN_BODY, "/chunked/300000/100", "/bytes/10"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct run *run = run_new(state, 3, NULL);
        run->on_body = cancel_self;
        check_one(run, paths[i]);
        run_free(run);
    }
}

static enum afetch_flow cancel_self_in_head(struct item *it, const struct afetch_head *head)
{
    (void)head;
    if (it->n == 1)
        afetch_request_cancel(it->request);
    return AFETCH_GO;
}

static void test_one_in_its_head(void **state)
{
    static const char *const paths[] = {HELD_IN_BODY, "/bytes/300000", "/bytes/0"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct run *run = run_new(state, 3, NULL);
        run->on_head = cancel_self_in_head;
        check_one(run, paths[i]);
        assert_int_equal(run->items[1].bodies, 0);
        run_free(run);
    }
}

static void cancel_second(struct item *it, const struct afetch_result *result)
{
    (void)result;
    if (it->n == 0)
        afetch_request_cancel(it->run->items[1].request);
}

/* While it waits for the server's answer, or for its turn. */
static void test_one_by_another(void **state)
{
    struct run *run = run_new(state, 3, NULL);
    run->on_done = cancel_second;
    check_one(run, HELD);
    run_free(run);
}

static enum afetch_flow cancel_next_in_line(struct item *it)
{
    if (it->n == 0 && it->bodies == 1)
        afetch_request_cancel(it->run->items[1].request);
    return AFETCH_GO;
}

/* It may get its place, and with it another thread, in the very moment. */
static void test_one_that_waits_for_its_place(void **state)
{
    for (int i = 0; i < 20; i++) {
        struct afetch_options opt;
        afetch_options_init(&opt);
        opt.parallel_max = 1;
        struct run *run = run_new(state, 3, &opt);
        run->on_body = cancel_next_in_line;
        add_item(run, "/chunked/3000");
        add_item(run, HELD);
        add_item(run, "/bytes/10");
        assert_int_equal(afetch_session_run(run->session), AFETCH_OK);
        assert_int_equal(run->items[0].code, AFETCH_OK);
        assert_int_equal(run->items[1].code, AFETCH_CANCELED);
        assert_int_equal(run->items[2].code, AFETCH_OK);
        run_free(run);
    }
}

static enum afetch_flow cancel_others(struct item *it)
{
    struct run *run = it->run;
    assert_int_equal(run->number, 0); /* whoever is cancelled hears no more */
    for (size_t i = 1; it->n == 0 && i < run->count; i++)
        afetch_request_cancel(run->items[i].request);
    run->number = it->n == 0;
    return AFETCH_GO;
}

/* In the midst of their bodies, and on whichever thread they are. */
static void test_others_in_a_body(void **state)
{
    struct run *run = run_new(state, 20, NULL);
    run->on_body = cancel_others;
    add_item(run, "/delay/30/10");
    while (run->count < run->size)
        add_item(run, "/slow/100000/10/1");
    assert_int_equal(afetch_session_run(run->session), AFETCH_OK);
    assert_int_equal(run->items[0].code, AFETCH_OK);
    run->items[0].code = AFETCH_CANCELED;
    assert_all_done(run, AFETCH_CANCELED);
    run_free(run);
}

/* Too late: it changes nothing. */
static void test_one_in_its_done(void **state)
{
    struct run *run = run_new(state, 2, NULL);
    run->on_done = cancel_second;
    add_item(run, "/bytes/10");
    run->items[1].request = run->items[0].request; /* its own */
    assert_int_equal(afetch_session_run(run->session), AFETCH_OK);
    assert_all_done(run, AFETCH_OK);
    assert_usable(run);
    run_free(run);
}

static enum afetch_flow pause_second(struct item *it)
{
    if (it->n != 1)
        return AFETCH_GO;
    sem_post(&it->run->signal);
    return AFETCH_PAUSE;
}

static bool cancel_paused(struct run *run)
{
    afetch_request_cancel(run->items[1].request);
    return false;
}

static void test_one_that_pauses_by_other_thread(void **state)
{
    struct run *run = run_new(state, 3, NULL);
    struct other other;
    run->on_body = pause_second;
    other_start(&other, run, cancel_paused);
    check_one(run, "/bytes/300000");
    other_join(&other);
    run_free(run);
}

static void test_one_before_it_is_handed_over(void **state)
{
    struct run *run = run_new(state, 2, NULL);
    struct item *it = make_item(run, HELD);
    afetch_request_cancel(it->request);
    afetch_session_add(run->session, it->request);
    assert_int_equal(afetch_session_run(run->session), AFETCH_OK);
    assert_all_done(run, AFETCH_CANCELED);
    assert_usable(run);
    run_free(run);
}

static enum afetch_flow cancel_last(struct item *it)
{
    if (it->n == 0)
        afetch_request_cancel(it->run->items[MANY - 1].request);
    return AFETCH_GO;
}

static void test_one_that_is_not_looked_at_yet(void **state)
{
    struct run *run = run_new(state, MANY, NULL);
    run->on_body = cancel_last;
    while (run->count < MANY - 1)
        add_item(run, "/bytes/1");
    add_item(run, HELD);
    assert_int_equal(afetch_session_run(run->session), AFETCH_OK);
    assert_int_equal(run->items[MANY - 1].dones, 1);
    assert_int_equal(run->items[MANY - 1].code, AFETCH_CANCELED);
    run->items[MANY - 1].code = AFETCH_OK;
    assert_all_done(run, AFETCH_OK);
    run_free(run);
}

static bool cancel_each(struct run *run)
{
    for (size_t i = run->count; i-- > 0;)
        afetch_request_cancel(run->items[i].request);
    return false;
}

/* Wherever each of them is just then. */
static void test_each_by_other_thread(void **state)
{
    struct run *run = run_new(state, 300, NULL);
    struct other other;
    run->on_body = tell_other;
    while (run->count < run->size)
        add_item(run, HELD_IN_BODY);
    other_start(&other, run, cancel_each);
    assert_int_equal(afetch_session_run(run->session), AFETCH_OK);
    other_join(&other);
    assert_all_done(run, AFETCH_CANCELED);
    assert_usable(run);
    run_free(run);
}

/* One after the other, the whole session last. */
static bool cancel_each_then_session(struct run *run)
{
    for (size_t i = 0; i < run->count / 2; i++)
        afetch_request_cancel(run->items[i].request);
    return cancel_session(run);
}

static void test_some_then_the_session(void **state)
{
    struct run *run = run_new(state, MANY, NULL);
    struct other other;
    run->on_body = tell_other;
    while (run->count < run->size)
        add_item(run, HELD_IN_BODY);
    other_start(&other, run, cancel_each_then_session);
    assert_int_equal(afetch_session_run(run->session), AFETCH_CANCELED);
    other_join(&other);
    assert_all_done(run, AFETCH_CANCELED);
    assert_usable(run);
    run_free(run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_EACH_MODE(test_by_other_thread),
        IN_EACH_MODE(test_before_a_run),
        IN_EACH_MODE(test_in_head),
        IN_EACH_MODE(test_in_body),
        IN_EACH_MODE(test_in_done),
        IN_EACH_MODE(test_in_source),
        IN_EACH_MODE(test_in_tick),
        IN_EACH_MODE(test_in_signal_handler),
        IN_EACH_MODE(test_one_in_its_body),
        IN_EACH_MODE(test_one_in_its_head),
        IN_EACH_MODE(test_one_by_another),
        IN_EACH_MODE(test_one_that_waits_for_its_place),
        IN_EACH_MODE(test_others_in_a_body),
        IN_EACH_MODE(test_one_in_its_done),
        IN_EACH_MODE(test_one_that_pauses_by_other_thread),
        IN_EACH_MODE(test_one_before_it_is_handed_over),
        IN_EACH_MODE(test_one_that_is_not_looked_at_yet),
        IN_EACH_MODE(test_each_by_other_thread),
        IN_EACH_MODE(test_some_then_the_session),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
