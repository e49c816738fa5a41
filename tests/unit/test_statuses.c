/* Lists of statuses: what they hold, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fetch/statuses.h"

static void lists(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int in[4], out[4];
    } cases[] = {
        {"200", {200}, {199, 201}},
        {"200,404", {200, 404}, {201, 300, 403}},
        {"200-299", {200, 250, 299}, {199, 300}},
        {"200-299,404,500-500", {200, 299, 404, 500}, {403, 499, 501}},
        {"100-999", {100, 999}, {99, 1000}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct statuses s = {0};
        assert_int_equal(statuses_parse(&s, cases[i].text, NULL), 0);
        for (int j = 0; j < 4 && cases[i].in[j]; j++)
            assert_true(statuses_have(&s, cases[i].in[j]));
        for (int j = 0; j < 4 && cases[i].out[j]; j++)
            assert_false(statuses_have(&s, cases[i].out[j]));
        statuses_deinit(&s);
    }
}

static void none(void **state)
{
    (void)state;
    static const char *const cases[] = {"",     ",",        "20",  "2000", "200,",     ",200", "200,,404", "200-",
                                        "-200", "200-2990", "2xx", " 200", "200 ",     "+200", "200-199",  "099",
                                        "0200", "200--299", "1e2", "200;", "200-299-", "*",    "200-,300"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct statuses s = {0};
        struct error err = {0};
        assert_int_equal(statuses_parse(&s, cases[i], &err), ERR_USAGE);
        assert_non_null(strstr(error_text(&err), "no list of statuses"));
        statuses_deinit(&s);
        error_clear(&err);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(lists), cmocka_unit_test(none)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
