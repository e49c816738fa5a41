/* Config files: what a line comes to, as curl takes them. */
#include "../../cmd/config.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* "[name|value]" for each option, "!" behind one with more on its line. */
static void show(const char *text, char *out, size_t size)
{
    char *copy = strdup(text);
    struct config c;
    struct config_option o;
    size_t len = 0;
    assert_non_null(copy);
    config_init(&c, copy);
    *out = '\0';
    while (config_next(&c, &o)) {
        len +=
            (size_t)snprintf(out + len, size - len, "[%s|%s]%s", o.name, o.value ? o.value : "-", o.extra ? "!" : "");
        assert_true(len < size);
    }
    free(copy);
}

static void lines(void **state)
{
    (void)state;
    static const struct {
        const char *text, *options;
    } cases[] = {
        {"", ""},
        {"\n\n  \n\r\n", ""},
        {"# url = a\n/ url\n* url\n", ""},
        {"  # behind blanks\n", ""},
        {"silent", "[silent|-]"},
        {"silent\r\n", "[silent|-]"},
        {"  \tsilent  ", "[silent|-]"},
        {"url=http://a/", "[url|http://a/]"},
        {"url = http://a/", "[url|http://a/]"},
        {"url: http://a/", "[url|http://a/]"},
        {"url http://a/", "[url|http://a/]"},
        {"url == http://a/", "[url|http://a/]"},
        {"url =\thttp://a/\t\r\n", "[url|http://a/]"},
        {"--url http://a/", "[--url|http://a/]"},
        {"--url=http://a/", "[--url=http://a/|-]"},
        {"-o file", "[-o|file]"},
        {"-ofile", "[-ofile|-]"},
        {"-sS\n-O", "[-sS|-][-O|-]"},
        {"-H \"A: b\"", "[-H|A: b]"},
        {"header = \"A: \\\"b\\\"\\t\\\\c\\d\"", "[header|A: \"b\"\t\\cd]"},
        {"header = \"\\r\\n\\v\"", "[header|\r\n\v]"},
        {"header = \"\"", "[header|]"},
        {"header = \"a\" b # c", "[header|a]"},
        {"header = \"not closed", "[header|not closed]"},
        {"header = \"not closed \\", "[header|not closed \\]"},
        {"header =", "[header|-]"},
        {"header = a # comment", "[header|a]"},
        {"header = a b", "[header|a]!"},
        {"header = a#b", "[header|a#b]"},
        {"\xEF\xBB\xBFurl = a\nurl = b", "[url|a][url|b]"},
        {"url = a:b=c", "[url|a:b=c]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char got[300];
        show(cases[i].text, got, sizeof got);
        assert_string_equal(got, cases[i].options);
    }
}

static void numbers(void **state)
{
    (void)state;
    char text[] = "\n# two\nurl = a\n\nsilent\n";
    struct config c;
    struct config_option o;
    config_init(&c, text);
    assert_true(config_next(&c, &o));
    assert_int_equal(c.number, 3);
    assert_true(config_next(&c, &o));
    assert_int_equal(c.number, 5);
    assert_false(config_next(&c, &o));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(lines), cmocka_unit_test(numbers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
