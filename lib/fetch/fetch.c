#include "fetch/fetch.h"

#include <stdio.h>
#include <string.h>

#include "fetch/request.h"
#include "fetch/session.h"

/* Host and port as the pool tells origins apart. NULL without memory. */
static char *make_origin(const struct url *u)
{
    size_t size = strlen(u->host) + (u->zone ? strlen(u->zone) : 0) + sizeof "https://[]%:65535";
    char *origin = malloc(size);
    if (origin)
        snprintf(origin, size, "%s://[%s%s%s]:%u", u->scheme, u->host, u->zone ? "%" : "", u->zone ? u->zone : "",
                 (unsigned)u->port);
    return origin;
}

static int prepare(struct fetch *f)
{
    int rc = request_prepare(f->request);
    if (rc < 0)
        return rc;
    f->origin = make_origin(&f->request->url);
    return f->origin ? 0 : ERR_MEMORY;
}

static struct co_op *begin_hop(struct fetch *f)
{
    struct conn *conn = f->place.conn;
    f->place.conn = NULL;
    if (conn)
        conn_move(conn, f->request->worker->engine);
    f->hop = (struct hop){.request = f->request, .origin = f->origin, .conn = conn};
    return co_call(&f->co, &f->hop.co, hop_run);
}

void fetch_run(struct co *co)
{
    CO_BEGIN(struct fetch, f);
    if ((co->rc = prepare(f)) < 0)
        CO_RETURN(co->rc);
    CO_TRY(placing, pool_take(&f->place, &f->request->worker->door, f->origin, f->request->number));
    f->request->queued_ns = engine_now_ns(f->request->worker->engine);
    do
        CO_AWAIT(hopping, begin_hop(f));
    while (f->hop.stale);
    co->ret = co->rc;
    CO_CLEANUP;
    if (f->place.conn) /* it came with a place that was cancelled in the same moment */
        f->hop.conn = f->place.conn;
    pool_give(&f->place, f->hop.conn);
    free(f->origin);
    session_end_fetch(f->request->worker->session, f);
    CO_END;
}
