#include <stdio.h>
#include <string.h>

#include "sim/sim_world.h"

#define FEATURES UINT64_C(0x9e3779b97f4a7c15)
#define TLS_SURE 60 /* a ServerHello is longer: who breaks within so much breaks every handshake */

/* ---- bodies --------------------------------------------------------------------------------------------------------- */

const char *sim_body(size_t salt)
{
    static char pattern[SIM_BODY_MAX + SIM_SALTS];
    static bool made;
    if (!made) {
        uint64_t state = 1;
        for (size_t i = 0; i < sizeof pattern; i++)
            pattern[i] = (char)(rng_split(&state) >> 32);
        made = true;
    }
    return pattern + salt;
}

/* ---- the network ----------------------------------------------------------------------------------------------------- */

static void plan_net(struct sim_world *w)
{
    struct rng *r = &w->sim.rng;
    struct sim_net *n = &w->sim.net;
    bool rough = rng_chance(r, 500);
    n->quantum_ns = PICK(r, 1, 1000, SIM_MS, 20 * SIM_MS);
    n->latency_min_ns = PICK(r, 0, 0, SIM_MS, 20 * SIM_MS);
    n->latency_max_ns = n->latency_min_ns + PICK(r, 100000, 5 * SIM_MS, 50 * SIM_MS, 200 * SIM_MS);
    n->segment_max = PICK(r, 1, 3, 40, 500, 1460, 1460, 65536);
    n->read_max = PICK(r, 1, 2, 100, 4096, 65536, 65536, 65536);
    n->sync_read = (unsigned)PICK(r, 0, 500, 1000);
    n->late_write = (unsigned)PICK(r, 0, 0, 300, 1000);
    n->reset = rough ? (unsigned)PICK(r, 0, 20, 150) : 0;
    n->reset_request = rough ? (unsigned)PICK(r, 0, 0, 10, 100) : 0;
    n->close_on_reuse = (unsigned)PICK(r, 0, 50, 500);
    n->unasked = rough ? (unsigned)PICK(r, 0, 200) : 0;
    n->idle_max_ns = PICK(r, 0, SIM_MS, 100 * SIM_MS, 5 * SIM_SECOND);
    n->idle_watched = rng_chance(r, 600);
    n->leaps = rng_chance(r, 150) ? (unsigned)rng_range(r, 1, 4) : 0;
    n->leap_apart = (uint64_t)1 << rng_range(r, 2, 13);
    w->sim.timer_lag_ns = w->plant == PLANT_LATE ? 5 * SIM_SECOND : 0;
}

/* ---- hosts ------------------------------------------------------------------------------------------------------------ */

static enum sim_reach plan_reach(struct sim_world *w, bool smooth)
{
    if (smooth || rng_chance(&w->sim.rng, 600))
        return REACH_GOOD;
    return (enum sim_reach)rng_range(&w->sim.rng, REACH_REFUSED, REACH_FLAKY);
}

static void plan_family(struct sim_world *w, struct sim_family *f, bool smooth)
{
    struct rng *r = &w->sim.rng;
    f->answer = ANSWER_ADDRS;
    if (rng_chance(r, smooth ? 300 : 500))
        f->answer = smooth ? ANSWER_NONE : (enum sim_answer)rng_range(r, ANSWER_NONE, ANSWER_FLAKY);
    f->count = rng_chance(r, 600) ? 1 : rng_range(r, 1, SIM_ADDRS_MAX);
    for (size_t i = 0; i < f->count; i++)
        f->reach[i] = plan_reach(w, smooth);
    f->delay_ns = PICK(r, 0, SIM_MS, 40 * SIM_MS, 60 * SIM_MS, 3 * SIM_SECOND);
    f->at_once = rng_chance(r, 100);
    f->ttl_s = (uint32_t)PICK(r, 0, 1, 300);
}

static bool answers(const struct sim_family *f, bool surely)
{
    return f->answer == ANSWER_ADDRS || (!surely && f->answer == ANSWER_FLAKY);
}

static bool connects(const struct sim_family *f, bool surely)
{
    for (size_t i = 0; i < f->count && answers(f, surely); i++)
        if (f->reach[i] == REACH_GOOD || (!surely && f->reach[i] == REACH_FLAKY))
            return true;
    return false;
}

/* How its TLS may fail. */
void sim_plan_tls_codes(const struct sim_world *w, struct sim_host *h)
{
    bool surely = h->fault_chance == 1000 && h->fault_within <= TLS_SURE && h->fault != TLS_FAULT_FLIP;
    if (!h->tls)
        return;
    if (h->flavour != TEST_GOOD && !w->opt.tls.insecure) {
        h->codes |= sim_code(AFETCH_CERT);
        h->unreachable = true;
    }
    if (h->fault_chance)
        h->codes |= sim_code(AFETCH_TLS);
    if (h->fault_chance && (h->fault == TLS_FAULT_GARBAGE || h->fault == TLS_FAULT_FLIP))
        h->codes |= sim_code(AFETCH_CERT) | sim_code(AFETCH_RECV) | sim_code(AFETCH_SEND) | sim_code(AFETCH_PARTIAL) |
                    sim_code(AFETCH_EMPTY);
    h->unreachable |= surely;
}

/* How reaching it may fail. */
void sim_plan_codes(struct sim_host *h)
{
    h->unreachable = !connects(&h->v4, false) && !connects(&h->v6, false);
    if (connects(&h->v4, true) || connects(&h->v6, true))
        return;
    if (!answers(&h->v4, true) && !answers(&h->v6, true))
        h->codes |= sim_code(AFETCH_RESOLVE);
    if (answers(&h->v4, false) || answers(&h->v6, false))
        h->codes |= sim_code(AFETCH_CONNECT);
}

static void plan_literal(struct sim_world *w, struct sim_host *h, size_t index, bool smooth)
{
    struct sim_family *f = rng_chance(&w->sim.rng, 500) ? &h->v4 : &h->v6;
    h->literal = true;
    h->v4 = h->v6 = (struct sim_family){.answer = ANSWER_NONE};
    *f = (struct sim_family){.count = 1, .reach = {plan_reach(w, smooth)}};
    snprintf(h->name, sizeof h->name, f == &h->v4 ? "10.1.%zu.1" : index ? "[fd00::%zu:1]" : "[fd00::1]", index);
}

static void plan_tls_fault(struct sim_world *w, struct sim_host *h)
{
    struct rng *r = &w->sim.rng;
    h->fault = (enum sim_tls_fault)rng_range(r, TLS_FAULT_CUT, TLS_FAULT_STALL);
    h->fault_within = PICK(r, TLS_SURE, 700, 3000);
    if (h->fault == TLS_FAULT_STALL && !w->opt.timeout_ms && !w->opt.connect_timeout_ms)
        h->fault = TLS_FAULT_CUT;
    if (h->fault == TLS_FAULT_STALL)
        h->fault_within = TLS_SURE; /* else it could stall a response, for ever */
    h->fault_chance = (unsigned)PICK(r, 100, 300, 1000);
}

static void plan_tls(struct sim_world *w, struct sim_host *h, bool smooth)
{
    struct rng *r = &w->sim.rng;
    h->tls = true;
    h->tls_minor = (int)PICK(r, 0, 2, 3);
    h->tickets = rng_chance(r, 850);
    h->alpn = rng_chance(r, 500);
    h->notifies = rng_chance(r, 700);
    h->flavour = rng_chance(r, 850) ? TEST_GOOD : (enum test_flavour)rng_range(r, TEST_GOOD + 1, TEST_FLAVOURS - 1);
    if (!smooth && rng_chance(r, 500))
        plan_tls_fault(w, h);
}

static void plan_host(struct sim_world *w, size_t index, bool smooth)
{
    struct sim_host *h = &w->hosts[index];
    snprintf(h->name, sizeof h->name, "h%zu.example", index);
    plan_family(w, &h->v4, smooth);
    plan_family(w, &h->v6, smooth);
    if (smooth && h->v4.answer != ANSWER_ADDRS)
        h->v6.answer = ANSWER_ADDRS;
    if (rng_chance(&w->sim.rng, 150))
        plan_literal(w, h, index, smooth);
    if (w->tls && rng_chance(&w->sim.rng, 800))
        plan_tls(w, h, smooth);
    unsigned port = h->tls ? 443 : 80;
    h->port = (uint16_t)PICK(&w->sim.rng, port, 8080);
    snprintf(h->authority, sizeof h->authority, h->port == port ? "%s" : "%s:%u", h->name, (unsigned)h->port);
    sim_plan_codes(h);
    sim_plan_tls_codes(w, h);
    if (w->plant == PLANT_CHAIN && h->flavour == TEST_GOOD)
        h->flavour = TEST_EXPIRED;
}

/* ---- URLs ------------------------------------------------------------------------------------------------------------- */

static size_t plan_body_len(const struct sim_world *w, bool tls, struct rng *r)
{
    if (w->tiny)
        return rng_below(r, 300);
    if (tls)
        return rng_chance(r, 50) ? rng_below(r, 60000) : rng_below(r, 2500);
    switch (rng_below(r, 10)) {
    case 0:
        return 0;
    case 1:
        return 1;
    case 2:
        return rng_below(r, 20000);
    case 3:
        return rng_chance(r, 200) ? rng_below(r, SIM_BODY_MAX) : rng_below(r, 70000);
    default:
        return rng_below(r, 1500);
    }
}

static bool has_body(const struct sim_page *page, const char *method)
{
    return strcmp(method, "HEAD") != 0 && page->status != 204 && page->status != 304;
}

static enum sim_defect plan_defect(const struct sim_world *w, const struct sim_page *page, const char *method,
                                   struct rng *r)
{
    enum sim_defect defect = (enum sim_defect)rng_range(r, DEFECT_CUT, DEFECTS - 1);
    if (defect == DEFECT_SWITCH && w->plant == PLANT_KIND)
        return DEFECT_NONE;
    if (defect >= DEFECT_TLS_CUT && !page->host->tls)
        return DEFECT_NONE;
    if (defect == DEFECT_LONG_HEAD && !rng_chance(r, 50))
        return DEFECT_NONE;
    if (defect == DEFECT_STALL && w->opt.timeout_ms == 0)
        return DEFECT_NONE;
    if (defect == DEFECT_BAD_CHUNK && (page->framing != FRAME_CHUNKED || !has_body(page, method)))
        return DEFECT_NONE;
    if (defect == DEFECT_TWO_LENGTHS && (page->framing == FRAME_CHUNKED || !has_body(page, method)))
        return DEFECT_NONE;
    return defect;
}

static void plan_quirks(struct sim_page *page, struct rng *r)
{
    page->informs = rng_chance(r, 150) ? (unsigned)rng_range(r, 1, 3) : 0;
    page->http10 = rng_chance(r, 80);
    page->close = rng_chance(r, 120);
    page->keep_alive = rng_chance(r, 200);
    page->bare_lf = rng_chance(r, 30);
    page->folded = rng_chance(r, 30);
    page->repeated_length = rng_chance(r, 30);
    page->trailers = rng_chance(r, 300);
    page->extra = rng_chance(r, 30);
    page->typed = rng_chance(r, 500);
    if (page->http10 && page->framing == FRAME_CHUNKED)
        page->framing = FRAME_LENGTH;
}

void sim_plan_page(struct sim_world *w, struct sim_page *page, const char *method, struct rng *r)
{
    page->framing = (enum sim_framing)rng_below(r, 3);
    if (page->framing == FRAME_CLOSE && rng_chance(r, 600))
        page->framing = FRAME_LENGTH;
    page->body_len = plan_body_len(w, page->host->tls, r);
    page->salt = rng_below(r, SIM_SALTS);
    page->first_delay_ns = PICK(r, 0, 0, SIM_MS, 30 * SIM_MS, 800 * SIM_MS);
    page->mid_delay_ns = PICK(r, 0, 0, 0, 10 * SIM_MS, 2 * SIM_SECOND);
    plan_quirks(page, r);
    if (rng_chance(r, w->defective))
        page->defect = plan_defect(w, page, method, r);
}

static void plan_client(struct sim_url *u, struct rng *r, unsigned pausing)
{
    u->pauses_left = rng_chance(r, pausing) ? (unsigned)rng_range(r, 1, 8) : 0;
    u->counted_only = rng_chance(r, 100);
    u->credentials = rng_chance(r, 100);
    u->fields = rng_chance(r, 100) ? (unsigned)rng_range(r, 1, 3) : 0;
    u->abort_at = SIZE_MAX;
    u->abort_code = AFETCH_WRITE;
    size_t body_len = u->pages[0].body_len;
    if (rng_chance(r, 40) && body_len && !u->counted_only) {
        u->abort_at = rng_below(r, body_len);
        if (rng_chance(r, 300))
            u->abort_code = AFETCH_MEMORY;
    }
}

static void plan_url(struct sim_world *w, size_t index, unsigned pausing)
{
    static const int statuses[] = {200, 200, 200, 200, 200, 206, 204, 304, 301, 404, 500, 503};
    struct rng *r = &w->sim.rng;
    struct sim_url *u = &w->urls[index];
    u->world = w;
    u->index = index;
    u->page_count = 1;
    u->pages[0].host = &w->hosts[rng_below(r, w->host_count)];
    u->method = rng_chance(r, 100) ? "HEAD" : rng_chance(r, 60) ? "POST" : "GET";
    u->trail.method = u->method;
    u->undo = UNDO_NEVER;
    u->pages[0].status = statuses[rng_chance(r, 600) ? 0 : rng_below(r, sizeof statuses / sizeof statuses[0])];
    sim_plan_page(w, &u->pages[0], u->method, r);
    plan_client(u, r, pausing);
}

bool sim_served_has_body(const struct sim_served *s)
{
    return has_body(&s->page, s->method);
}

void sim_served_type(const struct sim_served *s, char *out, size_t size)
{
    *out = '\0';
    if (s->page.typed)
        snprintf(out, size, "text/x-%zu", s->url->index);
}

void sim_served_id(const struct sim_served *s, char *out, size_t size)
{
    if (s->index)
        snprintf(out, size, "%zu/%zu", s->url->index, s->index);
    else
        snprintf(out, size, "%zu", s->url->index);
}

bool sim_url_idempotent(const struct sim_url *u)
{
    return strcmp(u->trail.method, "POST") != 0;
}

bool sim_served_must_close(const struct sim_served *s)
{
    const struct sim_page *page = &s->page;
    if (page->close || (page->http10 && !page->keep_alive) || page->bare_lf || page->folded || page->extra)
        return true;
    if (page->framing == FRAME_LENGTH && page->repeated_length && page->status != 204)
        return true;
    return page->framing == FRAME_CLOSE && sim_served_has_body(s);
}

/* ---- all of it ------------------------------------------------------------------------------------------------------------ */

static void plan_limits(struct sim_world *w)
{
    struct rng *r = &w->sim.rng;
    afetch_options_init(&w->opt);
    w->opt.proxy = ""; /* whatever the environment says */
    w->opt.parallel_max = (unsigned)rng_range(r, 1, 16);
    w->opt.parallel_max_host = (unsigned)rng_range(r, 0, 4);
    w->opt.timeout_ms = PICK(r, 0, 0, 0, 200, 1000, 30000);
    w->opt.connect_timeout_ms = PICK(r, 0, 300, 2000, 30000);
    w->opt.tls.insecure = rng_chance(r, 150);
    w->opt.fail_on_status = rng_chance(r, 700);
    static const char *const headers[] = {"X-All: yes", "Accept:", "X-Empty;"};
    w->opt.headers = headers;
    w->opt.header_count = rng_chance(r, 300) ? sizeof headers / sizeof headers[0] : 0;
    w->idle_max = rng_chance(r, 400) ? rng_below(r, 7) : SIM_NEVER;
}

/* Limits of speed and time. */
static void plan_speed(struct sim_world *w, struct rng *r)
{
    w->opt.limit_rate = PICK(r, 0, 0, 3000, 50000, 5000000);
    w->opt.start_interval_us = PICK(r, 0, 0, 1000, 50000, 3000000);
    w->opt.speed_limit = PICK(r, 0, 0, 1, 1000, 1000000);
    w->opt.speed_time_ms = PICK(r, 0, 100, 1000, 10000);
    w->opt.deadline_ms = PICK(r, 0, 0, 0, 1, 300, 5000);
}

static void plan_memory(struct sim_world *w)
{
    struct rng *r = &w->sim.rng;
    w->memory = (struct sim_memory_plan){.chance = !rng_chance(r, 150) ? 0
                                                   : w->tls            ? 1
                                                                       : (unsigned)PICK(r, 1, 10, 100, 500),
                                         .burst_max = PICK(r, 1, 1, 4, 60),
                                         .chance_seed = rng_next(r)};
}

/* A handshake costs milliseconds of the processor. */
static void plan_size(struct sim_world *w)
{
    bool tiny = w->tiny;
    struct rng *r = &w->sim.rng;
    w->host_count = rng_range(r, 1, tiny ? 3 : SIM_HOSTS_MAX);
    w->url_count = tiny ? rng_range(r, 4, 10) : rng_range(r, 1, SIM_URLS_MAX);
    if (w->tls) {
        w->host_count = rng_range(r, 1, tiny ? 2 : 4);
        w->url_count = tiny ? rng_range(r, 2, 4) : rng_range(r, 4, 12);
    }
}

/* Whether this run has it, with a chance of its own in *r: without a feature the run is as it was before there was
 * such a one. */
static bool has_feature(struct sim_world *w, enum sim_feature feature, unsigned chance, unsigned allowed, struct rng *r)
{
    rng_init(r, w->sim.seed ^ (FEATURES * feature));
    if (!rng_chance(r, chance) || !(allowed & feature))
        return false;
    w->features |= feature;
    return true;
}

static void plan_features(struct sim_world *w, unsigned allowed)
{
    struct rng r;
    if (has_feature(w, SIM_REDIRECTS, 500, allowed, &r)) {
        /* There is more to do for each. */
        w->url_count = (w->url_count + 1) / 2;
        sim_redirect_options(w, &r);
        for (size_t i = 0; i < w->url_count; i++)
            sim_redirect_plan(&w->urls[i], &r);
    }
    if (has_feature(w, SIM_RETRIES, 400, allowed, &r)) {
        w->url_count = (w->url_count + 1) / 2;
        sim_retry_options(w, &r);
        for (size_t i = 0; i < w->url_count; i++)
            sim_retry_plan(&w->urls[i], &r);
    }
    if (has_feature(w, SIM_UPLOADS, 300, allowed, &r))
        for (size_t i = 0; i < w->url_count; i++)
            sim_upload_plan(&w->urls[i], &r);
    if (has_feature(w, SIM_CANCELS, 300, allowed, &r))
        for (size_t i = 0; i < w->url_count; i++)
            sim_cancel_plan(&w->urls[i], &r);
    if (has_feature(w, SIM_SPEED, 150, allowed, &r))
        plan_speed(w, &r);
    if (!(w->features & SIM_UPLOADS) && has_feature(w, SIM_LOGINS, 200, allowed, &r))
        sim_login_plan(w, &r);
    if (has_feature(w, SIM_PROXIES, 200, allowed, &r))
        sim_proxy_plan(w, &r);
    if (w->added_first > w->url_count)
        w->added_first = w->url_count;
}

void sim_plan(struct sim_world *w, bool tiny, bool tls, unsigned features)
{
    struct rng *r = &w->sim.rng;
    w->tls = SIM_TLS && (tls || (!tiny && rng_chance(r, 30)));
    w->tiny = tiny;
    plan_net(w);
    plan_limits(w);
    bool smooth = rng_chance(r, 500);
    w->defective = (unsigned)PICK(r, 0, 100, 400);
    unsigned pausing = (unsigned)PICK(r, 0, 200, 800);
    plan_size(w);
    for (size_t i = 0; i < w->host_count; i++)
        plan_host(w, i, smooth);
    for (size_t i = 0; i < w->url_count; i++)
        plan_url(w, i, pausing);
    w->added_first = rng_chance(r, 600) ? w->url_count : rng_range(r, 1, w->url_count);
    w->source = rng_chance(r, 600);
    plan_memory(w);
    w->ticks = rng_chance(r, 100);
    w->traces = rng_chance(r, 100);
    w->describes = rng_chance(r, 200);
    plan_features(w, features);
}
