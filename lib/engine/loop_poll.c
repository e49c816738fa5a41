/* The engine for what one transfer waits for: poll(2) on its few descriptors, the nearest timer and a wake-up. */
#include <errno.h>
#include <limits.h>
#include <poll.h>

#include "engine/os.h"
#include "engine/socket.h"

enum {
    FDS_FIRST = 16,  /* descriptors for which there is room at once: what one transfer waits for */
    CROWDED_MS = 50, /* until those that find no room are looked at again */
};

struct poll_engine {
    struct socket_loop loop; /* first */
    struct engine_ops ops;
    int wake_fds[2];
    struct pollfd *fds;  /* fds[0] is the wake-up */
    struct sock **socks; /* socks[i] is whose fds[i] is */
    size_t size;
};

static void gone(struct sock *s)
{
    socket_recycle(s);
}

/* Room for count descriptors, and for more to come; ERR_MEMORY. */
static int reserve(struct poll_engine *e, size_t count)
{
    if (count <= e->size)
        return 0;
    size_t size = count < FDS_FIRST ? FDS_FIRST : count * 2;
    struct pollfd *fds = realloc(e->fds, size * sizeof *fds);
    if (fds)
        e->fds = fds;
    struct sock **socks = realloc(e->socks, size * sizeof(struct sock *));
    if (socks)
        e->socks = socks;
    if (!fds || !socks)
        return ERR_MEMORY;
    e->size = size;
    return 0;
}

/* Lists the descriptors to wait for; returns how many. Without the memory for all of them *most says how long to wait
 * for some, in milliseconds. */
static int list_fds(struct poll_engine *e, int *most)
{
    size_t n = 1;
    for (struct sock *s = e->loop.all; s; s = s->next)
        n += socket_wanted(s) != 0;
    *most = n > INT_MAX || reserve(e, n) < 0 ? CROWDED_MS : INT_MAX;
    e->fds[0] = (struct pollfd){.fd = e->wake_fds[0], .events = POLLIN};
    n = 1;
    for (struct sock *s = e->loop.all; s && n < e->size; s = s->next) {
        int wanted = socket_wanted(s);
        if (!wanted)
            continue;
        short events = (short)((wanted & ENGINE_READABLE ? POLLIN : 0) | (wanted & ENGINE_WRITABLE ? POLLOUT : 0));
        e->fds[n] = (struct pollfd){.fd = s->fd, .events = events};
        e->socks[n++] = s;
    }
    return (int)n;
}

static int wait_ms(const struct engine *engine, int most)
{
    uint64_t next = timers_next(&engine->timers);
    if (next == TIMER_NEVER)
        return most == INT_MAX ? -1 : most;
    if (next <= engine->sched.now_ns)
        return 0;
    uint64_t ms = (next - engine->sched.now_ns - 1) / 1000000 + 1;
    return ms > (uint64_t)most ? most : (int)ms;
}

static void dispatch(struct poll_engine *e, size_t i)
{
    struct engine *engine = &e->loop.engine;
    short revents = e->fds[i].revents;
    struct sock *s = e->socks[i];
    /* Whoever ran before may have closed this one; its struct may even be another socket's by now. */
    if (!revents || s->fd != e->fds[i].fd)
        return;
    int events = 0;
    if (revents & (POLLIN | POLLERR | POLLHUP | POLLNVAL))
        events |= ENGINE_READABLE;
    if (revents & (POLLOUT | POLLERR | POLLHUP | POLLNVAL))
        events |= ENGINE_WRITABLE;
    engine->sched.now_ns = engine_clock_ns();
    socket_ready(s, events);
    co_drain(&engine->sched);
}

static void turn(struct poll_engine *e)
{
    struct engine *engine = &e->loop.engine;
    int most;
    int n = list_fds(e, &most);
    int ready = poll(e->fds, (nfds_t)n, wait_ms(engine, most));
    engine->sched.now_ns = engine_clock_ns();
    if (ready > 0 && e->fds[0].revents) {
        os_wake_drain(e->wake_fds[0]);
        engine_woken(engine);
        co_drain(&engine->sched);
    }
    for (int i = 1; ready > 0 && i < n; i++)
        dispatch(e, (size_t)i);
    engine->sched.now_ns = engine_clock_ns();
    timers_run(&engine->timers, engine->sched.now_ns);
    co_drain(&engine->sched);
}

static int op_run(struct engine *engine, const struct co *root)
{
    struct poll_engine *e = (struct poll_engine *)engine;
    engine->sched.now_ns = engine_clock_ns();
    co_drain(&engine->sched);
    while (!co_ended(root))
        turn(e);
    return 0;
}

static void op_wake(struct engine *engine)
{
    os_wake(((struct poll_engine *)engine)->wake_fds[1]);
}

static void op_free(struct engine *engine)
{
    struct poll_engine *e = (struct poll_engine *)engine;
    socket_close_all(&e->loop);
    socket_free_all(&e->loop);
    os_wake_close(e->wake_fds);
    engine_deinit(engine);
    free(e->fds);
    free(e->socks);
    free(e);
}

int engine_new_poll(struct engine **out, struct error *err)
{
    struct poll_engine *e = calloc(1, sizeof *e);
    if (!e)
        return error_set(err, ERR_MEMORY, 0, NULL);
    e->ops = socket_ops;
    e->ops.name = "poll";
    e->ops.run = op_run;
    e->ops.wake = op_wake;
    e->ops.free = op_free;
    e->loop.sock_size = sizeof(struct sock);
    e->loop.gone = gone;
    size_t sock_size = e->loop.sock_size;
    int rc = 0;
    if (reserve(e, FDS_FIRST) < 0) {
        rc = error_set(err, ERR_MEMORY, 0, NULL);
        goto out;
    }
    if (os_wake_open(e->wake_fds) < 0) {
        rc = error_set(err, ERR_INTERNAL, errno, "no event loop");
        goto out;
    }
    if (engine_init(&e->loop.engine, &e->ops) < 0) {
        os_wake_close(e->wake_fds);
        rc = error_set(err, ERR_INTERNAL, 0, "no event loop");
        goto out;
    }
    e->loop.sock_size = sock_size;
    *out = &e->loop.engine;
    return 0;

out:
    free(e->fds);
    free(e->socks);
    free(e);
    return rc;
}
