#include "proto/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "proto/url_impl.h"

enum { ZONE_MAX = 15 /* IF_NAMESIZE less its NUL */ };

struct slice {
    const char *at;
    size_t len;
};

/* <ctype.h> asks the locale, which has no say in a URL. */
static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

static struct slice slice(const char *from, const char *to)
{
    return (struct slice){from, (size_t)(to - from)};
}

static const char *end_of(struct slice s)
{
    return s.at + s.len;
}

static const char *find(struct slice s, char c)
{
    return s.len ? memchr(s.at, c, s.len) : NULL;
}

static const char *find_last(struct slice s, char c)
{
    for (size_t i = s.len; i > 0; i--)
        if (s.at[i - 1] == c)
            return s.at + i - 1;
    return NULL;
}

/* The end of the part of s that holds none of the stops. */
static const char *until(struct slice s, const char *stops)
{
    const char *p = s.at;
    while (p < end_of(s) && !(*p && strchr(stops, *p)))
        p++;
    return p;
}

/* ---- for people -------------------------------------------------------------------------------------------------- */

/* Whether what stands behind an authority's last colon can be a port: else that colon may be a password's. */
static bool ends_in_port(struct slice authority)
{
    const char *colon = find_last(authority, ':');
    for (const char *p = colon ? colon + 1 : end_of(authority); p < end_of(authority); p++)
        if (!is_digit(*p) && *p != ']')
            return find(authority, '[') != NULL;
    return true;
}

/* The user info of text, its '@' included; empty if there is none. A password with a '/', '?' or '#' in it makes the
 * URL malformed, but is to be hidden all the same. */
static struct slice user_info(struct slice text)
{
    const char *p = text.at;
    const char *colon = find(text, ':');
    if (colon && colon + 1 < end_of(text) && colon[1] == '/')
        p = colon + 1;
    while (p < end_of(text) && *p == '/')
        p++;
    struct slice rest = slice(p, end_of(text));
    struct slice authority = slice(p, until(rest, "/?#"));
    const char *at = find_last(authority, '@');
    if (!ends_in_port(slice(at ? at + 1 : p, end_of(authority))) && find(rest, '@'))
        at = find_last(rest, '@');
    return slice(p, at ? at + 1 : p);
}

size_t url_show(char *out, size_t size, const char *text, size_t len)
{
    struct slice secret = user_info((struct slice){text, len});
    size_t n = 0;
    for (const char *p = text; p < text + len; p++) {
        if (p >= secret.at && p < end_of(secret))
            continue;
        size_t width = is_control(*p) ? 4 : 1;
        if (n + width > size - 1)
            break;
        if (width == 1)
            out[n] = *p;
        else
            snprintf(out + n, width + 1, "\\x%02x", (unsigned)(unsigned char)*p);
        n += width;
    }
    out[n] = '\0';
    return n;
}

/* The URL itself is not repeated: who reports the error names it. */
static int bad(struct error *err, const char *why)
{
    return error_set(err, ERR_URL, 0, "%s", why);
}

/* ---- percent-encoding -------------------------------------------------------------------------------------------- */

static int hex(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool is_escape(struct slice s, size_t i)
{
    return s.at[i] == '%' && i + 2 < s.len && hex(s.at[i + 1]) >= 0 && hex(s.at[i + 2]) >= 0;
}

/* Appends s decoded; what is no escape stays. ERR_URL if a control character comes out of it. */
static int add_decoded(struct buf *b, struct slice s)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < s.len; i++) {
        char c = s.at[i];
        if (is_escape(s, i)) {
            c = (char)(hex(s.at[i + 1]) * 16 + hex(s.at[i + 2]));
            i += 2;
        }
        rc = is_control(c) ? ERR_URL : buf_addc(b, c);
    }
    return rc;
}

/* Appends path or query as it is sent: what may not stand there is encoded, escapes stay. */
static int add_encoded(struct buf *b, struct slice s)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        rc = c == ' ' || c >= 0x80 ? buf_addf(b, "%%%02X", c) : buf_addc(b, (char)c);
    }
    return rc;
}

/* ---- the path's dots (RFC 3986 section 5.2.4) -------------------------------------------------------------------- */

/* How long the dot that s begins with is: ".", or "%2e", which newer curls and browsers read too; 0 for none. */
static size_t dot(struct slice s)
{
    if (s.len >= 1 && s.at[0] == '.')
        return 1;
    return s.len >= 3 && strncasecmp(s.at, "%2e", 3) == 0 ? 3 : 0;
}

/* 1 for ".", 2 for "..", 0 for any other segment. */
static int dots(struct slice segment)
{
    size_t first = dot(segment);
    if (first == 0)
        return 0;
    segment = slice(segment.at + first, end_of(segment));
    if (segment.len == 0)
        return 1;
    return dot(segment) == segment.len ? 2 : 0;
}

/* Takes the last segment of b away, but nothing before root. */
static void drop_segment(struct buf *b, size_t root)
{
    while (b->len > root && b->data[b->len - 1] != '/')
        b->len--;
    if (b->len > root)
        b->len--;
}

static int add_path(struct buf *b, struct slice path)
{
    size_t root = b->len;
    const char *end = end_of(path);
    int rc = 0;
    for (const char *p = path.at; rc == 0 && p < end;) { /* p: at a segment's slash */
        const char *stop = until(slice(p + 1, end), "/");
        struct slice segment = slice(p + 1, stop);
        int n = dots(segment);
        if (n == 2)
            drop_segment(b, root);
        if (n == 0 || stop == end)
            rc = buf_addc(b, '/');
        if (rc == 0 && n == 0)
            rc = add_encoded(b, segment);
        p = stop;
    }
    return rc == 0 && b->len == root ? buf_addc(b, '/') : rc;
}

/* ---- taking apart ------------------------------------------------------------------------------------------------ */

struct parts {
    struct slice text; /* all of it, for errors */
    bool tls;
    struct slice user, password, host, zone, path, query;
    bool has_user, has_password, has_query, is_ipv6, port_given;
    unsigned flags;
    uint16_t port;
};

static int set_scheme(struct parts *p, const char *name, size_t len, struct error *err)
{
    if (len == 4 && strncasecmp(name, "http", 4) == 0)
        p->tls = false;
    else if (len == 5 && strncasecmp(name, "https", 5) == 0)
        p->tls = true;
    else
        return error_set(err, ERR_SCHEME, 0, "%.*s%s is not supported (http and https are)", len > 40 ? 40 : (int)len,
                         name, len > 40 ? "..." : "");
    return 0;
}

/* "host:8080/x" and "user:pw@host" have no scheme: in curl one is followed by a slash, where it may be left out. */
static int split_scheme(struct parts *p, struct slice *rest, const char *default_scheme, struct error *err)
{
    const char *q = rest->at;
    const char *end = end_of(*rest);
    while (q < end && (is_alpha(*q) || is_digit(*q) || (*q && strchr("+-.", *q))))
        q++;
    struct slice scheme = slice(rest->at, q);
    bool slash = scheme.len > 0 && q + 1 < end && q[0] == ':' && q[1] == '/';
    bool two = slash && q + 2 < end && q[2] == '/'; /* "127.0.0.1:/x" is a host with an empty port */
    if (!slash || (!is_alpha(scheme.at[0]) && !two))
        return set_scheme(p, default_scheme, strlen(default_scheme), err);
    const char *slashes = ++q;
    while (q < end && *q == '/')
        q++;
    if (q - slashes > 3)
        return bad(err, "too many slashes behind the scheme");
    *rest = slice(q, end);
    return set_scheme(p, scheme.at, scheme.len, err);
}

static int split_port(struct parts *p, struct slice digits, struct error *err)
{
    unsigned usual = p->tls ? 443 : 80, n = 0;
    for (size_t i = 0; i < digits.len; i++) {
        if (!is_digit(digits.at[i]))
            return bad(err, "the port is not a number");
        n = n * 10 + (unsigned)(digits.at[i] - '0');
        if (n > 65535)
            return bad(err, "the port is over 65535");
    }
    if (digits.len == 0)
        n = usual;
    if (n == 0)
        return bad(err, "port 0 cannot be connected to");
    p->port_given = n != usual;
    p->port = (uint16_t)n;
    return 0;
}

static void split_user(struct parts *p, struct slice info)
{
    const char *colon = find(info, ':');
    p->has_user = true;
    p->has_password = colon != NULL;
    p->user = slice(info.at, colon ? colon : end_of(info));
    if (colon)
        p->password = slice(colon + 1, end_of(info));
}

static int split_ipv6(struct parts *p, struct slice authority, struct error *err)
{
    const char *end = end_of(authority);
    const char *close = find(authority, ']');
    if (!close)
        return bad(err, "a '[' has no ']'");
    struct slice inside = slice(authority.at + 1, close);
    const char *percent = find(inside, '%');
    p->is_ipv6 = true;
    p->host = slice(inside.at, percent ? percent : close);
    if (percent) { /* RFC 6874 writes "%25", people write "%" */
        percent += close - percent > 3 && strncmp(percent, "%25", 3) == 0 ? 3 : 1;
        p->zone = slice(percent, close);
        if (p->zone.len == 0)
            return bad(err, "the zone id is empty");
    }
    if (close + 1 < end && close[1] != ':')
        return bad(err, "something stands between the ']' and the port");
    return split_port(p, slice(close + 1 < end ? close + 2 : end, end), err);
}

static int split_authority(struct parts *p, struct slice authority, struct error *err)
{
    const char *end = end_of(authority);
    const char *at = find_last(authority, '@');
    if (at && (p->flags & URL_NO_USER))
        return error_set(err, ERR_LOGIN, 0, "a user name in a URL is not allowed (--disallow-username-in-url)");
    if (at) {
        split_user(p, slice(authority.at, at));
        authority = slice(at + 1, end);
    }
    if (authority.len > 0 && authority.at[0] == '[')
        return split_ipv6(p, authority, err);
    const char *colon = find(authority, ':');
    if (colon && find(slice(colon + 1, end), ':'))
        return bad(err, "more than one colon in the host (an IPv6 address stands in brackets)");
    p->host = slice(authority.at, colon ? colon : end);
    if (p->host.len == 0)
        return bad(err, "there is no host");
    return split_port(p, slice(colon ? colon + 1 : end, end), err);
}

static int check_text(struct slice text, struct error *err)
{
    if (text.len == 0)
        return error_set(err, ERR_URL, 0, "it is empty");
    if (text.len > URL_MAX)
        return bad(err, "it is over 64 KiB");
    for (size_t i = 0; i < text.len; i++)
        if (is_control(text.at[i]))
            return bad(err, text.at[i] ? "it has a control character" : "it has a NUL byte");
    return 0;
}

static int split(struct parts *p, const char *default_scheme, struct error *err)
{
    struct slice rest = p->text;
    int rc = check_text(p->text, err);
    if (rc == 0)
        rc = split_scheme(p, &rest, default_scheme, err);
    if (rc < 0)
        return rc;
    rest = slice(rest.at, until(rest, "#"));
    const char *end = end_of(rest);
    const char *path = until(rest, "/?");
    const char *query = until(slice(path, end), "?");
    p->path = slice(path, query);
    p->has_query = query < end;
    if (p->has_query)
        p->query = slice(query + 1, end);
    return split_authority(p, slice(rest.at, path), err);
}

static struct slice trim(struct slice s)
{
    while (s.len > 0 && (*s.at == ' ' || *s.at == '\t'))
        s = slice(s.at + 1, end_of(s));
    while (s.len > 0 && (s.at[s.len - 1] == ' ' || s.at[s.len - 1] == '\t'))
        s.len--;
    return s;
}

/* ---- putting together: each string is appended to one buffer, with its NUL --------------------------------------- */

static int end_string(struct buf *b, int rc, const char *why, struct error *err)
{
    if (rc == 0)
        rc = buf_addc(b, '\0');
    if (rc == ERR_URL)
        return bad(err, why);
    return rc < 0 ? error_set(err, rc, 0, NULL) : 0;
}

static int put_decoded(struct buf *b, struct slice s, struct error *err)
{
    return end_string(b, add_decoded(b, s), "the user info has a control character", err);
}

static int put_host(struct buf *b, const struct parts *p, bool *is_ip, struct error *err)
{
    const char *why = "the host has a control character";
    struct buf raw;
    buf_init(&raw, URL_MAX);
    int rc;
    if (p->is_ipv6) {
        *is_ip = true;
        rc = url_host_add_ipv6(b, p->host.at, p->host.len, &why);
    } else {
        rc = add_decoded(&raw, p->host);
        if (rc == 0)
            rc = url_host_add(b, raw.data, is_ip, &why);
    }
    buf_deinit(&raw);
    return end_string(b, rc, why, err);
}

static int put_zone(struct buf *b, const struct parts *p, struct error *err)
{
    size_t from = b->len;
    int rc = add_decoded(b, p->zone);
    for (size_t i = from; rc == 0 && i < b->len; i++)
        if (b->data[i] == ' ' || (unsigned char)b->data[i] >= 0x80 || strchr("%/[]", b->data[i]))
            rc = ERR_URL;
    if (b->len - from > ZONE_MAX)
        rc = ERR_URL;
    return end_string(b, rc, "the zone id is not the name or number of an interface", err);
}

static int put_target(struct buf *b, const struct parts *p, struct error *err)
{
    int rc = (p->flags & URL_PATH_AS_IS) && p->path.len > 0 ? add_encoded(b, p->path) : add_path(b, p->path);
    if (rc == 0 && p->has_query)
        rc = buf_addc(b, '?');
    if (rc == 0 && p->has_query)
        rc = add_encoded(b, p->query);
    return end_string(b, rc, "", err);
}

static int put_shown(struct buf *b, const struct parts *p, struct error *err)
{
    char *room = buf_room(b, p->text.len); /* it has no control characters, so it grows no longer */
    if (room)
        buf_commit(b, url_show(room, p->text.len + 1, p->text.at, p->text.len));
    return end_string(b, room ? 0 : ERR_MEMORY, "", err);
}

/* Where each string begins in the buffer. */
struct places {
    size_t user, password, host, zone, target, shown;
};

static int put_all(struct buf *b, const struct parts *p, struct places *at, bool *is_ip, struct error *err)
{
    int rc;
    at->user = b->len;
    if ((rc = put_decoded(b, p->user, err)) < 0)
        return rc;
    at->password = b->len;
    if ((rc = put_decoded(b, p->password, err)) < 0)
        return rc;
    at->host = b->len;
    if ((rc = put_host(b, p, is_ip, err)) < 0)
        return rc;
    at->zone = b->len;
    if ((rc = put_zone(b, p, err)) < 0)
        return rc;
    at->target = b->len;
    if ((rc = put_target(b, p, err)) < 0)
        return rc;
    at->shown = b->len;
    return put_shown(b, p, err);
}

int url_parse(struct url *out, const char *text, size_t len, const char *default_scheme, unsigned flags,
              struct error *err)
{
    struct parts p = {.text = trim((struct slice){text, len}), .flags = flags};
    struct places at = {0};
    bool is_ip = false;
    struct buf b;
    buf_init(&b, URL_MAX * 6); /* a path may treble, beside the copy that is shown */
    int rc = split(&p, default_scheme, err);
    if (rc == 0)
        rc = put_all(&b, &p, &at, &is_ip, err);
    if (rc < 0) {
        buf_deinit(&b);
        return rc;
    }
    char *s = buf_take(&b);
    *out = (struct url){.storage = s,
                        .tls = p.tls,
                        .host_is_ip = is_ip,
                        .port = p.port,
                        .port_given = p.port_given,
                        .scheme = p.tls ? "https" : "http",
                        .user = p.has_user ? s + at.user : NULL,
                        .password = p.has_password ? s + at.password : NULL,
                        .host = s + at.host,
                        .zone = p.zone.len > 0 ? s + at.zone : NULL,
                        .target = s + at.target,
                        .shown = s + at.shown};
    return 0;
}

void url_deinit(struct url *u)
{
    free(u->storage);
    *u = (struct url){0};
}

int url_authority(const struct url *u, char *out, size_t size)
{
    bool v6 = strchr(u->host, ':') != NULL; /* a zone id stays at home: RFC 6874 section 1 */
    int len = snprintf(out, size, u->port_given ? "%s%s%s:%u" : "%s%s%s", v6 ? "[" : "", u->host, v6 ? "]" : "",
                       (unsigned)u->port);
    return len < 0 || (size_t)len >= size ? ERR_URL : len;
}
