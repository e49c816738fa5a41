/* The jar's cookies by domain, in a tree of names: a request looks at the names from its host up, a cookie that must not
 * hide a secure one also at those below. All are in one list by use, too, whose end goes where the jar is full. */
#include "proto/cookies_impl.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_BYTES = 255 };

struct cookies *cookies_new(void)
{
    struct cookies *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->next_expiry = INT64_MAX;
    c->psl = cookies_psl_new();
    return c;
}

void cookies_free(struct cookies *c)
{
    if (!c)
        return;
    while (c->oldest)
        cookies_drop(c, c->oldest);
    table_deinit(&c->domains);
    cookies_psl_free(c->psl);
    free(c->picked);
    free(c);
}

size_t cookies_count(const struct cookies *c)
{
    return c->count;
}

int cookies_reserve(struct cookies *c, size_t count)
{
    if (count <= c->picked_size)
        return 0;
    struct cookie **picked = realloc(c->picked, count * sizeof(struct cookie *));
    if (!picked)
        return ERR_MEMORY;
    c->picked = picked;
    c->picked_size = count;
    return 0;
}

/* ---- domains -------------------------------------------------------------------------------------------------------- */

/* The name behind the first dot; NULL: there is none. */
static const char *parent_name(const char *name)
{
    const char *dot = strchr(name, '.');
    return dot && dot[1] ? dot + 1 : NULL;
}

static bool is_address(const char *name)
{
    return cookie_is_address((struct slice){name, strlen(name)});
}

static struct domain *find_exactly(const struct cookies *c, const char *name)
{
    struct table_entry *e = table_find(&c->domains, name);
    return e ? (struct domain *)e : NULL;
}

struct domain *cookies_find_domain(const struct cookies *c, const char *name)
{
    struct domain *d = find_exactly(c, name);
    if (d || is_address(name))
        return d;
    while (!d && (name = parent_name(name)))
        d = find_exactly(c, name);
    return d;
}

static size_t domain_bytes(const struct domain *d)
{
    return sizeof *d + strlen(d->name) + 1;
}

static void link_domain(struct domain *d, struct domain *parent)
{
    d->parent = parent;
    if (!parent)
        return;
    d->next = parent->child;
    if (d->next)
        d->next->prev = d;
    parent->child = d;
}

static void unlink_domain(struct domain *d)
{
    if (d->prev)
        d->prev->next = d->next;
    else if (d->parent)
        d->parent->child = d->next;
    if (d->next)
        d->next->prev = d->prev;
}

/* Frees a domain without cookies, and those above it that were there for its sake. */
static void prune(struct cookies *c, struct domain *d)
{
    while (d && d->count == 0 && !d->child) {
        struct domain *parent = d->parent;
        unlink_domain(d);
        table_remove(&c->domains, &d->entry);
        c->bytes -= domain_bytes(d);
        free(d);
        d = parent;
    }
}

static struct domain *add_domain(struct cookies *c, const char *name, struct domain *parent)
{
    size_t size = strlen(name) + 1;
    struct domain *d = calloc(1, sizeof *d + size);
    if (!d)
        return NULL;
    memcpy(d->name, name, size);
    d->entry.key = d->name;
    if (table_add(&c->domains, &d->entry) < 0) {
        free(d);
        return NULL;
    }
    link_domain(d, parent);
    c->bytes += domain_bytes(d);
    return d;
}

/* Where the name with one label more than the one at `at` begins. */
static const char *longer_name(const char *name, const char *at)
{
    at--;
    while (at > name && at[-1] != '.')
        at--;
    return at;
}

/* The domain of that name, made with all that are above it where it is not there. NULL without memory. */
static struct domain *make_domain(struct cookies *c, const char *name)
{
    struct domain *d = cookies_find_domain(c, name);
    const char *at = name + strlen(name) - (d ? strlen(d->name) : 0);
    bool address = is_address(name);
    while (at > name) {
        at = address ? name : longer_name(name, at);
        struct domain *made = add_domain(c, at, d);
        if (!made) {
            prune(c, d);
            return NULL;
        }
        d = made;
    }
    return d;
}

/* The one behind d in the tree whose root is top, where all are met that begins with top; NULL at the end. */
static struct domain *walk(const struct domain *top, struct domain *d)
{
    if (d->child)
        return d->child;
    while (d != top && !d->next)
        d = d->parent;
    return d == top ? NULL : d->next;
}

/* ---- cookies --------------------------------------------------------------------------------------------------------- */

bool cookie_expired(const struct cookie *k, int64_t now)
{
    return k->persistent && k->expires <= now;
}

static void link_newest(struct cookies *c, struct cookie *k)
{
    k->newer = NULL;
    k->older = c->newest;
    if (c->newest)
        c->newest->newer = k;
    else
        c->oldest = k;
    c->newest = k;
    k->used = ++c->clock;
}

static void unlink_used(struct cookies *c, struct cookie *k)
{
    if (k->newer)
        k->newer->older = k->older;
    else
        c->newest = k->older;
    if (k->older)
        k->older->newer = k->newer;
    else
        c->oldest = k->newer;
}

void cookies_touch(struct cookies *c, struct cookie *k)
{
    unlink_used(c, k);
    link_newest(c, k);
}

static void insert(struct cookies *c, struct domain *d, struct cookie *k)
{
    k->domain = d;
    k->prev = NULL;
    k->next = d->cookies;
    if (k->next)
        k->next->prev = k;
    d->cookies = k;
    d->count++;
    link_newest(c, k);
    c->count++;
    c->bytes += k->bytes;
    if (k->persistent && k->expires < c->next_expiry)
        c->next_expiry = k->expires;
}

/* Takes it out of the jar and frees it; its domain stays. */
static void take_out(struct cookies *c, struct cookie *k)
{
    if (k->prev)
        k->prev->next = k->next;
    else
        k->domain->cookies = k->next;
    if (k->next)
        k->next->prev = k->prev;
    k->domain->count--;
    unlink_used(c, k);
    c->count--;
    c->bytes -= k->bytes;
    free(k);
}

void cookies_drop(struct cookies *c, struct cookie *k)
{
    struct domain *d = k->domain;
    take_out(c, k);
    prune(c, d);
}

void cookies_drop_expired(struct cookies *c, int64_t now)
{
    if (now < c->next_expiry)
        return;
    c->next_expiry = INT64_MAX;
    for (struct cookie *k = c->oldest, *next; k; k = next) {
        next = k->newer;
        if (cookie_expired(k, now))
            cookies_drop(c, k);
        else if (k->persistent && k->expires < c->next_expiry)
            c->next_expiry = k->expires;
    }
}

static struct slice copy(char **to, struct slice s)
{
    struct slice copied = {*to, s.len};
    if (s.len > 0)
        memcpy(*to, s.at, s.len);
    (*to)[s.len] = '\0';
    *to += s.len + 1;
    return copied;
}

static struct cookie *make_cookie(const struct cookie_said *n)
{
    size_t bytes = sizeof(struct cookie) + n->name.len + n->value.len + n->path.len + 3;
    struct cookie *k = calloc(1, bytes);
    if (!k)
        return NULL;
    char *text = (char *)(k + 1);
    k->name = copy(&text, n->name);
    k->value = copy(&text, n->value);
    k->path = copy(&text, n->path);
    k->host_only = n->host_only;
    k->secure = n->secure;
    k->http_only = n->http_only;
    k->persistent = n->persistent;
    k->expires = n->expires;
    k->bytes = bytes;
    return k;
}

static bool same(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* The one that a new cookie replaces (step 23 of the storage model). */
static struct cookie *find_cookie(const struct domain *d, const struct cookie_said *n)
{
    for (struct cookie *k = d->cookies; k; k = k->next)
        if (same(k->name, n->name) && same(k->path, n->path) && k->host_only == n->host_only)
            return k;
    return NULL;
}

/* ---- what may be stored: 6265bis section 5.7, its storage model ------------------------------------------------------ */

static bool begins_with(struct slice s, const char *lower)
{
    size_t len = strlen(lower);
    return s.len >= len && cookie_equals((struct slice){s.at, len}, lower);
}

/* Steps 20 to 22. */
static const char *bad_prefix(const struct cookie_said *n)
{
    struct slice named = n->name.len ? n->name : n->value;
    bool host = begins_with(named, "__host-"), secure = host || begins_with(named, "__secure-");
    if (secure && n->name.len == 0)
        return "its value looks like a name that promises more";
    if (secure && !n->secure)
        return "its name begins with __Secure- or __Host-, and it is not Secure";
    if (host && (!n->host_only || !n->path_said || n->path.len != 1))
        return "its name begins with __Host-, and it has a Domain or no Path=/";
    return NULL;
}

/* Steps 2 to 4. */
static const char *bad_content(const struct cookie_said *n)
{
    if (n->name.len + n->value.len == 0)
        return "it has no name and no value";
    if (n->name.len + n->value.len > COOKIES_PAIR_MAX)
        return "its name and value are too long";
    if (cookie_has_control(n->name) || cookie_has_control(n->value) || cookie_has_control(n->path))
        return "it has a control character";
    return NULL;
}

/* What url.h makes of a host, and no more: it goes into a file. */
static bool is_host_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr("-_.~:", c));
}

static const char *bad_domain(struct slice domain)
{
    if (domain.len == 0 || domain.len > NAME_MAX_BYTES)
        return "its domain has no length that a name has";
    bool bad = domain.at[0] == '.';
    for (size_t i = 0; i < domain.len; i++)
        bad = bad || !is_host_char(domain.at[i]);
    return bad ? "its domain has a character where no name has it" : NULL;
}

static bool hidden_in(const struct domain *d, const struct cookie_said *n)
{
    for (const struct cookie *k = d->cookies; k; k = k->next)
        if (k->secure && same(k->name, n->name) && cookie_path_matches(n->path, k->path))
            return true;
    return false;
}

/* Step 16: it would hide one that came over TLS, here, above or below. */
static bool hides_secure(const struct cookies *c, const char *domain, const struct cookie_said *n)
{
    struct domain *nearest = cookies_find_domain(c, domain);
    for (struct domain *d = nearest; d; d = d->parent)
        if (hidden_in(d, n))
            return true;
    if (!nearest || strcmp(nearest->name, domain) != 0)
        return false;
    for (struct domain *d = walk(nearest, nearest); d; d = walk(nearest, d))
        if (hidden_in(d, n))
            return true;
    return false;
}

/* ---- bounds --------------------------------------------------------------------------------------------------------- */

/* The one to go first: expired, then not secure, then the longest unused. */
static bool goes_before(const struct cookie *a, const struct cookie *b, int64_t now)
{
    bool a_expired = cookie_expired(a, now), b_expired = cookie_expired(b, now);
    if (a_expired != b_expired)
        return a_expired;
    if (a->secure != b->secure)
        return b->secure;
    return a->used < b->used;
}

static void bound_domain(struct cookies *c, struct domain *d, int64_t now)
{
    if (d->count < COOKIES_DOMAIN_MAX)
        return;
    struct cookie *first = d->cookies;
    for (struct cookie *k = first->next; k; k = k->next)
        if (goes_before(k, first, now))
            first = k;
    take_out(c, first);
}

static bool is_full(const struct cookies *c)
{
    return c->count > COOKIES_MAX || c->bytes > COOKIES_BYTES_MAX;
}

/* But the newest stays. */
static void bound_jar(struct cookies *c, int64_t now)
{
    if (is_full(c))
        cookies_drop_expired(c, now);
    while (is_full(c) && c->oldest != c->newest)
        cookies_drop(c, c->oldest);
}

static int put(struct cookies *c, const char *domain, const struct cookie_said *n, int64_t now)
{
    struct cookie *k = make_cookie(n);
    struct domain *d = k ? make_domain(c, domain) : NULL;
    if (!d) {
        free(k);
        return ERR_MEMORY;
    }
    struct cookie *old = find_cookie(d, n);
    k->created = old ? old->created : ++c->clock;
    if (old)
        take_out(c, old);
    else
        bound_domain(c, d, now);
    insert(c, d, k);
    bound_jar(c, now);
    return 1;
}

static void drop_replaced(struct cookies *c, const char *domain, const struct cookie_said *n)
{
    struct domain *d = find_exactly(c, domain);
    struct cookie *old = d ? find_cookie(d, n) : NULL;
    if (old)
        cookies_drop(c, old);
}

int cookies_store(struct cookies *c, const struct cookie_said *n, bool from_secure, int64_t now, const char **why)
{
    *why = bad_domain(n->domain);
    if (!*why)
        *why = bad_content(n);
    if (!*why)
        *why = bad_prefix(n);
    if (*why)
        return 0;
    char domain[NAME_MAX_BYTES + 1];
    memcpy(domain, n->domain.at, n->domain.len);
    domain[n->domain.len] = '\0';
    if (!n->secure && !from_secure && hides_secure(c, domain, n)) {
        *why = "it would hide a secure one";
        return 0;
    }
    if (!n->persistent || n->expires > now)
        return put(c, domain, n, now);
    drop_replaced(c, domain, n);
    return 1;
}
