/* The limits of transfers and connections, looked at after each event and each step of a coroutine: by the pool's own
 * count, and by what the servers see. */
#include "fetch/fetch.h"
#include "fetch/request.h"
#include "fetch/session.h"
#include "sim/sim_world.h"

enum { CROWD = 8 };

static void check_pool(struct sim_world *w, const struct pool *p)
{
    struct sim *sim = &w->sim;
    if (p->active > w->opt.parallel_max)
        sim_fail(sim, "%zu places are held, %u are allowed", p->active, w->opt.parallel_max);
    if (p->idle_count > w->idle_max)
        sim_fail(sim, "%zu connections are idle, %zu are allowed", p->idle_count, w->idle_max);
    if (p->active == w->opt.parallel_max && p->waiting > 0)
        sim_met(sim, MET_FULL);
    if (p->idle_count == w->idle_max)
        sim_met(sim, MET_IDLE_FULL);
    if (w->was_busy || p->waiting > 0)
        w->busy_ns = *sim->now_ns;
    w->was_busy = p->waiting > 0;
}

/* Who waits for his next try holds no place and no connection. */
static void check_waiting(struct sim_world *w)
{
    size_t count = 0;
    for (size_t i = 0; i < w->url_count; i++) {
        const struct sim_url *u = &w->urls[i];
        bool waits = u->last.then == THEN_RETRY && *w->sim.now_ns < u->trail.low_ns;
        waits |= w->plant == PLANT_REST && u->last.then == THEN_FOLLOW;
        if (!u->request || !waits || *w->sim.now_ns <= u->last.done_ns)
            continue;
        const struct place *place = &u->request->fetch->place;
        count++;
        if (place->state != PLACE_NONE || place->conn)
            sim_fail(&w->sim, "URL %zu holds a place while it waits for its next try", u->index);
    }
    if (count >= CROWD)
        sim_met(&w->sim, MET_RETRY_CROWD);
}

static void check_origins(struct sim_world *w, const struct pool *p)
{
    unsigned limit = w->opt.parallel_max_host;
    size_t active = 0;
    for (size_t i = 0; i < p->hosts.size; i++)
        for (const struct table_entry *e = p->hosts.slots[i]; e; e = e->next) {
            const struct pool_host *h = (const struct pool_host *)e;
            active += h->active;
            if (limit && h->active > limit)
                sim_fail(&w->sim, "%zu places are held for %s, %u are allowed", h->active, e->key, limit);
            if (limit && h->active == limit && h->first)
                sim_met(&w->sim, MET_HOST_FULL);
        }
    if (active != p->active)
        sim_fail(&w->sim, "%zu places are held, and %zu by all hosts together", p->active, active);
}

static void check_servers(struct sim_world *w)
{
    unsigned limit = w->opt.parallel_max_host;
    size_t used = 0;
    if (w->in_flight > w->opt.parallel_max)
        sim_fail(&w->sim, "%zu transfers at once, %u are allowed", w->in_flight, w->opt.parallel_max);
    for (size_t i = 0; i < w->host_count; i++) {
        const struct sim_host *h = &w->hosts[i];
        used += h->used;
        if (limit && (h->in_flight > limit || h->used > limit))
            sim_fail(&w->sim, "%zu connections to host %zu, %zu with a request; %u are allowed", h->used, i,
                     h->in_flight, limit);
    }
    if (used > w->opt.parallel_max + w->idle_max)
        sim_fail(&w->sim, "%zu connections are open, which is more than may work and be idle", used);
}

void sim_limits_check(struct sim_world *w)
{
    check_servers(w);
    if (!w->session)
        return;
    check_pool(w, &w->session->pool);
    check_origins(w, &w->session->pool);
    if (w->features & SIM_RETRIES)
        check_waiting(w);
}
