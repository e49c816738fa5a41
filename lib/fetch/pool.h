/* Who may go now, and which connection is used again: places of --parallel-max, limits a host, idle connections.
 * Waiting transfers go in the order of their numbers; a full host is never in the way of another. Nothing is linear in
 * the number of waiting transfers. Each engine that transfers run on comes in by a door of its own; where a crew of
 * threads runs them, who waits belongs to no thread, and the crew says where he goes on. */
#ifndef AFETCH_FETCH_POOL_H
#define AFETCH_FETCH_POOL_H

#include "base/lock.h"
#include "base/table.h"
#include "fetch/conn.h"
#include "fetch/pace.h"

/* One origin: scheme, host and port; or a proxy that requests are forwarded by, which nobody waits for. The pool's. */
struct pool_host {
    struct table_entry entry;   /* first; the key is an allocation of its own */
    size_t active;              /* places held */
    size_t guests;              /* places whose connections are kept here, and which are another's */
    size_t coming;              /* places asked for and not in line yet */
    struct place *first, *last; /* waiting, lowest number first */
    struct conn *idle;          /* the one given back last is first */
    size_t heap_index;          /* 1 + place in the pool's heap; 0: not eligible */
};

struct place;
struct pool_door;

/* A bit of a transfer's number: it begins. Those that have begun go first. */
#define POOL_FIRST ((uint64_t)1 << 63)

/* Threads that transfers go on in (crew.h). Called with the lock held. */
struct pool_crew {
    /* Whether somebody is free, or can be found. */
    bool (*ready)(void *arg);
    /* Whoever waits for this place goes on there from now on; the crew is ready. */
    struct pool_door *(*hire)(void *arg, struct place *place);
    /* The transfer on that door's thread has given its place back. */
    void (*dismiss)(void *arg, struct pool_door *door);
};

/* What belongs to an engine that takes places. The engine's owner's; it stays while any place is asked for. */
struct pool_door {
    struct pool *pool;
    struct engine *engine;
    struct place *coming; /* with a crew: those who have yet to come to their await before they can be moved */
    struct co hook;
    bool hooked; /* hook is about to run */
};

struct pool {
    struct lock *lock;
    const struct pool_crew *crew; /* NULL: all stay where they are */
    void *crew_arg;
    struct pace *pace; /* set by the owner before the first pool_take; NULL: transfers begin as places allow */
    size_t parallel_max, host_max, idle_max; /* host_max 0: no limit */
    size_t active, waiting, idle_count;
    size_t kept; /* places that are the caller's: as if held, but the last one, which is not to be had */
    struct table hosts;
    struct pool_host **heap; /* hosts that may take a place, by the number of their first waiter */
    size_t heap_len, heap_size;
    struct conn *oldest, *newest; /* idle, over all hosts */
    uint64_t longest_wait_ns;
};

enum place_state { PLACE_NONE, PLACE_COMING, PLACE_WAITING, PLACE_HELD };

struct place {
    union { /* first */
        struct co_op op;
        struct post post;
    };
    struct pool_door *door; /* of whom it belongs to now */
    struct pool_host *host; /* whose limit it counts for */
    struct pool_host *home; /* where its connection is kept: host, or the proxy's */
    struct place *prev, *next;
    uint64_t number, asked_ns;
    struct conn *conn; /* an idle connection that came with the place; the holder's */
    enum place_state state;
};

/* lock: of all who share the pool; parallel_max: 1 or more; host_max: 0 for none. crew: NULL, or who runs transfers. */
void pool_init(struct pool *p, struct lock *lock, size_t parallel_max, size_t host_max, const struct pool_crew *crew,
               void *crew_arg);
void pool_door_init(struct pool_door *door, struct pool *p, struct engine *e);
/* Closes the idle connections. No place may be held or waited for. */
void pool_deinit(struct pool *p, struct pool_door *here);

/* To be awaited at once, by the coroutine whose transfer it is: with a crew it goes on in another thread. Completes with 0 when place (zeroed) is held; place->conn is then an idle connection to that origin, or NULL;
 * with a crew it has left its engine (conn_move). origin: "https://host:port", for the limit. home: the
 * key of its connections where those are a proxy's, which carry requests for any origin; NULL: they are the origin's. number: whose turn comes first, lowest first. ERR_MEMORY. */
struct co_op *pool_take(struct place *place, struct pool_door *door, const char *origin, const char *home,
                        uint64_t number);
/* So many places are somebody else's from now on; one stays, though. With the lock; those who may come in then do so with
 * pool_go_on. */
void pool_keep(struct pool *p, size_t places);
/* With the lock: whoever waits may go as far as limits and pace allow. here: of the thread that calls. */
void pool_go_on(struct pool *p, struct pool_door *here);
/* Whether a place is waited for that only the pace keeps back. On the thread of whoever waits, with the lock. */
bool pool_paces(const struct place *place);

/* Gives the place back, and a connection that may be used again (or NULL). Legal on a place that is not held. On the
 * thread that holds it. */
void pool_give(struct place *place, struct conn *conn);

#endif
