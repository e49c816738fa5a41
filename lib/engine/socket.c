#include "engine/socket.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "engine/os.h"

/* Operations that complete at once could keep the ready queue full for ever: after so much a socket waits a turn. */
enum { BURST_MAX = 256 * 1024, ACCEPT_COST = 4 * 1024 };

static bool would_block(int err)
{
    return err == EAGAIN || err == EWOULDBLOCK;
}

/* ---- the list of sockets ---------------------------------------------------------------------------------------- */

static void list_add(struct socket_loop *loop, struct sock *s)
{
    s->loop = loop;
    s->prev = NULL;
    s->next = loop->all;
    if (s->next)
        s->next->prev = s;
    loop->all = s;
}

static void list_remove(struct sock *s)
{
    if (s->prev)
        s->prev->next = s->next;
    else
        s->loop->all = s->next;
    if (s->next)
        s->next->prev = s->prev;
}

static struct sock *sock_new(struct socket_loop *loop, int fd)
{
    struct sock *s = loop->free;
    if (s)
        loop->free = s->next;
    else if (!(s = malloc(loop->sock_size)))
        return NULL;
    memset(s, 0, loop->sock_size);
    s->fd = fd;
    list_add(loop, s);
    return s;
}

void socket_recycle(struct sock *s)
{
    s->next = s->loop->free;
    s->loop->free = s;
}

static void sock_drop(struct sock *s)
{
    list_remove(s);
    s->fd = -1;
    s->loop->gone(s);
}

void socket_free_all(struct socket_loop *loop)
{
    while (loop->free) {
        struct sock *s = loop->free;
        loop->free = s->next;
        free(s);
    }
}

/* ---- waiting ------------------------------------------------------------------------------------------------------ */

int socket_wanted(const struct sock *s)
{
    if (s->foreign)
        return s->reader ? s->watch_events : 0;
    return (s->reader ? ENGINE_READABLE : 0) | (s->writer ? ENGINE_WRITABLE : 0);
}

static void want(struct sock *s)
{
    int wanted = socket_wanted(s);
    if ((wanted & ~s->armed) && s->loop->arm)
        s->loop->arm(s, wanted | s->armed);
}

void socket_settle(struct sock *s, int events)
{
    if (s->fd >= 0 && s->loop->arm && (s->armed & events & ~socket_wanted(s)))
        s->loop->arm(s, socket_wanted(s));
}

static struct io *io_of(struct co_op *op)
{
    return (struct io *)op;
}

static void detach(struct io *io)
{
    if (io->sock->reader == io)
        io->sock->reader = NULL;
    if (io->sock->writer == io)
        io->sock->writer = NULL;
}

static void complete(struct io *io, int rc, int sys)
{
    detach(io);
    io->sys = sys;
    co_complete(&io->op, rc);
}

static void cancel_io(struct co_op *op, int reason)
{
    complete(io_of(op), reason, 0);
}

static void begin(struct io *io, struct sock *s)
{
    io->engine = &s->loop->engine;
    io->sock = s;
    io->sys = 0;
    co_op_begin(&io->op, cancel_io);
}

static struct co_op *fail(struct io *io, int rc, int sys)
{
    io->sys = sys;
    return co_done(&io->op, rc);
}

/* ---- close -------------------------------------------------------------------------------------------------------- */

static void op_close(struct sock *s)
{
    int fd = s->fd;
    if (s->reader)
        complete(s->reader, ERR_CANCELED, 0);
    if (s->writer)
        complete(s->writer, ERR_CANCELED, 0);
    bool foreign = s->foreign;
    sock_drop(s); /* before close: the loop must forget the descriptor while it is still the socket's */
    if (!foreign)
        close(fd);
}

static void op_reset_on_close(struct sock *s)
{
    struct linger none = {.l_onoff = 1, .l_linger = 0};
    setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

void socket_close_all(struct socket_loop *loop)
{
    while (loop->all)
        op_close(loop->all);
}

/* ---- connect ------------------------------------------------------------------------------------------------------ */

static void cancel_connect(struct co_op *op, int reason)
{
    struct sock *s = io_of(op)->sock;
    complete(io_of(op), reason, 0);
    op_close(s);
}

static void connect_ready(struct io *io)
{
    struct sock *s = io->sock;
    int err = 0;
    socklen_t len = sizeof err;
    if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
        err = errno;
    if (err) {
        complete(io, ERR_CONNECT, err);
        op_close(s);
        return;
    }
    s->connecting = false;
    *io->out = s;
    complete(io, 0, 0);
}

static struct co_op *op_connect(struct engine *e, struct io *io, const struct addr *to, struct sock **out)
{
    struct socket_loop *loop = (struct socket_loop *)e;
    int fd = os_stream_socket(addr_family(to));
    if (fd < 0)
        return fail(io, ERR_CONNECT, errno);
    struct sock *s = sock_new(loop, fd);
    if (!s) {
        close(fd);
        return fail(io, ERR_MEMORY, 0);
    }
    begin(io, s);
    io->op.cancel = cancel_connect;
    io->out = out;
    struct addr_system at;
    addr_to_system(&at, to);
    if (addr_family(to) != AF_UNIX && e->keep_alive_s)
        os_keep_alive(fd, e->keep_alive_s, e->keep_alive_count);
    if (connect(fd, (struct sockaddr *)&at.storage, at.len) == 0) {
        *out = s;
        return fail(io, 0, 0);
    }
    if (errno != EINPROGRESS && errno != EINTR) {
        int err = errno;
        op_close(s);
        return fail(io, ERR_CONNECT, err);
    }
    s->connecting = true;
    s->writer = io;
    want(s);
    return &io->op;
}

/* ---- listen, accept ----------------------------------------------------------------------------------------------- */

static int op_listen(struct engine *e, const struct addr *at, int backlog, struct sock **out, int *sys)
{
    int on = 1;
    int fd = os_stream_socket(addr_family(at));
    if (fd < 0) {
        *sys = errno;
        return ERR_CONNECT;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (addr_family(at) == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    struct sock *s = NULL;
    struct addr_system where;
    addr_to_system(&where, at);
    if (bind(fd, (struct sockaddr *)&where.storage, where.len) < 0 || listen(fd, backlog) < 0)
        *sys = errno;
    else if (!(s = sock_new((struct socket_loop *)e, fd)))
        *sys = ENOMEM;
    if (!s) {
        close(fd);
        return ERR_CONNECT;
    }
    s->listener = true;
    *out = s;
    return 0;
}

/* Errors of a connection that went away before it was accepted are its own, not the listener's (accept(2)). */
static bool accept_again(int err)
{
    return err == EINTR || err == ECONNABORTED || err == EPROTO;
}

static void accept_ready(struct io *io)
{
    struct socket_loop *loop = io->sock->loop;
    int fd;
    do
        fd = os_accept(io->sock->fd);
    while (fd < 0 && accept_again(errno));
    io->sock->more = fd >= 0;
    if (fd < 0 && would_block(errno))
        return;
    if (fd < 0) {
        complete(io, ERR_CONNECT, errno);
        return;
    }
    struct sock *s = sock_new(loop, fd);
    if (!s) {
        close(fd);
        complete(io, ERR_MEMORY, 0);
        return;
    }
    *io->out = s;
    complete(io, 0, 0);
}

static struct co_op *op_accept(struct io *io, struct sock *s, struct sock **out)
{
    begin(io, s);
    io->out = out;
    s->reader = io;
    s->burst += ACCEPT_COST;
    if (s->more && s->burst < BURST_MAX)
        accept_ready(io);
    if (io->op.status == CO_OP_PENDING)
        want(s);
    return &io->op;
}

/* ---- read --------------------------------------------------------------------------------------------------------- */

static void read_ready(struct io *io)
{
    struct sock *s = io->sock;
    char *room = engine_lend(io->engine);
    if (!room) {
        complete(io, ERR_MEMORY, 0);
        return;
    }
    size_t most = io->engine->read_max ? io->engine->read_max : ENGINE_READ_MAX;
    ssize_t n;
    do
        n = recv(s->fd, room, most, 0);
    while (n < 0 && errno == EINTR);
    s->more = n == (ssize_t)most;
    if (n < 0 && would_block(errno))
        return;
    if (n < 0) {
        complete(io, ERR_RECV, errno);
        return;
    }
    io->data = room;
    io->len = (size_t)n;
    s->burst += (size_t)n;
    complete(io, n > 0, 0);
}

static struct co_op *op_read(struct io *io, struct sock *s)
{
    begin(io, s);
    io->data = NULL;
    io->len = 0;
    s->reader = io;
    if (s->more && s->burst < BURST_MAX)
        read_ready(io);
    if (io->op.status == CO_OP_PENDING)
        want(s);
    return &io->op;
}

/* ---- write -------------------------------------------------------------------------------------------------------- */

static void write_ready(struct io *io)
{
    struct sock *s = io->sock;
    while (io->len > 0) {
        ssize_t n = os_send(s->fd, io->data, io->len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && would_block(errno))
            return;
        if (n < 0) {
            complete(io, ERR_SEND, errno);
            return;
        }
        io->data += n;
        io->len -= (size_t)n;
        s->burst += (size_t)n;
    }
    complete(io, 0, 0);
}

static struct co_op *op_write(struct io *io, struct sock *s, const void *data, size_t len)
{
    begin(io, s);
    io->data = (char *)(uintptr_t)data; /* only ever read from */
    io->len = len;
    s->writer = io;
    if (s->burst < BURST_MAX)
        write_ready(io);
    if (io->op.status == CO_OP_PENDING)
        want(s);
    return &io->op;
}

/* ---- foreign descriptors --------------------------------------------------------------------------------------------- */

static struct sock *find_foreign(struct socket_loop *loop, int fd)
{
    struct sock *s = loop->all;
    while (s && !(s->foreign && s->fd == fd))
        s = s->next;
    return s;
}

static struct co_op *op_watch(struct engine *e, struct io *io, int fd, int events)
{
    struct socket_loop *loop = (struct socket_loop *)e;
    struct sock *s = io->sock;
    if (!s || s->fd != fd || !s->foreign)
        s = find_foreign(loop, fd);
    if (!s && !(s = sock_new(loop, fd)))
        return fail(io, ERR_MEMORY, 0);
    s->foreign = true;
    s->watch_events = (uint8_t)events;
    begin(io, s);
    io->fd = fd;
    s->reader = io;
    want(s);
    return &io->op;
}

static void op_unwatch(struct engine *e, int fd)
{
    struct sock *s = find_foreign((struct socket_loop *)e, fd);
    if (s)
        op_close(s);
}

/* ---- the rest ---------------------------------------------------------------------------------------------------------- */

static bool op_stale(struct sock *s)
{
    char byte;
    ssize_t n;
    do
        n = recv(s->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    return n >= 0 || !would_block(errno);
}

static int op_address(const struct sock *s, bool peer, struct addr *out)
{
    struct addr a;
    socklen_t len = sizeof a.u;
    int rc = peer ? getpeername(s->fd, &a.u.sa, &len) : getsockname(s->fd, &a.u.sa, &len);
    if (rc < 0 || addr_family(&a) == AF_UNIX) /* nobody would own its path */
        return ERR_INTERNAL;
    *out = a;
    return 0;
}

static void op_leave(struct sock *s)
{
    list_remove(s);
    s->loop = NULL;
}

static void op_join(struct engine *e, struct sock *s)
{
    list_add((struct socket_loop *)e, s);
}

void socket_ready(struct sock *s, int events)
{
    s->burst = 0;
    if (s->foreign) {
        if (s->reader && (events & s->watch_events))
            complete(s->reader, events & s->watch_events, 0);
        return;
    }
    /* The writer first: reading lends a buffer, which must not be waited behind anyone. Neither resumes anybody. */
    struct io *reader = s->reader;
    if ((events & ENGINE_WRITABLE) && s->writer) {
        if (s->connecting) {
            connect_ready(s->writer);
            return; /* s may be closed */
        }
        write_ready(s->writer);
    }
    if ((events & ENGINE_READABLE) && reader) {
        if (s->listener)
            accept_ready(reader);
        else
            read_ready(reader);
    }
}

const struct engine_ops socket_ops = {
    .connect = op_connect,
    .listen = op_listen,
    .accept = op_accept,
    .read = op_read,
    .write = op_write,
    .close = op_close,
    .reset_on_close = op_reset_on_close,
    .stale = op_stale,
    .watch = op_watch,
    .unwatch = op_unwatch,
    .address = op_address,
    .leave = op_leave,
    .join = op_join,
};
