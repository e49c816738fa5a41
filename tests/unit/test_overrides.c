/* net/overrides.h: what the rules of --resolve and --connect-to come to for a host and port, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "net/overrides.h"

#define NOW ((uint64_t)5 * 1000000000)

enum { RULES_MAX = 5 };

static void addresses(void **state)
{
    (void)state;
    static const struct {
        const char *rules[RULES_MAX], *host;
        uint16_t port;
        const char *found; /* with a space between; NULL: nothing is said */
    } cases[] = {
        {{"a:1:127.0.0.1"}, "a", 1, "127.0.0.1"},
        {{"a:1:127.0.0.1"}, "a", 2, NULL},
        {{"a:1:127.0.0.1"}, "b", 1, NULL},
        {{"A.Example:443:127.0.0.1,[::1],::2"}, "a.example", 443, "127.0.0.1 ::1 ::2"},
        {{"a:1:,,::1,"}, "a", 1, "::1"},
        {{"[0::1]:1:127.0.0.1"}, "::1", 1, "127.0.0.1"},
        {{"a:1:127.0.0.1", "a:1:127.0.0.2"}, "a", 1, "127.0.0.2"},
        {{"a:1:127.0.0.1", "-a:1"}, "a", 1, NULL},
        {{"a:1:127.0.0.1", "-A:1:whatever", "a:1:::1"}, "a", 1, "::1"},
        {{"-a:1"}, "a", 1, NULL},
        {{"*:1:127.0.0.9"}, "a", 1, "127.0.0.9"},
        {{"*:1:127.0.0.9"}, "a", 2, NULL},
        {{"*:1:127.0.0.9", "a:1:127.0.0.1"}, "a", 1, "127.0.0.1"},
        {{"*:1:127.0.0.9", "a:1:127.0.0.1", "-*:1"}, "b", 1, NULL},
        {{"a.:1:127.0.0.1"}, "a", 1, NULL},
        {{"b\xc3\xbc"
          "cher.example:1:127.0.0.1"},
         "xn--bcher-kva.example",
         1,
         "127.0.0.1"},
        {{"a:0:127.0.0.1", "a:65535:127.0.0.2"}, "a", 65535, "127.0.0.2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct overrides o = {0};
        for (size_t r = 0; r < RULES_MAX && cases[i].rules[r]; r++)
            assert_int_equal(overrides_add_addrs(&o, cases[i].rules[r], NOW, NULL), 0);
        char text[200] = "", one[ADDR_TEXT_MAX];
        size_t count = 0;
        const struct addr *found = overrides_addrs(&o, cases[i].host, cases[i].port, NOW, &count);
        assert_int_equal(found != NULL, cases[i].found != NULL);
        for (size_t a = 0; a < count; a++) {
            size_t len = strlen(text);
            snprintf(text + len, sizeof text - len, "%s%s", a ? " " : "", addr_text(&found[a], one));
        }
        assert_string_equal(text, cases[i].found ? cases[i].found : "");
        overrides_deinit(&o);
    }
}

/* "+" holds for a minute; what holds for every host does so again then. */
static void for_a_while(void **state)
{
    (void)state;
    struct overrides o = {0};
    size_t count;
    assert_int_equal(overrides_add_addrs(&o, "+a:1:127.0.0.1", NOW, NULL), 0);
    assert_int_equal(overrides_add_addrs(&o, "b:1:127.0.0.1", NOW, NULL), 0);
    assert_non_null(overrides_addrs(&o, "a", 1, NOW + OVERRIDES_SOON_NS, &count));
    assert_null(overrides_addrs(&o, "a", 1, NOW + OVERRIDES_SOON_NS + 1, &count));
    assert_non_null(overrides_addrs(&o, "b", 1, NOW + 1000 * OVERRIDES_SOON_NS, &count));
    assert_int_equal(overrides_add_addrs(&o, "*:1:::1", NOW, NULL), 0);
    const struct addr *found = overrides_addrs(&o, "a", 1, NOW + OVERRIDES_SOON_NS + 1, &count);
    assert_true(found && count == 1 && addr_family(found) == AF_INET6);
    overrides_deinit(&o);
}

static void detours(void **state)
{
    (void)state;
    static const struct {
        const char *rules[RULES_MAX], *host;
        uint16_t port;
        const char *to;
    } cases[] = {
        {{"a:1:b:2"}, "a", 1, "b:2"},
        {{"a:1:b:2"}, "a", 3, "a:3"},
        {{"a:1:b:2"}, "c", 1, "c:1"},
        {{"A:1:B:2"}, "a", 1, "b:2"},
        {{"a:1:b"}, "a", 1, "b:1"},
        {{"a:1:b:"}, "a", 1, "b:1"},
        {{"a:1::2"}, "a", 1, "a:2"},
        {{"a::b:2"}, "a", 9, "b:2"},
        {{":1:b:2"}, "c", 1, "b:2"},
        {{"::b:2"}, "c", 9, "b:2"},
        {{"a:::", "::b:2"}, "a", 1, "a:1"},
        {{"a:1:b:2", "a:1:c:3"}, "a", 1, "b:2"},
        {{"x:1:b:2", "a:1:c:3"}, "a", 1, "c:3"},
        {{"a:1:b:2", "b:2:c:3"}, "a", 1, "b:2"}, /* one detour, not two */
        {{"[::1]:1:[0:0::2]:2"}, "::1", 1, "::2:2"},
        {{"::[fe80::1%25lo]:"}, "a", 1, "fe80::1%lo:1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct overrides o = {0};
        for (size_t r = 0; r < RULES_MAX && cases[i].rules[r]; r++)
            assert_int_equal(overrides_add_detour(&o, cases[i].rules[r], NULL), 0);
        struct override_target t = {.host = cases[i].host, .port = cases[i].port};
        overrides_detour(&o, &t);
        char text[100];
        snprintf(text, sizeof text, "%s%s%s:%u", t.host, t.zone ? "%" : "", t.zone ? t.zone : "", (unsigned)t.port);
        assert_string_equal(text, cases[i].to);
        overrides_deinit(&o);
    }
}

static void none(void **state)
{
    (void)state;
    static const char *const addrs[] = {"",         "a",          "a:1",       "a:1:",        "a:1:b",     "a:1:,",
                                        ":1:::1",   "a::::1",     "a:x:::1",   "a:65536:::1", "a:-1:::1",  "a:1:1.2.3",
                                        "a:1:[::1", "[::1:1:::1", "a b:1:::1", "a/:1:::1",    "u@a:1:::1", "-a",
                                        "-:1",      "-a:x",       "+",         "++a:1:::1",   "a:1:::1 "};
    static const char *const detour[] = {"",          "a",       "a:1",    ":",         "a:x:b:1",     "a:1:b:x",
                                         "a:1:b:0",   "a:1b:c:", "a/::b:", "a:1:b:1:1", "a:1:b:65536", "[::1::b:",
                                         "::[::1]2:", "::b@c:",  "::b c:"};
    struct overrides o = {0};
    for (size_t i = 0; i < sizeof addrs / sizeof addrs[0]; i++) {
        struct error err = {0};
        assert_int_equal(overrides_add_addrs(&o, addrs[i], NOW, &err), ERR_USAGE);
        assert_non_null(strstr(error_text(&err), "--resolve"));
        error_clear(&err);
    }
    for (size_t i = 0; i < sizeof detour / sizeof detour[0]; i++) {
        struct error err = {0};
        assert_int_equal(overrides_add_detour(&o, detour[i], &err), ERR_USAGE);
        assert_non_null(strstr(error_text(&err), "--connect-to"));
        error_clear(&err);
    }
    assert_int_equal(overrides_set_unix_socket(&o, "", NULL), ERR_USAGE);
    char path[300];
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_int_equal(overrides_set_unix_socket(&o, path, NULL), ERR_USAGE);
    assert_true(o.addrs.count == 0 && o.detour_count == 0 && !o.unix_socket);
    overrides_deinit(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(addresses), cmocka_unit_test(for_a_while),
                                       cmocka_unit_test(detours), cmocka_unit_test(none)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
