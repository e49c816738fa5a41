/* Who may go now, and which connection is used again: places of --parallel-max, limits a host, idle connections.
 * Waiting transfers go in the order of their numbers; a full host is never in the way of another. Nothing is linear in
 * the number of waiting transfers. Belongs to its engine's thread. */
#ifndef AFETCH_FETCH_POOL_H
#define AFETCH_FETCH_POOL_H

#include "base/table.h"
#include "fetch/conn.h"

/* One origin: scheme, host and port. The pool's. */
struct pool_host {
    struct table_entry entry;   /* first; the key is an allocation of its own */
    size_t active;              /* places held */
    struct place *first, *last; /* waiting, lowest number first */
    struct conn *idle;          /* the one given back last is first */
    size_t heap_index;          /* 1 + place in the pool's heap; 0: not eligible */
};

struct pool {
    struct engine *engine;
    size_t parallel_max, host_max, idle_max; /* host_max 0: no limit */
    size_t active, waiting, idle_count;
    struct table hosts;
    struct pool_host **heap; /* hosts that may take a place, by the number of their first waiter */
    size_t heap_len, heap_size;
    struct conn *oldest, *newest; /* idle, over all hosts */
    uint64_t longest_wait_ns;
};

struct place {
    struct co_op op; /* first */
    struct pool *pool;
    struct pool_host *host;
    struct place *prev, *next;
    uint64_t number, asked_ns;
    struct conn *conn; /* an idle connection that came with the place; the holder's */
    bool held;
};

/* parallel_max: 1 or more; host_max: 0 for none. */
void pool_init(struct pool *p, struct engine *e, size_t parallel_max, size_t host_max);
/* Closes the idle connections. No place may be held or waited for. */
void pool_deinit(struct pool *p);

/* Completes with 0 when place (zeroed) is held; place->conn is then an idle connection to that origin, or NULL.
 * origin: "https://host:port". number: whose turn comes first, lowest first. ERR_MEMORY. */
struct co_op *pool_take(struct place *place, struct pool *p, const char *origin, uint64_t number);
/* Gives the place back, and a connection that may be used again (or NULL). Legal on a place that is not held. */
void pool_give(struct place *place, struct conn *conn);

#endif
