/* The cookie jar with very many: bounds, memory, time. */
#include "unit/cookies_help.h"

#include <time.h>

#include "proto/cookies_impl.h"
#include "unit/failing_malloc.h"

/* ---- bounds ---------------------------------------------------------------------------------------------------------- */

static void receivef(struct cookies *c, const char *from, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void receivef(struct cookies *c, const char *from, const char *fmt, ...)
{
    char value[8192];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(value, sizeof value, fmt, ap);
    va_end(ap);
    receive(c, from, value);
}

static void test_sent_at_most(void **state)
{
    (void)state;
    struct cookies *c = new_jar();
    for (int i = 0; i < 200; i++)
        receivef(c, "http://many.example/", "n%03d=x", i);
    const char *got = field_at(c, "http://many.example/", NOW);
    assert_int_equal(strlen(got), COOKIES_SENT_MAX * strlen("n000=x; ") - 2);
    assert_int_equal(strncmp(got, "n000=x; n001=x; ", 16), 0);
    char big[1001];
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    for (int i = 0; i < 20; i++)
        receivef(c, "http://big.example/", "n%02d=%s", i, big);
    got = field_at(c, "http://big.example/", NOW);
    assert_int_equal(strlen(got), 8 * (1000 + strlen("n00=; ")) - 2); /* a ninth would make more than 8,182 */
    cookies_free(c);
}

static void test_full_buffer(void **state)
{
    (void)state;
    struct cookies *c = new_jar();
    receive(c, "http://h.example/", "abc=defg");
    struct cookies_request r = {"h.example", "/", false};
    struct buf b;
    for (size_t max = 0; max < 20; max++) {
        buf_init(&b, max);
        int rc = cookies_field(c, &r, NOW, &b);
        assert_int_equal(rc, max < 8 ? ERR_MEMORY : 1);
        assert_int_equal(b.len, rc < 0 ? 0 : 8);
        buf_deinit(&b);
    }
    cookies_free(c);
}

static void test_domain_is_bounded(void **state)
{
    (void)state;
    struct cookies *c = new_jar();
    receive(c, "https://h.example/", "s=secure; secure; path=/s");
    receive(c, "https://h.example/", "e=expires; max-age=1; path=/e");
    receive(c, "https://h.example/", "u=used; path=/u");
    receive(c, "https://www.h.example/", "o=other");
    for (int i = 0; i < COOKIES_DOMAIN_MAX - 3; i++)
        receivef(c, "https://h.example/", "n%d=x; path=/n", i);
    assert_int_equal(cookies_count(c), COOKIES_DOMAIN_MAX + 1);
    field_at(c, "https://h.example/u", NOW);
    /* The expired one goes first. */
    assert_int_equal(receive_at(c, "https://h.example/", "x=1; path=/x", 12, NOW + 1, NULL), 1);
    assert_int_equal(cookies_count(c), COOKIES_DOMAIN_MAX + 1);
    assert_string_equal(field_at(c, "https://h.example/e", NOW), "");
    assert_string_equal(field_at(c, "https://h.example/x", NOW), "x=1");
    /* Then those that are not secure, longest unused first. */
    for (int i = 0; i < COOKIES_DOMAIN_MAX - 4; i++)
        receivef(c, "https://h.example/", "m%d=x; path=/m", i);
    assert_int_equal(cookies_count(c), COOKIES_DOMAIN_MAX + 1);
    assert_sent(c, "https://h.example/u", "u=used");
    assert_sent(c, "https://h.example/s", "s=secure");
    assert_sent(c, "https://www.h.example/", "o=other");
    /* Then all. */
    for (int i = 0; i < COOKIES_DOMAIN_MAX; i++)
        receivef(c, "https://h.example/", "t%d=x; secure; path=/t", i);
    assert_sent(c, "https://h.example/u", "");
    assert_sent(c, "https://h.example/s", "");
    assert_sent(c, "https://www.h.example/", "o=other");
    assert_int_equal(cookies_count(c), COOKIES_DOMAIN_MAX + 1);
    cookies_free(c);
}

static void test_jar_is_bounded(void **state)
{
    (void)state;
    struct cookies *c = new_jar();
    receive(c, "http://first.example/", "a=1");
    receive(c, "http://expires.example/", "a=1; max-age=1");
    receive(c, "http://second.example/", "a=1");
    char url[100];
    for (int i = 0; i < COOKIES_MAX - 3; i++) {
        struct cookies_request r = {url, "/", false};
        snprintf(url, sizeof url, "h%d.example", i);
        assert_int_equal(cookies_receive(c, &r, "n=x", 3, NOW, NULL), 1);
    }
    assert_int_equal(cookies_count(c), COOKIES_MAX);
    assert_sent(c, "http://first.example/", "a=1"); /* and used now */
    assert_sent(c, "http://expires.example/", "a=1");
    /* The expired one first, then the longest unused. */
    assert_int_equal(receive_at(c, "http://x.example/", "x=1", 3, NOW + 1, NULL), 1);
    assert_int_equal(cookies_count(c), COOKIES_MAX);
    assert_sent(c, "http://second.example/", "a=1");
    for (int i = 0; i < 10; i++) {
        struct cookies_request r = {url, "/", false};
        snprintf(url, sizeof url, "g%d.example", i);
        assert_int_equal(cookies_receive(c, &r, "n=x", 3, NOW, NULL), 1);
    }
    assert_int_equal(cookies_count(c), COOKIES_MAX);
    assert_sent(c, "http://h0.example/", "");
    assert_sent(c, "http://h9.example/", "");
    assert_sent(c, "http://h10.example/", "n=x");
    assert_sent(c, "http://first.example/", "a=1");
    cookies_free(c);
}

static void test_bytes_are_bounded(void **state)
{
    (void)state;
    size_t before = failing_bytes();
    struct cookies *c = new_jar();
    char big[COOKIES_PAIR_MAX + 1], host[256];
    memset(big, 'x', sizeof big - 1);
    big[1] = '=';
    size_t most = 0;
    for (int i = 0; i < 6000; i++) {
        /* The names above a host take memory, too, much more than its cookie here. */
        int at = 0;
        for (int k = 0; k < 100; k++)
            at += snprintf(host + at, sizeof host - (size_t)at, "a.");
        snprintf(host + at, sizeof host - (size_t)at, "h%d", i);
        struct cookies_request r = {host, "/", false};
        assert_int_equal(cookies_receive(c, &r, big, sizeof big - 1, NOW, NULL), 1);
        most = failing_bytes() > most ? failing_bytes() : most;
    }
    print_message("%zu cookies held, %zu MiB at most\n", cookies_count(c), (most - before) >> 20);
    assert_in_range(cookies_count(c), 100, 5999);
    /* Beside what is counted, the allocator's own and the table's slots. */
    assert_in_range(most - before, 1, COOKIES_BYTES_MAX + COOKIES_BYTES_MAX / 4);
    cookies_free(c);
}

static void test_failing_allocations(void **state)
{
    (void)state;
#if FAILING_MALLOC
    static const struct {
        const char *host, *value;
    } steps[] = {
        {"www.example.com", "a=1"},
        {"www.example.com", "a=2"},
        {"x.y.z.example.com", "b=1"},
        {"www.example.com", "c=3; domain=example.com"},
        {"www.example.com", "a=gone; max-age=0"},
    };
    bool met = true;
    long failing = 0;
    for (; met; failing++) {
        long held = failing_held;
        failing_in = failing;
        struct cookies *c = cookies_new();
        int stored = 0;
        for (size_t i = 0; c && i < sizeof steps / sizeof steps[0]; i++) {
            struct cookies_request r = {steps[i].host, "/", true};
            size_t count = cookies_count(c);
            int rc = cookies_receive(c, &r, steps[i].value, strlen(steps[i].value), NOW, NULL);
            assert_true(rc != ERR_MEMORY || cookies_count(c) == count);
            stored += rc > 0;
        }
        struct cookies_request r = {"www.example.com", "/", true};
        struct buf b;
        buf_init(&b, 10000);
        int told = c ? cookies_field(c, &r, NOW, &b) : ERR_MEMORY;
        int written = c ? cookies_write(c, NOW, &b) : ERR_MEMORY;
        met = failing_in < 0;
        failing_in = -1;
        assert_true(met || (stored == 5 && told == 1 && written == 0));
        buf_deinit(&b);
        cookies_free(c);
        assert_int_equal(failing_held, held);
        assert_in_range(failing, 0, 1000);
    }
    print_message("%ld allocations failed in turn\n", failing - 1);
    assert_in_range(failing, 10, 1000);
#else
    skip();
#endif
}

/* ---- many -------------------------------------------------------------------------------------------------------- */

static void fill(struct cookies *c, int hosts)
{
    char host[100];
    for (int i = 0; i < hosts; i++) {
        struct cookies_request r = {host, "/", false};
        snprintf(host, sizeof host, "www%d.host%d.example", i % 7, i);
        assert_int_equal(cookies_receive(c, &r, "a=1; max-age=1", 14, NOW, NULL), 1);
        assert_int_equal(cookies_receive(c, &r, "b=2", 3, NOW, NULL), 1);
    }
}

/* Processor time of 10,000 look-ups and as many Set-Cookie fields over all hosts of a jar. */
static double time_of_use(struct cookies *c, int hosts)
{
    char host[100];
    struct buf b;
    buf_init(&b, 1000);
    clock_t begin = clock();
    for (int n = 0; n < 10000; n++) {
        int i = (int)((n * 7919u) % (unsigned)hosts);
        struct cookies_request r = {host, "/", false};
        snprintf(host, sizeof host, "www%d.host%d.example", i % 7, i);
        buf_clear(&b);
        assert_int_equal(cookies_field(c, &r, NOW, &b), 2);
        assert_int_equal(cookies_receive(c, &r, "b=3", 3, NOW, NULL), 1);
    }
    buf_deinit(&b);
    return (double)(clock() - begin) / CLOCKS_PER_SEC;
}

/* A jar of 20,000 cookies takes no longer than one of 20 (a few cache misses apart); a linear one would take a thousand
 * times as long. */
static void test_many_cost_no_more(void **state)
{
    (void)state;
    struct cookies *few = new_jar(), *many = new_jar();
    fill(few, 10);
    fill(many, 10000);
    double few_s = time_of_use(few, 10), many_s = time_of_use(many, 10000);
    print_message("look-up and Set-Cookie: %.2f us of 20 cookies, %.2f us of 20,000\n", few_s * 100, many_s * 100);
    assert_true(many_s < few_s * 50 + 0.05);
    cookies_free(few);
    cookies_free(many);
}

/* A domain that has no cookies any more is forgotten, and those above it that were there for its sake. */
static void test_domains_are_forgotten(void **state)
{
    (void)state;
    struct cookies *c = new_jar();
    fill(c, 1000);
    assert_string_equal(cookies_find_domain(c, "x.example")->name, "example");
    assert_string_equal(cookies_find_domain(c, "x.www3.host3.example")->name, "www3.host3.example");
    char *text = write_jar(c, NOW + 1);
    free(text);
    assert_int_equal(cookies_count(c), 1000);
    for (int i = 0; i < 1000; i++) {
        char url[100];
        snprintf(url, sizeof url, "http://www%d.host%d.example/", i % 7, i);
        receive(c, url, "b=gone; max-age=0");
    }
    assert_int_equal(cookies_count(c), 0);
    assert_null(cookies_find_domain(c, "x.example"));
    assert_int_equal(c->bytes, 0);
    cookies_free(c);
    cookies_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sent_at_most),      cmocka_unit_test(test_full_buffer),
        cmocka_unit_test(test_domain_is_bounded), cmocka_unit_test(test_jar_is_bounded),
        cmocka_unit_test(test_bytes_are_bounded), cmocka_unit_test(test_failing_allocations),
        cmocka_unit_test(test_many_cost_no_more), cmocka_unit_test(test_domains_are_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
