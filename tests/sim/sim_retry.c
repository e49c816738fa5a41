/* Trying again: how servers fail for a while, and whether and when a client is to come back. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "sim/sim_machine.h"
#include "sim/sim_world.h"

#define BACKOFF_MAX_S 600

/* ---- the plan --------------------------------------------------------------------------------------------------- */

void sim_retry_options(struct sim_world *w, struct rng *r)
{
    struct afetch_options *opt = &w->opt;
    opt->retry_max = (unsigned)PICK(r, 0, 1, 2, 3, 5, 12);
    opt->retry_delay_ms = rng_chance(r, 700) ? 0 : PICK(r, 1, 100, 5000);
    opt->retry_max_time_ms = rng_chance(r, 700) ? 0 : PICK(r, 500, 5000, 60000, 600000);
    opt->retry_connrefused = rng_chance(r, 500);
    opt->retry_all_errors = rng_chance(r, 500);
    opt->retry_on_statuses = rng_chance(r, 300) ? "404,418" : NULL;
    w->trouble = (unsigned)PICK(r, 50, 300, 700);
    w->changes = (unsigned)PICK(r, 0, 100, 500);
    w->ticks = false; /* ten in each second of hours */
}

void sim_retry_plan(struct sim_url *u, struct rng *r)
{
    u->undo = (enum sim_undo)PICK(r, UNDO_NEVER, UNDO_REFUSED, UNDO_DONE, UNDO_DONE, UNDO_DONE);
    for (size_t i = 0; i < u->page_count; i++)
        sim_ranges_plan(&u->pages[i], r);
}

/* ---- what servers do -------------------------------------------------------------------------------------------- */

static void fail_by_status(struct sim_served *s, struct rng *r)
{
    struct sim_page *page = &s->page;
    page->status = (int)PICK(r, 408, 429, 429, 500, 502, 503, 503, 503, 504, 522, 524, 404, 418);
    page->location = LOCATION_NONE;
    page->defect = DEFECT_NONE;
    page->validator = VALIDATOR_NONE;
    page->body_len = rng_below(r, 200);
    if (!page->host->tls && !s->url->world->tiny && rng_chance(r, 20))
        page->body_len = 64 * 1024 + rng_below(r, 20000);
    page->after = rng_chance(r, 500) ? AFTER_NONE : (enum sim_after)rng_range(r, AFTER_SECONDS, AFTER_GARBAGE);
    page->after_s = PICK(r, 0, 1, 2, 5, 30, 120, 3600);
    s->len = page->body_len;
}

void sim_retry_trouble(struct sim_served *s)
{
    struct sim_world *w = s->url->world;
    struct rng *r = &w->sim.rng;
    if (!(w->features & SIM_RETRIES) || !rng_chance(r, w->trouble))
        return;
    if (rng_chance(r, 600))
        fail_by_status(s, r);
    else
        s->page.defect = (enum sim_defect)rng_range(r, DEFECT_CUT, w->opt.timeout_ms ? DEFECT_STALL : DEFECT_EMPTY);
    s->until_ns = *w->sim.now_ns + s->page.after_s * SIM_SECOND;
    if (s->page.after == AFTER_DATE)
        s->until_ns -= s->until_ns % SIM_SECOND;
}

bool sim_retry_after_field(const struct sim_served *s, char *out, size_t size)
{
    struct tm tm;
    time_t at = SIM_EPOCH_S + (time_t)(s->until_ns / SIM_SECOND);
    uint64_t seconds = s->url->world->plant == PLANT_HOLD ? s->page.after_s / 2 : s->page.after_s;
    switch (s->page.after) {
    case AFTER_SECONDS:
        snprintf(out, size, "Retry-After: %llu", (unsigned long long)seconds);
        return true;
    case AFTER_DATE:
        gmtime_r(&at, &tm);
        strftime(out, size, "Retry-After: %a, %d %b %Y %H:%M:%S GMT", &tm);
        return true;
    case AFTER_GARBAGE:
        snprintf(out, size, "Retry-After: soon");
        return true;
    default:
        return false;
    }
}

void sim_retry_told(const struct sim_served *s)
{
    struct sim_world *w = s->url->world;
    struct sim_host *h = s->page.host;
    uint64_t now_ns = *w->sim.now_ns;
    bool holds = s->page.status == 429 || s->page.status == 503;
    if (!holds || (s->page.after != AFTER_SECONDS && s->page.after != AFTER_DATE))
        return;
    uint64_t until_ns = s->page.after == AFTER_DATE ? s->until_ns : now_ns + s->page.after_s * SIM_SECOND;
    if (until_ns <= now_ns)
        return;
    if (h->held_until_ns <= now_ns)
        h->held_from_ns = now_ns;
    if (until_ns > h->held_until_ns)
        h->held_until_ns = until_ns;
    w->waits_ns += until_ns - now_ns;
}

bool sim_retry_held(const struct sim_host *h, uint64_t at_ns)
{
    return h->held_from_ns + 1 < at_ns && at_ns < h->held_until_ns && sim_memory_failed() == 0;
}

/* ---- whether a client comes back -------------------------------------------------------------------------------- */

static bool transient_status(const struct afetch_options *opt, int status)
{
    static const int transient[] = {408, 429, 500, 502, 503, 504, 522, 524};
    for (size_t i = 0; i < sizeof transient / sizeof transient[0]; i++)
        if (transient[i] == status)
            return true;
    return (opt->retry_on_statuses && (status == 404 || status == 418)) || (opt->retry_all_errors && status >= 500);
}

static bool transient_error(const struct afetch_options *opt, const struct afetch_hop *hop)
{
    switch (hop->code) {
    case AFETCH_OK:
    case AFETCH_CANCELED:
    case AFETCH_MEMORY:
    case AFETCH_INTERNAL:
    case AFETCH_URL:
    case AFETCH_SCHEME:
    case AFETCH_LOGIN:
    case AFETCH_WRITE:
    case AFETCH_STATUS:
        return false;
    case AFETCH_TIMEOUT:
    case AFETCH_RESOLVE:
    case AFETCH_PROXY_RESOLVE:
        return true;
    case AFETCH_CONNECT:
        return opt->retry_all_errors || (opt->retry_connrefused && strstr(hop->error, "refused"));
    default:
        return opt->retry_all_errors;
    }
}

/* How long it is to wait: from low to high. */
struct wait {
    uint64_t low_ns, high_ns;
};

static void wait_at_least(struct wait *w, uint64_t low_ns, uint64_t high_ns)
{
    w->low_ns = low_ns > w->low_ns ? low_ns : w->low_ns;
    w->high_ns = high_ns > w->high_ns ? high_ns : w->high_ns;
}

/* head_ns: when the head had come at the earliest. */
static struct wait wait_of(const struct sim_url *u, uint64_t head_ns, uint64_t now_ns)
{
    const struct afetch_options *opt = &u->world->opt;
    const struct sim_served *s = &u->hop.served;
    uint64_t s_max = u->trail.retries < 10 ? (uint64_t)1 << u->trail.retries : BACKOFF_MAX_S;
    uint64_t ns = (s_max < BACKOFF_MAX_S ? s_max : BACKOFF_MAX_S) * SIM_SECOND;
    struct wait w = {ns - ns / 4, ns};
    if (opt->retry_delay_ms)
        w = (struct wait){opt->retry_delay_ms * SIM_MS, opt->retry_delay_ms * SIM_MS};
    if (u->hop.understood && s->page.after == AFTER_SECONDS)
        wait_at_least(&w, s->page.after_s * SIM_SECOND, s->page.after_s * SIM_SECOND);
    if (u->hop.understood && s->page.after == AFTER_DATE) /* the client's seconds are whole ones */
        wait_at_least(&w, s->until_ns > now_ns ? s->until_ns - now_ns : 0,
                      s->until_ns + SIM_SECOND > head_ns ? s->until_ns + SIM_SECOND - head_ns : 0);
    return w;
}

/* Whether a try that is decided on from first_ns to now_ns begins before the time is up. */
static enum sim_then in_time(const struct sim_url *u, const struct wait *w, uint64_t first_ns, uint64_t now_ns)
{
    uint64_t max_ns = u->world->opt.retry_max_time_ms * SIM_MS;
    const struct sim_trail *t = &u->trail;
    if (!max_ns || now_ns + w->high_ns - t->first_low_ns <= max_ns)
        return THEN_RETRY;
    return first_ns + w->low_ns - t->first_ns > max_ns ? THEN_END : THEN_MAY_RETRY;
}

static uint64_t head_time(const struct sim_url *u, const struct afetch_hop *hop)
{
    uint64_t now_ns = *u->world->sim.now_ns;
    return now_ns - (hop->done_ns - (hop->first_byte_ns ? hop->first_byte_ns : hop->begun_ns));
}

static bool tries_left(const struct sim_url *u)
{
    return u->trail.retries < u->world->opt.retry_max;
}

enum sim_then sim_retry_by_status(const struct sim_url *u, const struct afetch_hop *hop)
{
    uint64_t head_ns = head_time(u, hop), now_ns = *u->world->sim.now_ns;
    struct wait w = wait_of(u, head_ns, now_ns);
    bool unasked = u->hop.tainted && hop->status == 408;
    if (!sim_upload_can_repeat(u) || (!u->hop.understood && !unasked) ||
        !transient_status(&u->world->opt, hop->status) || !tries_left(u))
        return THEN_END;
    return in_time(u, &w, head_ns, now_ns);
}

/* Whether what the receiver got can be taken back, or gone on with. */
static bool can_undo(const struct sim_url *u)
{
    return u->heads == 0 || u->trail.goes_on || u->undo != UNDO_NEVER || u->counted_only || u->trail.got == 0;
}

static enum sim_then judge(struct sim_url *u, const struct afetch_hop *hop, const struct wait *w)
{
    const struct sim_hop *h = &u->hop;
    uint64_t now_ns = *u->world->sim.now_ns;
    bool by_status = h->by_status != THEN_END && hop->code != AFETCH_TIMEOUT && hop->code != AFETCH_OK &&
                     hop->code != AFETCH_MEMORY && hop->code != AFETCH_CANCELED;
    enum sim_then then = by_status                                               ? h->by_status
                         : tries_left(u) && transient_error(&u->world->opt, hop) ? in_time(u, w, now_ns, now_ns)
                                                                                 : THEN_END;
    /* That it was refused is known by its sentence, which takes memory. */
    if (then == THEN_END && hop->code == AFETCH_CONNECT && tries_left(u) && sim_memory_failed() > u->memory_failed)
        then = THEN_MAY_RETRY;
    return can_undo(u) && sim_upload_can_repeat(u) ? then : THEN_END;
}

static void meet(const struct sim_url *u, const struct afetch_hop *hop)
{
    struct sim *sim = &u->world->sim;
    const struct sim_hop *h = &u->hop;
    sim_met(sim, h->by_status != THEN_END      ? MET_RETRY_STATUS
                 : hop->code == AFETCH_TIMEOUT ? MET_RETRY_TIMEOUT
                 : hop->conn_id == 0           ? MET_RETRY_CONNECT
                                               : MET_RETRY_BROKEN);
    if (h->understood && h->served.page.after == AFTER_SECONDS)
        sim_met(sim, MET_RETRY_AFTER_SECONDS);
    if (h->understood && h->served.page.after == AFTER_DATE)
        sim_met(sim, MET_RETRY_AFTER_DATE);
    if (u->trail.goes_on)
        sim_met(sim, MET_RETRY_GOES_ON);
}

/* Back to where it began. */
static void begin_again(struct sim_url *u, const struct wait *w)
{
    struct sim_trail *t = &u->trail;
    uint64_t now_ns = *u->world->sim.now_ns;
    u->before = *t;
    *t = (struct sim_trail){.method = u->method,
                            .retries = t->retries + 1,
                            .first_ns = t->first_ns,
                            .first_low_ns = t->first_low_ns,
                            .from = t->goes_on ? t->got : 0,
                            .low_ns = now_ns + w->low_ns,
                            .high_ns = now_ns + w->high_ns,
                            .leapt_ns = u->world->sim.leapt_ns};
    u->world->waits_ns += w->high_ns;
    if (!u->before.goes_on && u->undo == UNDO_NEVER) /* nobody is told */
        u->heads = 0;
}

void sim_retry_decide(struct sim_url *u, const struct afetch_hop *hop)
{
    struct sim *sim = &u->world->sim;
    struct wait w = wait_of(u, head_time(u, hop), *sim->now_ns);
    u->trail.goes_on = u->heads > 0 && u->trail.got > 0 && *u->validator && strcmp(u->trail.method, "GET") == 0;
    enum sim_then then = judge(u, hop, &w);
    u->hop.then = then;
    if (then == THEN_END) {
        if (u->world->opt.retry_max > 0 && !tries_left(u) && transient_error(&u->world->opt, hop))
            sim_met(sim, MET_RETRY_SPENT);
        else if (u->world->opt.retry_max_time_ms && tries_left(u) && transient_error(&u->world->opt, hop))
            sim_met(sim, MET_RETRY_TIME_UP);
        return;
    }
    if (u->trail.goes_on && !u->counted_only && u->delivered != u->trail.got)
        sim_fail(sim, "URL %zu: %zu bytes were delivered of %zu", u->index, u->delivered, u->trail.got);
    meet(u, hop);
    begin_again(u, &w);
}

/* ---- when it does ----------------------------------------------------------------------------------------------- */

void sim_retry_check_begin(const struct sim_url *u, uint64_t begun_ns)
{
    const struct sim_world *w = u->world;
    const struct sim_trail *t = &u->trail;
    struct sim *sim = &u->world->sim;
    const struct sim_host *h = u->pages[t->page].host;
    bool again = u->hop.tried_again || u->last.then == THEN_AGAIN;
    /* Under a limit of speed the client reads an answer later than it comes. */
    if (!again && !w->opt.limit_rate && sim_retry_held(h, begun_ns))
        sim_fail(sim, "URL %zu: it went to host %s at %.3f s, which wanted to be left alone until %.3f s", u->index,
                 h->name, (double)begun_ns / 1e9, (double)h->held_until_ns / 1e9);
    if (!again && begun_ns >= h->held_until_ns && begun_ns <= h->held_until_ns + 1)
        sim_met(sim, MET_RETRY_HELD);
    if (u->hops == 0 || (u->last.then != THEN_RETRY && u->last.then != THEN_MAY_RETRY))
        return;
    if (begun_ns < t->low_ns)
        sim_fail(sim, "URL %zu: its next try began %.3f s too early", u->index, (double)(t->low_ns - begun_ns) / 1e9);
    uint64_t last_ns = t->high_ns > w->busy_ns ? t->high_ns : w->busy_ns;
    if (h->held_until_ns > 0 && h->held_until_ns + SIM_SECOND > last_ns) /* by its date */
        last_ns = h->held_until_ns + SIM_SECOND;
    if (u->resumed_ns > last_ns)
        last_ns = u->resumed_ns;
    if (begun_ns > last_ns + 1 && !again && sim->leapt_ns == t->leapt_ns)
        sim_fail(sim, "URL %zu: its next try began %.3f s too late", u->index, (double)(begun_ns - last_ns) / 1e9);
}
