#include "net/overrides.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/url.h"

enum { ADDRS_MAX = 64, HOST_TEXT_MAX = 1024, KEY_MAX = HOST_TEXT_MAX + sizeof ":65535" };

struct override {
    struct table_entry entry; /* first */
    uint64_t until_ns;        /* UINT64_MAX: it stays */
    char *key;                /* behind the addresses */
    size_t count;
    struct addr addrs[];
};

struct found {
    size_t count;
    struct addr addrs[ADDRS_MAX];
};

struct detour {
    char *from; /* NULL: any host */
    bool any_port;
    uint16_t from_port;
    struct url to; /* all zero: the same host */
    uint16_t port; /* 0: the same */
};

/* ---- what both are written with ---------------------------------------------------------------------------------- */

static int refuse(const char *option, const char *text, const char *why, struct error *err)
{
    return error_set(err, ERR_USAGE, 0, "%s \"%.200s\": %s", option, text, why);
}

/* A host ends at a colon, an IPv6 address behind its bracket. */
static size_t host_len(const char *s)
{
    if (*s != '[')
        return strcspn(s, ":");
    size_t len = strcspn(s, "]");
    return len + (s[len] == ']');
}

/* A host in the one form that URLs have it in. ERR_URL, ERR_MEMORY. */
static int parse_host(struct url *out, const char *s, size_t len)
{
    char text[sizeof "http:///" + HOST_TEXT_MAX];
    if (len == 0 || len > HOST_TEXT_MAX || strcspn(s, "/?#@\\ \t") < len)
        return ERR_URL;
    int n = snprintf(text, sizeof text, "http://%.*s/", (int)len, s);
    return url_parse(out, text, (size_t)n, "http", 0, NULL);
}

/* Digits up to a colon or the end; what is behind them, or NULL. */
static const char *parse_port(const char *s, uint16_t *out)
{
    unsigned long n = 0;
    const char *begin = s;
    for (; *s >= '0' && *s <= '9'; s++)
        if ((n = n * 10 + (unsigned long)(*s - '0')) > UINT16_MAX)
            return NULL;
    *out = (uint16_t)n;
    return s > begin && (!*s || *s == ':') ? s : NULL;
}

/* ---- addresses ---------------------------------------------------------------------------------------------------- */

static void make_key(char out[KEY_MAX], const char *host, uint16_t port)
{
    snprintf(out, KEY_MAX, "%s:%u", host, (unsigned)port);
}

static struct override *find(const struct overrides *o, const char *host, uint16_t port)
{
    char key[KEY_MAX];
    make_key(key, host, port);
    return (struct override *)(void *)table_find(&o->addrs, key);
}

static void drop(struct overrides *o, struct override *known)
{
    if (!known)
        return;
    table_remove(&o->addrs, &known->entry);
    free(known);
}

/* "192.0.2.1", "[2001:db8::1]", "fe80::1%eth0" */
static bool parse_addr(struct addr *out, const char *s, size_t len)
{
    char text[ADDR_TEXT_MAX];
    if (len >= 2 && s[0] == '[' && s[len - 1] == ']') {
        s++;
        len -= 2;
    }
    if (len >= sizeof text)
        return false;
    memcpy(text, s, len);
    text[len] = '\0';
    char *zone = strchr(text, '%');
    if (zone)
        *zone++ = '\0';
    return addr_parse(out, text, zone, 0);
}

/* Addresses with commas between, of which some may be empty. NULL, or what is wrong. */
static const char *parse_addrs(struct found *to, const char *s)
{
    while (*s) {
        size_t len = strcspn(s, ",");
        if (len > 0 && to->count == ADDRS_MAX)
            return "over 64 addresses";
        if (len > 0 && !parse_addr(&to->addrs[to->count++], s, len))
            return "an address is a literal, such as 192.0.2.1 or [2001:db8::1]";
        s += len + (s[len] == ',');
    }
    return to->count ? NULL : "there is no address";
}

static int keep(struct overrides *o, const struct found *found, uint64_t until_ns, const char *host, uint16_t port)
{
    char key[KEY_MAX];
    make_key(key, host, port);
    size_t addrs_size = found->count * sizeof found->addrs[0], key_size = strlen(key) + 1;
    struct override *to = malloc(sizeof *to + addrs_size + key_size);
    if (!to)
        return ERR_MEMORY;
    *to = (struct override){.until_ns = until_ns, .count = found->count};
    memcpy(to->addrs, found->addrs, addrs_size);
    to->key = (char *)to->addrs + addrs_size;
    memcpy(to->key, key, key_size);
    to->entry.key = to->key;
    drop(o, find(o, host, port)); /* the last one holds */
    int rc = table_add(&o->addrs, &to->entry);
    if (rc < 0)
        free(to);
    return rc;
}

int overrides_add_addrs(struct overrides *o, const char *text, uint64_t now_ns, struct error *err)
{
    static const char name[] = "--resolve";
    bool takes_back = *text == '-';
    const char *s = text + (*text == '-' || *text == '+');
    size_t len = host_len(s);
    bool any = len == 1 && *s == '*';
    const char *at = s + len, *why;
    struct url host = {0};
    uint16_t port = 0;
    if (*at != ':' || !(at = parse_port(at + 1, &port)) || (!takes_back && *at != ':'))
        return refuse(name, text, "it is [+]HOST:PORT:ADDRESS[,ADDRESS]..., or -HOST:PORT", err);
    int rc = any ? 0 : parse_host(&host, s, len);
    if (rc == ERR_URL)
        return refuse(name, text, "its host is none", err);
    if (rc < 0)
        return error_set(err, rc, 0, NULL);
    struct found found = {0};
    uint64_t until_ns = *text == '+' ? now_ns + OVERRIDES_SOON_NS : UINT64_MAX;
    if (takes_back)
        drop(o, find(o, any ? "*" : host.host, port));
    else if ((why = parse_addrs(&found, at + 1)) != NULL)
        rc = refuse(name, text, why, err);
    else if ((rc = keep(o, &found, until_ns, any ? "*" : host.host, port)) < 0)
        error_set(err, rc, 0, NULL);
    url_deinit(&host);
    return rc;
}

const struct addr *overrides_addrs(const struct overrides *o, const char *host, uint16_t port, uint64_t now_ns,
                                   size_t *count)
{
    if (o->addrs.count == 0)
        return NULL;
    const struct override *found = find(o, host, port);
    if (!found || found->until_ns < now_ns)
        found = find(o, "*", port);
    if (!found || found->until_ns < now_ns)
        return NULL;
    *count = found->count;
    return found->addrs;
}

/* ---- detours ------------------------------------------------------------------------------------------------------- */

static void detour_deinit(struct detour *d)
{
    free(d->from);
    url_deinit(&d->to);
}

static bool take_colon(const char **s)
{
    bool there = **s == ':';
    *s += there;
    return there;
}

/* HOST1:PORT1: ; what is behind that, or NULL with what is wrong. */
static const char *parse_from(struct detour *d, const char *s, int *rc)
{
    struct url host = {0};
    size_t len = host_len(s);
    if (len > 0 && (*rc = parse_host(&host, s, len)) < 0)
        return NULL;
    d->from = len > 0 ? strdup(host.host) : NULL;
    *rc = len > 0 && !d->from ? ERR_MEMORY : ERR_USAGE;
    url_deinit(&host);
    s += len;
    if (*rc == ERR_MEMORY || !take_colon(&s))
        return NULL;
    d->any_port = *s == ':';
    if (!d->any_port && !(s = parse_port(s, &d->from_port)))
        return NULL;
    return take_colon(&s) ? s : NULL;
}

/* HOST2[:[PORT2]]; 0, ERR_USAGE, ERR_URL, ERR_MEMORY. */
static int parse_to(struct detour *d, const char *s)
{
    size_t len = host_len(s);
    int rc = len > 0 ? parse_host(&d->to, s, len) : 0;
    s += len;
    if (rc < 0 || !take_colon(&s) || !*s)
        return rc < 0 ? rc : *s ? ERR_USAGE : 0;
    s = parse_port(s, &d->port);
    return s && !*s && d->port > 0 ? 0 : ERR_USAGE;
}

int overrides_add_detour(struct overrides *o, const char *text, struct error *err)
{
    struct detour d = {0};
    int rc = ERR_USAGE;
    struct detour *detours = realloc(o->detours, (o->detour_count + 1) * sizeof d);
    if (!detours)
        return error_set(err, ERR_MEMORY, 0, NULL);
    o->detours = detours;
    const char *to = parse_from(&d, text, &rc);
    if (to)
        rc = parse_to(&d, to);
    if (rc == 0) {
        detours[o->detour_count++] = d;
        return 0;
    }
    detour_deinit(&d);
    if (rc == ERR_MEMORY)
        return error_set(err, rc, 0, NULL);
    return refuse("--connect-to", text,
                  rc == ERR_URL ? "a host of it is none" : "it is HOST1:PORT1:HOST2:PORT2, of which each may be empty",
                  err);
}

static bool fits(const struct detour *d, const struct override_target *t)
{
    return (!d->from || strcmp(d->from, t->host) == 0) && (d->any_port || d->from_port == t->port);
}

void overrides_detour(const struct overrides *o, struct override_target *t)
{
    size_t i = 0;
    while (i < o->detour_count && !fits(&o->detours[i], t))
        i++;
    if (i == o->detour_count)
        return;
    const struct detour *d = &o->detours[i];
    if (d->to.storage) {
        t->host = d->to.host;
        t->zone = d->to.zone;
    }
    if (d->port)
        t->port = d->port;
}

/* ---- the rest ------------------------------------------------------------------------------------------------------ */

int overrides_set_unix_socket(struct overrides *o, const char *path, struct error *err)
{
    struct addr a;
    if (!*path || !addr_from_path(&a, path))
        return refuse("--unix-socket", path, "the path of a socket has from 1 to about 100 bytes", err);
    free(o->unix_socket);
    o->unix_socket = strdup(path);
    return o->unix_socket ? 0 : error_set(err, ERR_MEMORY, 0, NULL);
}

void overrides_deinit(struct overrides *o)
{
    for (struct table_entry *e; (e = table_any(&o->addrs));)
        drop(o, (struct override *)(void *)e);
    table_deinit(&o->addrs);
    while (o->detour_count > 0)
        detour_deinit(&o->detours[--o->detour_count]);
    free(o->detours);
    free(o->unix_socket);
    *o = (struct overrides){0};
}
