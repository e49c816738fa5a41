/* Names to addresses: c-ares over the engine's watches and timers, /etc/hosts parsed once by us, a cache that obeys
 * TTLs, one look-up for many askers, A and AAAA apart so that a slow answer holds up nobody. c-ares is seen in
 * names_ares.c alone; the simulator brings another back end. Look-ups may come from the threads of several engines; the
 * back end works on that which names were made on. */
#ifndef AFETCH_NET_NAMES_H
#define AFETCH_NET_NAMES_H

#include <stdatomic.h>

#include "base/lock.h"
#include "engine/addr.h"
#include "engine/engine.h"

#define NAMES_ADDRS_MAX 16      /* of one family and name; more are ignored */
#define NAMES_IN_FLIGHT_MAX 512 /* questions (A or AAAA) asked of the resolver at once: more lose UDP answers */
#define NAMES_CACHE_MAX 65536   /* answers kept; the oldest goes */
#define NAMES_TTL_MAX_S 3600    /* an answer is kept as long as its TTL says, but no longer than this, and for 1 s */
#define NAMES_NEGATIVE_MAX_S 5  /* "no such name", "no such address" and failures */

struct names;

/* The addresses of one family, in the order to try; ports are 0. Shared and counted: see lookup_deinit. */
struct name_addrs {
    atomic_size_t refs; /* the module's */
    size_t count;
    struct addr addrs[];
};

/* One asker's wait; the caller's memory. */
struct lookup {
    union { /* first */
        struct co_op op;
        struct post post;
    };
    /* Valid from completion with rc > 0 until lookup_deinit. */
    struct name_addrs *found;
    /* On ERR_RESOLVE: what the resolver said, a constant ("no such name", "the DNS server did not answer"). */
    const char *why;
    /* The module's. */
    struct names *names;
    struct question *query; /* NULL: it does not wait */
    struct lookup *prev, *next;
};

/* A back end: how a name is asked for on the wire. */
struct names_backend {
    /* Begins to ask for host's addresses of family (AF_INET, AF_INET6); names_answer is called once, later or at once.
     * 0, or an error code (names_answer is not called then). */
    int (*ask)(void *self, const char *host, int family, void *query);
    /* No answer is wanted any more; names_answer is not called. */
    void (*forget)(void *self, void *query);
    void (*free)(void *self);
};

/* Names asked of c-ares, with the system's configuration (/etc/resolv.conf); servers: "127.0.0.1:5353,…" instead, or
 * NULL. hosts_file: "/etc/hosts" if NULL; one that cannot be read is an empty one. ERR_MEMORY, ERR_RESOLVE. */
int names_new(struct names **out, struct engine *e, const char *servers, const char *hosts_file, struct error *err);
/* Over a back end of the caller's, which names_free frees; after a failure it is still the caller's. No hosts file.
 * ERR_MEMORY. */
int names_new_backend(struct names **out, struct engine *e, const struct names_backend *backend, void *self);
/* From now on look-ups may come from other threads, whose engines' users all share lock, which must stay. Before the
 * first look-up. */
void names_share(struct names *n, struct lock *lock);
/* Legal when no look-up is pending any more (all have completed, or were cancelled); before the engine is freed. What
 * look-ups found stays theirs. n may be NULL. */
void names_free(struct names *n);
/* For a back end: what was asked is answered. addrs: the first count of them are copied, NAMES_ADDRS_MAX at most; count
 * 0: no such address of that family. why: a constant sentence for an error (count ignored), or NULL. ttl_s: seconds
 * that the answer may be kept, within the limits above; 0 with an error or no address: not at all. */
void names_answer(struct names *n, void *query, const struct addr *addrs, size_t count, uint32_t ttl_s,
                  const char *why);

/* e: the asker's engine, on whose thread the look-up completes. Completes with the number of addresses in l->found (0: the name has none of that family), or ERR_RESOLVE with
 * l->why, ERR_MEMORY. host: lower case, no literal; copied. Names that are in the hosts file are not asked for, nor
 * those below localhost, invalid (RFC 6761) and onion (RFC 7686). A cancelled look-up's question goes on if it was
 * asked already, and fills the cache. */
struct co_op *names_lookup(struct lookup *l, struct names *n, struct engine *e, const char *host, int family);
/* Releases what the look-up found; legal on a zeroed, a failed and a cancelled one. From any thread. */
void lookup_deinit(struct lookup *l);

/* "c-ares/1.18.1", as it runs. A constant. */
const char *names_library(void);

#endif
