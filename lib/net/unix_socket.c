#include "net/unix_socket.h"

#include <errno.h>

#define DELAY_MIN_NS ((uint64_t)1000 * 1000)
#define DELAY_MAX_NS ((uint64_t)50 * 1000 * 1000)

static struct co_op *try_connect(struct unix_connect *u)
{
    u->u.io = (struct io){0};
    return engine_connect(u->engine, &u->u.io, &u->addr, &u->made);
}

/* The listener's queue is full. Such a socket does not wait until it is not, as one of TCP would: it must be asked. */
static bool is_full(const struct unix_connect *u)
{
    return u->co.rc == ERR_CONNECT && (u->u.io.sys == EAGAIN || u->u.io.sys == EWOULDBLOCK);
}

static struct co_op *wait_for_room(struct unix_connect *u)
{
    u->delay_ns = u->delay_ns * 2 > DELAY_MAX_NS ? DELAY_MAX_NS : u->delay_ns * 2;
    u->u.nap = (struct co_sleep){0};
    return co_sleep(&u->u.nap, &u->engine->timers, engine_now_ns(u->engine) + u->delay_ns);
}

static int tell(const struct unix_connect *u)
{
    if (u->co.rc != ERR_CONNECT)
        return error_set(u->err, u->co.rc, 0, NULL);
    return error_set(u->err, ERR_CONNECT, u->u.io.sys, "%s", u->path);
}

void unix_connect_run(struct co *co)
{
    CO_BEGIN(struct unix_connect, u);
    if (!addr_from_path(&u->addr, u->path))
        CO_RETURN(error_set(u->err, ERR_CONNECT, ENAMETOOLONG, "%s", u->path));
    u->delay_ns = DELAY_MIN_NS;
    for (;;) {
        CO_AWAIT(connecting, try_connect(u));
        if (co->rc == 0)
            break;
        if (!is_full(u))
            CO_RETURN(tell(u));
        CO_TRY(queueing, wait_for_room(u));
    }
    *u->peer = u->addr;
    *u->sock = u->made;
    u->made = NULL;
    CO_CLEANUP;
    engine_close(u->engine, u->made);
    CO_END;
}
