#include "sim/sim_socket.h"

#include <errno.h>
#include <string.h>

#include "sim/sim_memory.h"

struct sock {
    struct sim_engine *e;
    struct sock *prev, *next;
    uint64_t id;
    struct addr to;
    void *peer; /* the remote's; NULL before it is connected */
    struct sim_fate fate;
    struct io *connector, *reader, *writer;
    struct sim_event connecting, readable, writable, travelling;
    struct sim_bytes in;  /* arrived, not read yet */
    struct sim_bytes out; /* on its way to the remote */
    bool spent;           /* a write was cancelled: only a close is legal */
    bool ended, reset;    /* arrived behind what is in in */
};

/* ---- operations -------------------------------------------------------------------------------------------------- */

static void begin(struct io *io, struct sock *s, struct io **slot, void (*cancel)(struct co_op *op, int reason))
{
    struct sim_engine *e = s->e;
    sim_engine_require(e, !s->spent, "a socket was used whose write was cancelled");
    sim_engine_require(e, !*slot, "two operations of one kind pend on one socket");
    io->engine = &e->engine;
    io->sock = s;
    io->sys = 0;
    co_op_begin(&io->op, cancel);
    *slot = io;
    e->counts->pending++;
}

static void complete(struct sock *s, struct io **slot, int rc, int sys)
{
    struct io *io = *slot;
    *slot = NULL;
    io->sys = sys;
    s->e->counts->pending--;
    sim_note(s->e->sim, "done", s->id, (uint64_t)(uint32_t)rc);
    co_complete(&io->op, rc);
}

/* ---- sockets ------------------------------------------------------------------------------------------------------ */

static struct sock *sock_new(struct sim_engine *e, const struct addr *to)
{
    struct sock *s = sim_alloc(e->sim, sizeof *s);
    s->e = e;
    s->to = *to;
    s->id = ++e->ids;
    s->next = e->all;
    if (s->next)
        s->next->prev = s;
    e->all = s;
    e->counts->open++;
    return s;
}

static void op_close(struct sock *s)
{
    struct sim_engine *e = s->e;
    sim_note(e->sim, "close", s->id, s->in.len);
    if (s->reader)
        complete(s, &s->reader, ERR_CANCELED, 0);
    if (s->writer)
        complete(s, &s->writer, ERR_CANCELED, 0);
    sim_cancel(e->sim, &s->connecting);
    sim_cancel(e->sim, &s->readable);
    sim_cancel(e->sim, &s->writable);
    sim_cancel(e->sim, &s->travelling);
    if (s->peer) {
        bool library = sim_memory_library(false);
        e->remote->closed(s->peer);
        sim_memory_library(library);
    }
    if (s->prev)
        s->prev->next = s->next;
    else
        e->all = s->next;
    if (s->next)
        s->next->prev = s->prev;
    e->counts->open--;
    free(s->in.data);
    free(s->out.data);
    free(s); /* at once, so that the address sanitizer sees who uses it later */
}

/* ---- connect ------------------------------------------------------------------------------------------------------- */

static void cancel_connect(struct co_op *op, int reason)
{
    struct sock *s = SIM_OF(struct io, op, op)->sock;
    if (s->fate.sys == ETIMEDOUT)
        sim_met(s->e->sim, MET_BLACK_HOLE);
    complete(s, &s->connector, reason, 0);
    op_close(s);
}

static void on_connecting(struct sim_event *event)
{
    struct sock *s = SIM_OF(struct sock, connecting, event);
    struct sim_engine *e = s->e;
    if (s->fate.sys) {
        sim_met(e->sim, s->fate.sys == ECONNREFUSED   ? MET_REFUSED
                        : s->fate.sys == EHOSTUNREACH ? MET_NO_ROUTE
                                                      : MET_BLACK_HOLE_END);
        complete(s, &s->connector, ERR_CONNECT, s->fate.sys);
        op_close(s);
        return;
    }
    bool library = sim_memory_library(false);
    s->peer = e->remote->opened(e->remote->arg, s, &s->to);
    sim_memory_library(library);
    *s->connector->out = s;
    complete(s, &s->connector, 0, 0);
}

static struct co_op *op_connect(struct engine *engine, struct io *io, const struct addr *to, struct sock **out)
{
    struct sim_engine *e = (struct sim_engine *)engine;
    if (sim_memory_fails())
        return co_done(&io->op, ERR_MEMORY);
    struct sock *s = sock_new(e, to);
    s->fate = e->remote->fate(e->remote->arg, to);
    begin(io, s, &s->connector, cancel_connect);
    io->out = out;
    sim_note(e->sim, "connect", s->id, (uint64_t)s->fate.sys);
    if (s->fate.at_once)
        on_connecting(&s->connecting);
    else
        sim_after(e->sim, &s->connecting, s->fate.delay_ns, on_connecting);
    return &io->op;
}

/* ---- read ----------------------------------------------------------------------------------------------------------- */

static bool has_news(const struct sock *s)
{
    return s->in.len > 0 || s->ended || s->reset;
}

static void tell(struct sock *s, enum sim_told what, size_t len)
{
    bool library = sim_memory_library(false);
    s->e->remote->told(s->peer, what, len);
    sim_memory_library(library);
}

static void read_bytes(struct sock *s)
{
    struct sim *sim = s->e->sim;
    size_t len = sim_portion(sim, sim->net.read_max < ENGINE_READ_MAX ? sim->net.read_max : ENGINE_READ_MAX, s->in.len);
    s->reader->data = sim_engine_lend(s->e, s->in.data + s->in.start, len);
    if (!s->reader->data) {
        complete(s, &s->reader, ERR_MEMORY, 0);
        return;
    }
    s->reader->len = len;
    if (len < s->in.len)
        sim_met(sim, MET_PART_READ);
    sim_bytes_drop(&s->in, len);
    sim_note(sim, "read", s->id, len);
    tell(s, SIM_TOLD_BYTES, len);
    complete(s, &s->reader, 1, 0);
}

static void read_now(struct sock *s)
{
    sim_cancel(s->e->sim, &s->readable);
    if (s->in.len > 0) {
        read_bytes(s);
    } else if (s->reset) {
        sim_met(s->e->sim, MET_READ_ERROR);
        tell(s, SIM_TOLD_READ_ERROR, 0);
        complete(s, &s->reader, ERR_RECV, ECONNRESET);
    } else {
        tell(s, SIM_TOLD_END, 0);
        complete(s, &s->reader, 0, 0);
    }
}

static void on_readable(struct sim_event *event)
{
    struct sock *s = SIM_OF(struct sock, readable, event);
    if (s->reader && has_news(s))
        read_now(s);
}

static void cancel_read(struct co_op *op, int reason)
{
    struct sock *s = SIM_OF(struct io, op, op)->sock;
    complete(s, &s->reader, reason, 0);
}

static struct co_op *op_read(struct io *io, struct sock *s)
{
    struct sim *sim = s->e->sim;
    sim_engine_require(s->e, !io->kept, "a read began while what the last one lent was kept");
    begin(io, s, &s->reader, cancel_read);
    io->data = NULL;
    io->len = 0;
    if (!has_news(s))
        return &io->op;
    if (rng_chance(&sim->rng, sim->net.sync_read))
        read_now(s);
    else
        sim_after(sim, &s->readable, rng_chance(&sim->rng, 500) ? 0 : sim->net.quantum_ns, on_readable);
    return &io->op;
}

/* Something arrived. */
static void news(struct sock *s)
{
    if (s->reader && !s->readable.index)
        read_now(s);
}

void sim_socket_send(struct sock *s, const void *data, size_t len)
{
    sim_engine_require(s->e, !s->ended && !s->reset, "the simulated server sent behind its end");
    sim_note(s->e->sim, "arrived", s->id, len);
    if (len == 1)
        sim_met(s->e->sim, MET_ONE_BYTE);
    sim_bytes_add(s->e->sim, &s->in, data, len);
    news(s);
}

bool sim_socket_has_news(const struct sock *s)
{
    return has_news(s);
}

void sim_socket_end(struct sock *s)
{
    sim_note(s->e->sim, "end", s->id, s->in.len);
    s->ended = true;
    news(s);
}

void sim_socket_reset(struct sock *s)
{
    struct sim *sim = s->e->sim;
    sim_note(sim, "reset", s->id, s->in.len);
    s->reset = true;
    if (rng_chance(&sim->rng, 500)) { /* as kernels do, or not */
        if (s->in.len)
            sim_met(sim, MET_RESET_LOSS);
        sim_bytes_drop(&s->in, s->in.len);
    }
    if (s->writer) {
        sim_cancel(sim, &s->writable);
        sim_met(sim, MET_WRITE_ERROR);
        tell(s, SIM_TOLD_WRITE_ERROR, 0);
        complete(s, &s->writer, ERR_SEND, ECONNRESET);
    }
    news(s);
}

/* ---- write ------------------------------------------------------------------------------------------------------------ */

static void on_travelling(struct sim_event *event)
{
    struct sock *s = SIM_OF(struct sock, travelling, event);
    struct sim *sim = s->e->sim;
    char part[4096];
    size_t len = sim_portion(sim, sim->net.segment_max < sizeof part ? sim->net.segment_max : sizeof part, s->out.len);
    memcpy(part, s->out.data + s->out.start, len);
    sim_bytes_drop(&s->out, len);
    sim_note(sim, "request", s->id, len);
    if (s->out.len > 0)
        sim_after(sim, &s->travelling, sim_latency(sim) / 16, on_travelling);
    s->e->remote->arrived(s->peer, part, len); /* last: it may reset the connection, and so lead to its close */
}

/* Takes bytes of the pending write over. */
static void take(struct sock *s, size_t len)
{
    struct sim *sim = s->e->sim;
    struct io *io = s->writer;
    if (len == 0)
        return;
    sim_bytes_add(sim, &s->out, io->data, len);
    io->data += len;
    io->len -= len;
    if (!s->travelling.index)
        sim_after(sim, &s->travelling, sim_latency(sim), on_travelling);
}

static void on_writable(struct sim_event *event)
{
    struct sock *s = SIM_OF(struct sock, writable, event);
    struct sim *sim = s->e->sim;
    take(s, sim_portion(sim, sim->net.segment_max, s->writer->len));
    if (s->writer->len == 0)
        complete(s, &s->writer, 0, 0);
    else
        sim_after(sim, &s->writable, sim_latency(sim) / 4, on_writable);
}

static void cancel_write(struct co_op *op, int reason)
{
    struct sock *s = SIM_OF(struct io, op, op)->sock;
    sim_cancel(s->e->sim, &s->writable);
    sim_met(s->e->sim, MET_WRITE_GIVEN_UP);
    complete(s, &s->writer, reason, 0);
    s->spent = true;
}

static struct co_op *op_write(struct io *io, struct sock *s, const void *data, size_t len)
{
    struct sim *sim = s->e->sim;
    begin(io, s, &s->writer, cancel_write);
    io->data = (char *)(uintptr_t)data; /* only ever read from */
    io->len = len;
    sim_note(sim, "write", s->id, len);
    bool library = sim_memory_library(false);
    s->e->remote->writing(s->peer, data, len);
    sim_memory_library(library);
    if (s->reset) {
        sim_met(sim, MET_WRITE_ERROR);
        tell(s, SIM_TOLD_WRITE_ERROR, 0);
        complete(s, &s->writer, ERR_SEND, EPIPE);
    } else if (rng_chance(&sim->rng, sim->net.late_write)) {
        sim_after(sim, &s->writable, sim_latency(sim), on_writable);
        if (rng_chance(&sim->rng, 500))
            take(s, rng_below(&sim->rng, len));
        sim_met(sim, MET_PART_WRITE);
    } else {
        take(s, len);
        complete(s, &s->writer, 0, 0);
    }
    return &io->op;
}
/* ---- what else there is ------------------------------------------------------------------------------------------------ */

static void op_reset_on_close(struct sock *s)
{
    (void)s;
}

static bool op_stale(struct sock *s)
{
    sim_engine_require(s->e, !s->reader, "asked whether a socket is stale while a read pends on it");
    return has_news(s);
}

static int op_address(const struct sock *s, bool peer, struct addr *out)
{
    if (peer)
        *out = s->to;
    else
        addr_parse(out, addr_family(&s->to) == AF_INET ? "10.0.0.1" : "fd00::1", NULL, 40000);
    return 0;
}

static int op_listen(struct engine *e, const struct addr *at, int backlog, struct sock **out, int *sys)
{
    (void)e;
    (void)at;
    (void)backlog;
    (void)out;
    *sys = EOPNOTSUPP;
    return ERR_CONNECT;
}

static struct co_op *op_accept(struct io *io, struct sock *s, struct sock **out)
{
    (void)s;
    (void)out;
    return co_done(&io->op, ERR_CONNECT);
}

const struct engine_ops sim_socket_ops = {
    .connect = op_connect,
    .listen = op_listen,
    .accept = op_accept,
    .read = op_read,
    .write = op_write,
    .close = op_close,
    .reset_on_close = op_reset_on_close,
    .stale = op_stale,
    .address = op_address,
};
