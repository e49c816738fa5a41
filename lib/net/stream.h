/* Byte streams that stack: TCP, and TLS over any stream. One reader and one writer at a time. A read may be left
 * pending with nobody awaiting it (an idle connection); the next stream_read gives that one. Over engine.h; the layers
 * above see no socket. Belongs to its engine's thread; an idle one may move (stream_move). */
#ifndef AFETCH_NET_STREAM_H
#define AFETCH_NET_STREAM_H

#include "engine/engine.h"

struct tls;
struct stream;

struct stream_ops {
    struct co_op *(*read)(struct stream *s, struct co *caller);
    int (*got)(struct stream *s, const char **data, size_t *len, struct error *err);
    struct co_op *(*write)(struct stream *s, struct co *caller, const void *data, size_t len);
    int (*sent)(struct stream *s, struct error *err);
    const char *(*keep)(struct stream *s, const char *data, size_t len);
    void (*release)(struct stream *s);
    bool (*stale)(struct stream *s);
    void (*unread)(struct stream *s);
    void (*move)(struct stream *s, struct engine *e);
    int (*local)(struct stream *s, struct addr *out); /* NULL: unknown */
    void (*close)(struct stream *s);
};

struct stream {
    const struct stream_ops *ops;
    struct engine *engine; /* NULL: it has left one, and only stream_move is legal */
    bool reading;          /* a read was begun and its outcome not taken by stream_got */
};

/* A stream over a connected socket, which it owns from then on (on failure the socket is the caller's). ERR_MEMORY. */
int stream_new_tcp(struct stream **out, struct engine *e, struct sock *sock);
/* TLS over below; both are the new stream's on success. The handshake is tls_open's. ERR_MEMORY. */
int stream_new_tls(struct stream **out, struct stream *below, struct tls *tls);
/* The TLS of a stream made by stream_new_tls; NULL for others. */
struct tls *stream_tls(struct stream *s);
/* The stream below that TLS; NULL for others. */
struct stream *stream_below(struct stream *s);

/* Completes when stream_got has something to say. After a cancelled read only stream_close is legal. */
static inline struct co_op *stream_read(struct stream *s, struct co *caller)
{
    return s->ops->read(s, caller);
}
/* The outcome of the read: 1 and bytes, lent until the reader's next await (else stream_keep); 0 at the orderly end;
 * ERR_PARTIAL at one that is not (TLS without close_notify), without a sentence; ERR_RECV with a sentence in err (NULL:
 * none). */
static inline int stream_got(struct stream *s, const char **data, size_t *len, struct error *err)
{
    s->reading = false;
    return s->ops->got(s, data, len, err);
}

/* Writes all of data, which must stay put until completion; the outcome is stream_sent's. Cancelled, the stream is
 * spent. */
static inline struct co_op *stream_write(struct stream *s, struct co *caller, const void *data, size_t len)
{
    return s->ops->write(s, caller, data, len);
}
static inline int stream_sent(struct stream *s, struct error *err)
{
    return s->ops->sent(s, err);
}

/* Keeps the last len bytes that stream_got gave (from data on) beyond the next await; returns where they lie from now
 * on; NULL without memory. Given back by stream_release before the next read, at the latest by stream_close. */
static inline const char *stream_keep(struct stream *s, const char *data, size_t len)
{
    return s->ops->keep(s, data, len);
}
static inline void stream_release(struct stream *s)
{
    s->ops->release(s);
}

/* An idle stream of an engine that does not watch it: whether the peer closed it or sent anything. */
static inline bool stream_stale(struct stream *s)
{
    return s->ops->stale(s);
}

/* Before a write on an idle stream: a read that pends, awaited by nobody, could complete while the write waits, and
 * what it was lent would be gone before anybody looked. Where that can be it is given up; reads may begin again. */
static inline void stream_unread(struct stream *s)
{
    s->ops->unread(s);
}

/* Moves an idle stream, with no read pending, to another engine that can take its sockets (engine_can_move): NULL takes
 * it off its engine, so that it can be handed to another thread, which then moves it to its own. */
static inline void stream_move(struct stream *s, struct engine *e)
{
    s->ops->move(s, e);
}

/* The local address of the connection at the bottom. 0, or ERR_INTERNAL where it is not known. */
static inline int stream_local(struct stream *s, struct addr *out)
{
    return s->ops->local ? s->ops->local(s, out) : ERR_INTERNAL;
}

/* Closes and frees at once, with all that lies below; nobody may await its operations. s may be NULL. */
static inline void stream_close(struct stream *s)
{
    if (s)
        s->ops->close(s);
}

/* The TLS handshake over a stream of stream_new_tls; by co_call(caller, &o->co, tls_open_run). Ends with 0, ERR_TLS or
 * ERR_CERT with a sentence in err. */
struct tls_open {
    struct co co;
    struct stream *stream;
    struct error *err;
    int rc;
    bool wants_1_2; /* after ERR_TLS: tls_wants_1_2 */
};
void tls_open_run(struct co *co);

#endif
