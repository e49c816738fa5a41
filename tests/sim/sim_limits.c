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

/* Whoever began since the last look did so far enough from whoever began before. */
static void check_beginnings(struct sim_world *w)
{
    const struct afetch_session *s = w->session;
    uint64_t least_ns = w->opt.start_interval_us * 1000;
    if (least_ns == 0)
        return;
    if (s->pool.waiting > 0 && pace_holds(&s->pace, *w->sim.now_ns))
        sim_met(&w->sim, MET_PACED);
    for (const struct fetch *f = s->main.fetches; f; f = f->next) {
        uint64_t at_ns = f->request->first_ns;
        struct sim_url *u = afetch_request_arg(f->request);
        if (u->begun || at_ns == 0)
            continue;
        u->begun = true;
        uint64_t apart_ns = at_ns - w->begun_last_ns;
        uint64_t slack_ns = PACE_LATE_NS < least_ns ? PACE_LATE_NS : least_ns;
        if (w->begun_last_ns && apart_ns < least_ns - slack_ns)
            sim_fail(&w->sim, "transfers began %.6f s apart, and should %.6f s", (double)apart_ns / 1e9,
                     (double)least_ns / 1e9);
        w->begun_last_ns = at_ns;
    }
}

bool sim_late(const struct sim_world *w)
{
    return w->opt.deadline_ms && *w->sim.now_ns - w->begun_ns >= w->opt.deadline_ms * SIM_MS;
}

/* As rate.c has it, but for what each transfer may hold: a piece that was within the rate when it came. */
void sim_limits_delivered(struct sim_world *w, size_t bytes)
{
    uint64_t per_s = w->opt.limit_rate, now_ns = *w->sim.now_ns;
    if (per_s == 0)
        return;
    size_t piece = w->tls || w->sim.net.read_max > ENGINE_READ_MAX ? ENGINE_READ_MAX : w->sim.net.read_max;
    if (w->rate_due_ns + RATE_SLACK_NS < now_ns)
        w->rate_due_ns = now_ns - RATE_SLACK_NS;
    w->rate_due_ns += bytes * SIM_SECOND / per_s;
    if (w->rate_due_ns > now_ns + w->opt.parallel_max * piece * SIM_SECOND / per_s)
        sim_fail(&w->sim, "bytes came %.3f s too early for %llu a second", (double)(w->rate_due_ns - now_ns) / 1e9,
                 (unsigned long long)per_s);
}

void sim_limits_check(struct sim_world *w)
{
    check_servers(w);
    if (!w->session)
        return;
    check_beginnings(w);
    if (w->session->receiving.first)
        sim_met(&w->sim, MET_RATE_HELD);
    check_pool(w, &w->session->pool);
    check_origins(w, &w->session->pool);
    sim_cancel_check(w);
    if (w->features & SIM_RETRIES)
        check_waiting(w);
}
