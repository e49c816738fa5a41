/* net/names.h: over c-ares with a DNS server in a thread, on both real engines; and over a back end of the test's with
 * a clock of its own, for what takes hours or thousands. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/names.h"
#include "unit/dns_server.h"

#define MS ((uint64_t)1000000)
#define SECOND ((uint64_t)1000000000)

/* ---- one asker, and many at once ---------------------------------------------------------------------------------------- */

struct asker {
    struct co co;
    struct lookup lookup;
    struct names *names;
    struct engine *engine;
    const char *host;
    int family;
    /* What came of it. */
    int rc;
    const char *why;
    char text[512]; /* the addresses with a space between */
};

static void note(struct asker *a)
{
    a->rc = a->co.rc;
    a->why = a->lookup.why;
    for (size_t i = 0; a->rc > 0 && i < a->lookup.found->count; i++) {
        char one[ADDR_TEXT_MAX];
        size_t len = strlen(a->text);
        assert_int_equal(addr_family(&a->lookup.found->addrs[i]), a->family);
        assert_int_equal(addr_port(&a->lookup.found->addrs[i]), 0);
        addr_text(&a->lookup.found->addrs[i], one);
        snprintf(a->text + len, sizeof a->text - len, "%s%s", i ? " " : "", one);
    }
    assert_int_equal(a->rc > 0 ? (size_t)a->rc : 0, a->lookup.found ? a->lookup.found->count : 0);
}

static void asker_run(struct co *co)
{
    CO_BEGIN(struct asker, a);
    a->rc = ERR_CANCELED;
    CO_AWAIT(looking, names_lookup(&a->lookup, a->names, a->engine, a->host, a->family));
    note(a);
    CO_CLEANUP;
    lookup_deinit(&a->lookup);
    CO_END;
}

struct crowd {
    struct co co;
    struct co_group group;
    struct co_sleep nap;
    struct engine *engine;
    struct asker *askers;
    size_t count;
    uint64_t cancel_ns;    /* after so long all are cancelled that still wait; 0: never */
    uint64_t before_ns;    /* how long to sleep before */
    size_t cancel_at_once; /* so many are cancelled once they have asked */
};

static void crowd_run(struct co *co)
{
    CO_BEGIN(struct crowd, c);
    if (c->before_ns)
        CO_TRY(waiting, co_sleep(&c->nap, &c->engine->timers, engine_now_ns(c->engine) + c->before_ns));
    for (size_t i = 0; i < c->count; i++) {
        c->askers[i].engine = c->engine;
        co_spawn(co, &c->group, &c->askers[i].co, asker_run);
    }
    if (c->cancel_ns || c->cancel_at_once)
        CO_TRY(napping, co_sleep(&c->nap, &c->engine->timers, engine_now_ns(c->engine) + c->cancel_ns));
    for (size_t i = 0; i < c->cancel_at_once; i++)
        co_cancel(&c->askers[i].co, ERR_CANCELED);
    if (c->cancel_ns)
        co_group_cancel(&c->group, ERR_CANCELED);
    CO_TRY(joining, co_join(&c->group));
    CO_CLEANUP;
    CO_END;
}

static void ask_all(struct engine *e, struct crowd *c)
{
    c->engine = e;
    co_start(&c->co, &e->sched, crowd_run);
    assert_int_equal(engine_run(e, &c->co), 0);
}

/* ---- the engines -------------------------------------------------------------------------------------------------------- */

typedef int engine_maker(struct engine **out, struct error *err);
static engine_maker *const makers[] = {engine_new_uv, engine_new_poll};

#define EACH_ENGINE(m) (engine_maker *const *m = makers; m < makers + sizeof makers / sizeof makers[0]; m++)

struct net {
    struct dns_server *server;
    struct engine *engine;
    struct names *names;
};

static void net_open(struct net *net, engine_maker *make, const char *hosts_file)
{
    struct error err = {0};
    net->server = dns_start();
    assert_int_equal(make(&net->engine, &err), 0);
    assert_int_equal(names_new(&net->names, net->engine, net->server->address, hosts_file, &err), 0);
    assert_int_equal(err.code, 0);
}

static void net_close(struct net *net)
{
    names_free(net->names);
    assert_true(timers_next(&net->engine->timers) == TIMER_NEVER);
    engine_free(net->engine);
    dns_stop(net->server);
}

/* Asks for one name; the asker stays until the next call. */
static const struct asker *ask_one(struct net *net, const char *host, int family)
{
    static struct asker a;
    a = (struct asker){.names = net->names, .host = host, .family = family};
    struct crowd c = {.askers = &a, .count = 1};
    ask_all(net->engine, &c);
    return &a;
}

/* ---- answers over c-ares --------------------------------------------------------------------------------------------------- */

static const struct answer_case {
    const char *host;
    int family, rc;
    const char *text; /* the addresses, or why not */
} answer_cases[] = {
    {"both.test", AF_INET, 2, "192.0.2.1 192.0.2.2"},
    {"both.test", AF_INET6, 1, "2001:db8::1"},
    {"both.test.", AF_INET, 2, "192.0.2.1 192.0.2.2"},
    {"four.test", AF_INET, 1, "192.0.2.4"},
    {"four.test", AF_INET6, 0, ""},
    {"alias.test", AF_INET, 1, "192.0.2.4"},
    {"alias.test", AF_INET6, 0, ""},
    {"empty.test", AF_INET, 0, ""},
    {"late.test", AF_INET, 1, "192.0.2.9"},
    {"nosuch.test", AF_INET, ERR_RESOLVE, "no such name"},
    {"nosuch.test", AF_INET6, ERR_RESOLVE, "no such name"},
    {"many.test", AF_INET, 16,
     "192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4 192.0.2.5 192.0.2.6 192.0.2.7 192.0.2.8 192.0.2.9 192.0.2.10 "
     "192.0.2.11 192.0.2.12 192.0.2.13 192.0.2.14 192.0.2.15 192.0.2.16"},
    {"cut.test", AF_INET, 16,
     "192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4 192.0.2.5 192.0.2.6 192.0.2.7 192.0.2.8 192.0.2.9 192.0.2.10 "
     "192.0.2.11 192.0.2.12 192.0.2.13 192.0.2.14 192.0.2.15 192.0.2.16"},
    {"fail.test", AF_INET, ERR_RESOLVE, NULL}, /* the words are the version's of c-ares */
    {"garbage.test", AF_INET, ERR_RESOLVE, NULL},
    {"", AF_INET, ERR_RESOLVE, "not a valid name"},
    {"a..test", AF_INET, ERR_RESOLVE, "not a valid name"},
    {"this-label-is-much-longer-than-the-sixty-three-bytes-that-dns-has-room-for.test", AF_INET, ERR_RESOLVE,
     "not a valid name"},
};

enum { ANSWER_CASES = sizeof answer_cases / sizeof answer_cases[0] };

static void check_answer(const struct answer_case *c, const struct asker *a)
{
    if (a->rc != c->rc)
        print_error("%s: %s\n", c->host, a->why ? a->why : "no reason");
    assert_int_equal(a->rc, c->rc);
    if (c->rc < 0)
        assert_non_null(a->why);
    else
        assert_null(a->why);
    if (c->text)
        assert_string_equal(c->rc < 0 ? a->why : a->text, c->text);
}

static void test_answers(void **state)
{
    (void)state;
    for
        EACH_ENGINE (make) {
            struct net net;
            net_open(&net, *make, "/no/such/file");
            for (size_t i = 0; i < ANSWER_CASES; i++)
                check_answer(&answer_cases[i], ask_one(&net, answer_cases[i].host, answer_cases[i].family));
            net_close(&net);

            /* And all at once. */
            struct asker askers[ANSWER_CASES];
            net_open(&net, *make, "/no/such/file");
            for (size_t i = 0; i < ANSWER_CASES; i++)
                askers[i] =
                    (struct asker){.names = net.names, .host = answer_cases[i].host, .family = answer_cases[i].family};
            struct crowd c = {.askers = askers, .count = ANSWER_CASES};
            ask_all(net.engine, &c);
            for (size_t i = 0; i < ANSWER_CASES; i++)
                check_answer(&answer_cases[i], &askers[i]);
            net_close(&net);
        }
}

static void test_too_long(void **state)
{
    (void)state;
    struct net net;
    char host[400];
    for (size_t i = 0; i < sizeof host; i++)
        host[i] = i % 50 == 49 ? '.' : 'x';
    net_open(&net, engine_new_poll, "/no/such/file");
    static const size_t lens[] = {253, 254, 255, 256, 398};
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        char cut[400];
        snprintf(cut, sizeof cut, "%.*s", (int)lens[i], host);
        assert_int_equal(ask_one(&net, cut, AF_INET)->rc, ERR_RESOLVE);
    }
    net_close(&net);
}

/* ---- names that nobody is asked for -------------------------------------------------------------------------------------------- */

static void test_local(void **state)
{
    (void)state;
    static const struct answer_case cases[] = {
        {"localhost", AF_INET, 1, "127.0.0.1"},
        {"localhost", AF_INET6, 1, "::1"},
        {"localhost.", AF_INET, 1, "127.0.0.1"},
        {"a.b.localhost", AF_INET6, 1, "::1"},
        {"a.b.localhost.", AF_INET, 1, "127.0.0.1"},
        {"nosuch.invalid", AF_INET, ERR_RESOLVE, "no such name"},
        {"nosuch.invalid.", AF_INET6, ERR_RESOLVE, "no such name"},
        {"invalid", AF_INET, ERR_RESOLVE, "no such name"},
        {"abc.onion", AF_INET, ERR_RESOLVE, "names in .onion are not asked for by DNS"},
        {"listed.example", AF_INET, 2, "192.0.2.55 192.0.2.56"},
        {"listed.example", AF_INET6, 0, ""}, /* not asked for either: the file decides */
        {"listed.example.", AF_INET, 2, "192.0.2.55 192.0.2.56"},
        {"listed.invalid", AF_INET6, 1, "2001:db8::57"},
        /* These are asked for. */
        {"notlocalhost", AF_INET, ERR_RESOLVE, "no such name"},
        {"localhost.test", AF_INET, ERR_RESOLVE, "no such name"},
        {"both.test", AF_INET, 2, "192.0.2.1 192.0.2.2"},
    };
    char path[] = "/tmp/afetch-hosts-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "w");
    assert_non_null(file);
    fputs("192.0.2.55 Listed.Example\n192.0.2.56 listed.example\n2001:db8::57 listed.invalid\n"
          "192.0.2.58 localhost\n",
          file);
    assert_int_equal(fclose(file), 0);
    for
        EACH_ENGINE (make) {
            struct net net;
            net_open(&net, *make, path);
            for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
                check_answer(&cases[i], ask_one(&net, cases[i].host, cases[i].family));
            static const char *const silent[] = {"localhost", "a.b.localhost", "nosuch.invalid",
                                                 "invalid",   "abc.onion",     "listed.example"};
            for (size_t i = 0; i < sizeof silent / sizeof silent[0]; i++)
                assert_int_equal(dns_asked(net.server, silent[i], 0), 0);
            assert_int_equal(dns_asked(net.server, "both.test", 0), 1);
            assert_true(dns_asked(net.server, "localhost.test", 0) > 0);
            net_close(&net);
        }
    unlink(path);
}

/* ---- sharing and keeping ------------------------------------------------------------------------------------------------------------ */

static void test_sharing(void **state)
{
    (void)state;
    for
        EACH_ENGINE (make) {
            struct net net;
            static struct asker askers[200];
            net_open(&net, *make, "/no/such/file");
            for (size_t i = 0; i < 200; i++)
                askers[i] = (struct asker){.names = net.names, .host = "late.test", .family = AF_INET};
            struct crowd c = {.askers = askers, .count = 200, .cancel_at_once = 50};
            ask_all(net.engine, &c);
            for (size_t i = 0; i < 200; i++) {
                assert_int_equal(askers[i].rc, i < 50 ? ERR_CANCELED : 1);
                assert_string_equal(askers[i].text, i < 50 ? "" : "192.0.2.9");
            }
            assert_int_equal(dns_asked(net.server, "late.test", 0), 1);
            net_close(&net);
        }
}

/* All askers leave; the answer comes all the same and is there for the next. */
static void test_abandoned(void **state)
{
    (void)state;
    for
        EACH_ENGINE (make) {
            struct net net;
            net_open(&net, *make, "/no/such/file");
            struct asker a = {.names = net.names, .host = "late.test", .family = AF_INET};
            struct crowd c = {.askers = &a, .count = 1, .cancel_ns = 20 * MS};
            ask_all(net.engine, &c);
            assert_int_equal(a.rc, ERR_CANCELED);
            c = (struct crowd){.count = 0, .before_ns = 600 * MS};
            ask_all(net.engine, &c);
            const struct asker *again = ask_one(&net, "late.test", AF_INET);
            assert_int_equal(again->rc, 1);
            assert_string_equal(again->text, "192.0.2.9");
            assert_int_equal(dns_asked(net.server, "late.test", 0), 1);
            net_close(&net);
        }
}

static void test_cache(void **state)
{
    (void)state;
    for
        EACH_ENGINE (make) {
            struct net net;
            net_open(&net, *make, "/no/such/file");
            assert_string_equal(ask_one(&net, "short.test", AF_INET)->text, "192.0.2.1");
            assert_string_equal(ask_one(&net, "short.test", AF_INET)->text, "192.0.2.1");
            for (int i = 0; i < 3; i++) {
                assert_string_equal(ask_one(&net, "four.test", AF_INET)->text, "192.0.2.4");
                assert_int_equal(ask_one(&net, "four.test", AF_INET6)->rc, 0);
                assert_string_equal(ask_one(&net, "alias.test", AF_INET)->text, "192.0.2.4");
                assert_int_equal(ask_one(&net, "nosuch.test", AF_INET)->rc, ERR_RESOLVE);
            }
            assert_int_equal(dns_asked(net.server, "short.test", DNS_A), 1);
            assert_int_equal(dns_asked(net.server, "four.test", DNS_A), 1);
            assert_int_equal(dns_asked(net.server, "four.test", DNS_AAAA), 1);
            assert_int_equal(dns_asked(net.server, "alias.test", DNS_A), 1);
            assert_int_equal(dns_asked(net.server, "nosuch.test", DNS_A), 1);

            struct crowd c = {.count = 0, .before_ns = 2100 * MS};
            ask_all(net.engine, &c);
            assert_string_equal(ask_one(&net, "short.test", AF_INET)->text, "192.0.2.2");
            assert_string_equal(ask_one(&net, "alias.test", AF_INET)->text, "192.0.2.4");
            assert_string_equal(ask_one(&net, "four.test", AF_INET)->text, "192.0.2.4");
            assert_int_equal(dns_asked(net.server, "alias.test", DNS_A), 2); /* its CNAME's TTL is the shorter */
            assert_int_equal(dns_asked(net.server, "four.test", DNS_A), 1);
            net_close(&net);
        }
}

/* ---- many, and none at all ------------------------------------------------------------------------------------------------------------ */

static void test_many(void **state)
{
    (void)state;
    enum { MANY = 1500 };
    for
        EACH_ENGINE (make) {
            struct net net;
            struct asker *askers = calloc(MANY, sizeof *askers);
            char(*hosts)[24] = calloc(MANY, sizeof *hosts);
            assert_true(askers && hosts);
            net_open(&net, *make, "/no/such/file");
            for (unsigned i = 0; i < MANY; i++) {
                snprintf(hosts[i], sizeof hosts[i], "n%u.bulk", i);
                askers[i] = (struct asker){.names = net.names, .host = hosts[i], .family = AF_INET};
            }
            struct crowd c = {.askers = askers, .count = MANY};
            ask_all(net.engine, &c);
            for (unsigned i = 0; i < MANY; i++) {
                char text[32];
                snprintf(text, sizeof text, "10.0.%u.%u", i / 256, i % 256);
                assert_int_equal(askers[i].rc, 1);
                assert_string_equal(askers[i].text, text);
            }
            assert_in_range(dns_later_most(net.server), 2, NAMES_IN_FLIGHT_MAX * 2); /* c-ares may ask again */
            net_close(&net);
            free(askers);
            free(hosts);
        }
}

/* Questions are open as all ends. */
static void test_free_early(void **state)
{
    (void)state;
    for
        EACH_ENGINE (make) {
            struct net net;
            static const char *const hosts[] = {"never.test", "late.test", "cut.test", "never.test", "both.test"};
            struct asker askers[5];
            for (uint64_t after_ms = 0; after_ms < 12; after_ms += 3) {
                net_open(&net, *make, "/no/such/file");
                for (size_t i = 0; i < 5; i++)
                    askers[i] = (struct asker){.names = net.names, .host = hosts[i], .family = AF_INET};
                struct crowd c = {.askers = askers, .count = 5, .cancel_ns = after_ms * MS + 1};
                ask_all(net.engine, &c);
                assert_int_equal(askers[0].rc, ERR_CANCELED);
                net_close(&net);
            }
        }
}

static void test_no_server(void **state)
{
    (void)state;
    for
        EACH_ENGINE (make) {
            struct net net;
            net_open(&net, *make, "/no/such/file");
            names_free(net.names);
            /* A port that was free a moment ago. */
            struct dns_server *gone = dns_start();
            char address[32];
            memcpy(address, gone->address, sizeof address);
            dns_stop(gone);
            assert_int_equal(names_new(&net.names, net.engine, address, "/no/such/file", NULL), 0);
            uint64_t start_ms = dns_now_ms();
            const struct asker *a = ask_one(&net, "both.test", AF_INET);
            assert_int_equal(a->rc, ERR_RESOLVE);
            assert_non_null(a->why);
            assert_true(dns_now_ms() - start_ms < 2000);
            net_close(&net);
        }
}

static void test_silent_server(void **state)
{
    (void)state;
    struct net net;
    net_open(&net, engine_new_uv, "/no/such/file");
    uint64_t start_ms = dns_now_ms();
    const struct asker *a = ask_one(&net, "never.test", AF_INET6);
    assert_int_equal(a->rc, ERR_RESOLVE);
    assert_string_equal(a->why, "the DNS server did not answer");
    assert_in_range(dns_now_ms() - start_ms, 4000, 20000);
    assert_true(dns_asked(net.server, "never.test", DNS_AAAA) >= 2);
    net_close(&net);
}

static void test_bad_servers(void **state)
{
    (void)state;
    struct engine *e = NULL;
    struct names *n = NULL;
    struct error err = {0};
    assert_int_equal(engine_new_poll(&e, NULL), 0);
    assert_int_equal(names_new(&n, e, "not an address", NULL, &err), ERR_RESOLVE);
    assert_null(n);
    assert_int_equal(err.code, ERR_RESOLVE);
    assert_non_null(strstr(error_text(&err), "not an address"));
    error_clear(&err);
    assert_int_equal(names_new(&n, e, NULL, NULL, &err), 0);
    names_free(n);
    names_free(NULL);
    engine_free(e);
    assert_true(strncmp(names_library(), "c-ares/1.", 9) == 0);
}

/* ---- a back end of the test's, and its clock ---------------------------------------------------------------------------------------------- */

struct fake {
    struct engine engine;
    struct names *names;
    struct ask {
        void *query; /* NULL: answered */
        char host[32];
        int family;
    } * asks;
    size_t count, open, most, forgotten;
    bool at_once; /* answers come from within ask */
    int ask_rc;
    uint32_t ttl_s;
    size_t addr_count;
    const char *why;
    bool freed;
};

enum { FAKE_ASKS_MAX = 300000 };

static void fake_answer(struct fake *f, size_t i)
{
    struct addr addrs[40];
    for (size_t k = 0; k < sizeof addrs / sizeof addrs[0]; k++)
        addr_parse(&addrs[k], f->asks[i].family == AF_INET ? "192.0.2.1" : "2001:db8::1", NULL, 0);
    void *query = f->asks[i].query;
    assert_non_null(query);
    f->asks[i].query = NULL;
    f->open--;
    names_answer(f->names, query, addrs, f->addr_count, f->ttl_s, f->why);
}

static int fake_ask(void *self, const char *host, int family, void *query)
{
    struct fake *f = self;
    assert_true(f->count < FAKE_ASKS_MAX);
    if (f->ask_rc < 0)
        return f->ask_rc;
    struct ask *a = &f->asks[f->count++];
    a->query = query;
    a->family = family;
    snprintf(a->host, sizeof a->host, "%s", host);
    if (++f->open > f->most)
        f->most = f->open;
    if (f->at_once)
        fake_answer(f, f->count - 1);
    return 0;
}

static void fake_forget(void *self, void *query)
{
    struct fake *f = self;
    for (size_t i = 0; i < f->count; i++)
        if (f->asks[i].query == query) {
            f->forgotten++;
            f->open--;
            f->asks[i].query = NULL;
            return;
        }
    fail();
}

static void fake_free(void *self)
{
    ((struct fake *)self)->freed = true;
}

static const struct names_backend fake_backend = {.ask = fake_ask, .forget = fake_forget, .free = fake_free};

static void fake_open(struct fake *f)
{
    static const struct engine_ops no_ops;
    *f = (struct fake){.addr_count = 1, .ttl_s = 60};
    f->asks = calloc(FAKE_ASKS_MAX, sizeof *f->asks);
    assert_non_null(f->asks);
    assert_int_equal(engine_init(&f->engine, &no_ops), 0);
    f->engine.sched.now_ns = 1000 * SECOND;
    assert_int_equal(names_new_backend(&f->names, &f->engine, &fake_backend, f), 0);
}

static void fake_close(struct fake *f)
{
    names_free(f->names);
    assert_true(f->freed);
    assert_int_equal(f->open, 0);
    engine_deinit(&f->engine);
    free(f->asks);
}

/* Asks; completes at once or not at all. Returns whether the back end was asked. */
static bool fake_lookup(struct fake *f, const char *host, int rc)
{
    struct lookup l = {0};
    size_t before = f->count;
    struct co_op *op = names_lookup(&l, f->names, &f->engine, host, AF_INET);
    assert_int_equal(op->status, CO_OP_DONE);
    assert_int_equal(op->rc, rc);
    lookup_deinit(&l);
    lookup_deinit(&l);
    return f->count > before;
}

static void test_ttl(void **state)
{
    (void)state;
    static const struct {
        uint32_t ttl_s;
        size_t addr_count;
        const char *why;
        int rc;
        uint64_t kept_ms; /* 0: not kept */
    } cases[] = {
        {1, 1, NULL, 1, 1000},
        {60, 1, NULL, 1, 60000},
        {0, 1, NULL, 1, 1000},
        {3600, 2, NULL, 2, 3600000},
        {3601, 1, NULL, 1, 3600000},
        {UINT32_MAX, 1, NULL, 1, 3600000},
        {60, 40, NULL, NAMES_ADDRS_MAX, 60000},
        {60, 0, NULL, 0, 5000},
        {2, 0, NULL, 0, 2000},
        {0, 0, NULL, 0, 0},
        {60, 0, "no such name", ERR_RESOLVE, 5000},
        {1, 3, "the DNS server failed", ERR_RESOLVE, 1000},
        {0, 0, "out of memory", ERR_RESOLVE, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fake f;
        fake_open(&f);
        f.at_once = true;
        f.ttl_s = cases[i].ttl_s;
        f.addr_count = cases[i].addr_count;
        f.why = cases[i].why;
        assert_true(fake_lookup(&f, "a", cases[i].rc));
        assert_int_equal(fake_lookup(&f, "a", cases[i].rc), cases[i].kept_ms == 0);
        if (cases[i].kept_ms) {
            f.engine.sched.now_ns += cases[i].kept_ms * MS - 1;
            assert_false(fake_lookup(&f, "a", cases[i].rc));
            f.engine.sched.now_ns += 1;
            assert_true(fake_lookup(&f, "a", cases[i].rc));
        }
        fake_close(&f);
    }
}

static void test_oldest_out(void **state)
{
    (void)state;
    struct fake f;
    fake_open(&f);
    f.at_once = true;
    char host[32];
    for (int i = 0; i < NAMES_CACHE_MAX; i++) {
        snprintf(host, sizeof host, "n%d", i);
        assert_true(fake_lookup(&f, host, 1));
    }
    assert_false(fake_lookup(&f, "n0", 1));
    assert_true(fake_lookup(&f, "one-more", 1));
    assert_false(fake_lookup(&f, "n1", 1));
    assert_true(fake_lookup(&f, "n0", 1));
    assert_true(fake_lookup(&f, "n1", 1));
    assert_false(fake_lookup(&f, "n100", 1));
    fake_close(&f);
}

/* Found addresses outlive the cache, and the names. */
static void test_shared_addrs(void **state)
{
    (void)state;
    struct fake f;
    struct lookup a = {0}, b = {0};
    fake_open(&f);
    f.at_once = true;
    assert_int_equal(names_lookup(&a, f.names, &f.engine, "a", AF_INET)->rc, 1);
    assert_int_equal(names_lookup(&b, f.names, &f.engine, "a", AF_INET)->rc, 1);
    assert_ptr_equal(a.found, b.found);
    fake_close(&f);
    assert_int_equal(addr_family(&b.found->addrs[0]), AF_INET);
    lookup_deinit(&a);
    assert_int_equal(b.found->count, 1);
    lookup_deinit(&b);
}

static struct lookup *ask_many(struct fake *f, size_t count)
{
    struct lookup *lookups = calloc(count, sizeof *lookups);
    assert_non_null(lookups);
    for (size_t i = 0; i < count; i++) {
        char host[32];
        snprintf(host, sizeof host, "n%zu", i);
        names_lookup(&lookups[i], f->names, &f->engine, host, AF_INET);
    }
    return lookups;
}

/* 512 at once, the others wait in the order they came. */
static void test_in_flight(void **state)
{
    (void)state;
    enum { MANY = 1000 };
    struct fake f;
    fake_open(&f);
    struct lookup *lookups = ask_many(&f, MANY);
    assert_int_equal(f.count, NAMES_IN_FLIGHT_MAX);
    fake_answer(&f, 7);
    assert_int_equal(f.count, NAMES_IN_FLIGHT_MAX + 1);
    assert_string_equal(f.asks[NAMES_IN_FLIGHT_MAX].host, "n512");
    /* Who leaves the line isn't asked for. */
    co_op_cancel(&lookups[513].op, ERR_TIMEOUT);
    assert_int_equal(lookups[513].op.rc, ERR_TIMEOUT);
    /* Who leaves one that is asked for frees no place. */
    co_op_cancel(&lookups[8].op, ERR_TIMEOUT);
    assert_int_equal(f.count, NAMES_IN_FLIGHT_MAX + 1);
    for (size_t i = 0; i < f.count; i++)
        if (f.asks[i].query)
            fake_answer(&f, i);
    assert_int_equal(f.count, MANY - 1);
    assert_int_equal(f.most, NAMES_IN_FLIGHT_MAX);
    assert_string_equal(f.asks[513].host, "n514");
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(lookups[i].op.status, CO_OP_DONE);
        assert_int_equal(lookups[i].op.rc, i == 8 || i == 513 ? ERR_TIMEOUT : 1);
        lookup_deinit(&lookups[i]);
    }
    free(lookups);
    fake_close(&f);
}

/* Answers that come from within ask do not nest: the line may be long. */
static void test_at_once(void **state)
{
    (void)state;
    enum { MANY = 200000 };
    struct fake f;
    fake_open(&f);
    struct lookup *lookups = ask_many(&f, MANY);
    assert_int_equal(f.count, NAMES_IN_FLIGHT_MAX);
    f.at_once = true;
    fake_answer(&f, 0);
    assert_int_equal(f.count, MANY);
    for (size_t i = 1; i < NAMES_IN_FLIGHT_MAX; i++)
        fake_answer(&f, i);
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(lookups[i].op.rc, 1);
        lookup_deinit(&lookups[i]);
    }
    free(lookups);
    fake_close(&f);
}

static void test_ask_fails(void **state)
{
    (void)state;
    struct fake f;
    fake_open(&f);
    struct lookup *lookups = ask_many(&f, 600);
    f.ask_rc = ERR_MEMORY;
    fake_answer(&f, 0);
    assert_int_equal(lookups[0].op.rc, 1);
    assert_int_equal(lookups[1].op.status, CO_OP_PENDING);
    for (size_t i = NAMES_IN_FLIGHT_MAX; i < 600; i++)
        assert_int_equal(lookups[i].op.rc, ERR_MEMORY);
    assert_false(fake_lookup(&f, "another", ERR_MEMORY));
    f.ask_rc = 0;
    f.at_once = true;
    assert_true(fake_lookup(&f, "another", 1)); /* a failure of ours isn't kept */
    for (size_t i = 0; i < 600; i++) {
        co_op_cancel(&lookups[i].op, ERR_CANCELED);
        lookup_deinit(&lookups[i]);
    }
    names_free(f.names);
    assert_int_equal(f.forgotten, NAMES_IN_FLIGHT_MAX - 1);
    assert_int_equal(f.open, 0);
    engine_deinit(&f.engine);
    free(f.asks);
    free(lookups);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),       cmocka_unit_test(test_too_long),     cmocka_unit_test(test_local),
        cmocka_unit_test(test_sharing),       cmocka_unit_test(test_abandoned),    cmocka_unit_test(test_cache),
        cmocka_unit_test(test_many),          cmocka_unit_test(test_free_early),   cmocka_unit_test(test_no_server),
        cmocka_unit_test(test_silent_server), cmocka_unit_test(test_bad_servers),  cmocka_unit_test(test_ttl),
        cmocka_unit_test(test_oldest_out),    cmocka_unit_test(test_shared_addrs), cmocka_unit_test(test_in_flight),
        cmocka_unit_test(test_at_once),       cmocka_unit_test(test_ask_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
