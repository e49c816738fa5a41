/* Cookies: what a Set-Cookie field says, and what is sent where. Public suffixes are those of libpsl. */
#include "unit/cookies_help.h"

#include "proto/cookies_impl.h"

/* ---- names, values, attributes --------------------------------------------------------------------------------------- */

/* What a cookie of https://www.example.com/dir/page is, as a line of the file; NULL: refused. */
static const struct {
    const char *value, *line;
} parsed[] = {
    {"a=b", "www.example.com\tFALSE\t/dir\tFALSE\t0\ta\tb"},
    {" a = b ", "www.example.com\tFALSE\t/dir\tFALSE\t0\ta\tb"},
    {"\ta\t=\tb\t;", "www.example.com\tFALSE\t/dir\tFALSE\t0\ta\tb"},
    {"a=b=c", "www.example.com\tFALSE\t/dir\tFALSE\t0\ta\tb=c"},
    {"a=\"b c\"", "www.example.com\tFALSE\t/dir\tFALSE\t0\ta\t\"b c\""},
    {"a=b,c=d", "www.example.com\tFALSE\t/dir\tFALSE\t0\ta\tb,c=d"},
    {"a=\xc3\xa4%20", "www.example.com\tFALSE\t/dir\tFALSE\t0\ta\t\xc3\xa4%20"},
    {"a=", "www.example.com\tFALSE\t/dir\tFALSE\t0\ta\t"},
    {"a=;", "www.example.com\tFALSE\t/dir\tFALSE\t0\ta\t"},
    {"a b=c", "www.example.com\tFALSE\t/dir\tFALSE\t0\ta b\tc"},
    {"=b", "www.example.com\tFALSE\t/dir\tFALSE\t0\t\tb"},
    {"b", "www.example.com\tFALSE\t/dir\tFALSE\t0\t\tb"},
    {"b; secure", "www.example.com\tFALSE\t/dir\tTRUE\t0\t\tb"},
    {"==b", "www.example.com\tFALSE\t/dir\tFALSE\t0\t\t=b"},
    {"", NULL},
    {"=", NULL},
    {" = ;a=b", NULL},
    {";a=b", NULL},
    {"a=b\x01", NULL},
    {"a\x7f=b", NULL},
    {"a=b\rc", NULL},
    {"a=b; path=/\n", NULL},
    {"a=b; unheard-of=\x02", NULL},
    {"a=b\tc", NULL},
    {"a\tb=c", NULL},
    {"a=b; path=/a\tb", NULL},
    {"a=b; unheard-of=c\td", "www.example.com\tFALSE\t/dir\tFALSE\t0\ta\tb"},
    /* flags */
    {"a=b; Secure; HttpOnly", "#HttpOnly_www.example.com\tFALSE\t/dir\tTRUE\t0\ta\tb"},
    {"a=b;SECURE;httponly", "#HttpOnly_www.example.com\tFALSE\t/dir\tTRUE\t0\ta\tb"},
    {"a=b; secure=no; HttpOnly=false", "#HttpOnly_www.example.com\tFALSE\t/dir\tTRUE\t0\ta\tb"},
    {"a=b; secured; xhttponly", "www.example.com\tFALSE\t/dir\tFALSE\t0\ta\tb"},
    {"a=b;;; ;secure", "www.example.com\tFALSE\t/dir\tTRUE\t0\ta\tb"},
    {"secure=b", "www.example.com\tFALSE\t/dir\tFALSE\t0\tsecure\tb"},
    {"a=b; SameSite=None", "www.example.com\tFALSE\t/dir\tFALSE\t0\ta\tb"},
    {"a=b; SameSite=Strict", "www.example.com\tFALSE\t/dir\tFALSE\t0\ta\tb"},
    /* paths */
    {"a=b; path=/", "www.example.com\tFALSE\t/\tFALSE\t0\ta\tb"},
    {"a=b; PATH = /x/y ", "www.example.com\tFALSE\t/x/y\tFALSE\t0\ta\tb"},
    {"a=b; path=/x/", "www.example.com\tFALSE\t/x/\tFALSE\t0\ta\tb"},
    {"a=b; path", "www.example.com\tFALSE\t/dir\tFALSE\t0\ta\tb"},
    {"a=b; path=", "www.example.com\tFALSE\t/dir\tFALSE\t0\ta\tb"},
    {"a=b; path=x", "www.example.com\tFALSE\t/dir\tFALSE\t0\ta\tb"},
    {"a=b; path=\"/x\"", "www.example.com\tFALSE\t/dir\tFALSE\t0\ta\tb"},
    {"a=b; path=/x; path=/y", "www.example.com\tFALSE\t/y\tFALSE\t0\ta\tb"},
    {"a=b; path=/x; path=y", "www.example.com\tFALSE\t/dir\tFALSE\t0\ta\tb"},
    /* domains */
    {"a=b; domain=example.com", ".example.com\tTRUE\t/dir\tFALSE\t0\ta\tb"},
    {"a=b; Domain=.Example.COM", ".example.com\tTRUE\t/dir\tFALSE\t0\ta\tb"},
    {"a=b; domain=www.example.com", ".www.example.com\tTRUE\t/dir\tFALSE\t0\ta\tb"},
    {"a=b; domain=", "www.example.com\tFALSE\t/dir\tFALSE\t0\ta\tb"},
    {"a=b; domain=.", "www.example.com\tFALSE\t/dir\tFALSE\t0\ta\tb"},
    {"a=b; domain=example.com; domain=", "www.example.com\tFALSE\t/dir\tFALSE\t0\ta\tb"},
    {"a=b; domain=other.org; domain=example.com", ".example.com\tTRUE\t/dir\tFALSE\t0\ta\tb"},
    {"a=b; domain=other.org", NULL},
    {"a=b; domain=ww.example.com", NULL},
    {"a=b; domain=w.example.com", NULL},
    {"a=b; domain=sub.www.example.com", NULL},
    {"a=b; domain=xample.com", NULL},
    {"a=b; domain=..example.com", NULL},
    {"a=b; domain=example.com.", NULL},
    {"a=b; domain=com", NULL},
    {"a=b; domain=.com", NULL},
    {"a=b; domain=\"example.com\"", NULL},
    {"a=b; domain=ex\xc3\xa4mple.com", NULL},
    /* expiry; Max-Age rules */
    {"a=b; max-age=60", "www.example.com\tFALSE\t/dir\tFALSE\t1700000060\ta\tb"},
    {"a=b; Max-Age=1", "www.example.com\tFALSE\t/dir\tFALSE\t1700000001\ta\tb"},
    {"a=b; max-age=\"60\"", "www.example.com\tFALSE\t/dir\tFALSE\t0\ta\tb"},
    {"a=b; max-age=+60", "www.example.com\tFALSE\t/dir\tFALSE\t0\ta\tb"},
    {"a=b; max-age=60s", "www.example.com\tFALSE\t/dir\tFALSE\t0\ta\tb"},
    {"a=b; max-age=", "www.example.com\tFALSE\t/dir\tFALSE\t0\ta\tb"},
    {"a=b; max-age=-", "www.example.com\tFALSE\t/dir\tFALSE\t0\ta\tb"},
    {"a=b; max-age=6-0", "www.example.com\tFALSE\t/dir\tFALSE\t0\ta\tb"},
    {"a=b; max-age=34560000", "www.example.com\tFALSE\t/dir\tFALSE\t1734560000\ta\tb"},
    {"a=b; max-age=34560001", "www.example.com\tFALSE\t/dir\tFALSE\t1734560000\ta\tb"},
    {"a=b; max-age=99999999999999999999999999", "www.example.com\tFALSE\t/dir\tFALSE\t1734560000\ta\tb"},
    {"a=b; max-age=1; max-age=60", "www.example.com\tFALSE\t/dir\tFALSE\t1700000060\ta\tb"},
    {"a=b; max-age=60; max-age=x", "www.example.com\tFALSE\t/dir\tFALSE\t1700000060\ta\tb"},
    {"a=b; expires=Tue, 14 Nov 2023 22:14:20 GMT", "www.example.com\tFALSE\t/dir\tFALSE\t1700000060\ta\tb"},
    {"a=b; expires=Fri, 31 Dec 9999 23:59:59 GMT", "www.example.com\tFALSE\t/dir\tFALSE\t1734560000\ta\tb"},
    {"a=b; expires=never", "www.example.com\tFALSE\t/dir\tFALSE\t0\ta\tb"},
    {"a=b; max-age=60; expires=Thu, 01 Jan 1970 00:00:00 GMT", "www.example.com\tFALSE\t/dir\tFALSE\t1700000060\ta\tb"},
    {"a=b; expires=Thu, 01 Jan 1970 00:00:00 GMT; max-age=60", "www.example.com\tFALSE\t/dir\tFALSE\t1700000060\ta\tb"},
    {"a=b; expires=14 Nov 2023 22:14:20; expires=whatever", "www.example.com\tFALSE\t/dir\tFALSE\t1700000060\ta\tb"},
    /* prefixes */
    {"__Secure-a=b; secure", "www.example.com\tFALSE\t/dir\tTRUE\t0\t__Secure-a\tb"},
    {"__secure-a=b; secure; domain=example.com", ".example.com\tTRUE\t/dir\tTRUE\t0\t__secure-a\tb"},
    {"__SECURE-a=b", NULL},
    {"__Secure-a=b; domain=example.com", NULL},
    {"__Host-a=b; secure; path=/", "www.example.com\tFALSE\t/\tTRUE\t0\t__Host-a\tb"},
    {"__host-a=b; secure; path=/; domain=", "www.example.com\tFALSE\t/\tTRUE\t0\t__host-a\tb"},
    {"__Host-a=b", NULL},
    {"__Host-a=b; secure", NULL},
    {"__Host-a=b; path=/", NULL},
    {"__HOST-a=b; secure; path=/; domain=example.com", NULL},
    {"__Host-a=b; secure; path=/; domain=www.example.com", NULL},
    {"__Host-a=b; secure; path=/dir", NULL},
    {"=__Secure-a; secure", NULL},
    {"__Host-a; secure; path=/", NULL},
    {"=__host-a=b; secure; path=/", NULL},
    {"__Secur-a=b", "www.example.com\tFALSE\t/dir\tFALSE\t0\t__Secur-a\tb"},
    {"__Secure=b", "www.example.com\tFALSE\t/dir\tFALSE\t0\t__Secure\tb"},
};

static void test_set_cookie(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof parsed / sizeof parsed[0]; i++) {
        struct cookies *c = new_jar();
        const char *value = parsed[i].value, *why = NULL;
        int rc = receive_at(c, "https://www.example.com/dir/page?q=/x/", value, strlen(value), NOW, &why);
        if (rc != (parsed[i].line != NULL))
            fail_msg("\"%s\": %d (%s)", value, rc, why ? why : "no reason");
        assert_true(rc == 1 || (why && strlen(why) > 10));
        assert_int_equal(cookies_count(c), rc);
        char line[200];
        snprintf(line, sizeof line, "%s%s", rc ? parsed[i].line : "", rc ? "\n" : "");
        assert_file(c, line);
        cookies_free(c);
    }
}

/* What -v can tell of one that is refused. */
static void test_reasons(void **state)
{
    (void)state;
    static const struct {
        const char *value, *why;
    } rows[] = {
        {"", "it has no name and no value"},
        {"a=\x01", "it has a control character"},
        {"a=b; domain=ww.example.com", "its Domain is not the host's"},
        {"a=b; domain=other.org", "its Domain is not the host's"},
        {"a=b; domain=com", "its Domain is a public suffix"},
        {"a=b; secure", "it is Secure, and came without TLS"},
        {"__Secure-a=b", "its name begins with __Secure- or __Host-, and it is not Secure"},
        {"=__Secure-a=b", "its value looks like a name that promises more"},
    };
    struct cookies *c = new_jar();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *why = NULL;
        assert_int_equal(receive_at(c, "http://www.example.com/", rows[i].value, strlen(rows[i].value), NOW, &why), 0);
        assert_string_equal(why, rows[i].why);
    }
    const char *why = NULL;
    assert_int_equal(receive_at(c, "http://10.0.0.1/", "a=b; domain=0.0.1", 17, NOW, &why), 0);
    assert_string_equal(why, "its Domain is not the host's");
    assert_int_equal(receive_at(c, "https://www.example.com/", "__Host-a=b; secure", 18, NOW, &why), 0);
    assert_string_equal(why, "its name begins with __Host-, and it has a Domain or no Path=/");
    cookies_free(c);
}

static void test_nul(void **state)
{
    (void)state;
    struct cookies *c = new_jar();
    assert_int_equal(receive_at(c, "http://h.example/", "a=b\0c", 5, NOW, NULL), 0);
    assert_int_equal(receive_at(c, "http://h.example/", "a=b; path=/\0", 12, NOW, NULL), 0);
    assert_int_equal(cookies_count(c), 0);
    cookies_free(c);
}

static void test_lengths(void **state)
{
    (void)state;
    static const struct {
        const char *before;
        size_t count; /* of x */
        const char *after;
        int rc;
        const char *path; /* that it is sent to */
    } rows[] = {
        {"a=", COOKIES_PAIR_MAX - 1, "", 1, "/"},
        {"a=", COOKIES_PAIR_MAX, "", 0, "/"},
        {"", COOKIES_PAIR_MAX - 1, "=a", 1, "/"},
        {"", COOKIES_PAIR_MAX, "=a", 0, "/"},
        {"", COOKIES_PAIR_MAX, "", 1, "/"},
        {"", COOKIES_PAIR_MAX + 1, "", 0, "/"},
        {"a=b; unheard-of=", 100000, "", 1, "/"},
        /* An attribute that is too long does not count: another of its name does. */
        {"a=b; path=/only; path=/", COOKIES_ATTRIBUTE_MAX - 1, "", 1, NULL},
        {"a=b; path=/only; path=/", COOKIES_ATTRIBUTE_MAX, "", 1, "/only"},
        {"a=b; domain=", COOKIES_ATTRIBUTE_MAX, "", 0, NULL},
        {"a=b; domain=", COOKIES_ATTRIBUTE_MAX + 1, "", 1, "/"},
        {"a=b; max-age=", COOKIES_ATTRIBUTE_MAX + 1, "", 1, "/"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cookies *c = new_jar();
        struct buf b;
        buf_init(&b, 200000);
        buf_adds(&b, rows[i].before);
        for (size_t n = 0; n < rows[i].count; n++)
            buf_addc(&b, 'x');
        buf_adds(&b, rows[i].after);
        assert_int_equal(receive_at(c, "http://h.example/", b.data, b.len, NOW, NULL), rows[i].rc);
        char url[100];
        snprintf(url, sizeof url, "http://h.example%s", rows[i].path ? rows[i].path : "/");
        assert_int_equal(*field_at(c, url, NOW) != '\0', rows[i].rc && rows[i].path);
        buf_deinit(&b);
        cookies_free(c);
    }
}

static void test_dates(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t seconds; /* -1: no date */
    } rows[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
        {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
        {"Sun Nov  6 08:49:37 1994", 784111777},
        {"06 Nov 1994 08:49:37 +0500", 784111777}, /* zones do not count */
        {"1994 Nov 6 8:49:37", 784111777},
        {"08:49:37 1994 November 06th", 784111777},
        {"6NOVEMBER 6 NOV 1994 08:49:37", 784111777}, /* a day may have what is no digit behind it */
        {"  Nov/6/94;08:49:37  ", 784111777},
        {"06\tNov\t1994\t08:49:37", 784111777},
        {"6 Nov 1994 08:49:37.5", 784111777},
        {"6 Nov 1994 08:49:37x 10:00:00", 784111777}, /* the first time is the one */
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Fri, 01 Jan 1971 00:00:00 GMT", 31536000},
        {"01 Jan 69 00:00:00", 3124224000},
        {"01 Jan 70 00:00:00", 0},
        {"01 Jan 99 00:00:00", 915148800},
        {"01 Jan 00 00:00:00", 946684800},
        {"01 Jan 068 00:00:00", 3092601600},
        {"29 Feb 2000 12:00:00", 951825600},
        {"29 Feb 2024 12:00:00", 1709208000},
        {"31 Dec 9999 23:59:59", 253402300799},
        {"29 Feb 1900 12:00:00", -1},
        {"29 Feb 2023 12:00:00", -1},
        {"31 Apr 2023 12:00:00", -1},
        {"00 Jan 2023 12:00:00", -1},
        {"32 Jan 2023 12:00:00", -1},
        {"1 Jan 2023 24:00:00", -1},
        {"1 Jan 2023 23:60:00", -1},
        {"1 Jan 2023 23:59:60", -1},
        {"1 Jan 2023 023:59:59", -1},
        {"1 Jan 2023 23:59", -1},
        {"1 Jan 2023", -1},
        {"1 Jan 12:00:00", -1},
        {"Jan 2023 12:00:00", -1},
        {"1 Ja 2023 12:00:00", -1},
        {"1 01 2023 12:00:00", -1},
        {"1 Jan 1600 12:00:00", -1},
        {"1 Jan 20231 12:00:00", -1},
        {"1 Jan 2 12:00:00", -1},
        {"2023-01-01T12:00:00Z", -1},
        {"", -1},
        {" ,;", -1},
        {"0", -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t len = strlen(rows[i].text);
        char *exact = malloc(len ? len : 1);
        assert_non_null(exact);
        memcpy(exact, rows[i].text, len);
        int64_t seconds = -1;
        bool well = cookie_parse_date((struct slice){exact, len}, &seconds);
        free(exact);
        if (well != (rows[i].seconds >= 0) || seconds != rows[i].seconds)
            fail_msg("\"%s\": %lld", rows[i].text, (long long)seconds);
    }
    /* Before 1970, too. */
    int64_t seconds;
    assert_true(cookie_parse_date((struct slice){"1 Jan 1601 00:00:00", 19}, &seconds));
    assert_int_equal(seconds, -11644473600);
    /* And every day of four centuries is one after the day before. */
    int64_t last = -11644473600 - 86400;
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    for (int year = 1601; year < 2001; year++)
        for (int month = 0; month < 12; month++)
            for (int day = 1; day <= 31; day++) {
                char text[64];
                snprintf(text, sizeof text, "%d %s %d 0:0:0", day, months[month], year);
                if (cookie_parse_date((struct slice){text, strlen(text)}, &seconds)) {
                    assert_int_equal(seconds, last + 86400);
                    last = seconds;
                }
            }
    assert_int_equal(last, 978220800); /* 2000-12-31 */
}

/* ---- where a cookie goes --------------------------------------------------------------------------------------------- */

static void test_scope(void **state)
{
    (void)state;
    static const struct {
        const char *from, *value, *to;
        bool goes;
    } rows[] = {
        /* hosts */
        {"http://example.com/", "a=b", "http://example.com/", true},
        {"http://example.com/", "a=b", "http://EXAMPLE.com:8080/", true}, /* ports do not count */
        {"http://example.com/", "a=b", "http://www.example.com/", false},
        {"http://www.example.com/", "a=b", "http://example.com/", false},
        {"http://www.example.com/", "a=b; domain=example.com", "http://example.com/", true},
        {"http://www.example.com/", "a=b; domain=example.com", "http://x.y.example.com/", true},
        {"http://www.example.com/", "a=b; domain=example.com", "http://badexample.com/", false},
        {"http://www.example.com/", "a=b; domain=example.com", "http://example.com.evil.org/", false},
        {"http://example.com./", "a=b", "http://example.com/", false},
        {"http://example.com./", "a=b", "http://example.com./", true},
        {"http://www.example.com./", "a=b; domain=example.com.", "http://example.com./", true},
        {"http://b\xc3\xbc"
         "cher.example/",
         "a=b; domain=xn--bcher-kva.example", "http://www.xn--bcher-kva.example/", true},
        /* addresses */
        {"http://127.0.0.1/", "a=b", "http://127.0.0.1/", true},
        {"http://10.0.0.1/", "a=b; domain=10.0.0.1", "http://10.0.0.1/", true},
        {"http://10.0.0.1/", "a=b; domain=10.0.0.1", "http://x.10.0.0.1/", false},
        {"http://[::1]/", "a=b", "http://[::1]/", true},
        {"http://[2001:db8::1]/", "a=b; domain=2001:db8::1", "http://[2001:db8::1]/", true},
        {"http://10.0.0.1/", "a=b; domain=0.0.1", "http://10.0.0.1/", false},
        /* names of one label */
        {"http://intranet/", "a=b", "http://intranet/", true},
        {"http://intranet/", "a=b; domain=intranet", "http://intranet/", true},
        {"http://intranet/", "a=b; domain=intranet", "http://www.intranet/", false},
        {"http://localhost/", "a=b; domain=localhost", "http://localhost/", true},
        /* paths */
        {"http://h.example/dir/page", "a=b", "http://h.example/dir", true},
        {"http://h.example/dir/page", "a=b", "http://h.example/dir/", true},
        {"http://h.example/dir/page", "a=b", "http://h.example/dir/x/y", true},
        {"http://h.example/dir/page", "a=b", "http://h.example/dirt", false},
        {"http://h.example/dir/page", "a=b", "http://h.example/", false},
        {"http://h.example/dir/page", "a=b", "http://h.example/DIR/", false},
        {"http://h.example/dir/page", "a=b", "http://h.example/dir?x", true},
        {"http://h.example/dir/page", "a=b", "http://h.example/x?/dir/", false},
        {"http://h.example/page", "a=b", "http://h.example/other", true},
        {"http://h.example", "a=b", "http://h.example/other", true},
        {"http://h.example?/x/y", "a=b", "http://h.example/other", true},
        {"http://h.example/x?/y/z", "a=b", "http://h.example/other", true},
        {"http://h.example/dir/", "a=b", "http://h.example/dir", true},
        {"http://h.example/dir//", "a=b", "http://h.example/dir", false},
        {"http://h.example/", "a=b; path=/dir/", "http://h.example/dir", false},
        {"http://h.example/", "a=b; path=/dir/", "http://h.example/dir/", true},
        {"http://h.example/", "a=b; path=/dir/", "http://h.example/dir/x", true},
        {"http://h.example/x", "a=b; path=/elsewhere", "http://h.example/elsewhere", true},
        {"http://h.example/x", "a=b; path=/%41", "http://h.example/A", false}, /* nothing is decoded */
        /* Secure */
        {"https://h.example/", "a=b", "http://h.example/", true},
        {"https://h.example/", "a=b; secure", "http://h.example/", false},
        {"https://h.example/", "a=b; secure", "https://h.example/", true},
        {"http://h.example/", "a=b; secure", "https://h.example/", false},
        {"http://localhost/", "a=b; secure", "http://localhost/", true},
        {"http://127.0.0.1/", "a=b; secure", "http://127.0.0.1/", true},
        {"http://[::1]/", "a=b; secure", "http://[::1]/", true},
        {"http://127.0.0.2/", "a=b; secure", "http://127.0.0.2/", false},
        {"http://localhost.example/", "a=b; secure", "http://localhost.example/", false},
        {"http://localhost/", "__Host-a=b; secure; path=/", "http://localhost/", true},
#ifdef AFETCH_PSL
        /* public suffixes */
        {"http://www.example.co.uk/", "a=b; domain=example.co.uk", "http://example.co.uk/", true},
        {"http://www.example.co.uk/", "a=b; domain=co.uk", "http://www.example.co.uk/", false},
        {"http://www.example.co.uk./", "a=b; domain=co.uk.", "http://www.example.co.uk./", false},
        {"http://www.example.co.uk/", "a=b; domain=uk", "http://www.example.co.uk/", false},
        {"http://me.github.io/", "a=b; domain=github.io", "http://me.github.io/", false},
        {"http://github.io/", "a=b; domain=github.io", "http://github.io/", true}, /* its own host's alone */
        {"http://github.io/", "a=b; domain=github.io", "http://me.github.io/", false},
        {"http://x.city.kawasaki.jp/", "a=b; domain=city.kawasaki.jp", "http://city.kawasaki.jp/", true}, /* "!" */
        {"http://a.b.kawasaki.jp/", "a=b; domain=b.kawasaki.jp", "http://a.b.kawasaki.jp/", false},       /* "*" */
        {"http://a.b.unheard-of/", "a=b; domain=b.unheard-of", "http://x.b.unheard-of/", true},
        {"http://a.b.unheard-of/", "a=b; domain=unheard-of", "http://a.b.unheard-of/", false},
        {"http://www.xn--55qx5d.cn/", "a=b; domain=xn--55qx5d.cn", "http://www.xn--55qx5d.cn/", false},
#endif
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cookies *c = new_jar();
        receive_at(c, rows[i].from, rows[i].value, strlen(rows[i].value), NOW, NULL);
        const char *got = field_at(c, rows[i].to, NOW);
        if ((*got != '\0') != rows[i].goes)
            fail_msg("%s from %s to %s: \"%s\"", rows[i].value, rows[i].from, rows[i].to, got);
        cookies_free(c);
    }
}

/* A request target that is no path, "OPTIONS *". */
static void test_no_path(void **state)
{
    (void)state;
    struct cookies *c = new_jar();
    struct cookies_request r = {"h.example", "*", false};
    assert_int_equal(cookies_receive(c, &r, "a=b", 3, NOW, NULL), 1);
    assert_sent(c, "http://h.example/x", "a=b");
    struct buf b;
    buf_init(&b, 100);
    assert_int_equal(cookies_field(c, &r, NOW, &b), 1);
    buf_deinit(&b);
    cookies_free(c);
}

static void test_order(void **state)
{
    (void)state;
    struct cookies *c = new_jar();
    receive(c, "http://www.example.com/", "old=1; path=/");
    receive(c, "http://www.example.com/", "deep=2; path=/a/b");
    receive(c, "http://www.example.com/", "wide=3; path=/; domain=example.com");
    receive(c, "http://www.example.com/", "middle=4; path=/a");
    receive(c, "http://www.example.com/", "new=5; path=/");
    receive(c, "http://www.example.com/", "noname; path=/");
    receive(c, "http://www.example.com/", "novalue=; path=/");
    assert_sent(c, "http://www.example.com/a/b/c", "deep=2; middle=4; old=1; wide=3; new=5; noname; novalue=");
    assert_sent(c, "http://example.com/a/b/c", "wide=3");
    assert_sent(c, "http://www.example.com/ab", "old=1; wide=3; new=5; noname; novalue=");
    /* One that is replaced keeps its place. */
    receive(c, "http://www.example.com/", "old=6; path=/");
    assert_sent(c, "http://www.example.com/", "old=6; wide=3; new=5; noname; novalue=");
    cookies_free(c);
}

static void test_replacing(void **state)
{
    (void)state;
    struct cookies *c = new_jar();
    const char *url = "https://www.example.com/";
    receive(c, url, "a=1");
    receive(c, url, "a=2");
    assert_sent(c, url, "a=2");
    receive(c, url, "A=3");                         /* another name */
    receive(c, url, "a=4; path=/x");                /* another path */
    receive(c, url, "a=5; domain=www.example.com"); /* not the host's alone */
    receive(c, url, "a=6; domain=example.com");     /* another domain */
    assert_int_equal(cookies_count(c), 5);
    assert_sent(c, "https://www.example.com/x", "a=4; a=2; A=3; a=5; a=6");
    /* Flags are replaced with it. */
    receive(c, url, "a=7; secure; httponly; max-age=5");
    assert_int_equal(cookies_count(c), 5);
    assert_file(c, ".example.com\tTRUE\t/\tFALSE\t0\ta\t6\n"
                   ".www.example.com\tTRUE\t/\tFALSE\t0\ta\t5\n"
                   "www.example.com\tFALSE\t/\tFALSE\t0\tA\t3\n"
                   "#HttpOnly_www.example.com\tFALSE\t/\tTRUE\t1700000005\ta\t7\n"
                   "www.example.com\tFALSE\t/x\tFALSE\t0\ta\t4\n");
    cookies_free(c);
}

static void test_expiry(void **state)
{
    (void)state;
    struct cookies *c = new_jar();
    const char *url = "http://h.example/";
    receive(c, url, "a=1; max-age=10");
    receive(c, url, "b=2");
    assert_string_equal(field_at(c, url, NOW + 9), "a=1; b=2");
    assert_string_equal(field_at(c, url, NOW + 10), "b=2");
    /* An expired one removes the one it would have replaced, and only that. */
    receive(c, url, "a=1; max-age=10");
    receive(c, url, "a=gone; path=/x; max-age=0");
    assert_sent(c, url, "a=1; b=2");
    receive(c, url, "a=gone; max-age=0");
    assert_sent(c, url, "b=2");
    assert_int_equal(cookies_count(c), 1);
    receive(c, url, "b=gone; max-age=-5");
    assert_int_equal(cookies_count(c), 0);
    receive(c, url, "b=2");
    receive(c, url, "b=gone; expires=Thu, 01 Jan 1970 00:00:00 GMT");
    assert_int_equal(cookies_count(c), 0);
    receive(c, url, "b=2");
    receive(c, url, "b=gone; expires=Mon, 01 Jan 1601 00:00:00 GMT");
    assert_int_equal(cookies_count(c), 0);
    receive(c, url, "b=gone; expires=14 Nov 2023 22:13:20"); /* now */
    assert_int_equal(cookies_count(c), 0);
    /* What has expired is gone from the file, and from the jar that wrote it. */
    receive(c, url, "a=1; max-age=10");
    receive(c, url, "b=2; max-age=20");
    char *text = write_jar(c, NOW + 15);
    assert_string_equal(text, FILE_HEAD "h.example\tFALSE\t/\tFALSE\t1700000020\tb\t2\n");
    free(text);
    assert_int_equal(cookies_count(c), 1);
    cookies_free(c);
}

/* A cookie that comes without TLS does not hide one that came with it: 6265bis section 5.7, step 16. */
static void test_secure_is_not_hidden(void **state)
{
    (void)state;
    static const struct {
        const char *from, *secure, *plain_from, *plain;
        int rc;
    } rows[] = {
        {"https://h.example/", "a=1; secure", "http://h.example/", "a=2", 0},
        {"https://h.example/", "a=1; secure", "https://h.example/", "a=2", 1},
        {"https://h.example/", "a=1", "http://h.example/", "a=2", 1},
        {"https://h.example/", "a=1; secure", "http://h.example/", "b=2", 1},
        {"https://h.example/", "a=1; secure; path=/login", "http://h.example/", "a=2; path=/login", 0},
        {"https://h.example/", "a=1; secure; path=/login", "http://h.example/", "a=2; path=/login/en", 0},
        {"https://h.example/", "a=1; secure; path=/login", "http://h.example/", "a=2; path=/", 1},
        {"https://h.example/", "a=1; secure; path=/login", "http://h.example/", "a=2; path=/loginhelper", 1},
        {"https://www.h.example/", "a=1; secure; domain=h.example", "http://www.h.example/", "a=2", 0},
        {"https://www.h.example/", "a=1; secure; domain=h.example", "http://x.h.example/", "a=2", 0},
        {"https://www.h.example/", "a=1; secure", "http://www.h.example/", "a=2; domain=h.example", 0},
        {"https://x.y.h.example/", "a=1; secure", "http://www.h.example/", "a=2; domain=h.example", 0},
        {"https://x.y.h.example/", "a=1; secure", "http://h.example/", "a=2", 0},
        {"https://x.y.h.example/", "a=1; secure", "http://other.h.example/", "a=2", 1},
        {"https://x.y.h.example/", "a=1; secure", "http://other.example/", "a=2", 1},
        {"https://h.example/", "a=1; secure", "http://h.example/", "a=gone; max-age=0", 0},
        {"http://localhost/", "a=1; secure", "http://localhost/", "a=2", 1}, /* which counts as TLS */
        {"https://10.0.0.1/", "a=1; secure", "http://10.0.0.1/", "a=2", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cookies *c = new_jar();
        receive(c, rows[i].from, rows[i].secure);
        const char *why = "", *plain = rows[i].plain;
        int rc = receive_at(c, rows[i].plain_from, plain, strlen(plain), NOW, &why);
        if (rc != rows[i].rc)
            fail_msg("%s from %s over %s from %s: %d (%s)", plain, rows[i].plain_from, rows[i].secure, rows[i].from, rc,
                     why);
        if (rc == 0)
            assert_string_equal(why, "it would hide a secure one");
        cookies_free(c);
    }
}

/* However far it is in the tree of the names below. */
static void test_secure_below_is_found(void **state)
{
    (void)state;
    static const char *const hosts[] = {"a.h.example", "b.h.example",   "x.y.b.h.example", "z.b.h.example",
                                        "c.h.example", "x.c.h.example", "h.example"};
    struct cookies *c = new_jar();
    receive(c, "https://example/", "elsewhere=1; secure");
    receive(c, "https://i.example/", "elsewhere=1; secure");
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        char url[100], value[100];
        snprintf(url, sizeof url, "https://%s/", hosts[i]);
        snprintf(value, sizeof value, "of%zu=1; secure", i);
        receive(c, url, value);
    }
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        char value[100];
        snprintf(value, sizeof value, "of%zu=2", i);
        assert_int_equal(receive_at(c, "http://h.example/", value, strlen(value), NOW, NULL), 0);
    }
    assert_int_equal(receive_at(c, "http://h.example/", "elsewhere=2", 11, NOW, NULL), 0); /* above */
    assert_int_equal(receive_at(c, "http://k.i.example/", "of0=2", 5, NOW, NULL), 1);      /* beside */
    cookies_free(c);
}

int main(void)
{
    print_message("%s\n", cookies_library());
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_cookie), cmocka_unit_test(test_reasons), cmocka_unit_test(test_nul),
        cmocka_unit_test(test_lengths),    cmocka_unit_test(test_dates),   cmocka_unit_test(test_scope),
        cmocka_unit_test(test_no_path),    cmocka_unit_test(test_order),   cmocka_unit_test(test_secure_below_is_found),
        cmocka_unit_test(test_replacing),  cmocka_unit_test(test_expiry),  cmocka_unit_test(test_secure_is_not_hidden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
