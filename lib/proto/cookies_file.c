/* The file of Netscape's format: a line a cookie, seven fields with TABs between them (domain, whether hosts below it
 * get it, path, whether it is secure, expiry or 0, name, value), "#HttpOnly_" before those that no script may see. */
#include "proto/cookies_impl.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { DOMAIN, TAIL, PATH, SECURE, EXPIRES, NAME, VALUE, FIELDS };

static const char http_only_mark[] = "#HttpOnly_";
static const char set_cookie[] = "set-cookie:"; /* in lower case */

/* ---- reading --------------------------------------------------------------------------------------------------------- */

static bool is_flag(struct slice s)
{
    return cookie_equals(s, "true") || cookie_equals(s, "false");
}

/* Takes a line apart as curl does: the path and an empty value may be missing. false: it is none. */
static bool split(struct slice line, struct slice f[FIELDS])
{
    static const struct slice root = {"/", 1}, nothing = {"", 0};
    size_t n = 0;
    for (bool more = true; more; n++) {
        const char *tab = line.len ? memchr(line.at, '\t', line.len) : NULL;
        size_t len = tab ? (size_t)(tab - line.at) : line.len;
        struct slice field = {line.at, len};
        if (n == PATH && is_flag(field))
            f[n++] = root;
        if (n == FIELDS)
            return false;
        f[n] = field;
        more = tab != NULL;
        line.at += len + more;
        line.len -= len + more;
    }
    if (n == VALUE)
        f[n++] = nothing;
    return n == FIELDS;
}

static bool read_expiry(struct slice s, struct cookie_said *n)
{
    size_t digits = 0;
    while (digits < s.len && s.at[digits] >= '0' && s.at[digits] <= '9')
        digits++; /* some write parts of seconds */
    n->expires = cookie_number((struct slice){s.at, digits});
    n->persistent = n->expires > 0;
    return digits > 0;
}

/* A domain of a file, in lower case in room, and whether it is its host's alone. false: nobody may have it. */
static bool read_domain(const struct cookies *c, struct slice s, bool tail, struct cookie_said *n, char room[256])
{
    bool dot = s.len > 0 && s.at[0] == '.';
    s = (struct slice){s.at + dot, s.len - dot};
    if (s.len > 255)
        return false;
    for (size_t i = 0; i < s.len; i++)
        room[i] = (char)(s.at[i] >= 'A' && s.at[i] <= 'Z' ? s.at[i] | 0x20 : s.at[i]);
    room[s.len] = '\0';
    n->domain = (struct slice){room, s.len};
    n->host_only = !tail || cookie_is_address(n->domain);
    return n->host_only || !cookies_psl_is_suffix(c->psl, room);
}

/* Both say what the line is, and whether it is a cookie at all. room: for its domain. */
static bool read_netscape(const struct cookies *c, struct slice line, struct cookie_said *n, char room[256])
{
    struct slice f[FIELDS];
    *n = (struct cookie_said){0};
    size_t mark = sizeof http_only_mark - 1;
    n->http_only = line.len >= mark && memcmp(line.at, http_only_mark, mark) == 0;
    if (n->http_only)
        line = (struct slice){line.at + mark, line.len - mark};
    if ((line.len > 0 && line.at[0] == '#') || !split(line, f) || !read_expiry(f[EXPIRES], n))
        return false;
    n->path = f[PATH].len > 0 && f[PATH].at[0] == '/' ? f[PATH] : (struct slice){"/", 1};
    n->path_said = true;
    n->secure = cookie_equals(f[SECURE], "true");
    n->name = f[NAME];
    n->value = f[VALUE];
    return read_domain(c, f[DOMAIN], cookie_equals(f[TAIL], "true"), n, room);
}

static bool read_head_line(const struct cookies *c, struct slice line, struct cookie_said *n, int64_t now,
                           char room[256])
{
    const char *why;
    size_t begin = sizeof set_cookie - 1;
    if (!cookie_parse(n, (struct slice){line.at + begin, line.len - begin}, now, &why))
        return false;
    if (n->path.len == 0)
        n->path = (struct slice){"/", 1};
    return n->domain.len > 0 && read_domain(c, n->domain, true, n, room);
}

static int read_line(struct cookies *c, struct slice line, bool drop_session, int64_t now)
{
    struct cookie_said n;
    char room[256];
    const char *why;
    size_t begin = sizeof set_cookie - 1;
    bool head = line.len >= begin && cookie_equals((struct slice){line.at, begin}, set_cookie);
    bool well = head ? read_head_line(c, line, &n, now, room) : read_netscape(c, line, &n, room);
    if (!well || (drop_session && !n.persistent))
        return 0;
    return cookies_store(c, &n, true, now, &why);
}

int cookies_read(struct cookies *c, const char *text, size_t len, bool drop_session, int64_t now)
{
    int count = 0;
    while (len > 0) {
        const char *lf = memchr(text, '\n', len);
        struct slice line = {text, lf ? (size_t)(lf - text) : len};
        size_t used = line.len + (lf != NULL);
        while (line.len > 0 && line.at[line.len - 1] == '\r')
            line.len--;
        int rc = read_line(c, line, drop_session, now);
        if (rc < 0)
            return rc;
        count += rc > 0 && count < INT_MAX;
        text += used;
        len -= used;
    }
    return count;
}

/* ---- writing --------------------------------------------------------------------------------------------------------- */

static int compare(struct slice a, struct slice b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len ? memcmp(a.at, b.at, len) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

/* By what no two have in common. */
static int in_order(const void *a, const void *b)
{
    const struct cookie *x = *(struct cookie *const *)a, *y = *(struct cookie *const *)b;
    int order = strcmp(x->domain->name, y->domain->name);
    order = order ? order : x->host_only - y->host_only;
    order = order ? order : compare(x->path, y->path);
    return order ? order : compare(x->name, y->name);
}

static int write_line(const struct cookie *k, struct buf *out)
{
    long long expires = k->persistent ? (long long)k->expires : 0;
    return buf_addf(out, "%s%s%s\t%s\t%s\t%s\t%lld\t%s\t%s\n", k->http_only ? http_only_mark : "",
                    k->host_only ? "" : ".", k->domain->name, k->host_only ? "FALSE" : "TRUE", k->path.at,
                    k->secure ? "TRUE" : "FALSE", expires, k->name.at, k->value.at);
}

int cookies_write(struct cookies *c, int64_t now, struct buf *out)
{
    cookies_drop_expired(c, now);
    int rc = cookies_reserve(c, c->count);
    if (rc < 0)
        return rc;
    size_t n = 0;
    for (struct cookie *k = c->oldest; k; k = k->newer)
        c->picked[n++] = k;
    if (n > 1)
        qsort(c->picked, n, sizeof(struct cookie *), in_order);
    /* The first line is what some readers know the format by. */
    rc = buf_adds(out, "# Netscape HTTP Cookie File\n# Written by afetch. Edit at your own risk.\n\n");
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = write_line(c->picked[i], out);
    return rc;
}
