/* afetch.h as a program uses it, in each mode, against the demo server: results, pushback, source, tick, further runs,
 * and what it says of wrong arguments. Cancelling is in test_cancel.c. */
#include "unit/library.h"

#include "base/error.h"

/* ---- results ---------------------------------------------------------------------------------------------------------- */

static enum afetch_flow check_fields(struct item *it, const struct afetch_head *head)
{
    const char *name = NULL, *value = NULL;
    assert_int_equal(head->http_minor, 1);
    assert_string_equal(afetch_request_header(it->request, "CONTENT-type"), "text/plain");
    assert_null(afetch_request_header(it->request, "X-None"));
    assert_true(afetch_request_header_at(it->request, 0, &name, &value));
    assert_string_equal(name, "Server");
    assert_string_equal(value, "afetch-demo-server");
    size_t i = 0;
    while (afetch_request_header_at(it->request, i, &name, &value))
        i++;
    assert_string_equal(name, "Connection"); /* the last one stays */
    assert_true(i >= 4);
    return AFETCH_GO;
}

static enum afetch_flow check_no_fields(struct item *it)
{
    const char *name = NULL, *value = NULL;
    assert_null(afetch_request_header(it->request, "Content-Type"));
    assert_false(afetch_request_header_at(it->request, 0, &name, &value));
    assert_null(name);
    return AFETCH_GO;
}

static void check_result(struct item *it, const struct afetch_result *result)
{
    assert_ptr_equal(afetch_request_arg(it->request), it);
    assert_int_equal(afetch_request_number(it->request), it->n + 1);
    assert_int_equal(result->bytes, it->received);
    assert_string_equal(result->remote_ip, "127.0.0.1");
    assert_int_equal(result->remote_port, server.port);
    assert_string_equal(result->http_version, "1.1");
    assert_string_equal(result->tls_version, "");
    assert_string_equal(result->content_type, "text/plain");
    assert_true(result->queued_ns <= result->sent_ns);
    assert_true(result->connected_ns <= result->sent_ns);
    assert_true(0 < result->sent_ns && result->sent_ns <= result->first_byte_ns);
    assert_true(result->first_byte_ns <= result->done_ns);
    assert_int_equal(result->secured_ns, 0);
}

static void test_results(void **state)
{
    static const struct {
        const char *path;
        enum afetch_code code;
        unsigned heads;
        uint64_t bytes;
        const char *error;
    } rows[] = {
        {"/bytes/1000", AFETCH_OK, 1, 1000, ""},
        {"/chunked/200000", AFETCH_OK, 1, 200000, ""},
        {"/bytes/0", AFETCH_OK, 1, 0, ""},
        {"/status/404/20", AFETCH_STATUS, 0, 0, "the server answered with an error: 404 Not Found"},
        {"/status/301/20", AFETCH_OK, 1, 20, ""},
        {"/close/100/5", AFETCH_PARTIAL, 1, 5, "transfer ended early: "},
    };
    struct run *run = run_new(state, sizeof rows / sizeof *rows, NULL);
    run->on_head = check_fields;
    run->on_body = check_no_fields;
    run->on_done = check_result;
    for (size_t i = 0; i < run->size; i++)
        add_item(run, rows[i].path);
    assert_int_equal(afetch_session_run(run->session), AFETCH_OK);
    assert_int_equal(run->done, run->size);
    for (size_t i = 0; i < run->size; i++) {
        const struct item *it = &run->items[i];
        assert_int_equal(it->dones, 1);
        assert_int_equal(it->code, rows[i].code);
        assert_int_equal(it->heads, rows[i].heads);
        assert_int_equal(it->bytes, rows[i].bytes);
        assert_memory_equal(it->error, rows[i].error, strlen(rows[i].error));
        assert_true(*rows[i].error || !*it->error);
    }
    run_free(run);
}

/* What is told of each exchange with a server. */
static void check_hop(struct item *it, const struct afetch_hop *hop)
{
    static const struct {
        const char *url, *redirect_url, *reason, *error;
        enum afetch_code code;
        int status;
        uint64_t body_bytes;
    } rows[][2] = {
        {{"/redirect/302/chunked/2000", "/chunked/2000", "Found", "", AFETCH_OK, 302, 0},
         {"/chunked/2000", "", "OK", "", AFETCH_OK, 200, 2000}},
        {{"/status/404/20", "", "Not Found", "the server answered with an error: 404 Not Found", AFETCH_STATUS, 404,
          20}},
        {{"/bytes/7?x=%20y", "", "OK", "", AFETCH_OK, 200, 7}},
    };
    char start[100], url[200], redirect_url[200] = "";
    unsigned n = it->hops - 1;
    assert_true(n < 2 && rows[it->n][n].url);
    snprintf(start, sizeof start, "http://127.0.0.1:%d", server.port);
    snprintf(url, sizeof url, "%s%s", start, rows[it->n][n].url);
    if (*rows[it->n][n].redirect_url)
        snprintf(redirect_url, sizeof redirect_url, "%s%s", start, rows[it->n][n].redirect_url);
    assert_string_equal(hop->url, url);
    assert_string_equal(hop->redirect_url, redirect_url);
    assert_string_equal(hop->reason, rows[it->n][n].reason);
    assert_string_equal(hop->error, rows[it->n][n].error);
    assert_int_equal(hop->code, rows[it->n][n].code);
    assert_int_equal(hop->status, rows[it->n][n].status);
    assert_int_equal(hop->body_bytes, rows[it->n][n].body_bytes);
    assert_string_equal(hop->method, "GET");
    assert_memory_equal(hop->request_head, "GET /", 5);
    assert_memory_equal(hop->request_head + hop->request_head_len - 4, "\r\n\r\n", 4);
    assert_true(hop->header_bytes > 50);
    assert_true(hop->conn_id > 0);
    assert_string_equal(hop->remote_ip, "127.0.0.1");
    assert_string_equal(hop->local_ip, "127.0.0.1");
    assert_int_equal(hop->remote_port, server.port);
    assert_true(hop->local_port > 0);
    assert_string_equal(afetch_request_header(it->request, "server"), "afetch-demo-server");
    assert_true(hop->reused == (hop->connected_ns == 0));
    assert_true(hop->begun_ns <= hop->sent_ns && hop->sent_ns <= hop->first_byte_ns);
    assert_true(hop->first_byte_ns <= hop->done_ns);
}

static void test_hops(void **state)
{
    struct run *run = run_new(state, 4, NULL);
    run->on_hop = check_hop;
    add_item(run, "/redirect/302/chunked/2000");
    add_item(run, "/status/404/20");
    add_item(run, "/bytes/7?x= y#fragment");
    assert_int_equal(afetch_session_run(run->session), AFETCH_OK);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(run->items[i].hops, i == 0 ? 2 : 1);
    run_free(run);
}

/* A hop that came to no response, and a request that came to no hop. */
static void check_failed_hop(struct item *it, const struct afetch_hop *hop)
{
    assert_int_equal(it->n, 0);
    assert_int_equal(hop->code, AFETCH_WEIRD_REPLY);
    assert_int_equal(hop->status, 0);
    assert_string_equal(hop->reason, "");
    assert_true(*hop->error && hop->request_head_len && hop->conn_id);
    assert_null(afetch_request_header(it->request, "Server"));
}

/* The server is no proxy. */
static void check_refused_tunnel(struct item *it, const struct afetch_hop *hop)
{
    (void)it;
    assert_int_equal(hop->code, AFETCH_CONNECT);
    assert_int_equal(hop->connect_status / 100, 4);
    assert_int_equal(hop->status, 0);
    assert_true(hop->connected_ns > 0 && hop->sent_ns == 0);
}

static void test_hop_without_a_tunnel(void **state)
{
    char proxy[60];
    struct afetch_options opt;
    afetch_options_init(&opt);
    snprintf(proxy, sizeof proxy, "127.0.0.1:%d", server.port);
    opt.proxy = proxy;
    opt.proxy_tunnel = true;
    struct run *run = run_new(state, 1, &opt);
    run->on_hop = check_refused_tunnel;
    add_item(run, "/bytes/10");
    assert_int_equal(afetch_session_run(run->session), AFETCH_OK);
    assert_int_equal(run->items[0].hops, 1);
    assert_all_done(run, AFETCH_CONNECT);
    run_free(run);
}

static void test_hops_that_fail(void **state)
{
    struct run *run = run_new(state, 2, NULL);
    run->on_hop = check_failed_hop;
    add_item(run, "/garbage");
    struct item *bad = make_item(run, "/");
    afetch_request_free(bad->request);
    bad->request = afetch_request_new("http://[", 8);
    afetch_request_set_callbacks(bad->request, &item_callbacks, bad);
    afetch_session_add(run->session, bad->request);
    assert_int_equal(afetch_session_run(run->session), AFETCH_OK);
    assert_int_equal(run->items[0].hops, 1);
    assert_int_equal(run->items[1].hops, 0);
    assert_int_equal(run->items[1].code, AFETCH_URL);
    run_free(run);
}

static void test_no_callbacks(void **state)
{
    struct run *run = run_new(state, 1, NULL);
    struct item *it = make_item(run, "/bytes/1000");
    afetch_request_set_callbacks(it->request, &(struct afetch_callbacks){.done = item_done}, it);
    afetch_session_add(run->session, it->request);
    assert_int_equal(afetch_session_run(run->session), AFETCH_OK);
    assert_int_equal(it->bytes, 1000); /* counted all the same */
    char url[100];
    int len = snprintf(url, sizeof url, "http://127.0.0.1:%d/bytes/1000", server.port);
    afetch_session_add(run->session, afetch_request_new(url, (size_t)len)); /* nobody wants to know */
    assert_int_equal(afetch_session_run(run->session), AFETCH_OK);
    run_free(run);
}

static enum afetch_flow give_up(struct item *it)
{
    if (it->n == 1)
        afetch_request_fail(it->request, AFETCH_READ, "the disk is gone");
    return AFETCH_ABORT;
}

static void test_abort(void **state)
{
    struct run *run = run_new(state, 2, NULL);
    run->on_body = give_up;
    add_item(run, "/bytes/300000");
    add_item(run, "/bytes/300000");
    assert_int_equal(afetch_session_run(run->session), AFETCH_OK);
    assert_int_equal(run->items[0].code, AFETCH_WRITE);
    assert_int_equal(run->items[1].code, AFETCH_READ);
    assert_string_equal(run->items[1].error, "could not read: the disk is gone");
    assert_int_equal(run->items[0].bodies + run->items[1].bodies, 2);
    run_free(run);
}

/* ---- pushback ----------------------------------------------------------------------------------------------------------- */

enum { PAUSES = 5 };

static enum afetch_flow pause_for_other(struct item *it)
{
    if (it->bodies > PAUSES)
        return AFETCH_GO;
    it->paused = true;
    sem_post(&it->run->signal);
    return AFETCH_PAUSE;
}

static bool resume_first(struct run *run)
{
    run->items[0].paused = false;
    afetch_request_resume(run->items[0].request);
    return ++run->number < PAUSES;
}

static void test_resume_by_other_thread(void **state)
{
    struct run *run = run_new(state, 1, NULL);
    struct other other;
    run->on_body = pause_for_other;
    add_item(run, "/chunked/1000000/60000");
    other_start(&other, run, resume_first);
    assert_int_equal(afetch_session_run(run->session), AFETCH_OK);
    other_join(&other);
    assert_all_done(run, AFETCH_OK);
    assert_int_equal(run->items[0].bytes, 1000000);
    assert_true(run->items[0].bodies > PAUSES);
    run_free(run);
}

static enum afetch_flow pause_once(struct item *it)
{
    if (it->bodies > 1)
        return AFETCH_GO;
    it->paused = true;
    sem_post(&it->run->signal);
    return AFETCH_PAUSE;
}

static bool resume_some(struct run *run)
{
    for (size_t i = 0; i < run->size; i++)
        if (atomic_exchange(&run->items[i].paused, false)) {
            run->number++;
            afetch_request_resume(run->items[i].request);
        }
    return run->number < run->size;
}

/* Each may have ended before the call that resumed it returns. */
static void test_resume_many(void **state)
{
    struct run *run = run_new(state, 300, NULL);
    struct other other;
    run->on_body = pause_once;
    while (run->count < run->size)
        add_item(run, "/bytes/10");
    other_start(&other, run, resume_some);
    assert_int_equal(afetch_session_run(run->session), AFETCH_OK);
    other_join(&other);
    assert_all_done(run, AFETCH_OK);
    run_free(run);
}

static enum afetch_flow pause_and_resume(struct item *it)
{
    afetch_request_resume(it->request);
    return AFETCH_PAUSE;
}

static void test_resume_before_pause(void **state)
{
    struct run *run = run_new(state, 1, NULL);
    run->on_body = pause_and_resume;
    add_item(run, "/chunked/100000/10000");
    assert_int_equal(afetch_session_run(run->session), AFETCH_OK);
    assert_all_done(run, AFETCH_OK);
    assert_int_equal(run->items[0].bytes, 100000);
    run_free(run);
}

static enum afetch_flow pause_first(struct item *it)
{
    if (it->n > 0 || it->bodies > 1)
        return AFETCH_GO;
    it->paused = true;
    add_item(it->run, "/bytes/300000");
    return AFETCH_PAUSE;
}

static void resume_from_second(struct item *it, const struct afetch_result *result)
{
    struct item *first = &it->run->items[0];
    (void)result;
    if (it->n == 0)
        return;
    assert_true(first->paused);
    first->paused = false;
    afetch_request_resume(first->request);
}

/* One that pauses holds nobody up, on an engine for more than one at once. */
static void test_pause_beside_others(void **state)
{
    if (*(const enum afetch_mode *)*state == AFETCH_SYNC)
        return;
    struct run *run = run_new(state, 2, NULL);
    run->on_body = pause_first;
    run->on_done = resume_from_second;
    add_item(run, "/bytes/300000");
    assert_int_equal(afetch_session_run(run->session), AFETCH_OK);
    assert_all_done(run, AFETCH_OK);
    assert_int_equal(run->count, 2);
    run_free(run);
}

static enum afetch_flow pause_for_ever(struct item *it)
{
    (void)it;
    return AFETCH_PAUSE;
}

static void test_timeout_while_paused(void **state)
{
    struct run *run = run_new(state, 12, NULL);
    run->on_body = pause_for_ever;
    /* A busy machine may need longer until there is something to pause. */
    for (uint64_t ms = 30; run->count < run->size && (!run->count || !run->items[run->count - 1].bodies); ms *= 2) {
        afetch_request_set_timeout(add_item(run, "/bytes/300000")->request, ms);
        assert_int_equal(afetch_session_run(run->session), AFETCH_OK);
    }
    assert_all_done(run, AFETCH_TIMEOUT);
    assert_int_equal(run->items[run->count - 1].bodies, 1);
    run_free(run);
}

/* ---- the source --------------------------------------------------------------------------------------------------------- */

enum { SOURCE_COUNT = 20 };

struct source {
    struct run *run;
    atomic_size_t ready; /* requests that the other thread allows, or more than SOURCE_COUNT: the end */
    size_t later;
};

static struct source source;

static enum afetch_next next(void *arg, struct afetch_request **out)
{
    struct source *s = arg;
    size_t ready = atomic_load(&s->ready);
    if (s->run->count < ready && s->run->count < SOURCE_COUNT) {
        *out = make_item(s->run, "/bytes/10")->request;
        return AFETCH_NEXT_ONE;
    }
    if (ready > SOURCE_COUNT)
        return AFETCH_NEXT_END;
    s->later++;
    sem_post(&s->run->signal);
    return AFETCH_NEXT_LATER;
}

static bool allow_one(struct run *run)
{
    size_t ready = atomic_fetch_add(&source.ready, 1) + 1;
    afetch_session_wake(run->session);
    return ready <= SOURCE_COUNT;
}

static void test_source_of_other_thread(void **state)
{
    struct run *run = run_new(state, SOURCE_COUNT, NULL);
    struct other other;
    source.run = run;
    source.later = 0;
    atomic_store(&source.ready, 0);
    afetch_session_set_source(run->session, next, &source);
    other_start(&other, run, allow_one);
    assert_int_equal(afetch_session_run(run->session), AFETCH_OK);
    other_join(&other);
    assert_int_equal(run->count, SOURCE_COUNT);
    assert_all_done(run, AFETCH_OK);
    assert_true(source.later >= SOURCE_COUNT);
    run_free(run);
}

/* A source that has ended is asked no more, unless it is set again. */
static void test_source_again(void **state)
{
    struct run *run = run_new(state, SOURCE_COUNT, NULL);
    source.run = run;
    source.later = 0;
    atomic_store(&source.ready, SOURCE_COUNT + 1);
    afetch_session_set_source(run->session, next, &source);
    assert_int_equal(afetch_session_run(run->session), AFETCH_OK);
    assert_all_done(run, AFETCH_OK);
    run->count = run->done = 0;
    memset(run->items, 0, run->size * sizeof *run->items);
    assert_int_equal(afetch_session_run(run->session), AFETCH_OK);
    assert_int_equal(run->count, 0);
    afetch_session_set_source(run->session, next, &source);
    assert_int_equal(afetch_session_run(run->session), AFETCH_OK);
    assert_int_equal(run->count, SOURCE_COUNT);
    assert_all_done(run, AFETCH_OK);
    assert_int_equal(source.later, 0);
    run_free(run);
}

/* ---- the tick ------------------------------------------------------------------------------------------------------------ */

enum { TICKS = 3 };

static void count_tick(void *arg)
{
    struct run *run = arg;
    if (++run->number < TICKS)
        return;
    afetch_session_set_tick(run->session, 0, NULL, NULL); /* from within the tick itself */
    afetch_session_wake(run->session);
}

static enum afetch_next after_ticks(void *arg, struct afetch_request **out)
{
    struct run *run = arg;
    if (run->number < TICKS)
        return AFETCH_NEXT_LATER;
    if (run->count == run->size)
        return AFETCH_NEXT_END;
    *out = make_item(run, "/delay/20/10")->request;
    return AFETCH_NEXT_ONE;
}

/* It ticks while nothing else happens, and no more once it was stopped. */
static void test_tick(void **state)
{
    struct run *run = run_new(state, 1, NULL);
    afetch_session_set_source(run->session, after_ticks, run);
    afetch_session_set_tick(run->session, 1, count_tick, run);
    assert_int_equal(afetch_session_run(run->session), AFETCH_OK);
    assert_int_equal(run->number, TICKS);
    assert_all_done(run, AFETCH_OK);
    run_free(run);
}

static enum afetch_flow begin_ticks(struct item *it)
{
    afetch_session_set_tick(it->run->session, 1, count_tick, it->run);
    return AFETCH_GO;
}

static void test_tick_within_a_run(void **state)
{
    struct run *run = run_new(state, 2, NULL);
    run->on_body = begin_ticks;
    add_item(run, "/bytes/10");
    afetch_session_set_source(run->session, after_ticks, run);
    assert_int_equal(afetch_session_run(run->session), AFETCH_OK);
    assert_true(run->number >= TICKS);
    assert_all_done(run, AFETCH_OK);
    run_free(run);
}

/* ---- runs ---------------------------------------------------------------------------------------------------------------- */

static void add_further(struct item *it, const struct afetch_result *result)
{
    (void)result;
    assert_int_equal(afetch_session_run(it->run->session), AFETCH_INTERNAL);
    if (it->run->count < it->run->size)
        add_item(it->run, "/bytes/10");
}

static void test_add_within_a_run(void **state)
{
    struct run *run = run_new(state, 10, NULL);
    run->on_done = add_further;
    add_item(run, "/bytes/10");
    assert_int_equal(afetch_session_run(run->session), AFETCH_OK);
    assert_int_equal(run->count, 10);
    assert_all_done(run, AFETCH_OK);
    run_free(run);
}

static void test_runs_share_connections(void **state)
{
    struct afetch_stats stats;
    struct run *run = run_new(state, 3, NULL);
    assert_int_equal(afetch_session_run(run->session), AFETCH_OK); /* with nothing to do */
    for (int i = 0; i < 3; i++) {
        add_item(run, "/bytes/10");
        assert_int_equal(afetch_session_run(run->session), AFETCH_OK);
    }
    assert_all_done(run, AFETCH_OK);
    afetch_session_stats(run->session, &stats);
    assert_int_equal(stats.connections, 1);
    assert_int_equal(stats.reused, 2);
    assert_int_equal(stats.running, 0);
    assert_int_equal(stats.waiting, 0);
    run_free(run);
}

static void test_never_run(void **state)
{
    struct run *run = run_new(state, 2, NULL);
    add_item(run, "/bytes/10");
    add_item(run, "/bytes/10");
    afetch_session_free(run->session);
    run->session = NULL;
    assert_int_equal(run->done, 0);
    run_free(run);
    afetch_request_free(NULL);
}

static void note_line(void *arg, const char *text)
{
    struct run *run = arg;
    char begin[100];
    snprintf(begin, sizeof begin, "1 http://127.0.0.1:%d" HELD_IN_BODY " ", server.port);
    run->number += strncmp(text, begin, strlen(begin)) == 0;
    afetch_request_cancel(run->items[0].request);
}

static enum afetch_flow describe(struct item *it)
{
    afetch_session_describe(it->run->session, note_line, it->run);
    return AFETCH_GO;
}

static void test_describe(void **state)
{
    struct run *run = run_new(state, 1, NULL);
    run->on_body = describe;
    add_item(run, HELD_IN_BODY);
    assert_int_equal(afetch_session_run(run->session), AFETCH_OK);
    assert_int_equal(run->number, 1);
    assert_all_done(run, AFETCH_CANCELED);
    run_free(run);
}

static void *run_one(void *arg)
{
    struct run *run = arg;
    run->number = (size_t)afetch_session_run(run->session);
    return NULL;
}

/* Each session in a thread of its own; none knows of the others. */
static void test_sessions_in_threads(void **state)
{
    enum { THREADS = 4, EACH = 50 };
    struct run *runs[THREADS];
    pthread_t ids[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        runs[i] = run_new(state, EACH, NULL);
        while (runs[i]->count < EACH)
            add_item(runs[i], "/bytes/5000");
    }
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&ids[i], NULL, run_one, runs[i]), 0);
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(ids[i], NULL), 0);
        assert_int_equal(runs[i]->number, AFETCH_OK);
        assert_all_done(runs[i], AFETCH_OK);
        run_free(runs[i]);
    }
}

/* ---- options and arguments ----------------------------------------------------------------------------------------------- */

static void test_long_times(void **state)
{
    struct afetch_options opt;
    afetch_options_init(&opt);
    opt.connect_timeout_ms = opt.timeout_ms = UINT64_MAX;
    struct run *run = run_new(state, 2, &opt);
    add_item(run, "/delay/10/10");
    afetch_request_set_timeout(add_item(run, "/delay/10/10")->request, UINT64_MAX);
    afetch_session_set_tick(run->session, UINT64_MAX, count_tick, run);
    assert_int_equal(afetch_session_run(run->session), AFETCH_OK);
    assert_all_done(run, AFETCH_OK);
    assert_int_equal(run->number, 0);
    run_free(run);
}

static void test_timeout(void **state)
{
    struct run *run = run_new(state, 1, NULL);
    afetch_request_set_timeout(add_item(run, HELD)->request, 30);
    assert_int_equal(afetch_session_run(run->session), AFETCH_OK);
    assert_all_done(run, AFETCH_TIMEOUT);
    run_free(run);
}

static void refuses(const struct afetch_options *opt, enum afetch_code code, const char *sentence)
{
    struct afetch_session *session = NULL;
    char *error = NULL;
    assert_int_equal(afetch_session_new(&session, opt, &error), code);
    assert_null(session);
    assert_non_null(error);
    assert_memory_equal(error, sentence, strlen(sentence));
    free(error);
    assert_int_equal(afetch_session_new(&session, opt, NULL), code);
    assert_null(session);
}

static void test_wrong_options(void **state)
{
    (void)state;
    struct afetch_options opt;
    const char *header = "Authorization: secret\r\nX-Other: 1";
    afetch_options_init(&opt);
    opt.headers = &header;
    opt.header_count = 1;
    refuses(&opt, AFETCH_INTERNAL, "invalid argument: a line end within the header Authorization");
    afetch_options_init(&opt);
    opt.accept_statuses = "200,x";
    refuses(&opt, AFETCH_INTERNAL, "invalid argument: \"200,x\" is no list of statuses");
    afetch_options_init(&opt);
    opt.referer = "http://a/\nX-Other: 1";
    refuses(&opt, AFETCH_INTERNAL, "invalid argument: a line end within the referer");
    afetch_options_init(&opt);
    opt.request_target = "/ HTTP/1.1\r";
    refuses(&opt, AFETCH_INTERNAL, "invalid argument: a line end within the request target");
    afetch_options_init(&opt);
    opt.tls.ca_file = "/nonexistent/ca.pem";
    refuses(&opt, AFETCH_TRUST, "could not load the trust store: ");
    afetch_options_init(&opt);
    opt.proxy = "http://p:99999";
    refuses(&opt, AFETCH_PROXY_RESOLVE, "could not resolve proxy: ");
    opt.proxy = "ftp://p";
    refuses(&opt, AFETCH_CONNECT, "could not connect: ftp is no kind of proxy");
    afetch_options_init(&opt);
    opt.user_agent = "a\r\nb: c";
    refuses(&opt, AFETCH_INTERNAL, "invalid argument: a line end within the user agent");
    opt.user_agent = NULL;
    opt.proxy_headers = &header;
    opt.proxy_header_count = 1;
    refuses(&opt, AFETCH_INTERNAL, "invalid argument: a line end within the proxy header Authorization");
    afetch_options_init(&opt);
    opt.dns_servers = "nowhere";
    refuses(&opt, AFETCH_RESOLVE, "could not resolve host: ");
}

static void test_default_options(void **state)
{
    (void)state;
    struct afetch_session *session = NULL;
    char *error = (char *)&session;
    assert_int_equal(afetch_session_new(&session, NULL, &error), AFETCH_OK);
    assert_ptr_equal(error, &session); /* untouched */
    afetch_session_free(session);
    afetch_session_free(NULL);
}

static void test_wrong_arguments(void **state)
{
    (void)state;
    struct afetch_request *r = afetch_request_new("a.example/", 10);
    assert_non_null(r);
    assert_int_equal(afetch_request_number(r), 0);
    assert_null(afetch_request_arg(r));
    assert_null(afetch_request_header(r, "Server"));
    assert_int_equal(afetch_request_set_method(r, "GET / HTTP/1.1\r\n"), AFETCH_INTERNAL);
    assert_int_equal(afetch_request_set_method(r, ""), AFETCH_INTERNAL);
    assert_int_equal(afetch_request_set_method(r, "PROPFIND"), AFETCH_OK);
    assert_int_equal(afetch_request_add_header(r, "X: 1\nY: 2"), AFETCH_INTERNAL);
    assert_int_equal(afetch_request_add_header(r, "X: 1"), AFETCH_OK);
    assert_int_equal(afetch_request_set_range(r, "0-4\r\nX: 1"), AFETCH_INTERNAL);
    assert_int_equal(afetch_request_set_range(r, "0-4"), AFETCH_OK);
    assert_int_equal(afetch_request_set_resume(r, &(struct afetch_resume){.offset = 5, .validator = "\"a\nb\""}),
                     AFETCH_INTERNAL);
    assert_int_equal(afetch_request_set_resume(r, &(struct afetch_resume){.offset = 5, .validator = "\"a\""}),
                     AFETCH_OK);
    assert_int_equal(afetch_request_set_condition(r, AFETCH_IF_MODIFIED_SINCE, INT64_C(253402300800)), AFETCH_INTERNAL);
    assert_int_equal(afetch_request_set_condition(r, AFETCH_IF_MODIFIED_SINCE, -1), AFETCH_OK);
    afetch_request_free(r);
}

/* ---- codes --------------------------------------------------------------------------------------------------------------- */

/* The compiler warns of one that is missing here. */
static bool is_public(enum afetch_code code)
{
    switch (code) {
    case AFETCH_OK:
    case AFETCH_SCHEME:
    case AFETCH_INTERNAL:
    case AFETCH_URL:
    case AFETCH_RESOLVE:
    case AFETCH_CONNECT:
    case AFETCH_WEIRD_REPLY:
    case AFETCH_PARTIAL:
    case AFETCH_STATUS:
    case AFETCH_WRITE:
    case AFETCH_UPLOAD:
    case AFETCH_READ:
    case AFETCH_REWIND:
    case AFETCH_MEMORY:
    case AFETCH_TIMEOUT:
    case AFETCH_TLS:
    case AFETCH_CANCELED:
    case AFETCH_EMPTY:
    case AFETCH_SEND:
    case AFETCH_RECV:
    case AFETCH_CERT:
    case AFETCH_TRUST:
    case AFETCH_PROXY_RESOLVE:
    case AFETCH_REDIRECTS:
    case AFETCH_ENCODING:
    case AFETCH_LOGIN:
    case AFETCH_PROXY:
    case AFETCH_FILESIZE:
    case AFETCH_CLIENT_CERT:
    case AFETCH_CIPHER:
    case AFETCH_CRL:
    case AFETCH_PIN:
    case AFETCH_CHECKSUM:
    case AFETCH_RANGE:
        return true;
    }
    return false;
}

/* The public enum has what the one table of errors has, and nothing else. */
static void test_codes(void **state)
{
    (void)state;
    for (int exit_code = 0; exit_code < 256; exit_code++) {
        bool in_table = exit_code == 0;
#define HAS_EXIT_CODE(code, its_exit_code, text) in_table |= exit_code == (its_exit_code);
        ERROR_TABLE(HAS_EXIT_CODE)
#undef HAS_EXIT_CODE
        assert_int_equal(is_public((enum afetch_code)exit_code), in_table);
        bool named = strcmp(afetch_code_text((enum afetch_code)exit_code), "unknown error") != 0;
        assert_int_equal(named, in_table);
    }
    assert_string_equal(afetch_code_text(AFETCH_OK), "success");
    assert_string_equal(afetch_code_text(AFETCH_INTERNAL), "internal error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_EACH_MODE(test_results),
        IN_EACH_MODE(test_hops),
        IN_EACH_MODE(test_hops_that_fail),
        IN_EACH_MODE(test_hop_without_a_tunnel),
        IN_EACH_MODE(test_no_callbacks),
        IN_EACH_MODE(test_abort),
        IN_EACH_MODE(test_resume_by_other_thread),
        IN_EACH_MODE(test_resume_many),
        IN_EACH_MODE(test_resume_before_pause),
        IN_EACH_MODE(test_pause_beside_others),
        IN_EACH_MODE(test_timeout_while_paused),
        IN_EACH_MODE(test_source_of_other_thread),
        IN_EACH_MODE(test_source_again),
        IN_EACH_MODE(test_tick),
        IN_EACH_MODE(test_tick_within_a_run),
        IN_EACH_MODE(test_add_within_a_run),
        IN_EACH_MODE(test_runs_share_connections),
        IN_EACH_MODE(test_never_run),
        IN_EACH_MODE(test_describe),
        IN_EACH_MODE(test_sessions_in_threads),
        IN_EACH_MODE(test_long_times),
        IN_EACH_MODE(test_timeout),
        cmocka_unit_test(test_wrong_options),
        cmocka_unit_test(test_default_options),
        cmocka_unit_test(test_wrong_arguments),
        cmocka_unit_test(test_codes),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
