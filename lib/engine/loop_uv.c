/* The engine for thousands at once on one thread: libuv's loop waits (uv_poll), wakes (uv_async) and keeps time
 * (one uv_timer for the whole heap). */
#include <stdio.h>
#include <uv.h>

#include "engine/socket.h"

struct uv_sock {
    struct sock sock; /* first */
    uv_poll_t poll;
    bool polled; /* poll is initialised */
};

struct uv_engine {
    struct socket_loop loop; /* first */
    struct engine_ops ops;
    uv_loop_t uv;
    uv_timer_t timer;
    uint64_t armed_ns; /* when the timer fires; TIMER_NEVER: it is stopped */
    uv_async_t async;
};

/* ---- waiting for sockets -------------------------------------------------------------------------------------------- */

static void on_poll(uv_poll_t *poll, int status, int uv_events)
{
    struct sock *s = poll->data;
    struct engine *e = &s->loop->engine;
    int events = 0;
    if (status < 0) { /* an error on the descriptor; libuv has stopped watching it */
        s->armed = 0;
        events = ENGINE_READABLE | ENGINE_WRITABLE;
    }
    if (uv_events & UV_READABLE)
        events |= ENGINE_READABLE;
    if (uv_events & UV_WRITABLE)
        events |= ENGINE_WRITABLE;
    e->sched.now_ns = engine_clock_ns();
    socket_ready(s, events);
    co_drain(&e->sched);
    socket_settle(s, events);
    if (status < 0 && s->fd >= 0 && socket_wanted(s))
        s->loop->arm(s, socket_wanted(s));
}

static void arm(struct sock *s, int events)
{
    struct uv_sock *u = (struct uv_sock *)s;
    struct uv_engine *e = (struct uv_engine *)s->loop;
    if (!u->polled) {
        if (uv_poll_init(&e->uv, &u->poll, s->fd) < 0)
            abort(); /* only a descriptor that cannot be polled; sockets can */
        u->poll.data = s;
        u->polled = true;
    }
    s->armed = (uint8_t)events;
    int uv_events = (events & ENGINE_READABLE ? UV_READABLE : 0) | (events & ENGINE_WRITABLE ? UV_WRITABLE : 0);
    if (events)
        uv_poll_start(&u->poll, uv_events, on_poll);
    else
        uv_poll_stop(&u->poll);
}

static void on_poll_closed(uv_handle_t *handle)
{
    socket_recycle(handle->data);
}

static void gone(struct sock *s)
{
    struct uv_sock *u = (struct uv_sock *)s;
    if (u->polled)
        uv_close((uv_handle_t *)&u->poll, on_poll_closed);
    else
        socket_recycle(s);
}

/* ---- time and wake-ups ------------------------------------------------------------------------------------------------ */

static void on_timer(uv_timer_t *timer)
{
    struct uv_engine *e = timer->data;
    e->armed_ns = TIMER_NEVER; /* it only ends the wait: the heap runs after I/O */
    /* Until 1.45 libuv runs timers before it waits, too: with none left it would then wait for ever. */
    uv_stop(&e->uv);
}

/* A timer that fires too early costs a turn, so it is moved only to fire earlier. */
static void arm_timer(struct uv_engine *e)
{
    struct engine *engine = &e->loop.engine;
    uint64_t next = timers_next(&engine->timers);
    if (next >= e->armed_ns)
        return;
    e->armed_ns = next;
    uint64_t wait_ns = next > engine->sched.now_ns ? next - engine->sched.now_ns : 0;
    uv_update_time(&e->uv);
    uv_timer_start(&e->timer, on_timer, wait_ns / 1000000 + (wait_ns % 1000000 != 0), 0);
}

static void on_async(uv_async_t *async)
{
    struct engine *engine = async->data;
    engine->sched.now_ns = engine_clock_ns();
    engine_woken(engine);
    co_drain(&engine->sched);
}

static void op_wake(struct engine *engine)
{
    uv_async_send(&((struct uv_engine *)engine)->async);
}

static int op_run(struct engine *engine, const struct co *root)
{
    struct uv_engine *e = (struct uv_engine *)engine;
    engine->sched.now_ns = engine_clock_ns();
    co_drain(&engine->sched);
    while (!co_ended(root)) {
        bool due = timers_next(&engine->timers) <= engine->sched.now_ns;
        if (!due)
            arm_timer(e);
        uv_run(&e->uv, due ? UV_RUN_NOWAIT : UV_RUN_ONCE);
        engine->sched.now_ns = engine_clock_ns();
        timers_run(&engine->timers, engine->sched.now_ns);
        co_drain(&engine->sched);
    }
    return 0;
}

/* ---- life ---------------------------------------------------------------------------------------------------------------- */

static void op_free(struct engine *engine)
{
    struct uv_engine *e = (struct uv_engine *)engine;
    socket_close_all(&e->loop);
    uv_close((uv_handle_t *)&e->timer, NULL);
    uv_close((uv_handle_t *)&e->async, NULL);
    while (uv_run(&e->uv, UV_RUN_DEFAULT) != 0)
        ;
    uv_loop_close(&e->uv);
    socket_free_all(&e->loop);
    engine_deinit(engine);
    free(e);
}

const char *engine_library(void)
{
    static char text[32];
    snprintf(text, sizeof text, "libuv/%s", uv_version_string());
    return text;
}

int engine_new_uv(struct engine **out, struct error *err)
{
    int status = 0;
    struct uv_engine *e = calloc(1, sizeof *e);
    if (!e)
        return error_set(err, ERR_MEMORY, 0, NULL);
    e->ops = socket_ops;
    e->ops.name = "uv";
    e->ops.idle_watched = true;
    e->ops.leave = NULL; /* a watch belongs to its loop */
    e->ops.join = NULL;
    e->ops.run = op_run;
    e->ops.wake = op_wake;
    e->ops.free = op_free;
    if (engine_init(&e->loop.engine, &e->ops) < 0)
        goto out;
    e->loop.sock_size = sizeof(struct uv_sock);
    e->loop.arm = arm;
    e->loop.gone = gone;
    e->armed_ns = TIMER_NEVER;
    if ((status = uv_loop_init(&e->uv)) < 0)
        goto out_engine;
    uv_timer_init(&e->uv, &e->timer);
    e->timer.data = e;
    if ((status = uv_async_init(&e->uv, &e->async, on_async)) < 0)
        goto out_loop;
    e->async.data = &e->loop.engine;
    *out = &e->loop.engine;
    return 0;

out_loop:
    uv_close((uv_handle_t *)&e->timer, NULL);
    uv_run(&e->uv, UV_RUN_DEFAULT);
    uv_loop_close(&e->uv);
out_engine:
    engine_deinit(&e->loop.engine);
out:
    free(e);
    return error_set(err, ERR_INTERNAL, -status, "no event loop");
}
