/* What can be awaited: connect, accept, read, write, watch a descriptor, a post from another thread; sleeping is
 * base/timer.h's over engine->timers. Three engines stand behind this one header: uv (a libuv loop, thousands at once),
 * poll (poll(2) for the few descriptors of one transfer) and the simulator's in tests/sim. Operations complete
 * (proactor); each lies in its caller's memory, sockets belong to the engine. No operation allocates once warm.
 * Engines know nothing of time-outs: those are deadlines that cancel a coroutine. An engine and all that is made of it
 * belong to one thread, but for engine_post and engine_wake; a socket may move (engine_leave). */
#ifndef AFETCH_ENGINE_ENGINE_H
#define AFETCH_ENGINE_ENGINE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/co.h"
#include "base/error.h"
#include "base/timer.h"
#include "engine/addr.h"

#define ENGINE_READ_MAX ((size_t)64 * 1024) /* the lent read buffer */

struct engine;
struct sock; /* a socket; the engine's */

enum { ENGINE_READABLE = 1, ENGINE_WRITABLE = 2 };

/* One I/O operation; the caller's memory, which must stay until it has completed. */
struct io {
    struct co_op op; /* first */
    struct engine *engine;
    struct sock *sock;
    struct sock **out; /* connect, accept: where the new socket is put as the operation completes */
    char *data;        /* read: what came; write: what is left to send */
    size_t len;
    int sys;         /* errno of a failure */
    int fd;          /* watch */
    void *kept;      /* engine_keep's buffer */
    bool kept_whole; /* it is a lent buffer, not a copy */
};

/* An operation that may be completed from another thread: by engine_post, on the thread of the engine it belongs to. */
struct post {
    struct co_op op; /* first */
    struct engine *engine;
    struct post *next; /* the engine's */
};

/* What an engine is made of; see the functions below for what each means. */
struct engine_ops {
    const char *name;
    bool idle_watched; /* a read that pends on an idle socket is noticed although nobody awaits it (else: stale) */
    struct co_op *(*connect)(struct engine *e, struct io *io, const struct addr *to, struct sock **out);
    int (*listen)(struct engine *e, const struct addr *at, int backlog, struct sock **out, int *sys);
    struct co_op *(*accept)(struct io *io, struct sock *s, struct sock **out);
    struct co_op *(*read)(struct io *io, struct sock *s);
    struct co_op *(*write)(struct io *io, struct sock *s, const void *data, size_t len);
    void (*close)(struct sock *s);
    void (*reset_on_close)(struct sock *s);
    bool (*stale)(struct sock *s);
    struct co_op *(*watch)(struct engine *e, struct io *io, int fd, int events);
    void (*unwatch)(struct engine *e, int fd);
    int (*address)(const struct sock *s, bool peer, struct addr *out);
    void (*leave)(struct sock *s); /* NULL: its sockets stay with it */
    void (*join)(struct engine *e, struct sock *s);
    int (*run)(struct engine *e, const struct co *root);
    void (*wake)(struct engine *e);
    void (*free)(struct engine *e);
};

struct engine {
    const struct engine_ops *ops;
    struct co_sched sched; /* sched.now_ns is the engine's monotonic clock, read at the entry of each callback */
    struct timers timers;
    char *lent; /* the read buffer, or NULL until it is needed */
    struct engine_spare {
        struct engine_spare *next;
    } * spares; /* read buffers given back */
    size_t spare_count;
    /* Set by the owner before anything connects: of TCP connections that it makes, seconds until one that is idle is
     * probed, and between two probes (0: it is not), and how many in vain end it (0: as the system has it). */
    unsigned keep_alive_s, keep_alive_count;
    size_t
        read_max; /* set by the owner: bytes that a read brings at most; 0: ENGINE_READ_MAX, which it is never above */
    /* Called on the engine's thread after engine_wake; set by the owner. */
    void (*on_wake)(void *arg);
    void *on_wake_arg;
    pthread_mutex_t post_lock;
    struct post *posts; /* newest first */
};

/* ---- life -------------------------------------------------------------------------------------------------------- */

/* An engine on a libuv loop of its own, or on poll(2). err may be NULL. ERR_MEMORY, ERR_INTERNAL. */
int engine_new_uv(struct engine **out, struct error *err);
int engine_new_poll(struct engine **out, struct error *err);
/* Closes and frees everything that is the engine's. No coroutine may wait on it any more. */
void engine_free(struct engine *e);

/* "libuv/1.44.2", as it runs. A constant. */
const char *engine_library(void);

/* Runs until root, which co_start(root, &e->sched, …) made ready, has ended; returns its result. */
int engine_run(struct engine *e, struct co *root);

static inline uint64_t engine_now_ns(const struct engine *e)
{
    return e->sched.now_ns;
}

/* ---- sockets ------------------------------------------------------------------------------------------------------ */

/* Connects to one address. Completes with 0 and the socket in *out (non-blocking, no delay, close-on-exec), or
 * ERR_CONNECT with io->sys. Cancelled, the half-open socket is closed. */
static inline struct co_op *engine_connect(struct engine *e, struct io *io, const struct addr *to, struct sock **out)
{
    return e->ops->connect(e, io, to, out);
}

/* Listens at an address (port 0: any free one); the listener is closed by engine_close. ERR_CONNECT with *sys. */
static inline int engine_listen(struct engine *e, const struct addr *at, int backlog, struct sock **out, int *sys)
{
    return e->ops->listen(e, at, backlog, out, sys);
}

/* The next connection of a listener, into *out. One pending accept a listener. */
static inline struct co_op *engine_accept(struct engine *e, struct io *io, struct sock *s, struct sock **out)
{
    return e->ops->accept(io, s, out);
}

/* Reads what there is: completes with 1 and io->data, io->len (at least 1 byte), 0 at the end of the stream, ERR_RECV
 * with io->sys. The bytes are lent until the reader's next await of anything; who must wait with bytes left calls
 * engine_keep first. One pending read a socket; cancelled, the socket stays usable. */
static inline struct co_op *engine_read(struct engine *e, struct io *io, struct sock *s)
{
    return e->ops->read(io, s);
}

/* Writes all of data, which must stay put until completion: 0, or ERR_SEND with io->sys. One pending write a socket.
 * Cancelled, the socket is spent: its owner must close it. */
static inline struct co_op *engine_write(struct engine *e, struct io *io, struct sock *s, const void *data, size_t len)
{
    return e->ops->write(io, s, data, len);
}

/* Closes at once; cannot fail. Operations pending on it complete with ERR_CANCELED. s may be NULL. */
static inline void engine_close(struct engine *e, struct sock *s)
{
    if (s)
        e->ops->close(s);
}

/* Closing s will reset the connection (RST), and what was not sent yet is dropped: a server's fault, made on purpose.
 */
static inline void engine_reset_on_close(struct engine *e, struct sock *s)
{
    e->ops->reset_on_close(s);
}

/* An idle socket with no pending read: whether the peer has closed it or sent bytes nobody asked for. Costs a system
 * call: where ops->idle_watched, leave a read pending instead. */
static inline bool engine_stale(struct engine *e, struct sock *s)
{
    return e->ops->stale(s);
}

/* The local or the peer's address. 0, or ERR_INTERNAL: for a Unix domain socket, too. */
static inline int engine_address(struct engine *e, const struct sock *s, bool peer, struct addr *out)
{
    return e->ops->address(s, peer, out);
}

/* Whether sockets of this engine may move to another of its kind. */
static inline bool engine_can_move(const struct engine *e)
{
    return e->ops->leave != NULL;
}
/* Takes an idle socket off its engine: it belongs to none, and may be handed to another thread. */
static inline void engine_leave(struct engine *e, struct sock *s)
{
    e->ops->leave(s);
}
/* Puts a socket that left its engine on another of the same kind. */
static inline void engine_join(struct engine *e, struct sock *s)
{
    e->ops->join(e, s);
}

/* Keeps the bytes from data to data+len, which lie in what io's read was lent, beyond the next await; returns where
 * they lie from now on. Given back by engine_release, which every keeper must call. */
char *engine_keep(struct engine *e, struct io *io, char *data, size_t len);
void engine_release(struct engine *e, struct io *io);

/* ---- other descriptors, other threads ------------------------------------------------------------------------------ */

/* Completes once with the events (ENGINE_READABLE, ENGINE_WRITABLE) that a descriptor of somebody else's is ready for.
 * One pending watch a descriptor; the owner calls engine_unwatch before it closes the descriptor. */
static inline struct co_op *engine_watch(struct engine *e, struct io *io, int fd, int events)
{
    return e->ops->watch(e, io, fd, events);
}
static inline void engine_unwatch(struct engine *e, int fd)
{
    e->ops->unwatch(e, fd);
}

/* Completes p->op, which is pending, with rc on the thread of p->engine: at once where that is here, the engine whose
 * thread calls (NULL: a thread that has none), else soon. From any thread; p and its engine must live until then. Once
 * only, and the operation's cancel must leave it alone from then on. */
void engine_post(struct engine *here, struct post *p, int rc);
/* Makes e's thread call on_wake, soon. From any thread, and from a signal handler. */
static inline void engine_wake(struct engine *e)
{
    e->ops->wake(e);
}

/* ---- for those who make engines -------------------------------------------------------------------------------------- */

/* Initialises what is common. 0 or ERR_INTERNAL. */
int engine_init(struct engine *e, const struct engine_ops *ops);
void engine_deinit(struct engine *e);
/* The buffer to read into; NULL without memory. */
char *engine_lend(struct engine *e);
/* Reads the clock, CLOCK_MONOTONIC. */
uint64_t engine_clock_ns(void);
/* What a wake-up stands for: completes what was posted, calls on_wake. The engine drains afterwards. */
void engine_woken(struct engine *e);

#endif
