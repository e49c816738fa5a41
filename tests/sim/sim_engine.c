#include "sim/sim_engine.h"

#include <errno.h>
#include <string.h>

enum {
    EVENTS_MAX = 3000000, /* of one run */
    STEPS_MAX = 1000000,  /* of coroutines within one moment's event */
};

struct sim_engine {
    struct engine engine; /* first */
    struct sim *sim;
    const struct sim_remote *remote;
    struct sim_engine_counts *counts;
    struct sim_event wake;
    size_t lent_len;
    struct sock *all;
    uint64_t ids;
};

struct bytes {
    char *data;
    size_t start, len, size; /* len: from start on */
};

struct sock {
    struct sim_engine *e;
    struct sock *prev, *next;
    uint64_t id;
    struct addr to;
    void *peer; /* the remote's; NULL before it is connected */
    struct sim_fate fate;
    struct io *connector, *reader, *writer;
    struct sim_event connecting, readable, writable, travelling;
    struct bytes in;   /* arrived, not read yet */
    struct bytes out;  /* on its way to the remote */
    bool spent;        /* a write was cancelled: only a close is legal */
    bool ended, reset; /* arrived behind what is in in */
};

#define OF(type, member, pointer) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

/* ---- bytes ------------------------------------------------------------------------------------------------------ */

static void bytes_add(struct sim *sim, struct bytes *b, const void *data, size_t len)
{
    if (b->start + b->len + len > b->size) {
        size_t size = (b->len + len) * 2;
        char *grown = sim_alloc(sim, size);
        if (b->len)
            memcpy(grown, b->data + b->start, b->len);
        free(b->data);
        *b = (struct bytes){.data = grown, .len = b->len, .size = size};
    }
    memcpy(b->data + b->start + b->len, data, len);
    b->len += len;
}

static void bytes_drop(struct bytes *b, size_t len)
{
    b->start += len;
    b->len -= len;
    if (b->len == 0)
        b->start = 0;
}

/* ---- what is lent ------------------------------------------------------------------------------------------------ */

/* Ends the loan of the last read, unless engine_keep took it. */
static void poison(struct sim_engine *e)
{
    while (e->engine.spares) { /* given back: nobody may look at it either */
        struct engine_spare *spare = e->engine.spares;
        e->engine.spares = spare->next;
        e->engine.spare_count--;
        free(spare);
    }
    if (!e->engine.lent)
        return;
    memset(e->engine.lent, 0xdb, e->lent_len);
    free(e->engine.lent);
    e->engine.lent = NULL;
}

/* Exactly as large as it must be: who looks behind it is found, too. */
static char *lend(struct sim_engine *e, const char *data, size_t len)
{
    poison(e);
    /* engine_release keeps a list in what was kept, which must hold a pointer. */
    char *lent = sim_alloc(e->sim, len < sizeof(void *) ? sizeof(void *) : len);
    memcpy(lent, data, len);
    e->engine.lent = lent;
    e->lent_len = len;
    e->counts->lends++;
    return lent;
}

/* ---- operations -------------------------------------------------------------------------------------------------- */

static void require(struct sim_engine *e, bool holds, const char *what)
{
    if (!holds)
        sim_fail(e->sim, "%s", what);
}

static void begin(struct io *io, struct sock *s, struct io **slot, void (*cancel)(struct co_op *op, int reason))
{
    struct sim_engine *e = s->e;
    require(e, !s->spent, "a socket was used whose write was cancelled");
    require(e, !*slot, "two operations of one kind pend on one socket");
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
    if (s->peer)
        e->remote->closed(s->peer);
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
    struct sock *s = OF(struct io, op, op)->sock;
    complete(s, &s->connector, reason, 0);
    op_close(s);
}

static void on_connecting(struct sim_event *event)
{
    struct sock *s = OF(struct sock, connecting, event);
    struct sim_engine *e = s->e;
    if (s->fate.sys) {
        complete(s, &s->connector, ERR_CONNECT, s->fate.sys);
        op_close(s);
        return;
    }
    s->peer = e->remote->opened(e->remote->arg, s, &s->to);
    *s->connector->out = s;
    complete(s, &s->connector, 0, 0);
}

static struct co_op *op_connect(struct engine *engine, struct io *io, const struct addr *to, struct sock **out)
{
    struct sim_engine *e = (struct sim_engine *)engine;
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
    s->e->remote->told(s->peer, what, len);
}

static void read_bytes(struct sock *s)
{
    struct sim *sim = s->e->sim;
    size_t len = sim_portion(sim, sim->net.read_max < ENGINE_READ_MAX ? sim->net.read_max : ENGINE_READ_MAX, s->in.len);
    s->reader->data = lend(s->e, s->in.data + s->in.start, len);
    s->reader->len = len;
    bytes_drop(&s->in, len);
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
        tell(s, SIM_TOLD_READ_ERROR, 0);
        complete(s, &s->reader, ERR_RECV, ECONNRESET);
    } else {
        tell(s, SIM_TOLD_END, 0);
        complete(s, &s->reader, 0, 0);
    }
}

static void on_readable(struct sim_event *event)
{
    struct sock *s = OF(struct sock, readable, event);
    if (s->reader && has_news(s))
        read_now(s);
}

static void cancel_read(struct co_op *op, int reason)
{
    struct sock *s = OF(struct io, op, op)->sock;
    complete(s, &s->reader, reason, 0);
}

static struct co_op *op_read(struct io *io, struct sock *s)
{
    struct sim *sim = s->e->sim;
    require(s->e, !io->kept, "a read began while what the last one lent was kept");
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
    require(s->e, !s->ended && !s->reset, "the simulated server sent behind its end");
    sim_note(s->e->sim, "arrived", s->id, len);
    bytes_add(s->e->sim, &s->in, data, len);
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
    if (rng_chance(&sim->rng, 500)) /* as kernels do, or not */
        bytes_drop(&s->in, s->in.len);
    if (s->writer) {
        sim_cancel(sim, &s->writable);
        tell(s, SIM_TOLD_WRITE_ERROR, 0);
        complete(s, &s->writer, ERR_SEND, ECONNRESET);
    }
    news(s);
}

/* ---- write ------------------------------------------------------------------------------------------------------------ */

static void on_travelling(struct sim_event *event)
{
    struct sock *s = OF(struct sock, travelling, event);
    struct sim *sim = s->e->sim;
    char part[4096];
    size_t len = sim_portion(sim, sim->net.segment_max < sizeof part ? sim->net.segment_max : sizeof part, s->out.len);
    memcpy(part, s->out.data + s->out.start, len);
    bytes_drop(&s->out, len);
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
    bytes_add(sim, &s->out, io->data, len);
    io->data += len;
    io->len -= len;
    if (!s->travelling.index)
        sim_after(sim, &s->travelling, sim_latency(sim), on_travelling);
}

static void on_writable(struct sim_event *event)
{
    struct sock *s = OF(struct sock, writable, event);
    struct sim *sim = s->e->sim;
    take(s, sim_portion(sim, sim->net.segment_max, s->writer->len));
    if (s->writer->len == 0)
        complete(s, &s->writer, 0, 0);
    else
        sim_after(sim, &s->writable, sim_latency(sim) / 4, on_writable);
}

static void cancel_write(struct co_op *op, int reason)
{
    struct sock *s = OF(struct io, op, op)->sock;
    sim_cancel(s->e->sim, &s->writable);
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
    s->e->remote->writing(s->peer, data, len);
    if (s->reset) {
        tell(s, SIM_TOLD_WRITE_ERROR, 0);
        complete(s, &s->writer, ERR_SEND, EPIPE);
    } else if (rng_chance(&sim->rng, sim->net.late_write)) {
        sim_after(sim, &s->writable, sim_latency(sim), on_writable);
        if (rng_chance(&sim->rng, 500))
            take(s, rng_below(&sim->rng, len));
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
    require(s->e, !s->reader, "asked whether a socket is stale while a read pends on it");
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

static struct co_op *op_watch(struct engine *e, struct io *io, int fd, int events)
{
    (void)e;
    (void)fd;
    (void)events;
    return co_done(&io->op, ERR_INTERNAL);
}

static void op_unwatch(struct engine *e, int fd)
{
    (void)e;
    (void)fd;
}

static void on_wake(struct sim_event *event)
{
    struct sim_engine *e = OF(struct sim_engine, wake, event);
    sim_note(e->sim, "wake", 0, 0);
    engine_woken(&e->engine);
}

static void op_wake(struct engine *engine)
{
    struct sim_engine *e = (struct sim_engine *)engine;
    if (!e->wake.index)
        sim_after(e->sim, &e->wake, 0, on_wake);
}

/* ---- the run ------------------------------------------------------------------------------------------------------------ */

/* A point at which the run may be cancelled; that may make others ready. */
static void point(struct sim_engine *e)
{
    e->sim->events++;
    if (e->sim->on_point)
        e->sim->on_point(e->sim->on_point_arg);
}

/* What was lent holds until the reader's next await, so for one step; then on only for the waiter of a child that ended
 * in that step. */
static void drain(struct sim_engine *e)
{
    uint64_t steps = 0;
    while (co_step(&e->engine.sched)) {
        if (!e->engine.sched.handed)
            poison(e);
        require(e, ++steps < STEPS_MAX, "the ready queue does not become empty");
        point(e);
    }
    poison(e);
}

static void turn(struct sim_engine *e)
{
    struct sim *sim = e->sim;
    uint64_t event_ns = sim_next_ns(sim);
    uint64_t timer_ns = timers_next(&e->engine.timers);
    uint64_t next_ns = event_ns <= timer_ns ? event_ns : timer_ns;
    if (next_ns == SIM_NEVER)
        sim_fail(sim, "stuck: nothing will ever happen any more");
    require(e, sim->events < EVENTS_MAX, "too many events");
    if (next_ns > e->engine.sched.now_ns)
        e->engine.sched.now_ns = next_ns;
    if (event_ns <= timer_ns) {
        struct sim_event *event = sim_pop(sim);
        event->fire(event);
    } else {
        sim_note(sim, "timer", 0, 0);
        timers_run(&e->engine.timers, next_ns);
    }
    point(e);
    drain(e);
}

static int op_run(struct engine *engine, const struct co *root)
{
    struct sim_engine *e = (struct sim_engine *)engine;
    point(e);
    drain(e);
    while (!co_ended(root))
        turn(e);
    return 0;
}

static void op_free(struct engine *engine)
{
    struct sim_engine *e = (struct sim_engine *)engine;
    require(e, timers_next(&engine->timers) == TIMER_NEVER, "a timer runs at the end");
    require(e, !engine->sched.head, "somebody is ready at the end");
    sim_cancel(e->sim, &e->wake);
    engine_deinit(engine);
    free(e);
}

static const struct engine_ops watched = {
    .name = "sim",
    .idle_watched = true,
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
    .run = op_run,
    .wake = op_wake,
    .free = op_free,
};

struct engine *sim_engine_new(struct sim *sim, const struct sim_remote *remote, struct sim_engine_counts *counts)
{
    static struct engine_ops asked;
    asked = watched;
    asked.name = "sim, asked";
    asked.idle_watched = false;
    struct sim_engine *e = sim_alloc(sim, sizeof *e);
    if (engine_init(&e->engine, sim->net.idle_watched ? &watched : &asked) < 0)
        sim_fail(sim, "no engine");
    e->engine.sched.now_ns = SIM_SECOND; /* 0 means "it did not happen" in the fetch's times */
    e->sim = sim;
    e->remote = remote;
    e->counts = counts;
    sim->now_ns = &e->engine.sched.now_ns;
    return &e->engine;
}
