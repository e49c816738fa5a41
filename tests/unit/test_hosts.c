/* net/hosts.h: the hosts file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/hosts.h"

/* "-" if the file does not name host, else its addresses of family with a space between. */
static const char *find(const struct hosts *h, const char *host, int family)
{
    static char text[1024];
    struct addr addrs[HOSTS_ADDRS_MAX];
    size_t count = 99;
    if (!hosts_find(h, host, family, addrs, HOSTS_ADDRS_MAX, &count))
        return "-";
    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        char one[ADDR_TEXT_MAX];
        assert_int_equal(addr_family(&addrs[i]), family);
        assert_int_equal(addr_port(&addrs[i]), 0);
        size_t len = strlen(text);
        snprintf(text + len, sizeof text - len, "%s%s", i ? " " : "", addr_text(&addrs[i], one));
    }
    return text;
}

static void test_lines(void **state)
{
    (void)state;
    static const struct {
        const char *text, *host, *v4, *v6;
    } cases[] = {
        {"", "a", "-", "-"},
        {"10.0.0.1 a", "a", "10.0.0.1", ""},
        {"10.0.0.1\ta\n", "a", "10.0.0.1", ""},
        {"  10.0.0.1 \t a  b\tc  \r\n", "c", "10.0.0.1", ""},
        {"10.0.0.1 a b\n", "b", "10.0.0.1", ""},
        {"::1 a\n", "a", "", "::1"},
        {"10.0.0.1 a\n::2 a\n", "a", "10.0.0.1", "::2"},
        {"10.0.0.1 a\n10.0.0.2 b a\n", "a", "10.0.0.1 10.0.0.2", ""},
        {"10.0.0.1 a a\n10.0.0.1 a\n", "a", "10.0.0.1", ""},
        {"10.0.0.1 A.Example\n", "a.example", "10.0.0.1", ""},
        {"10.0.0.1 a.example.\n", "a.example", "10.0.0.1", ""},
        {"10.0.0.1 a.example\n", "example", "-", "-"},
        {"10.0.0.1 a.example\n", "b.a.example", "-", "-"},
        {"# 10.0.0.1 a\n", "a", "-", "-"},
        {"10.0.0.1 b # a\n", "a", "-", "-"},
        {"10.0.0.1 b#a\n", "b", "10.0.0.1", ""},
        {"10.0.0.1\n10.0.0.2 a\n", "a", "10.0.0.2", ""},
        {"10.0.0.1#a\n", "a", "-", "-"},
        {"10.0.0 a\n10.0.0.256 a\nnonsense a\n::g a\n", "a", "-", "-"},
        {"10.0.0.2 a\nnonsense\n\n \n10.0.0.3 a", "a", "10.0.0.2 10.0.0.3", ""},
        {"fe80::1%1 a\n", "a", "", "fe80::1"},
        {"fe80::1%no-such-interface a\n", "a", "-", "-"},
        {"10.0.0.1%1 a\n", "a", "-", "-"},
        {"\n\n10.0.0.1 a\n", "a", "10.0.0.1", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct hosts h = {0};
        assert_int_equal(hosts_parse(&h, cases[i].text, strlen(cases[i].text)), 0);
        assert_string_equal(find(&h, cases[i].host, AF_INET), cases[i].v4);
        assert_string_equal(find(&h, cases[i].host, AF_INET6), cases[i].v6);
        hosts_deinit(&h);
    }
}

static void test_zone(void **state)
{
    (void)state;
    struct hosts h = {0};
    struct addr a;
    size_t count;
    assert_int_equal(hosts_parse(&h, "fe80::1%1 a", 11), 0);
    assert_true(hosts_find(&h, "a", AF_INET6, &a, 1, &count));
    assert_int_equal(count, 1);
    assert_int_equal(a.u.in6.sin6_scope_id, 1);
    hosts_deinit(&h);
}

/* Bytes that are no text: nothing is read beyond them, nothing is found. */
static void test_bytes(void **state)
{
    (void)state;
    static const char text[] = "10.0.0.1 a\0b c\n10.0.0.2\0 d\n10.0.0.3 e";
    struct hosts h = {0};
    for (size_t len = 0; len < sizeof text; len++) {
        char *exact = malloc(len ? len : 1);
        assert_non_null(exact);
        memcpy(exact, text, len);
        assert_int_equal(hosts_parse(&h, exact, len), 0);
        free(exact);
    }
    assert_string_equal(find(&h, "c", AF_INET), "10.0.0.1");
    assert_string_equal(find(&h, "b", AF_INET), "-");
    assert_string_equal(find(&h, "e", AF_INET), "10.0.0.3");
    hosts_deinit(&h);

    char line[400] = "10.0.0.1 ";
    memset(line + 9, 'x', 300);
    assert_int_equal(hosts_parse(&h, line, 309), 0);
    line[309] = '\0';
    assert_string_equal(find(&h, line + 9, AF_INET), "-");
    memset(line, '1', 300);
    assert_int_equal(hosts_parse(&h, line, 309), 0);
    hosts_deinit(&h);
}

static void test_bounds(void **state)
{
    (void)state;
    struct hosts h = {0};
    for (int i = 0; i < 100; i++) {
        char line[64];
        int len = snprintf(line, sizeof line, "10.0.0.%d many n%d\n", i, i);
        assert_int_equal(hosts_parse(&h, line, (size_t)len), 0);
    }
    struct addr addrs[HOSTS_ADDRS_MAX];
    size_t count;
    assert_true(hosts_find(&h, "many", AF_INET, addrs, HOSTS_ADDRS_MAX, &count));
    assert_int_equal(count, HOSTS_ADDRS_MAX);
    assert_true(hosts_find(&h, "many", AF_INET, addrs, 3, &count));
    assert_int_equal(count, 3);
    assert_string_equal(find(&h, "n99", AF_INET), "10.0.0.99");
    hosts_deinit(&h);
}

static void test_file(void **state)
{
    (void)state;
    struct hosts h = {0};
    assert_int_equal(hosts_load(&h, "/no/such/file"), 0);
    assert_int_equal(hosts_load(&h, "/"), 0);
    assert_string_equal(find(&h, "n1", AF_INET), "-");

    /* More names than one read brings. */
    char path[] = "/tmp/afetch-hosts-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "w");
    assert_non_null(file);
    for (int i = 0; i < 20000; i++)
        fprintf(file, "10.1.%d.%d n%d.example other%d\n", i / 256, i % 256, i, i);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(hosts_load(&h, path), 0);
    unlink(path);
    assert_string_equal(find(&h, "n0.example", AF_INET), "10.1.0.0");
    assert_string_equal(find(&h, "n19999.example", AF_INET), "10.1.78.31");
    assert_string_equal(find(&h, "other5000", AF_INET), "10.1.19.136");
    hosts_deinit(&h);
    hosts_deinit(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),  cmocka_unit_test(test_zone), cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_bounds), cmocka_unit_test(test_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
