/* Proxies: addresses taken apart, which hosts need none, and what the environment says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/noproxy.h"
#include "proto/proxy.h"

/* ---- hosts without a proxy --------------------------------------------------------------------------------------- */

#define IP16 "127.0.0.1.127.0."

static const struct {
    const char *host, *list;
    bool match;
} noproxies[] = {
    {"a", NULL, false},
    {"a", "", false},
    {"", "*", false},
    {"a", "*", true},
    {"a", "*,b", false}, /* a star stands alone */
    {"a", " *", false},
    {"127.0.0.1", "*", true},
    /* names, as in curl's unit test 1614 */
    {"www.example.com", "localhost .example.com .example.de", false},
    {"www.example.com", "localhost,.example.com,.example.de", true},
    {"www.example.com.", "localhost,.example.com,.example.de", true},
    {"example.com", "localhost,.example.com,.example.de", true},
    {"example.com.", "localhost,.example.com,.example.de", true},
    {"www.example.com", "localhost,.example.com.,.example.de", true},
    {"www.example.com", "localhost,www.example.com.,.example.de", true},
    {"example.com", "localhost,example.com,.example.de", true},
    {"example.com.", "localhost,example.com,.example.de", true},
    {"nexample.com", "localhost,example.com,.example.de", false},
    {"www.example.com", "localhost,example.com,.example.de", true},
    {"www.example.com", "foo, .example.com", true},
    {"www.example.com", "www2.example.com, .example.net", false},
    {"example.com", ".example.com, .example.net", true},
    {"nonexample.com", ".example.com, .example.net", false},
    {"example.com", "www.example.com", false},
    {"example.com", "com", true},
    {"example.com", "..example.com", false},
    {"localhost", "127.0.0.1,localhost", true},
    {"localhost", "localhost:80", false},
    {"foobar", "barfoo", false},
    {"foobar", "foobar", true},
    {"foobar", ".", false},
    {"bar", "foo, bar, ::1/64", true},
    {"BAr", "foo, bar, ::1/64", true},
    {"bar", "foo,,,,,              BAR, ::1/64", true},
    {"bar", ",,\tbar", true},
    {"bar", "foo \t,\tbar", true},
    {"192.168.0.1", "foobar", false},
    {"a.192.168.0.1", "192.168.0.1", true},
    /* addresses and networks */
    {"127.0.0.1", "127.0.0.1,localhost", true},
    {"127.0.0.1", "127.0.0.1,localhost,", true},
    {"127.0.0.1", "127.0.0.1/8,localhost,", true},
    {"127.0.0.1", "127.0.0.1/28,localhost,", true},
    {"127.0.0.1", "127.0.0.1/31,localhost,", true},
    {"127.0.0.1", "localhost,127.0.0.1", true},
    {"127.0.0.1", "localhost," IP16 IP16 IP16 IP16 IP16 IP16 IP16 IP16, false},
    {"127.0.0.1", "localhost," IP16 IP16 IP16 IP16 IP16 IP16 IP16 IP16 "x,127.0.0.1", true},
    {"192.168.0.1", "192.168.0.0/16", true},
    {"192.168.0.1", "192.168.0.0/16a", false},
    {"192.168.0.1", "192.168.0.0/16 ", true},
    {"192.168.0.1", "192.168.0.0/a16", false},
    {"192.168.0.1", "192.168.0.0/ 16", false},
    {"192.168.0.1", "192.168.0.1/", false},
    {"192.168.0.1", "192.168.0.0/24", true},
    {"192.168.0.1", "192.168.0.0/32", false},
    {"192.168.0.1", "192.168.0.1/32", true},
    {"192.168.0.1", "192.168.0.1/33", false},
    {"192.168.0.1", "192.168.0.1/99999999999999999999", false},
    {"192.168.0.1", "192.168.0.0", false},
    {"192.168.0.1", "192.168.0.1.", false},
    {"192.168.0.1", ".168.0.1", false},
    {"192.168.1.1", "192.168.0.0/24", false},
    {"192.168.1.1", "foo, bar, 192.168.0.0/24", false},
    {"192.168.1.1", "foo, bar, 192.168.0.0/16", true},
    {"192.160.0.1", "192.160.0.1/0", true},
    {"192.160.0.1", "10.0.0.1/0", false},
    {"192.160.0.1", "10.0.0.1/8", false},
    {"192.160.0.1", "192.191.0.1/11", true},
    {"192.160.0.1", "192.191.0.1/12", false},
    {"::1", "foo, bar, 192.168.0.0/16", false},
    {"::1", "foo, bar, ::1/64", true},
    {"::1", "::1/129", false},
    {"::1", "::1/128", true},
    {"::1", "0:0::1", true},
    {"::1", "[::1]", false},
    {"::1", "::1/127a", false},
    {"::1", "::1/ 127", false},
    {"::1", "::1/127 ", true},
    {"::1", "::/127", true},
    {"::1", "::/128", false},
    {"::1", "::/0", false},
    {"::1", "::1/0", true},
    {"2001:db8:8000::1", "2001:db8::/32", true},
    {"2001:db8:8000::1", "2001:db8::/33", false},
    {"2001:db8:8000::1", "2001:db8::/65", false},
    {"2001:db8::1", "2001:db8::/72", true},
    {"127.0.0.1", "::ffff:127.0.0.1", false},
};

static void noproxy(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof noproxies / sizeof noproxies[0]; i++)
        if (noproxy_match(noproxies[i].list, noproxies[i].host) != noproxies[i].match)
            fail_msg("\"%s\" does%s name %s", noproxies[i].list, noproxies[i].match ? " not" : "", noproxies[i].host);
}

/* ---- addresses --------------------------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    enum proxy_kind fallback, kind;
    const char *host;
    uint16_t port;
    const char *user, *password, *shown, *path;
} addresses[] = {
    {"proxy", PROXY_HTTP, PROXY_HTTP, "proxy", 1080, NULL, NULL, "http://proxy:1080", NULL},
    {"proxy:8080", PROXY_HTTP, PROXY_HTTP, "proxy", 8080, NULL, NULL, "http://proxy:8080", NULL},
    {"proxy:80/", PROXY_HTTP, PROXY_HTTP, "proxy", 80, NULL, NULL, "http://proxy:80", NULL},
    {"proxy:", PROXY_HTTP, PROXY_HTTP, "proxy", 1080, NULL, NULL, "http://proxy:1080", NULL},
    {" http://Proxy.Example/path?q ", PROXY_HTTPS, PROXY_HTTP, "proxy.example", 1080, NULL, NULL,
     "http://proxy.example:1080", NULL},
    {"https://p", PROXY_HTTP, PROXY_HTTPS, "p", 443, NULL, NULL, "https://p:443", NULL},
    {"https://p:80", PROXY_HTTP, PROXY_HTTPS, "p", 80, NULL, NULL, "https://p:80", NULL},
    {"https://p:443", PROXY_HTTP, PROXY_HTTPS, "p", 443, NULL, NULL, "https://p:443", NULL},
    {"HTTPS:/p:1", PROXY_HTTP, PROXY_HTTPS, "p", 1, NULL, NULL, "https://p:1", NULL},
    {"p", PROXY_HTTPS, PROXY_HTTPS, "p", 443, NULL, NULL, "https://p:443", NULL},
    {"p", PROXY_SOCKS5, PROXY_SOCKS5, "p", 1080, NULL, NULL, "socks5://p:1080", NULL},
    {"http://p", PROXY_SOCKS5, PROXY_HTTP, "p", 1080, NULL, NULL, "http://p:1080", NULL},
    {"socks://p", PROXY_HTTP, PROXY_SOCKS4, "p", 1080, NULL, NULL, "socks4://p:1080", NULL},
    {"socks4://p", PROXY_HTTP, PROXY_SOCKS4, "p", 1080, NULL, NULL, "socks4://p:1080", NULL},
    {"socks4a://p", PROXY_HTTP, PROXY_SOCKS4A, "p", 1080, NULL, NULL, "socks4a://p:1080", NULL},
    {"socks5://p", PROXY_HTTP, PROXY_SOCKS5, "p", 1080, NULL, NULL, "socks5://p:1080", NULL},
    {"Socks5H://p:9", PROXY_HTTP, PROXY_SOCKS5H, "p", 9, NULL, NULL, "socks5h://p:9", NULL},
    {"u:p@proxy", PROXY_HTTP, PROXY_HTTP, "proxy", 1080, "u", "p", "http://proxy:1080", NULL},
    {"http://u%40:p%3a%2F@proxy:1", PROXY_HTTP, PROXY_HTTP, "proxy", 1, "u@", "p:/", "http://proxy:1", NULL},
    {"socks5://u@proxy", PROXY_HTTP, PROXY_SOCKS5, "proxy", 1080, "u", NULL, "socks5://proxy:1080", NULL},
    {":p@proxy", PROXY_HTTP, PROXY_HTTP, "proxy", 1080, "", "p", "http://proxy:1080", NULL},
    {"u:80@proxy", PROXY_HTTP, PROXY_HTTP, "proxy", 1080, "u", "80", "http://proxy:1080", NULL},
    {"[::1]", PROXY_HTTP, PROXY_HTTP, "::1", 1080, NULL, NULL, "http://[::1]:1080", NULL},
    {"socks5://u:p@[2001:DB8::1]:80", PROXY_HTTP, PROXY_SOCKS5, "2001:db8::1", 80, "u", "p",
     "socks5://[2001:db8::1]:80", NULL},
    {"127.1:3", PROXY_HTTP, PROXY_HTTP, "127.0.0.1", 3, NULL, NULL, "http://127.0.0.1:3", NULL},
    {"socks5h://localhost/run/s%20x%25%zz", PROXY_HTTP, PROXY_SOCKS5H, "localhost", 1080, NULL, NULL,
     "socks5h://localhost:1080", "/run/s x%%zz"},
    {"socks5h://localhost/", PROXY_HTTP, PROXY_SOCKS5H, "localhost", 1080, NULL, NULL, "socks5h://localhost:1080",
     NULL},
    {"socks5h://localhos/x", PROXY_HTTP, PROXY_SOCKS5H, "localhos", 1080, NULL, NULL, "socks5h://localhos:1080", NULL},
    {"http://localhost/run/s", PROXY_HTTP, PROXY_HTTP, "localhost", 1080, NULL, NULL, "http://localhost:1080", NULL},
};

static void assert_same(const char *got, const char *want, const char *text)
{
    if (!got || !want ? got != want : strcmp(got, want) != 0)
        fail_msg("%s: %s, not %s", text, got ? got : "(none)", want ? want : "(none)");
}

static void parse(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        struct proxy p = {0};
        const char *text = addresses[i].text;
        if (proxy_parse(&p, text, addresses[i].fallback, NULL) != 0)
            fail_msg("%s is refused", text);
        if (p.kind != addresses[i].kind || p.url.port != addresses[i].port)
            fail_msg("%s: kind %d, port %u", text, p.kind, p.url.port);
        assert_same(p.url.host, addresses[i].host, text);
        assert_same(p.url.user, addresses[i].user, text);
        assert_same(p.url.password, addresses[i].password, text);
        assert_same(p.shown, addresses[i].shown, text);
        assert_same(p.unix_socket, addresses[i].path, text);
        proxy_deinit(&p);
    }
}

static void parse_errors(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int code;
        const char *error;
    } rows[] = {
        {"ftp://p", ERR_CONNECT,
         "could not connect: ftp is no kind of proxy (http, https, socks4, socks4a, socks5, socks5h are)"},
        {"socks6://secret:pw@p", ERR_CONNECT,
         "could not connect: socks6 is no kind of proxy (http, https, socks4, socks4a, socks5, socks5h are)"},
        {"", ERR_PROXY_RESOLVE, "could not resolve proxy: malformed URL: there is no host"},
        {"http://", ERR_PROXY_RESOLVE, "could not resolve proxy: malformed URL: there is no host"},
        {"secret:pw@p:x", ERR_PROXY_RESOLVE, "could not resolve proxy: malformed URL: the port is not a number"},
        {"p:0", ERR_PROXY_RESOLVE, "could not resolve proxy: malformed URL: port 0 cannot be connected to"},
        {"p:65536", ERR_PROXY_RESOLVE, "could not resolve proxy: malformed URL: the port is over 65535"},
        {"p\nq", ERR_PROXY_RESOLVE, "could not resolve proxy: malformed URL: it has a control character"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct proxy p = {.shown = (char *)"kept"};
        struct error err = {0};
        assert_int_equal(proxy_parse(&p, rows[i].text, PROXY_HTTP, &err), rows[i].code);
        assert_string_equal(error_text(&err), rows[i].error);
        assert_string_equal(p.shown, "kept");
        error_clear(&err);
    }
    char *text = malloc(URL_MAX + 2);
    assert_non_null(text);
    memset(text, 'a', URL_MAX + 1);
    text[URL_MAX + 1] = '\0';
    struct proxy p = {0};
    assert_int_equal(proxy_parse(&p, text, PROXY_HTTP, NULL), ERR_PROXY_RESOLVE);
    free(text);
}

static void kinds(void **state)
{
    (void)state;
    static const enum socks_kind socks[] = {SOCKS_4, SOCKS_4A, SOCKS_5, SOCKS_5H};
    for (int kind = PROXY_HTTP; kind <= PROXY_SOCKS5H; kind++) {
        struct proxy p = {.kind = (enum proxy_kind)kind};
        assert_int_equal(proxy_is_socks(&p), kind >= PROXY_SOCKS4);
        if (kind >= PROXY_SOCKS4)
            assert_int_equal(proxy_socks_kind(&p), socks[kind - PROXY_SOCKS4]);
    }
}

/* ---- which one --------------------------------------------------------------------------------------------------- */

/* The environment is a string of "name=value" with blanks between. */
static const char *env(void *arg, const char *name)
{
    static char value[100];
    size_t len = strlen(name);
    for (const char *p = arg; p && *p; p += strcspn(p, " "), p += *p == ' ')
        if (strncmp(p, name, len) == 0 && p[len] == '=') {
            snprintf(value, sizeof value, "%.*s", (int)strcspn(p + len + 1, " "), p + len + 1);
            return value;
        }
    return NULL;
}

static void which(void **state)
{
    (void)state;
    static const struct {
        const char *proxy, *noproxy, *env;
        bool tls;
        const char *host, *answer;
    } rows[] = {
        {NULL, NULL, "", false, "h", NULL},
        {"p", NULL, "http_proxy=e all_proxy=f", false, "h", "p"},
        {"", NULL, "http_proxy=e all_proxy=f", false, "h", NULL},
        {NULL, NULL, "http_proxy=e", false, "h", "e"},
        {NULL, NULL, "http_proxy=e", true, "h", NULL},
        {NULL, NULL, "HTTP_PROXY=e", false, "h", NULL}, /* CVE-2016-5385 and its like */
        {NULL, NULL, "https_proxy=e", false, "h", NULL},
        {NULL, NULL, "https_proxy=e HTTPS_PROXY=f", true, "h", "e"},
        {NULL, NULL, "https_proxy= HTTPS_PROXY=f", true, "h", "f"},
        {NULL, NULL, "HTTPS_PROXY=f", true, "h", "f"},
        {NULL, NULL, "all_proxy=a http_proxy=e", false, "h", "e"},
        {NULL, NULL, "all_proxy=a http_proxy=e", true, "h", "a"},
        {NULL, NULL, "all_proxy=a ALL_PROXY=b", true, "h", "a"},
        {NULL, NULL, "ALL_PROXY=b http_proxy=", false, "h", "b"},
        {NULL, NULL, "http_proxy=e no_proxy=h", false, "h", NULL},
        {NULL, NULL, "http_proxy=e NO_PROXY=h", false, "h", NULL},
        {NULL, NULL, "http_proxy=e no_proxy=x NO_PROXY=h", false, "h", "e"},
        {NULL, NULL, "http_proxy=e no_proxy= NO_PROXY=h", false, "h", NULL},
        {NULL, "x", "http_proxy=e no_proxy=h", false, "h", "e"},
        {NULL, "", "http_proxy=e no_proxy=h", false, "h", "e"},
        {NULL, "h", "http_proxy=e", false, "h", NULL},
        {"p", "h", "", false, "h", NULL},
        {"p", NULL, "no_proxy=h", false, "h", NULL},
        {"p", "", "no_proxy=h", true, "h", "p"},
        {"p", NULL, "no_proxy=*", true, "h", NULL},
        {"p", NULL, NULL, true, "h", "p"},
        {NULL, NULL, NULL, true, "h", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct proxy_rules rules = {rows[i].proxy, rows[i].noproxy, rows[i].env ? env : NULL, (void *)rows[i].env};
        char text[30];
        snprintf(text, sizeof text, "row %zu", i);
        assert_same(proxy_for(&rules, rows[i].tls, rows[i].host), rows[i].answer, text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(noproxy), cmocka_unit_test(parse), cmocka_unit_test(parse_errors),
        cmocka_unit_test(kinds),   cmocka_unit_test(which),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
