/* What a response sets, and what a request is sent. */
#include "proto/cookies_impl.h"

#include <stdlib.h>
#include <string.h>

static bool is_secure(const struct cookies_request *r)
{
    return r->tls || strcmp(r->host, "localhost") == 0 || strcmp(r->host, "127.0.0.1") == 0 ||
           strcmp(r->host, "::1") == 0;
}

/* ---- receiving: 6265bis section 5.7 --------------------------------------------------------------------------------- */

static struct slice path_of(const struct cookies_request *r)
{
    if (r->target[0] != '/') /* "*", as in OPTIONS */
        return (struct slice){"/", 1};
    return (struct slice){r->target, strcspn(r->target, "?")};
}

/* 6265bis section 5.1.4. */
static struct slice default_path(const struct cookies_request *r)
{
    struct slice path = path_of(r);
    while (path.len > 1 && path.at[path.len - 1] != '/')
        path.len--;
    if (path.len > 1)
        return (struct slice){path.at, path.len - 1};
    return (struct slice){"/", 1};
}

/* Steps 7 to 10: whose the cookie is. lower: room for the domain. NULL, or why it is refused. */
static const char *settle_domain(const struct cookies *c, const char *host, struct cookie_said *n,
                                 char lower[COOKIES_ATTRIBUTE_MAX + 1])
{
    struct slice own = {host, strlen(host)}, said = n->domain;
    for (size_t i = 0; i < said.len; i++)
        lower[i] = (char)(said.at[i] >= 'A' && said.at[i] <= 'Z' ? said.at[i] | 0x20 : said.at[i]);
    lower[said.len] = '\0';
    bool equal = said.len == own.len && memcmp(lower, host, own.len) == 0;
    bool address = cookie_is_address(own);
    n->host_only = said.len == 0 || (equal && (address || cookies_psl_is_suffix(c->psl, host)));
    n->domain = said.len == 0 ? own : (struct slice){lower, said.len};
    if (said.len == 0 || equal)
        return NULL;
    bool below = own.len > said.len && memcmp(host + own.len - said.len, lower, said.len) == 0 &&
                 host[own.len - said.len - 1] == '.';
    if (address || !below)
        return "its Domain is not the host's";
    return cookies_psl_allows(c->psl, host, lower) ? NULL : "its Domain is a public suffix";
}

int cookies_receive(struct cookies *c, const struct cookies_request *r, const char *value, size_t len, int64_t now,
                    const char **why)
{
    const char *nobody_asks;
    why = why ? why : &nobody_asks;
    struct cookie_said n;
    char lower[COOKIES_ATTRIBUTE_MAX + 1];
    if (!cookie_parse(&n, (struct slice){value, len}, now, why))
        return 0;
    *why = settle_domain(c, r->host, &n, lower);
    if (!*why && n.secure && !is_secure(r))
        *why = "it is Secure, and came without TLS";
    if (*why)
        return 0;
    if (n.path.len == 0)
        n.path = default_path(r);
    return cookies_store(c, &n, is_secure(r), now, why);
}

/* ---- sending: 6265bis section 5.8.3 --------------------------------------------------------------------------------- */

struct asked {
    struct slice path;
    bool secure;
    int64_t now;
};

static bool is_sent(const struct cookie *k, const struct asked *a, bool own)
{
    return (own || !k->host_only) && (a->secure || !k->secure) && !cookie_expired(k, a->now) &&
           cookie_path_matches(a->path, k->path);
}

static int longest_path_first(const void *a, const void *b)
{
    const struct cookie *x = *(struct cookie *const *)a, *y = *(struct cookie *const *)b;
    if (x->path.len != y->path.len)
        return x->path.len > y->path.len ? -1 : 1;
    return x->created < y->created ? -1 : x->created > y->created;
}

/* Puts those that a request is sent into c->picked, in order. */
static int pick(struct cookies *c, const struct cookies_request *r, int64_t now, size_t *count)
{
    struct asked a = {path_of(r), is_secure(r), now};
    struct domain *nearest = cookies_find_domain(c, r->host);
    size_t n = 0;
    for (struct domain *d = nearest; d; d = d->parent) {
        if (cookies_reserve(c, n + d->count) < 0)
            return ERR_MEMORY;
        bool own = strcmp(d->name, r->host) == 0;
        for (struct cookie *k = d->cookies; k; k = k->next)
            if (is_sent(k, &a, own))
                c->picked[n++] = k;
    }
    if (n > 1)
        qsort(c->picked, n, sizeof(struct cookie *), longest_path_first);
    *count = n;
    return 0;
}

/* "name=value", or just the value where there is no name. */
static size_t pair_length(const struct cookie *k)
{
    return k->name.len + (k->name.len > 0) + k->value.len;
}

/* How many of the picked ones go into a field, which will have *len bytes. */
static size_t fit(struct cookies *c, size_t count, size_t *len)
{
    size_t n = 0;
    *len = 0;
    for (; n < count && n < COOKIES_SENT_MAX; n++) {
        size_t more = pair_length(c->picked[n]) + (n > 0 ? strlen("; ") : 0);
        if (*len + more > COOKIES_SENT_BYTES_MAX - strlen("Cookie: "))
            break;
        *len += more;
    }
    return n;
}

static char *add(char *to, struct slice s)
{
    if (s.len > 0)
        memcpy(to, s.at, s.len);
    return to + s.len;
}

int cookies_field(struct cookies *c, const struct cookies_request *r, int64_t now, struct buf *out)
{
    size_t count, len;
    int rc = pick(c, r, now, &count);
    if (rc < 0)
        return rc;
    size_t n = fit(c, count, &len);
    char *at = n > 0 ? buf_room(out, len) : NULL;
    if (n == 0 || !at)
        return n == 0 ? 0 : ERR_MEMORY;
    for (size_t i = 0; i < n; i++) {
        const struct cookie *k = c->picked[i];
        at = add(at, (struct slice){"; ", i > 0 ? 2 : 0});
        at = add(at, k->name);
        at = add(at, (struct slice){"=", k->name.len > 0});
        at = add(at, k->value);
        cookies_touch(c, c->picked[i]);
    }
    buf_commit(out, len);
    return (int)n;
}
