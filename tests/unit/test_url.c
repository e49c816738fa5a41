#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/url.h"

/* Parses a copy that has no byte to spare, so that a read beyond its end is seen. */
static int parse(struct url *u, const char *text, size_t len, const char *scheme, struct error *err)
{
    char *exact = malloc(len ? len : 1);
    assert_non_null(exact);
    memcpy(exact, text, len);
    int rc = url_parse(u, exact, len, scheme, 0, err);
    free(exact);
    return rc;
}

/* ---- what is read ------------------------------------------------------------------------------------------------ */

struct good {
    const char *text;
    const char *expect; /* scheme authority target, then " ip", " user=", " password=", " zone=" where they are */
};

static const struct good goods[] = {
    /* schemes */
    {"http://example.com/", "http example.com /"},
    {"HTTPS://example.com/", "https example.com /"},
    {"hTTp://example.com", "http example.com /"},
    {"example.com", "http example.com /"},
    {"example.com/a?b", "http example.com /a?b"},
    {"http:/h/x", "http h /x"},
    {"http:///h/x", "http h /x"},
    {"host:8080/x", "http host:8080 /x"},
    {"http:80/x", "http http /x"}, /* a host of that name */
    {"localhost:", "http localhost /"},
    {"127.0.0.1:/x", "http 127.0.0.1 /x ip"},
    {"ftp.example.org", "http ftp.example.org /"},
    {"  http://h/  ", "http h /"},
    {"\thttp://h/a b\t", "http h /a%20b"},
    /* ports */
    {"http://h:80/", "http h /"},
    {"http://h:443/", "http h:443 /"},
    {"https://h:443/", "https h /"},
    {"https://h:80/", "https h:80 /"},
    {"http://h:/x", "http h /x"},
    {"http://h:1", "http h:1 /"},
    {"http://h:65535", "http h:65535 /"},
    {"http://h:0000000000000000080", "http h /"},
    {"http://h:8080?q", "http h:8080 /?q"},
    {"http://h:8080#f", "http h:8080 /"},
    /* names */
    {"http://EXAMPLE.Com/A", "http example.com /A"},
    {"http://h./", "http h. /"},
    {"http://a_b.c~d-e/", "http a_b.c~d-e /"},
    {"http://a%41b/", "http aab /"},
    {"http://%65xample%2ecom", "http example.com /"},
    {"http://1.2.3.4.5/", "http 1.2.3.4.5 /"},
    {"http://3com.example/", "http 3com.example /"},
    /* IPv4 in the forms that curl knows */
    {"http://127.0.0.1/", "http 127.0.0.1 / ip"},
    {"http://127.1/", "http 127.0.0.1 / ip"},
    {"http://0x7f.1/", "http 127.0.0.1 / ip"},
    {"http://0X7F.1/", "http 127.0.0.1 / ip"},
    {"http://2130706433/", "http 127.0.0.1 / ip"},
    {"http://017700000001/", "http 127.0.0.1 / ip"},
    {"http://1.2.65535", "http 1.2.255.255 / ip"},
    {"http://1.16777215", "http 1.255.255.255 / ip"},
    {"http://0/", "http 0.0.0.0 / ip"},
    {"http://4294967295/", "http 255.255.255.255 / ip"},
    {"http://0300.0250.1.010", "http 192.168.1.8 / ip"},
    {"http://127.0.0.1.", "http 127.0.0.1 / ip"},
    {"http://127.1:81", "http 127.0.0.1:81 / ip"},
    /* and what is no address, but a name */
    {"http://256.1.1.1/", "http 256.1.1.1 /"},
    {"http://1.2.65536/", "http 1.2.65536 /"},
    {"http://1.16777216/", "http 1.16777216 /"},
    {"http://4294967296/", "http 4294967296 /"},
    {"http://99999999999999999999999/", "http 99999999999999999999999 /"},
    {"http://08.1/", "http 08.1 /"},
    {"http://0x.1/", "http 0x.1 /"},
    {"http://1.2.3.-4/", "http 1.2.3.-4 /"},
    /* IPv6 */
    {"http://[::1]/", "http [::1] / ip"},
    {"http://[::1]:8080/", "http [::1]:8080 / ip"},
    {"http://[::1]:/", "http [::1] / ip"},
    {"http://[::1]", "http [::1] / ip"},
    {"http://[0:0:0:0:0:0:0:1]", "http [::1] / ip"},
    {"http://[::FFFF:1.2.3.4]", "http [::ffff:1.2.3.4] / ip"},
    {"[2001:DB8::A]:81/x", "http [2001:db8::a]:81 /x ip"},
    {"http://[fe80::1%25eth0]:81/", "http [fe80::1]:81 / ip zone=eth0"},
    {"http://[fe80::1%eth0]", "http [fe80::1] / ip zone=eth0"},
    {"http://[fe80::1%2]", "http [fe80::1] / ip zone=2"},
    {"http://[fe80::1%25]", "http [fe80::1] / ip zone=25"},
    {"http://[fe80::1%252]", "http [fe80::1] / ip zone=2"},
    {"http://[fe80::1%25a%2db]", "http [fe80::1] / ip zone=a-b"},
    {"http://[fe80::1%25abcdefghijklmno]", "http [fe80::1] / ip zone=abcdefghijklmno"},
    /* user info */
    {"http://u@h/", "http h / user=u"},
    {"http://u:p@h/", "http h / user=u password=p"},
    {"http://u:@h/", "http h / user=u password="},
    {"http://:p@h/", "http h / user= password=p"},
    {"http://@h/", "http h / user="},
    {"http://u:p:q@h/", "http h / user=u password=p:q"},
    {"http://u:p@q@h/", "http h / user=u password=p@q"},
    {"http://u%40x:p%3a%2F%25@h:81/", "http h:81 / user=u@x password=p:/%"},
    {"http://u%:p%zz@h", "http h / user=u% password=p%zz"},
    {"http://u%c3%a9@h", "http h / user=u\xc3\xa9"},
    {"http://a b:c d@h", "http h / user=a b password=c d"},
    {"u:p@h/", "http h / user=u password=p"},
    {"u:p@[::1]:81/", "http [::1]:81 / ip user=u password=p"},
    {"http://h/@x:y@z", "http h /@x:y@z"},
    {"http://h?a@b", "http h /?a@b"},
    {"http://h#a@b", "http h /"},
    /* path and query */
    {"http://h?q", "http h /?q"},
    {"http://h/?", "http h /?"},
    {"http://h?", "http h /?"},
    {"http://h/a?b?c", "http h /a?b?c"},
    {"http://h/a#f", "http h /a"},
    {"http://h/a?b#f?g#h", "http h /a?b"},
    {"http://h#/a", "http h /"},
    {"http://h/a b?c d", "http h /a%20b?c%20d"},
    {"http://h/%41%zz%4?%", "http h /%41%zz%4?%"},
    {"http://h/\xc3\xa9?\xff", "http h /%C3%A9?%FF"},
    {"http://h/a\\b", "http h /a\\b"},
    {"http://h/\"<>^`{|}[]", "http h /\"<>^`{|}[]"},
    {"http://h/a;b,c!$&'()*+=:@", "http h /a;b,c!$&'()*+=:@"},
    /* dots: RFC 3986 sections 5.2.4 and 5.4 */
    {"http://h/a/b/c/./../../g", "http h /a/g"},
    {"http://h/mid/content=5/../6", "http h /mid/6"},
    {"http://h/.", "http h /"},
    {"http://h/..", "http h /"},
    {"http://h/./", "http h /"},
    {"http://h/../", "http h /"},
    {"http://h/../../..", "http h /"},
    {"http://h/../g", "http h /g"},
    {"http://h/a/.", "http h /a/"},
    {"http://h/a/..", "http h /"},
    {"http://h/a/../", "http h /"},
    {"http://h/a/b/..", "http h /a/"},
    {"http://h/a//../b", "http h /a/b"},
    {"http://h/a/..//b", "http h //b"},
    {"http://h//", "http h //"},
    {"http://h/a./.b/..c/d../...", "http h /a./.b/..c/d../..."},
    {"http://h/a/%2e/b", "http h /a/b"},
    {"http://h/a/%2E%2e/b", "http h /b"},
    {"http://h/a/.%2e", "http h /"},
    {"http://h/a/%2e%2e%2e", "http h /a/%2e%2e%2e"},
    {"http://h/a/%2f../b", "http h /a/%2f../b"},
    {"http://h/a?b/../c", "http h /a?b/../c"},
    {"http://h/a/..?/..", "http h /?/.."},
    {"http://h/a#/../..", "http h /a"},
    /* international names: IDNA 2008, mapped by UTS 46, non-transitional */
    {"http://b\xc3\xbc"
     "cher.example/",
     "http xn--bcher-kva.example /"},
    {"http://B\xc3\x9c"
     "CHER.example/",
     "http xn--bcher-kva.example /"},
    {"http://bu\xcc\x88"
     "cher.example/",
     "http xn--bcher-kva.example /"}, /* not composed */
    {"http://stra\xc3\x9f"
     "e.example/",
     "http xn--strae-oqa.example /"}, /* transitional: strasse */
    {"http://b%C3%BCcher.example:81/", "http xn--bcher-kva.example:81 /"},
    {"http://xn--bcher-kva.example/", "http xn--bcher-kva.example /"},
    {"http://\xe4\xbe\x8b\xe3\x80\x82\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88", "http xn--fsq.xn--zckzah /"},
    {"http://\xef\xbd\x85xample.com", "http example.com /"},
    {"http://\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.1", "http 127.0.0.1 / ip"},
};

static void describe(const struct url *u, char *out, size_t size)
{
    char authority[300];
    int len = url_authority(u, authority, sizeof authority);
    assert_int_equal(len, (int)strlen(authority));
    assert_int_equal(u->tls, strcmp(u->scheme, "https") == 0);
    assert_null(strchr(u->host, '['));
    snprintf(out, size, "%s %s %s%s%s%s%s%s%s%s", u->scheme, authority, u->target, u->host_is_ip ? " ip" : "",
             u->user ? " user=" : "", u->user ? u->user : "", u->password ? " password=" : "",
             u->password ? u->password : "", u->zone ? " zone=" : "", u->zone ? u->zone : "");
}

static void test_reads(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof goods / sizeof goods[0]; i++) {
        struct url u = {0};
        struct error err = {0};
        char is[500];
        int rc = parse(&u, goods[i].text, strlen(goods[i].text), "http", &err);
        if (rc != 0)
            fail_msg("%s: %s", goods[i].text, error_text(&err));
        describe(&u, is, sizeof is);
        if (strcmp(is, goods[i].expect) != 0)
            fail_msg("%s: is \"%s\", not \"%s\"", goods[i].text, is, goods[i].expect);
        assert_int_equal(err.code, 0);
        url_deinit(&u);
        assert_null(u.storage);
    }
}

static void no_user(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int rc;
    } cases[] = {
        {"http://h/", 0},     {"http://u@h/", ERR_LOGIN}, {"http://u:secret@h/", ERR_LOGIN},
        {"u@h", ERR_LOGIN},   {"http://@h/", ERR_LOGIN},  {"http://h/@x", 0},
        {"http://h/?a@b", 0}, {"http://h/#u@h", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct url u;
        struct error err = {0};
        assert_int_equal(url_parse(&u, cases[i].text, strlen(cases[i].text), "http", URL_NO_USER, &err), cases[i].rc);
        if (cases[i].rc == 0)
            url_deinit(&u);
        else
            assert_null(strstr(error_text(&err), "secret"));
        error_clear(&err);
    }
}

static void path_as_is(void **state)
{
    (void)state;
    static const struct {
        const char *text, *target;
    } cases[] = {
        {"http://h/a/./b/../c", "/a/./b/../c"},
        {"http://h/../..", "/../.."},
        {"http://h/.", "/."},
        {"http://h/%2e%2E/a", "/%2e%2E/a"},
        {"http://h", "/"},
        {"http://h?q", "/?q"},
        {"http://h/a b/../\xc3\xa4", "/a%20b/../%C3%A4"},
        {"http://h//a", "//a"},
        {"http://h/#/../x", "/"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct url u;
        assert_int_equal(url_parse(&u, cases[i].text, strlen(cases[i].text), "http", URL_PATH_AS_IS, NULL), 0);
        assert_string_equal(u.target, cases[i].target);
        url_deinit(&u);
    }
}

static void test_default_scheme(void **state)
{
    (void)state;
    struct url u = {0};
    assert_int_equal(url_parse(&u, "example.com", 11, "https", 0, NULL), 0);
    assert_true(u.tls);
    assert_int_equal(u.port, 443);
    assert_false(u.port_given);
    url_deinit(&u);
    assert_int_equal(url_parse(&u, "http://example.com:81", 21, "https", 0, NULL), 0);
    assert_false(u.tls);
    assert_int_equal(u.port, 81);
    assert_true(u.port_given);
    url_deinit(&u);
    url_deinit(&u);
}

/* ---- what is refused --------------------------------------------------------------------------------------------- */

#define TEN "abcdefghij"
#define SIXTY TEN TEN TEN TEN TEN TEN
#define SIXTY_THREE SIXTY "abc"
#define NAME_253 SIXTY_THREE "." SIXTY_THREE "." SIXTY_THREE "." SIXTY "a"

struct bad {
    const char *text;
    int code;
    const char *says; /* a part of the sentence */
};

static const struct bad bads[] = {
    {"", ERR_URL, "empty"},
    {"  \t ", ERR_URL, "empty"},
    {"ftp://h/", ERR_SCHEME, "ftp is not supported (http and https are)"},
    {"file:///etc/passwd", ERR_SCHEME, "file is not supported"},
    {"httpx://h/", ERR_SCHEME, "httpx is not supported"},
    {"h2+a.b-c://u:secret@h/", ERR_SCHEME, "h2+a.b-c is not supported"},
    {"a" SIXTY "://h/", ERR_SCHEME, "... is not supported"},
    {"1http://h/", ERR_SCHEME, "1http is not supported"},
    {"localhost:/x", ERR_SCHEME, "localhost is not supported"},
    {"//h/x", ERR_URL, "malformed URL: there is no host"},
    {"/x", ERR_URL, "no host"},
    {"?x", ERR_URL, "no host"},
    {"#x", ERR_URL, "no host"},
    {"http://", ERR_URL, "no host"},
    {"http:/", ERR_URL, "no host"},
    {"http:////h/", ERR_URL, "slashes"},
    {"http://?x", ERR_URL, "no host"},
    {"http://:80/", ERR_URL, "no host"},
    {"http://u@", ERR_URL, "no host"},
    {"http://u:p@:80/", ERR_URL, "no host"},
    {"http://./", ERR_URL, "no host"},
    {"http:host", ERR_URL, "the port is not a number"},
    {"http://h:0", ERR_URL, "malformed URL: port 0"},
    {"http://h:00", ERR_URL, "port 0"},
    {"http://h:65536", ERR_URL, "over 65535"},
    {"http://h:99999999999999999999999", ERR_URL, "over 65535"},
    {"http://h:80x", ERR_URL, "not a number"},
    {"http://h:+80", ERR_URL, "not a number"},
    {"http://h:-1", ERR_URL, "not a number"},
    {"http://h: 80", ERR_URL, "not a number"},
    {"http://h:%38", ERR_URL, "not a number"},
    {"http://h:80:90", ERR_URL, "more than one colon"},
    {"http://::1/", ERR_URL, "brackets"},
    {"http://a b/", ERR_URL, "a character that no name has"},
    {"http://a%20b/", ERR_URL, "a character that no name has"},
    {"http://a%2fb/", ERR_URL, "a character that no name has"},
    {"http://a%40b/", ERR_URL, "a character that no name has"},
    {"http://a%3a80/", ERR_URL, "a character that no name has"},
    {"http://a%zz/", ERR_URL, "a character that no name has"},
    {"http://a\\b/", ERR_URL, "a character that no name has"},
    {"http://a!b/", ERR_URL, "a character that no name has"},
    {"http://a|b/", ERR_URL, "a character that no name has"},
    {"http://a%00b/", ERR_URL, "control character"},
    {"http://a%0d%0ab/", ERR_URL, "control character"},
    {"http://u%0a@h/", ERR_URL, "malformed URL: the user info has a control character"},
    {"http://u:p%00q@h/", ERR_URL, "control character"},
    {"http://h/a\nb", ERR_URL, "malformed URL: it has a control character"},
    {"http://h/a\tb", ERR_URL, "control character"},
    {"http://h/a\x7f", ERR_URL, "control character"},
    {"http://h/\x01", ERR_URL, "control character"},
    {"http://.a/", ERR_URL, "empty label"},
    {"http://a..b/", ERR_URL, "empty label"},
    {"http://a../", ERR_URL, "empty label"},
    {"http://" SIXTY_THREE "d.example/", ERR_URL, "over 63 bytes"},
    {"http://a." SIXTY_THREE "d/", ERR_URL, "over 63 bytes"},
    {"http://" NAME_253 "b/", ERR_URL, "over 253 bytes"},
    {"http://[::1", ERR_URL, "no ']'"},
    {"http://[]", ERR_URL, "no IPv6 address"},
    {"http://[1.2.3.4]", ERR_URL, "no IPv6 address"},
    {"http://[::1]x", ERR_URL, "between the ']' and the port"},
    {"http://[::1]80", ERR_URL, "between the ']' and the port"},
    {"http://[::1]:x", ERR_URL, "not a number"},
    {"http://[::g]", ERR_URL, "no IPv6 address"},
    {"http://[v1.a]", ERR_URL, "no IPv6 address"},
    {"http://[" SIXTY "]", ERR_URL, "no IPv6 address"},
    {"http://[fe80::1%]", ERR_URL, "zone id is empty"},
    {"http://[fe80::1%25a b]", ERR_URL, "the zone id"},
    {"http://[fe80::1%25a%2fb]", ERR_URL, "the zone id"},
    {"http://[fe80::1%25a%00b]", ERR_URL, "the zone id"},
    {"http://[fe80::1%25abcdefghijklmnop]", ERR_URL, "the zone id"},
    {"http://\xff/", ERR_URL, "malformed URL: "}, /* no UTF-8 */
    {"http://a\xe2\x80\xae"
     "b/",
     ERR_URL, "malformed URL"},                     /* a code point that IDNA disallows */
    {"http://\xc2\xad/", ERR_URL, "malformed URL"}, /* nothing is left */
    {"http://a\xe2\x84\x80"
     "b/",
     ERR_URL, "malformed URL"}, /* maps to "a/c" */
    {"http://\xc3\xa9" SIXTY_THREE "/", ERR_URL, "malformed URL"},
};

static void test_refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bads / sizeof bads[0]; i++) {
        struct url u = {.port = 7};
        struct error err = {0};
        int rc = parse(&u, bads[i].text, strlen(bads[i].text), "http", &err);
        if (rc != bads[i].code || err.code != rc || !strstr(error_text(&err), bads[i].says))
            fail_msg("%s: %d, \"%s\", not \"%s\"", bads[i].text, rc, error_text(&err), bads[i].says);
        assert_int_equal(u.port, 7); /* the output is untouched */
        assert_null(u.storage);
        assert_int_equal(parse(&u, bads[i].text, strlen(bads[i].text), "http", NULL), rc);
        error_clear(&err);
    }
}

static void test_longest_names(void **state)
{
    (void)state;
    static const char *const texts[] = {"http://" NAME_253 "/", "http://" NAME_253 "./", "http://" SIXTY_THREE "/"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct url u;
        assert_int_equal(parse(&u, texts[i], strlen(texts[i]), "http", NULL), 0);
        url_deinit(&u);
    }
}

static void test_nul_byte(void **state)
{
    (void)state;
    struct url u;
    struct error err = {0};
    assert_int_equal(parse(&u, "http://h/a\0b", 12, "http", &err), ERR_URL);
    assert_string_equal(error_text(&err), "malformed URL: it has a NUL byte");
    error_clear(&err);
    assert_int_equal(parse(&u, "http://h\0.example/", 18, "http", NULL), ERR_URL);
}

/* A text of len bytes that begins with start, all "x" then. */
static char *long_text(const char *start, size_t len, char fill)
{
    char *text = malloc(len);
    assert_non_null(text);
    memset(text, fill, len);
    memcpy(text, start, strlen(start));
    return text;
}

static void test_lengths(void **state)
{
    (void)state;
    static const char fills[] = {'x', ' ', '/', '\xc3', '%', '?'};
    for (size_t i = 0; i < sizeof fills; i++) {
        struct url u;
        struct error err = {0};
        char *text = long_text("http://u:secret@h/", URL_MAX + 1, fills[i]);
        text[URL_MAX - 1] = text[URL_MAX] = 'y'; /* no blanks at the end */
        assert_int_equal(parse(&u, text, URL_MAX, "http", &err), 0);
        url_deinit(&u);
        assert_int_equal(parse(&u, text, URL_MAX + 1, "http", &err), ERR_URL);
        assert_non_null(strstr(error_text(&err), "over 64 KiB"));
        assert_true(strlen(error_text(&err)) < 300);
        assert_null(strstr(error_text(&err), "secret"));
        error_clear(&err);
        free(text);
    }
    struct url u;
    char *text = long_text("http://", URL_MAX, 'a'); /* a host of that length */
    assert_int_equal(parse(&u, text, URL_MAX, "http", NULL), ERR_URL);
    memcpy(text + 7, "\xc3\xa9", 2);
    assert_int_equal(parse(&u, text, URL_MAX, "http", NULL), ERR_URL);
    free(text);
}

/* ---- what is shown ----------------------------------------------------------------------------------------------- */

struct shown {
    const char *text, *expect;
};

static const struct shown showns[] = {
    {"http://h/a", "http://h/a"},
    {"http://u:secret@h/a", "http://h/a"},
    {"http://u:sec@ret@h/a@b", "http://h/a@b"},
    {"u:secret@h/a", "h/a"},
    {"http:u:secret@h", "h"},
    {"http:///u:secret@h/", "http:///h/"},
    {"http://////u:secret@h/", "http://////h/"},
    {"http://u:secret@", "http://"},
    {"http://u:sec/ret@h/", "http://h/"}, /* malformed: the port would be "sec" */
    {"http://u:sec?ret@h/", "http://h/"},
    {"http://u:sec#ret@h/", "http://h/"},
    {"http://[::1]/@b", "http://[::1]/@b"},
    {"http://h:80/@b", "http://h:80/@b"},
    {"http://h/x@y", "http://h/x@y"},
    {"ftp://u:secret@h/", "ftp://h/"},
    {"\x1b[31m\r\n\x7f", "\\x1b[31m\\x0d\\x0a\\x7f"},
    {"\xc3\xa9", "\xc3\xa9"},
    {"", ""},
    {"@", ""},
    {":", ":"},
    {":/", ":/"},
    {"http:/", "http:/"},
};

static void test_shows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof showns / sizeof showns[0]; i++) {
        char out[100];
        size_t len = strlen(showns[i].text);
        char *exact = malloc(len ? len : 1);
        assert_non_null(exact);
        memcpy(exact, showns[i].text, len);
        assert_int_equal(url_show(out, sizeof out, exact, len), strlen(showns[i].expect));
        assert_string_equal(out, showns[i].expect);
        free(exact);
    }
}

/* Cut anywhere, it stays within its room and cuts no \xNN in two. */
static void test_shows_cut(void **state)
{
    (void)state;
    static const char text[] = "ab\ncd";
    static const char *const expect[] = {"", "a", "ab", "ab", "ab", "ab", "ab\\x0a", "ab\\x0ac", "ab\\x0acd"};
    for (size_t size = 1; size <= sizeof expect / sizeof expect[0]; size++) {
        char *out = malloc(size);
        assert_non_null(out);
        assert_int_equal(url_show(out, size, text, 5), strlen(expect[size - 1]));
        assert_string_equal(out, expect[size - 1]);
        free(out);
    }
}

static void test_shown_field(void **state)
{
    (void)state;
    static const char text[] = "  HTTP://u:secret@EXAMPLE.com:80/a/../b c#f ";
    struct url u;
    assert_int_equal(parse(&u, text, strlen(text), "http", NULL), 0);
    assert_string_equal(u.shown, "HTTP://EXAMPLE.com:80/a/../b c#f");
    url_deinit(&u);
}

/* No error sentence shows what stands before the '@', whatever is wrong. */
static void test_no_user_info_in_errors(void **state)
{
    (void)state;
    static const char *const tails[] = {"",       ":0",      ":x",    "/\n",  "h h/", "[::1/",  "[::1]x/", "a..b/",
                                        "a%00b/", "h:65536", "\xff/", "a!b/", ":80",  "h:1:2/", "h\x01",   "[::1%]/"};
    static const char *const heads[] = {"http://",     "",   "HTTPS:/", "http:", "ftp://", "http://x@",
                                        "http://////", "//", "x:y@"};
    static const char *const infos[] = {"secret@",     "secret:pw@", "u:secret@",   "u:sec:secret@",
                                        ":secret@",    "u@secret@",  "u:a/secret@", "u:a?secret@",
                                        "u:a#secret@", "secret%0a@", "u:%00secret@"};
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        for (size_t j = 0; j < sizeof infos / sizeof infos[0]; j++)
            for (size_t k = 0; k < sizeof tails / sizeof tails[0]; k++) {
                char text[200];
                struct url u;
                struct error err = {0};
                snprintf(text, sizeof text, "%s%s%s", heads[i], infos[j], tails[k]);
                int rc = parse(&u, text, strlen(text), "http", &err);
                if (rc == 0)
                    url_deinit(&u);
                else if (strstr(error_text(&err), "secret"))
                    fail_msg("%s: %s", text, error_text(&err));
                error_clear(&err);
            }
}

static void test_authority_size(void **state)
{
    (void)state;
    struct url u;
    assert_int_equal(parse(&u, "http://[::1]:8080", 17, "http", NULL), 0);
    char out[11];
    assert_int_equal(url_authority(&u, out, sizeof out), 10);
    assert_string_equal(out, "[::1]:8080");
    assert_int_equal(url_authority(&u, out, 10), ERR_URL);
    assert_int_equal(url_authority(&u, out, 1), ERR_URL);
    url_deinit(&u);
}

/* Any bytes: nothing but an answer. */
static void test_noise(void **state)
{
    (void)state;
    static const char alphabet[] = "htp:/@[]%25.?#a0\xc3\xa9 \\x\n";
    uint64_t seed = 1;
    for (int i = 0; i < 200000; i++) {
        char text[24];
        size_t len = 0;
        if (i % 2)
            memcpy(text, "http://", len = 7);
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        uint64_t bits = seed >> 8;
        for (size_t n = (size_t)(bits % 12); n > 0; n--, bits /= 3)
            text[len++] = alphabet[(bits >> 4) % (sizeof alphabet - 1)];
        struct url u;
        if (parse(&u, text, len, "http", NULL) == 0) {
            assert_int_equal(u.target[0], '/');
            assert_null(strpbrk(u.target, " #\r\n"));
            assert_true(*u.host && u.port);
            url_deinit(&u);
        }
    }
}

static void test_library(void **state)
{
    (void)state;
    assert_int_equal(strncmp(url_library(), "libidn2/", 8), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(path_as_is),          cmocka_unit_test(no_user),
        cmocka_unit_test(test_reads),          cmocka_unit_test(test_default_scheme),
        cmocka_unit_test(test_refuses),        cmocka_unit_test(test_longest_names),
        cmocka_unit_test(test_nul_byte),       cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_shows),          cmocka_unit_test(test_shows_cut),
        cmocka_unit_test(test_shown_field),    cmocka_unit_test(test_no_user_info_in_errors),
        cmocka_unit_test(test_authority_size), cmocka_unit_test(test_noise),
        cmocka_unit_test(test_library),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
