/* The one socket code of the uv and the poll engine: non-blocking descriptors with plain recv and send, tried first. A
 * loop only waits: it asks socket_wanted what for, and calls socket_ready when it is there. For the two loops alone. */
#ifndef AFETCH_ENGINE_SOCKET_H
#define AFETCH_ENGINE_SOCKET_H

#include "engine/engine.h"

struct sock {
    struct socket_loop *loop;
    int fd;            /* -1: closed */
    struct io *reader; /* pending read, accept, or watch for reading */
    struct io *writer; /* pending write, connect, or watch for writing */
    uint8_t armed;     /* what the loop watches for; at least what is wanted */
    bool listener;
    bool connecting;
    bool foreign;         /* of engine_watch: not ours to close; reader is its only operation */
    uint8_t watch_events; /* foreign: what its watch waits for */
    bool more;            /* the last read filled its buffer: there is more, likely */
    size_t burst;         /* bytes moved since the loop was last heard of */
    struct sock *prev, *next;
};

struct socket_loop {
    struct engine engine;                    /* first */
    size_t sock_size;                        /* a loop's sock begins with struct sock */
    void (*arm)(struct sock *s, int events); /* watch for events from now on; a loop may leave NULL if it asks anyway */
    void (*gone)(struct sock *s);            /* watch no more; then, at once or later, socket_recycle */
    struct sock *all, *free;
};

extern const struct engine_ops socket_ops; /* all but name, run, wake, free */

/* Events that operations are pending for. */
int socket_wanted(const struct sock *s);
/* The descriptor is ready for events (both, when it has an error): fulfils what it can. The loop drains afterwards,
 * and then calls socket_settle. */
void socket_ready(struct sock *s, int events);
/* Stops watching for what nobody waits for any more, lazily: only now that it fired. */
void socket_settle(struct sock *s, int events);
void socket_recycle(struct sock *s);
/* Closes all sockets that are left, and frees what socket_recycle collected. */
void socket_close_all(struct socket_loop *loop);
void socket_free_all(struct socket_loop *loop);

#endif
