/* The parts of the jar: what a Set-Cookie field says (cookies_parse.c), the store with its index and its bounds
 * (cookies_store.c), public suffixes (cookies_psl.c). cookies.c and cookies_file.c put them together. Includes base/
 * alone. */
#ifndef AFETCH_PROTO_COOKIES_IMPL_H
#define AFETCH_PROTO_COOKIES_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/table.h"
#include "proto/cookies.h"

struct slice {
    const char *at;
    size_t len;
};

/* ---- cookies_parse.c ---- */

/* What a Set-Cookie field says, and what becomes of it: the strings lie in the field until cookies_store copies them. */
struct cookie_said {
    struct slice name, value;
    struct slice domain; /* as said: any case, less its leading dot; empty if there is none. For cookies_store: of the
                            cookie, in lower case */
    struct slice path;   /* begins with '/'; empty if there is none. For cookies_store: of the cookie */
    bool path_said;      /* the attribute is there, be it of use or not */
    bool host_only, secure, http_only;
    bool persistent; /* it has an expiry */
    int64_t expires; /* seconds since 1970 */
};

/* Takes a Set-Cookie field's value apart. false, and why: it is to be ignored. */
bool cookie_parse(struct cookie_said *out, struct slice field, int64_t now, const char **why);
/* A date by 6265bis section 5.1.1. */
bool cookie_parse_date(struct slice text, int64_t *seconds);
/* The number that digits make, up to INT64_MAX however many they are. */
int64_t cookie_number(struct slice digits);

struct slice cookie_trim(struct slice s);              /* less the blanks and TABs around it */
bool cookie_equals(struct slice s, const char *lower); /* in any case of ASCII's letters */
bool cookie_has_control(struct slice s);               /* TAB included */
/* Whether path is within the one of a cookie (6265bis section 5.1.4). */
bool cookie_path_matches(struct slice path, struct slice of_cookie);
/* An address, by its form: only a host that is equal may have its cookies. */
bool cookie_is_address(struct slice host);

/* ---- cookies_psl.c ---- */

struct cookies_psl; /* the list */

/* NULL where there is none: nobody's domain is allowed then. */
struct cookies_psl *cookies_psl_new(void);
void cookies_psl_free(struct cookies_psl *p);
/* Names in lower case. A name of one label always is one. */
bool cookies_psl_is_suffix(const struct cookies_psl *p, const char *domain);
/* host may set cookies for domain, which is behind one of its dots. */
bool cookies_psl_allows(const struct cookies_psl *p, const char *host, const char *domain);

/* ---- cookies_store.c ---- */

struct cookie {
    struct cookie *next, *prev;   /* of its domain */
    struct cookie *newer, *older; /* of the jar, by use */
    struct domain *domain;
    struct slice name, value, path; /* NUL-terminated, in this allocation */
    bool host_only, secure, http_only, persistent;
    int64_t expires;
    uint64_t created, used; /* counted, not timed: no two are the same */
    size_t bytes;           /* of this allocation */
};

/* A name that has cookies, or that is behind a dot of one that has: a tree with a root for each top label. */
struct domain {
    struct table_entry entry; /* first; key: the name */
    struct domain *parent, *child, *next, *prev;
    struct cookie *cookies;
    size_t count;
    char name[];
};

struct cookies {
    struct table domains;
    struct cookie *newest, *oldest; /* by use */
    size_t count, bytes;            /* bytes: cookies and domains */
    uint64_t clock;                 /* of created and used */
    int64_t next_expiry;            /* no cookie expires before */
    struct cookies_psl *psl;
    struct cookie **picked; /* scratch of cookies_field and cookies_write */
    size_t picked_size;
};

/* Stores a cookie that its host, or file, may set (name, value, domain, path and flags are set), in place of the one of
 * its name, domain and path; an expired one just takes that one's place. from_secure: it came over TLS or from a file.
 * As cookies_receive. */
int cookies_store(struct cookies *c, const struct cookie_said *n, bool from_secure, int64_t now, const char **why);
/* Takes it out and frees it, and its domain with it where that was the last. */
void cookies_drop(struct cookies *c, struct cookie *k);
void cookies_drop_expired(struct cookies *c, int64_t now);
bool cookie_expired(const struct cookie *k, int64_t now);
/* It was used just now. */
void cookies_touch(struct cookies *c, struct cookie *k);
/* The domain of that name or, where there is none, of the longest that is behind one of its dots; NULL. An address has
 * none behind it. */
struct domain *cookies_find_domain(const struct cookies *c, const char *name);
/* Room for so many cookies in c->picked. ERR_MEMORY. */
int cookies_reserve(struct cookies *c, size_t count);

#endif
