/* Single requests that are cancelled: whenever, and within callbacks of their own and of others. */
#include "fetch/fetch.h"
#include "fetch/request.h"
#include "sim/sim_world.h"

void sim_cancel_plan(struct sim_url *u, struct rng *r)
{
    if (!rng_chance(r, 300))
        return;
    u->cancels = (enum sim_cancels)rng_range(r, CANCELS_LATER, CANCELS_OTHER);
    u->cancel_after_ns = rng_below(r, PICK(r, 1, 50 * SIM_MS, 2 * SIM_SECOND, 20 * SIM_SECOND));
}

static enum sim_met where(const struct sim_url *u)
{
    const struct fetch *f = u->request->fetch;
    if (u->paused)
        return MET_CANCELED_PAUSED;
    if (!f)
        return MET_CANCELED_QUEUED;
    return f->place.state == PLACE_HELD      ? MET_CANCELED_UNDER_WAY
           : f->place.state == PLACE_WAITING ? MET_CANCELED_PLACING
                                             : MET_CANCELED_WAITING;
}

static void cancel(struct sim_url *u)
{
    struct sim_world *w = u->world;
    if (!u->request || u->canceled)
        return;
    sim_met(&w->sim, where(u));
    sim_note(&w->sim, "cancel", u->index, 1);
    u->canceled = true;
    u->canceled_ns = *w->sim.now_ns;
    u->canceled_leapt_ns = w->sim.leapt_ns;
    w->canceling++;
    if (w->plant != PLANT_CANCEL)
        afetch_request_cancel(u->request);
}

static void on_cancel(struct sim_event *event)
{
    cancel((struct sim_url *)(void *)((char *)event - offsetof(struct sim_url, cancel)));
}

void sim_cancel_given(struct sim_url *u)
{
    if (u->cancels == CANCELS_LATER && u->cancel_after_ns == 0)
        cancel(u);
    else if (u->cancels == CANCELS_LATER)
        sim_after(&u->world->sim, &u->cancel, u->cancel_after_ns, on_cancel);
}

void sim_cancel_within(struct sim_url *u, enum sim_cancels callback)
{
    struct sim_world *w = u->world;
    if (u->cancels == CANCELS_OTHER && callback == CANCELS_IN_HEAD) {
        cancel(&w->urls[rng_below(&w->sim.rng, w->url_count)]);
    } else if (u->cancels == callback) {
        sim_met(&w->sim, MET_CANCELED_WITHIN);
        cancel(u);
    }
}

void sim_cancel_done(struct sim_url *u, const struct afetch_result *result)
{
    struct sim_world *w = u->world;
    sim_cancel(&w->sim, &u->cancel);
    if (!u->canceled)
        return;
    w->canceling--;
    if (result->code == AFETCH_OK)
        sim_fail(&w->sim, "URL %zu: a success, after it was canceled", u->index);
}

void sim_cancel_check(struct sim_world *w)
{
    uint64_t now_ns = *w->sim.now_ns;
    for (size_t i = 0; w->canceling > 0 && i < w->url_count; i++) {
        const struct sim_url *u = &w->urls[i];
        bool begun = u->request && u->request->fetch && now_ns > u->request->start_ns;
        if (u->canceled && begun && now_ns > u->canceled_ns && w->sim.leapt_ns == u->canceled_leapt_ns)
            sim_fail(&w->sim, "URL %zu goes on after it was canceled", u->index);
    }
}
