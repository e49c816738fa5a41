/* Errors: sentences, the first of several, exit codes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"

static void test_sentences(void **state)
{
    (void)state;
    const struct {
        int code, sys;
        const char *fmt, *text;
    } rows[] = {
        {ERR_TIMEOUT, 0, NULL, "timed out"},
        {ERR_TIMEOUT, 0, "after 30 s", "timed out: after 30 s"},
        {ERR_CONNECT, ECONNREFUSED, NULL, "could not connect (Connection refused)"},
        {ERR_CONNECT, ECONNREFUSED, "to 127.0.0.1", "could not connect: to 127.0.0.1 (Connection refused)"},
        {ERR_READ, 0, "", "could not read"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct error err = {0};
        int rc = rows[i].fmt ? error_set(&err, rows[i].code, rows[i].sys, "%s", rows[i].fmt)
                             : error_set(&err, rows[i].code, rows[i].sys, NULL);
        assert_int_equal(rc, rows[i].code);
        assert_int_equal(err.code, rows[i].code);
        assert_int_equal(err.sys, rows[i].sys);
        assert_string_equal(error_text(&err), rows[i].text);
        error_clear(&err);
        assert_int_equal(err.code, 0);
        assert_null(err.text);
    }
}

static void test_unknown_errno(void **state)
{
    (void)state;
    struct error err = {0};
    error_set(&err, ERR_SEND, 99999, NULL);
    assert_non_null(strstr(error_text(&err), "could not send ("));
    assert_non_null(strstr(error_text(&err), "99999"));
    error_clear(&err);
}

static void test_format(void **state)
{
    (void)state;
    struct error err = {0};
    assert_int_equal(error_set(&err, ERR_STATUS, 0, "%d %s", 404, "Not Found"), ERR_STATUS);
    assert_string_equal(error_text(&err), "the server answered with an error: 404 Not Found");
    error_clear(&err);
    error_clear(&err);
    assert_string_equal(error_text(&err), "success");
}

static void test_first_counts(void **state)
{
    (void)state;
    struct error err = {0};
    error_set(&err, ERR_RESOLVE, 0, "a.example");
    assert_int_equal(error_set(&err, ERR_CANCELED, EPIPE, "later"), ERR_CANCELED);
    assert_int_equal(err.code, ERR_RESOLVE);
    assert_int_equal(err.sys, 0);
    assert_string_equal(error_text(&err), "could not resolve host: a.example");
    error_clear(&err);
    assert_int_equal(error_set(NULL, ERR_URL, 0, "nobody asks"), ERR_URL);
}

static void test_long_particulars(void **state)
{
    (void)state;
    char longer[5000];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    struct error err = {0};
    error_set(&err, ERR_URL, EINVAL, "%s", longer);
    assert_memory_equal(error_text(&err), "malformed URL: xxx", 18);
    assert_non_null(strstr(error_text(&err), "x (Invalid argument)")); /* cut, not the errno */
    error_clear(&err);
}

static void test_append(void **state)
{
    (void)state;
    struct error err = {0};
    error_set(&err, ERR_URL, 0, "x");
    error_append(&err, ", y");
    error_append(&err, " z");
    assert_string_equal(error_text(&err), "malformed URL: x, y z");
    error_clear(&err);
    err.code = ERR_URL; /* as it is without memory for a sentence */
    error_append(&err, "!");
    assert_string_equal(error_text(&err), "malformed URL!");
    error_clear(&err);
}

static void test_table(void **state)
{
    (void)state;
    const struct {
        int code, exit_code;
    } rows[] = {
#define ROW(code, exit, text) {code, exit},
        ERROR_TABLE(ROW)
#undef ROW
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(rows[i].code < 0);
        assert_true(rows[i].exit_code > 0 && rows[i].exit_code < 126);
        assert_int_equal(error_exit_code(rows[i].code), rows[i].exit_code);
        assert_string_not_equal(error_name(rows[i].code), "unknown error");
        for (size_t k = 0; k < i; k++)
            assert_int_not_equal(rows[k].code, rows[i].code);
    }
    assert_int_equal(error_exit_code(0), 0);
    assert_int_equal(error_exit_code(1), 0);
    assert_string_equal(error_name(5), "success");
    assert_string_equal(error_name(-5), "unknown error");
    assert_int_equal(error_exit_code(-5), 2);
    assert_int_equal(error_exit_code(ERR_CONNECT), 7); /* curl's */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sentences),    cmocka_unit_test(test_unknown_errno),    cmocka_unit_test(test_format),
        cmocka_unit_test(test_first_counts), cmocka_unit_test(test_long_particulars), cmocka_unit_test(test_append),
        cmocka_unit_test(test_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
