/* Globs: what they come to, every error with its position, and the values of names. What is expected is what curl 8.22
 * does; where its own tests have a case, their number is given. */
#include "../../cmd/glob.c"
#include "../../cmd/text.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void expansions(void **state)
{
    (void)state;
    static const struct {
        const char *text, *urls; /* with blanks between */
    } cases[] = {
        {"http://h/", "http://h/"},
        {"{a}", "a"},
        {"h/{a,b,cd}.jpg", "h/a.jpg h/b.jpg h/cd.jpg"},
        {"x{,a,}y", "xy xay xy"},
        {"{a,b}{1,2}", "a1 a2 b1 b2"}, /* 1235: the last one changes fastest */
        {"a[1-3]b", "a1b a2b a3b"},
        {"[9-11]", "9 10 11"},
        {"[001-3]", "001 002 003"},
        {"[08-11]", "08 09 10 11"},
        {"[0-2]", "0 1 2"},
        {"[00-2]", "00 01 02"},
        {"[1-003]", "1 2 3"},
        {"[1-10:4]", "1 5 9"},
        {"[1-9:8]", "1 9"},
        {"[001-100:50]", "001 051"},
        {"[1- 3]", "1 2 3"},
        {"[1-\t3]", "1 2 3"},
        {"[a-d]", "a b c d"},
        {"[X-Z]", "X Y Z"},
        {"[a-z:12]", "a m y"},
        {"[a-z:25]", "a z"},
        {"[Z-a]", "Z [ \\ ] ^ _ ` a"},
        {"[A-C:2]", "A C"},
        {"[a-a][1-1][b-b:1][2-2:1]", "a1b2"}, /* 1283 */
        {"[1-2]/[a-b]/{x,y}", "1/a/x 1/a/y 1/b/x 1/b/y 2/a/x 2/a/y 2/b/x 2/b/y"},
        {"[9223372036854775804-9223372036854775806]", "9223372036854775804 9223372036854775805 9223372036854775806"},
        {"[0-4611686018427387904:4611686018427387903]", "0 4611686018427387903"},
        /* no globs */
        {"http://h/[]/", "http://h/[]/"}, /* 1290 */
        {"http://[::1]:8080/[1-2]", "http://[::1]:8080/1 http://[::1]:8080/2"},
        {"[::]", "[::]"},
        {"[fe80::1%eth0]/{a,b}", "[fe80::1%eth0]/a [fe80::1%eth0]/b"},
        {"[fe80::1%25eth0]", "[fe80::1%25eth0]"},
        {"[fe80::1%25]", "[fe80::1%25]"},
        {"[::ffff:192.0.2.1]", "[::ffff:192.0.2.1]"},
        {"http://h/?q=[2001:DB8::1]", "http://h/?q=[2001:DB8::1]"},
        /* escapes */
        {"\\{a,b\\}", "{a,b}"},
        {"\\[1-9\\]", "[1-9]"},
        {"a\\b\\", "a\\b\\"}, /* else a backslash is one */
        {"{a\\,b,c}", "a,b c"},
        {"{\\{,\\},\\[,\\],\\\\,\\x}", "{ } [ ] \\ x"},
        {"\\{{a,b}\\}", "{a} {b}"},
        /* names */
        {"{<test>7,70002}", "7 70002"}, /* 2408 */
        {"hello[<test>7-9]", "hello7 hello8 hello9"},
        {"[<x>a-b][<y>01-2]", "a01 a02 b01 b02"},
        {"{<>a,b}", "<>a b"}, /* not one */
        {"{<a,b}", "<a b"},
        {"{<aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff12345>,}",
         "<aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff12345> "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct glob_error error = {0};
        struct glob *g = glob_new(cases[i].text, &error);
        if (!g)
            fail_msg("%s: %s in position %zu", cases[i].text, error.what, error.position);
        struct text all = {0};
        for (const struct text *url; (url = glob_next(g));) {
            assert_int_equal(strlen(url->data), url->len);
            text_addf(&all, "%s%s", all.len ? " " : "", url->data);
        }
        assert_string_equal(all.data, cases[i].urls);
        text_deinit(&all);
        glob_free(g);
    }
}

/* The position is that of the character at which reading stopped, or of the one behind it, as in curl; behind a closing
 * brace or an address curl counts on wrongly. */
static void errors(void **state)
{
    (void)state;
    static const struct {
        const char *text, *what;
        size_t position;
    } cases[] = {
        {"http://a-site-never-accessed.example.org/[2-1]", "bad range", 47},               /* 75 */
        {"https://dummy.example/{<test>A,B}{<test>C,D}", "duplicate glob name", 40},       /* 2410 */
        {"[0-1][9223372036854775806-9223372036854775807]", "range end/step overflow", 47}, /* 2092 */
        {"[1-4611686018427387904][1-4611686018427387904]", "range overflow", 47},          /* 1236 */
        {"http://ur%20[0-60000000000000000000", "bad range", 16},                          /* 1289 */
        {"a[0-1]{", "unmatched brace", 8},                                                 /* 1234 */
        {"/{}{}{}{", "empty string within braces", 3},
        {"{,,,", "unmatched brace", 5}, /* 759 */
        {"{a,b", "unmatched brace", 5},
        {"{a\\", "unmatched brace", 4},
        {"{a,{b}}", "nested brace", 4},
        {"{a,[1-2]}", "nested brace", 4},
        {"{[::1],h}", "nested brace", 2},
        {"{a]", "unexpected close bracket", 3},
        {"{<n>}", "empty string within braces", 5},
        {"a}", "unmatched close brace/bracket", 2},
        {"a]", "unmatched close brace/bracket", 2},
        {"{a}}", "unmatched close brace/bracket", 4},
        {"[1-2]]", "unmatched close brace/bracket", 6},
        {"[[1-2]]", "bad range specification", 2},
        {"[", "bad range specification", 2},
        {"[<n>]", "bad range specification", 5},
        {"[-1-2]", "bad range specification", 2},
        {"[::1", "bad range specification", 2},
        {"[::g]", "bad range specification", 2},
        {"[::1%]", "bad range specification", 2},
        {"[::1%an-interface-too-long]", "bad range specification", 2},
        {"[1]", "bad range", 3},
        {"[1-]", "bad range", 4},
        {"[1-2", "bad range", 5},
        {"[1-2:", "bad range", 6},
        {"[1-2:]", "bad range", 6},
        {"[1-2:x]", "bad range", 6},
        {"[1-9:2", "bad range", 7},
        {"[1-9:0]", "bad range", 8},
        {"[1-9:9]", "bad range", 8},
        {"[1-1:2]", "bad range", 8},
        {"[1 -2]", "bad range", 3},
        {"[1-b]", "bad range", 4},
        {"[1-2x]", "bad range", 5},
        {"[9223372036854775808-9]", "bad range", 2},
        {"[1-9:9223372036854775808]", "bad range", 6},
        {"[9223372036854775807-9223372036854775807]", "range end/step overflow", 42},
        {"[0-9223372036854775806]x[0-1]", "range overflow", 30},
        {"[1-9223372036854775806]{a,b}", "range overflow", 29},
        {"[1-9223372036854775806][a-b]", "range overflow", 29},
        {"[a]", "bad range", 2},
        {"[a-", "bad range", 2},
        {"[a-b", "bad range", 2},
        {"[a-bc]", "bad range", 2},
        {"[abc]", "bad range", 2},
        {"[a-1]", "bad range", 6},
        {"[c-a]", "bad range", 6},
        {"[A-z]", "bad range", 6},
        {"[a-c:0]", "bad range", 8},
        {"[a-c:3]", "bad range", 8},
        {"[a-a:2]", "bad range", 8},
        {"[a-c:]", "bad range", 6},
        {"[a-c:x]", "bad range", 6},
        {"[a-c:1", "bad range", 7},
        {"[a-c:257]", "bad range", 10},
        {"[a-c:99999999999999999999]", "bad range", 6},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct glob_error error = {0};
        struct glob *g = glob_new(cases[i].text, &error);
        if (g || strcmp(error.what, cases[i].what) != 0 || error.position != cases[i].position)
            fail_msg("%s: %s in position %zu", cases[i].text, g ? "no error" : error.what, error.position);
    }
}

/* {a}, times over, with something between. */
static char *repeat(const char *s, size_t times, const char *end)
{
    size_t len = strlen(s);
    char *text = malloc(len * times + strlen(end) + 1);
    assert_non_null(text);
    for (size_t i = 0; i < times; i++)
        memcpy(text + i * len, s, len);
    memcpy(text + len * times, end, strlen(end) + 1);
    return text;
}

static void check_end(char *text, const char *what)
{
    struct glob_error error = {0};
    struct glob *g = glob_new(text, &error);
    if (what)
        assert_string_equal(error.what, what);
    else
        assert_non_null(g);
    glob_free(g);
    free(text);
}

static void limits(void **state)
{
    (void)state;
    check_end(repeat("{a}b", 127, "{a}"), NULL); /* 255 parts */
    check_end(repeat("{a}b", 128, ""), "too many {} sets");
    check_end(repeat("[1-2]", 62, ""), NULL);
    check_end(repeat("[1-2]", 63, ""), "range overflow");
    char *set = repeat("a,", 99999, "a}"), *more = repeat("a,", 100000, "a}");
    set[0] = more[0] = '{'; /* its first element is empty, then */
    check_end(set, NULL);
    check_end(more, "range overflow");
}

/* A billion billion of them are as quick to begin with as one. */
static void many(void **state)
{
    (void)state;
    struct glob_error error;
    struct glob *g = glob_new("[1-1000000000]/[000000000-999999999]", &error);
    assert_non_null(g);
    const struct text *url = NULL;
    for (int i = 0; i < 100000; i++)
        url = glob_next(g);
    assert_string_equal(url->data, "1/000099999");
    assert_true(url->size <= 256);
    glob_free(g);
}

static void check_value(const struct glob *g, const struct glob_part *part, const char *value)
{
    struct text text = {0};
    assert_non_null(part);
    glob_add_value(g, part, &text);
    assert_string_equal(text.data, value);
    text_deinit(&text);
}

static void values(void **state)
{
    (void)state;
    struct glob_error error;
    struct glob *g = glob_new("http://{<who>a,b}.h/[<n>08-9]-[p-q]", &error);
    assert_non_null(g);
    for (int i = 0; i < 7; i++)
        assert_non_null(glob_next(g));
    check_value(g, glob_find(g, 1), "b");
    check_value(g, glob_find(g, 2), "09");
    check_value(g, glob_find(g, 3), "p");
    assert_null(glob_find(g, 0));
    assert_null(glob_find(g, 4));
    assert_null(glob_find(g, SIZE_MAX));
    assert_ptr_equal(glob_find_name(g, "who", 3), glob_find(g, 1));
    assert_ptr_equal(glob_find_name(g, "n>", 1), glob_find(g, 2));
    assert_null(glob_find_name(g, "Who", 3));
    assert_null(glob_find_name(g, "wh", 2));
    assert_null(glob_find_name(g, "", 0));
    glob_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expansions), cmocka_unit_test(errors), cmocka_unit_test(limits),
        cmocka_unit_test(many),       cmocka_unit_test(values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
