/* The growing buffer and its maximum. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/error.h"

static void test_add(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 100);
    assert_null(b.data);
    assert_int_equal(buf_add(&b, "one", 3), 0);
    assert_int_equal(buf_adds(&b, " two"), 0);
    assert_int_equal(buf_addc(&b, ' '), 0);
    assert_int_equal(buf_addf(&b, "%d-%s", 3, "x"), 0);
    assert_int_equal(buf_addf(&b, "%s", ""), 0);
    assert_int_equal(buf_add(&b, NULL, 0), 0);
    assert_string_equal(b.data, "one two 3-x");
    assert_int_equal(b.len, 11);
    buf_clear(&b);
    assert_int_equal(b.len, 0);
    assert_string_equal(b.data, "");
    assert_true(b.size > 0);
    buf_deinit(&b);
    assert_null(b.data);
    assert_int_equal(buf_adds(&b, "again"), 0); /* same maximum */
    assert_string_equal(b.data, "again");
    assert_true(buf_full(&b, 96));
    assert_false(buf_full(&b, 95));
    buf_deinit(&b);
}

static void test_empty(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 10);
    buf_clear(&b);
    buf_drop(&b, 0);
    assert_null(buf_take(&b));
    assert_int_equal(buf_add(&b, "", 0), 0); /* from now on there is a text */
    assert_string_equal(b.data, "");
    buf_deinit(&b);
    buf_deinit(&b);
}

/* Up to the maximum and not a byte more, in pieces of each size; what does not fit leaves the buffer as it was. */
static void test_maximum(void **state)
{
    (void)state;
    char bytes[300];
    memset(bytes, 'x', sizeof bytes);
    const size_t maxima[] = {0, 1, 2, 63, 64, 65, 127, 128, 200};
    for (size_t i = 0; i < sizeof maxima / sizeof maxima[0]; i++)
        for (size_t piece = 1; piece <= 70; piece++) {
            struct buf b;
            buf_init(&b, maxima[i]);
            while (!buf_full(&b, piece))
                assert_int_equal(buf_add(&b, bytes, piece), 0);
            size_t len = b.len;
            assert_int_equal(len, maxima[i] / piece * piece);
            assert_int_equal(buf_add(&b, bytes, piece), ERR_MEMORY);
            assert_int_equal(buf_addf(&b, "%.*s", (int)piece, bytes), ERR_MEMORY);
            assert_null(buf_room(&b, piece));
            assert_int_equal(b.len, len);
            assert_int_equal(buf_add(&b, bytes, maxima[i] - len), 0);
            assert_int_equal(b.len, maxima[i]);
            assert_int_equal(buf_addc(&b, 'y'), ERR_MEMORY);
            assert_int_equal(buf_add(&b, bytes, 0), 0);
            assert_int_equal(strlen(b.data), maxima[i]);
            assert_true(b.size <= maxima[i] + 1);
            buf_deinit(&b);
        }
}

static void test_huge(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, SIZE_MAX);
    assert_int_equal(buf_adds(&b, "abc"), 0);
    assert_null(buf_room(&b, SIZE_MAX));
    assert_null(buf_room(&b, SIZE_MAX - 3));
    assert_true(buf_full(&b, SIZE_MAX - 3));
    assert_string_equal(b.data, "abc");
    buf_deinit(&b);
}

static void test_drop(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 100);
    assert_int_equal(buf_adds(&b, "0123456789"), 0);
    buf_drop(&b, 0);
    assert_string_equal(b.data, "0123456789");
    buf_drop(&b, 3);
    assert_string_equal(b.data, "3456789");
    assert_int_equal(b.len, 7);
    buf_drop(&b, 7);
    assert_string_equal(b.data, "");
    assert_int_equal(b.len, 0);
    buf_deinit(&b);
}

static void test_room(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 1000);
    assert_int_equal(buf_adds(&b, "ab"), 0);
    char *room = buf_room(&b, 500);
    assert_non_null(room);
    memset(room, 'z', 500);
    buf_commit(&b, 3); /* fewer than there was room for */
    assert_string_equal(b.data, "abzzz");
    buf_deinit(&b);
}

static void test_take(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 20);
    assert_int_equal(buf_adds(&b, "mine"), 0);
    char *text = buf_take(&b);
    assert_string_equal(text, "mine");
    assert_null(b.data);
    assert_int_equal(b.len, 0);
    assert_true(buf_full(&b, 21));
    assert_int_equal(buf_adds(&b, "other"), 0);
    assert_string_equal(text, "mine");
    free(text);
    buf_deinit(&b);
}

static void test_long_format(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 100000);
    for (int i = 0; i < 5000; i++)
        assert_int_equal(buf_addf(&b, "%04d ", i), 0);
    assert_int_equal(b.len, 25000);
    assert_memory_equal(b.data + 5 * 4321, "4321 ", 5);
    buf_deinit(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_add),  cmocka_unit_test(test_empty),       cmocka_unit_test(test_maximum),
        cmocka_unit_test(test_huge), cmocka_unit_test(test_drop),        cmocka_unit_test(test_room),
        cmocka_unit_test(test_take), cmocka_unit_test(test_long_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
