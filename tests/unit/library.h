/* What the tests of the public interface share: the demo server as a peer, a session whose requests remember what came,
 * and another thread that acts when it is told to. Every test runs once in each mode. */
#ifndef TESTS_UNIT_LIBRARY_H
#define TESTS_UNIT_LIBRARY_H

#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "afetch.h"
#include "unit/demo_server.h"

/* Longer than any test may last: what has this delay ends by a cancel or not at all. */
#define HELD "/delay/600000/10"
#define HELD_IN_BODY "/slow/10/1/600000"

static const enum afetch_mode async_mode = AFETCH_ASYNC, sync_mode = AFETCH_SYNC, threads_mode = AFETCH_THREADS;
#define IN_MODE(test, mode)                                                                                            \
    {                                                                                                                  \
#test " (" #mode ")", test, NULL, NULL, (void *)(uintptr_t)&mode##_mode                                        \
    }
#define IN_EACH_MODE(test) IN_MODE(test, async), IN_MODE(test, sync), IN_MODE(test, threads)

static struct demo_server server;

static inline int start_server(void **state)
{
    (void)state;
    demo_server_start(&server);
    return 0;
}

static inline int stop_server(void **state)
{
    (void)state;
    demo_server_stop(&server);
    return 0;
}

/* ---- requests that remember ------------------------------------------------------------------------------------------ */

struct run;

/* One request, and what became of it. */
struct item {
    struct run *run;
    size_t n;
    struct afetch_request *request; /* NULL once done */
    unsigned heads, bodies, hops, dones;
    uint64_t received; /* by the body callback */
    atomic_bool paused;
    enum afetch_code code;
    uint64_t bytes;
    char error[200];
};

struct run {
    struct afetch_session *session;
    struct item *items;
    size_t count, size;
    size_t done;
    /* What the test does within a callback; NULL: nothing. */
    enum afetch_flow (*on_head)(struct item *it, const struct afetch_head *head);
    enum afetch_flow (*on_body)(struct item *it);
    void (*on_hop)(struct item *it, const struct afetch_hop *hop);
    void (*on_done)(struct item *it, const struct afetch_result *result);
    sem_t signal; /* for the other thread */
    size_t number;
};

static inline enum afetch_flow item_head(void *arg, struct afetch_request *r, const struct afetch_head *head)
{
    struct item *it = arg;
    assert_ptr_equal(it->request, r);
    assert_int_equal(it->dones, 0);
    it->heads++;
    return it->run->on_head ? it->run->on_head(it, head) : AFETCH_GO;
}

static inline enum afetch_flow item_body(void *arg, struct afetch_request *r, const void *data, size_t len)
{
    struct item *it = arg;
    assert_ptr_equal(it->request, r);
    assert_int_equal(it->dones, 0);
    assert_int_equal(it->heads, 1);
    assert_false(it->paused);
    assert_true(len > 0);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(((const char *)data)[i], 'a' + (int)((it->received + i) % 26));
    it->bodies++;
    it->received += len;
    return it->run->on_body ? it->run->on_body(it) : AFETCH_GO;
}

static inline void item_hop(void *arg, struct afetch_request *r, const struct afetch_hop *hop)
{
    struct item *it = arg;
    assert_ptr_equal(it->request, r);
    assert_int_equal(it->dones, 0);
    it->hops++;
    if (it->run->on_hop)
        it->run->on_hop(it, hop);
}

static inline void item_done(void *arg, struct afetch_request *r, const struct afetch_result *result)
{
    struct item *it = arg;
    assert_ptr_equal(it->request, r);
    it->dones++;
    it->run->done++;
    it->code = result->code;
    it->bytes = result->bytes;
    snprintf(it->error, sizeof it->error, "%s", result->error);
    if (it->run->on_done)
        it->run->on_done(it, result);
    it->request = NULL;
}

static const struct afetch_callbacks item_callbacks = {
    .head = item_head, .body = item_body, .hop = item_hop, .done = item_done};

/* A request for a page of the server, not handed over yet. */
static inline struct item *make_item(struct run *run, const char *path)
{
    char url[200];
    assert_true(run->count < run->size);
    struct item *it = &run->items[run->count];
    int len = snprintf(url, sizeof url, "http://127.0.0.1:%d%s", server.port, path);
    it->run = run;
    it->n = run->count++;
    it->request = afetch_request_new(url, (size_t)len);
    assert_non_null(it->request);
    afetch_request_set_callbacks(it->request, &item_callbacks, it);
    return it;
}

static inline struct item *add_item(struct run *run, const char *path)
{
    struct item *it = make_item(run, path);
    afetch_session_add(run->session, it->request);
    return it;
}

/* A session for at most size requests; state: the test's mode. opt: other options, or NULL. */
static inline struct run *run_new(void **state, size_t size, struct afetch_options *opt)
{
    struct afetch_options defaults;
    struct run *run = calloc(1, sizeof *run);
    assert_non_null(run);
    run->items = calloc(size, sizeof *run->items);
    assert_non_null(run->items);
    run->size = size;
    assert_int_equal(sem_init(&run->signal, 0, 0), 0);
    if (!opt) {
        afetch_options_init(&defaults);
        opt = &defaults;
    }
    opt->mode = *(const enum afetch_mode *)*state;
    if (!opt->proxy)
        opt->proxy = ""; /* whatever the environment says */
    if (!opt->noproxy)
        opt->noproxy = "";
    assert_int_equal(afetch_session_new(&run->session, opt, NULL), AFETCH_OK);
    return run;
}

static inline void run_free(struct run *run)
{
    afetch_session_free(run->session);
    sem_destroy(&run->signal);
    free(run->items);
    free(run);
}

/* Every request has one result, and it is code's. */
static inline void assert_all_done(const struct run *run, enum afetch_code code)
{
    assert_int_equal(run->done, run->count);
    for (size_t i = 0; i < run->count; i++) {
        assert_int_equal(run->items[i].dones, 1);
        assert_int_equal(run->items[i].code, code);
    }
}

/* ---- the other thread -------------------------------------------------------------------------------------------------- */

/* Acts each time the run's signal is posted, until it says that it is finished. It may not use cmocka's assertions. */
struct other {
    pthread_t id;
    struct run *run;
    bool (*act)(struct run *run); /* true: once more */
};

static inline void *other_main(void *arg)
{
    struct other *o = arg;
    do
        while (sem_wait(&o->run->signal) < 0)
            ;
    while (o->act(o->run));
    return NULL;
}

static inline void other_start(struct other *o, struct run *run, bool (*act)(struct run *run))
{
    *o = (struct other){.run = run, .act = act};
    assert_int_equal(pthread_create(&o->id, NULL, other_main, o), 0);
}

static inline void other_join(struct other *o)
{
    assert_int_equal(pthread_join(o->id, NULL), 0);
}

#endif
