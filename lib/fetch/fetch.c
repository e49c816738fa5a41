#include "fetch/fetch.h"

#include "fetch/attempt.h"
#include "fetch/redirect.h"
#include "fetch/request.h"
#include "fetch/response.h"
#include "fetch/retry.h"
#include "fetch/session.h"

#define SECOND_NS ((uint64_t)1000000000)

static uint64_t now_ns(const struct fetch *f)
{
    return engine_now_ns(f->request->worker->engine);
}

/* ---- its turn ------------------------------------------------------------------------------------------------------- */

/* Until when the request must wait: for its next try, or because the origin wants to be left alone. */
static uint64_t turn_ns(const struct fetch *f)
{
    const struct afetch_request *r = f->request;
    uint64_t held_ns = session_held_until(r->session, r->origin, now_ns(f));
    return held_ns > r->not_before_ns ? held_ns : r->not_before_ns;
}

static bool must_wait(const struct fetch *f)
{
    return turn_ns(f) > now_ns(f);
}

static struct co_op *nap_until(struct fetch *f, uint64_t at_ns)
{
    f->u.nap = (struct co_sleep){0};
    return co_sleep(&f->u.nap, &f->request->worker->engine->timers, at_ns);
}

static struct co_op *take_place(struct fetch *f)
{
    const struct afetch_request *r = f->request;
    uint64_t number = r->number | (r->first_ns ? 0 : POOL_FIRST);
    return pool_take(&f->place, &r->worker->door, r->origin, route_home(&r->route), number);
}

/* The run is to be cancelled, and this fetch with it, but a wake-up later: nothing new begins meanwhile. */
static bool is_late(const struct fetch *f)
{
    return atomic_load(&f->request->session->cancel);
}

static void note_place(struct fetch *f)
{
    struct afetch_request *r = f->request;
    r->queued_ns = now_ns(f);
    if (!r->first_ns)
        r->first_ns = r->queued_ns;
}

/* The place goes to whoever is next, with the connection that came with it. */
static void give_place(struct fetch *f)
{
    struct conn *conn = f->place.conn;
    f->place.conn = NULL;
    pool_give(&f->place, conn);
}

/* ---- a hop ------------------------------------------------------------------------------------------------------------ */

static struct co_op *begin_hop(struct fetch *f)
{
    struct afetch_request *r = f->request;
    struct conn *conn = f->place.conn;
    f->place.conn = NULL;
    if (conn)
        conn_move(conn, r->worker->engine);
    f->hopping = true;
    f->u.hop = (struct hop){.request = r, .conn = conn};
    return co_call(&f->co, &f->u.hop.co, hop_run);
}

/* The connection goes back with the place, and comes again if it is needed. */
static bool end_hop(struct fetch *f)
{
    f->hopping = false;
    f->place.conn = f->u.hop.conn;
    f->u.hop.conn = NULL;
    return f->u.hop.again;
}

/* Whether the request goes on after a hop that ended with rc: to where it was redirected, or in another try. */
static bool goes_on(struct fetch *f, int rc)
{
    struct afetch_request *r = f->request;
    f->co.ret = rc;
    if (r->then != REQUEST_REDIRECT || !response_read_past(r, rc))
        return retry_again(r, rc, now_ns(f));
    f->co.ret = redirect_follow(r);
    return f->co.ret == 0;
}

void fetch_run(struct co *co)
{
    CO_BEGIN(struct fetch, f);
    do {
        if ((co->rc = request_prepare(f->request)) < 0)
            CO_RETURN(co->rc);
        do {
            give_place(f);
            while (must_wait(f))
                CO_TRY(waiting, nap_until(f, turn_ns(f)));
            if (f->request->resume.cut)
                CO_TRY(pausing, request_pause(f->request));
            CO_TRY(placing, take_place(f));
        } while (must_wait(f));
        while (is_late(f))
            CO_TRY(stopping, nap_until(f, now_ns(f) + SECOND_NS));
        note_place(f);
        do
            CO_AWAIT(hopping, begin_hop(f));
        while (end_hop(f));
        give_place(f);
    } while (goes_on(f, co->rc));
    CO_CLEANUP;
    if (f->hopping)
        end_hop(f);
    give_place(f);
    session_end_fetch(f->request->worker->session, f);
    CO_END;
}
