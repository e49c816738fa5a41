#include "net/stream.h"

struct tcp_stream {
    struct stream stream; /* first */
    struct sock *sock;
    struct io reader, writer;
};

static struct tcp_stream *tcp_of(struct stream *s)
{
    return (struct tcp_stream *)s;
}

static struct co_op *tcp_read(struct stream *s, struct co *caller)
{
    (void)caller;
    struct tcp_stream *t = tcp_of(s);
    if (s->reading)
        return &t->reader.op;
    s->reading = true;
    return engine_read(s->engine, &t->reader, t->sock);
}

static int tcp_got(struct stream *s, const char **data, size_t *len, struct error *err)
{
    struct io *io = &tcp_of(s)->reader;
    *data = io->data;
    *len = io->len;
    if (io->op.rc < 0)
        return error_set(err, io->op.rc, io->sys, NULL);
    return io->op.rc;
}

static struct co_op *tcp_write(struct stream *s, struct co *caller, const void *data, size_t len)
{
    (void)caller;
    struct tcp_stream *t = tcp_of(s);
    return engine_write(s->engine, &t->writer, t->sock, data, len);
}

static int tcp_sent(struct stream *s, struct error *err)
{
    struct io *io = &tcp_of(s)->writer;
    return io->op.rc < 0 ? error_set(err, io->op.rc, io->sys, NULL) : 0;
}

static const char *tcp_keep(struct stream *s, const char *data, size_t len)
{
    return engine_keep(s->engine, &tcp_of(s)->reader, (char *)(uintptr_t)data, len);
}

static void tcp_release(struct stream *s)
{
    engine_release(s->engine, &tcp_of(s)->reader);
}

static bool tcp_stale(struct stream *s)
{
    return s->reading || engine_stale(s->engine, tcp_of(s)->sock);
}

static void tcp_unread(struct stream *s)
{
    struct tcp_stream *t = tcp_of(s);
    if (!s->reading || t->reader.op.status != CO_OP_PENDING)
        return;
    co_op_cancel(&t->reader.op, ERR_CANCELED);
    s->reading = false;
}

static void tcp_move(struct stream *s, struct engine *e)
{
    struct tcp_stream *t = tcp_of(s);
    if (s->engine == e)
        return;
    if (s->engine)
        engine_leave(s->engine, t->sock);
    if (e)
        engine_join(e, t->sock);
    s->engine = e;
}

static int tcp_local(struct stream *s, struct addr *out)
{
    return engine_address(s->engine, tcp_of(s)->sock, false, out);
}

static void tcp_close(struct stream *s)
{
    struct tcp_stream *t = tcp_of(s);
    co_unhook(&t->reader.op);
    co_unhook(&t->writer.op);
    engine_release(s->engine, &t->reader);
    engine_close(s->engine, t->sock);
    free(t);
}

static const struct stream_ops tcp_ops = {
    .read = tcp_read,
    .got = tcp_got,
    .write = tcp_write,
    .sent = tcp_sent,
    .keep = tcp_keep,
    .release = tcp_release,
    .stale = tcp_stale,
    .unread = tcp_unread,
    .move = tcp_move,
    .local = tcp_local,
    .close = tcp_close,
};

int stream_new_tcp(struct stream **out, struct engine *e, struct sock *sock)
{
    struct tcp_stream *t = calloc(1, sizeof *t);
    if (!t)
        return ERR_MEMORY;
    t->stream.ops = &tcp_ops;
    t->stream.engine = e;
    t->sock = sock;
    *out = &t->stream;
    return 0;
}
