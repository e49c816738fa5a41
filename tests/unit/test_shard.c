/* Which shard a host belongs to: the same on every machine and in every version, so these are figures of FNV-1a, 64 bits,
 * that were worked out elsewhere. */
#include "../../cmd/shard.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void hosts(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        unsigned of_seven;
    } cases[] = {
        {"example.com", 2}, {"www.python.org", 1}, {"xn--mnchen-3ya.example", 4},
        {"::1", 3},         {"127.0.0.1", 1},      {"a", 6},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(shard_of_host(cases[i].host, 7), cases[i].of_seven);
        assert_int_equal(shard_of_host(cases[i].host, 1), 1);
    }
}

static bool takes(unsigned k, unsigned n, const char *url)
{
    struct shard s = {k, n};
    return shard_takes(&s, url, url ? strlen(url) : 0, "http");
}

/* Each URL is one shard's, and all of a host are the same one's, however it is written. */
static void urls(void **state)
{
    (void)state;
    static const char *const same[][3] = {
        {"http://example.com/1", "https://EXAMPLE.com:8443/2?q", "example.com"},
        {"http://m\xC3\xBCnchen.example/", "http://xn--mnchen-3ya.example/x", "http://me:pw@M\xC3\x9CNCHEN.example/"},
        {"http://[::1]/", "http://[0:0::1]:8080/", "https://[::1]"},
        {"http://127.0.0.1/", "http://127.1/", "http://0x7f000001/"},
    };
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        for (unsigned k = 1, taken = 0; k <= 5; k++) {
            bool takes_it = takes(k, 5, same[i][0]);
            assert_int_equal(takes(k, 5, same[i][1]), takes_it);
            assert_int_equal(takes(k, 5, same[i][2]), takes_it);
            taken += takes_it;
            assert_int_equal(k == 5 ? taken : 1, 1);
        }
    /* What is no URL is told of once. */
    assert_true(takes(1, 3, "http://["));
    assert_false(takes(2, 3, "http://["));
    assert_true(takes(1, 3, NULL));
    assert_true(takes(0, 0, "http://["));
}

static void texts(void **state)
{
    (void)state;
    struct shard s = {0};
    assert_true(shard_parse(&s, "2/5"));
    assert_int_equal(s.k, 2);
    assert_int_equal(s.n, 5);
    assert_true(shard_parse(&s, "1/1"));
    static const char *const none[] = {
        "", "1", "1/", "/1", "0/1", "2/1", "1/0", "1/2/3", "a/b", "-1/2", "1/2 ", "+1/2", "1/99999999999999999999"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_false(shard_parse(&s, none[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(hosts), cmocka_unit_test(urls), cmocka_unit_test(texts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
