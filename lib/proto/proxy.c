#include "proto/proxy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "proto/noproxy.h"

/* In the order of the kinds; then other names. */
static const struct {
    const char *name;
    enum proxy_kind kind;
} kinds[] = {
    {"http", PROXY_HTTP},     {"https", PROXY_HTTPS},     {"socks4", PROXY_SOCKS4}, {"socks4a", PROXY_SOCKS4A},
    {"socks5", PROXY_SOCKS5}, {"socks5h", PROXY_SOCKS5H}, {"socks", PROXY_SOCKS4},
};

bool proxy_is_socks(const struct proxy *p)
{
    return p->kind >= PROXY_SOCKS4;
}

enum socks_kind proxy_socks_kind(const struct proxy *p)
{
    switch (p->kind) {
    case PROXY_SOCKS4:
        return SOCKS_4;
    case PROXY_SOCKS4A:
        return SOCKS_4A;
    case PROXY_SOCKS5:
        return SOCKS_5;
    default:
        return SOCKS_5H;
    }
}

/* ---- an address -------------------------------------------------------------------------------------------------- */

/* Bytes of the scheme that text begins with; 0 for none. One is followed by ":/", as url_parse has it. */
static size_t scheme_len(const char *text)
{
    size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-.");
    bool letter = len > 0 && !strchr("0123456789+-.", *text);
    return letter && text[len] == ':' && text[len + 1] == '/' ? len : 0;
}

static int find_kind(const char *name, size_t len, enum proxy_kind *kind, struct error *err)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strlen(kinds[i].name) == len && strncasecmp(name, kinds[i].name, len) == 0) {
            *kind = kinds[i].kind;
            return 0;
        }
    return error_set(err, ERR_CONNECT, 0,
                     "%.*s is no kind of proxy (http, https, socks4, socks4a, socks5, socks5h are)",
                     len > 40 ? 40 : (int)len, name);
}

/* Whether a port is written in an address behind its scheme, which url_parse has found in order. */
static bool has_port(const char *rest)
{
    rest += strspn(rest, "/");
    const char *end = rest + strcspn(rest, "/?#"), *start = rest;
    for (const char *c = rest; c < end; c++)
        if (*c == '@' || *c == ']')
            start = c;
    const char *colon = memchr(start, ':', (size_t)(end - start));
    return colon && colon + 1 < end && colon[1] >= '0' && colon[1] <= '9';
}

/* url_parse knows http and https alone; the rest of an address is the same for all kinds. */
static int parse_url(struct url *url, const char *rest, struct error *err)
{
    struct error reason = {0};
    struct buf text;
    buf_init(&text, 2 * URL_MAX);
    rest += strspn(rest, "/");
    int rc = strlen(rest) > URL_MAX ? error_set(&reason, ERR_URL, 0, "it is over 64 KiB") : 0;
    if (rc == 0)
        rc = buf_addf(&text, "http://%s", rest);
    if (rc == 0)
        rc = url_parse(url, text.data, text.len, "http", 0, &reason);
    if (rc == ERR_MEMORY) {
        error_set(err, rc, 0, NULL);
    } else if (rc != 0) {
        error_set(err, ERR_PROXY_RESOLVE, 0, "%s", error_text(&reason));
        rc = ERR_PROXY_RESOLVE;
    }
    error_clear(&reason);
    buf_deinit(&text);
    return rc;
}

static char *show(const struct proxy *p)
{
    const char *name = kinds[p->kind].name;
    size_t size = strlen(name) + strlen(p->url.host) + sizeof "://[]:65535";
    bool brackets = strchr(p->url.host, ':') != NULL;
    char *text = malloc(size);
    if (text)
        snprintf(text, size, "%s://%s%s%s:%u", name, brackets ? "[" : "", p->url.host, brackets ? "]" : "",
                 (unsigned)p->url.port);
    return text;
}

static int hex(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c | 0x20 : c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* The path of a URL, decoded. NULL without memory. */
static char *decode_path(const char *target)
{
    size_t len = strcspn(target, "?");
    char *path = malloc(len + 1), *to = path;
    for (size_t i = 0; path && i < len; i++) {
        int high = target[i] == '%' && i + 2 < len ? hex(target[i + 1]) : -1;
        int low = high >= 0 ? hex(target[i + 2]) : -1;
        *to++ = low >= 0 && high + low > 0 ? (char)(high * 16 + low) : target[i];
        i += low >= 0 && high + low > 0 ? 2 : 0;
    }
    if (path)
        *to = '\0';
    return path;
}

/* What follows from the kind: the usual port, and for SOCKS a path instead of one. */
static int complete(struct proxy *p, bool port_written)
{
    if (!port_written)
        p->url.port = p->kind == PROXY_HTTPS ? 443 : 1080;
    p->shown = show(p);
    bool is_path = proxy_is_socks(p) && strcmp(p->url.host, "localhost") == 0 && strcspn(p->url.target, "?") > 1;
    if (is_path)
        p->unix_socket = decode_path(p->url.target);
    return p->shown && (p->unix_socket || !is_path) ? 0 : ERR_MEMORY;
}

int proxy_parse(struct proxy *out, const char *text, enum proxy_kind fallback, struct error *err)
{
    struct proxy p = {.kind = fallback};
    text += strspn(text, " \t");
    size_t scheme = scheme_len(text);
    const char *rest = scheme ? text + scheme + 1 : text;
    int rc = scheme ? find_kind(text, scheme, &p.kind, err) : 0;
    if (rc == 0)
        rc = parse_url(&p.url, rest, err);
    if (rc != 0)
        return rc;
    rc = complete(&p, has_port(rest));
    if (rc != 0) {
        proxy_deinit(&p);
        return error_set(err, rc, 0, NULL);
    }
    *out = p;
    return 0;
}

void proxy_deinit(struct proxy *p)
{
    url_deinit(&p->url);
    free(p->unix_socket);
    free(p->shown);
    *p = (struct proxy){0};
}

/* ---- which one --------------------------------------------------------------------------------------------------- */

/* The first of two variables that is set and not empty; b may be NULL. */
static const char *variable(const struct proxy_rules *rules, const char *a, const char *b)
{
    const char *value = rules->env ? rules->env(rules->arg, a) : NULL;
    if (value && *value)
        return value;
    return b ? variable(rules, b, NULL) : NULL;
}

const char *proxy_for(const struct proxy_rules *rules, bool tls, const char *host)
{
    if (noproxy_match(rules->noproxy ? rules->noproxy : variable(rules, "no_proxy", "NO_PROXY"), host))
        return NULL;
    if (rules->proxy)
        return *rules->proxy ? rules->proxy : NULL;
    const char *proxy = tls ? variable(rules, "https_proxy", "HTTPS_PROXY") : variable(rules, "http_proxy", NULL);
    return proxy ? proxy : variable(rules, "all_proxy", "ALL_PROXY");
}
