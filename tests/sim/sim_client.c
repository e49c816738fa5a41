/* The client of one run: it hands the URLs of the plan to a session by the library's public interface, takes what the
 * callbacks bring, and judges each result. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fetch/session.h"
#include "sim/sim_tls.h"

/* ---- callbacks -------------------------------------------------------------------------------------------------- */

static struct sim_url *alive(struct sim_url *u, const char *what)
{
    if (u->done)
        sim_fail(&u->world->sim, "URL %zu: %s after its result", u->index, what);
    if (u->paused)
        sim_fail(&u->world->sim, "URL %zu: %s while it is paused", u->index, what);
    if (u->canceled)
        sim_fail(&u->world->sim, "URL %zu: %s after it was canceled", u->index, what);
    return u;
}

static enum afetch_flow on_head(void *arg, struct afetch_request *r, const struct afetch_head *head)
{
    struct sim_url *u = alive(arg, "a head");
    sim_trail_head(u, head, afetch_request_header(r, "x-id"));
    sim_cancel_within(u, CANCELS_IN_HEAD);
    return AFETCH_GO;
}

static enum afetch_flow on_restart(void *arg, struct afetch_request *r)
{
    struct sim_url *u = arg;
    if (u->done || u->request != r)
        sim_fail(&u->world->sim, "URL %zu: a restart after its result", u->index);
    if (u->canceled)
        sim_fail(&u->world->sim, "URL %zu: a restart after it was canceled", u->index);
    if (u->paused)
        sim_met(&u->world->sim, MET_RESTART_PAUSED);
    return sim_trail_restart(u) ? AFETCH_GO : AFETCH_ABORT;
}

static void on_resume(struct sim_event *event)
{
    struct sim_url *u = (struct sim_url *)(void *)((char *)event - offsetof(struct sim_url, resume));
    u->paused = false;
    u->resumed_ns = *u->world->sim.now_ns;
    afetch_request_resume(u->request);
}

static enum afetch_flow pause(struct sim_url *u)
{
    struct sim *sim = &u->world->sim;
    u->pauses_left--;
    sim_met(sim, MET_PAUSED);
    u->paused = true;
    sim_after(sim, &u->resume, rng_chance(&sim->rng, 300) ? 0 : rng_below(&sim->rng, 500 * SIM_MS), on_resume);
    return AFETCH_PAUSE;
}

static enum afetch_flow on_body(void *arg, struct afetch_request *r, const void *data, size_t len)
{
    struct sim_url *u = alive(arg, "body bytes");
    struct sim *sim = &u->world->sim;
    if (!u->hop.tainted &&
        (len > u->body_len - u->delivered || memcmp(data, sim_body(u->salt) + u->delivered, len) != 0))
        sim_fail(sim, "URL %zu: %zu bytes from %zu on are not those that were served", u->index, len, u->delivered);
    u->delivered += len;
    sim_limits_delivered(u->world, len);
    sim_cancel_within(u, CANCELS_IN_BODY);
    if (u->delivered > u->abort_at) {
        sim_met(sim, MET_ABORTED);
        if (u->abort_code != AFETCH_WRITE)
            afetch_request_fail(r, u->abort_code, "as the plan has it");
        return AFETCH_ABORT;
    }
    return u->pauses_left && rng_chance(&sim->rng, 500) ? pause(u) : AFETCH_GO;
}

static void on_hop(void *arg, struct afetch_request *r, const struct afetch_hop *hop)
{
    struct sim_url *u = arg;
    const char *name, *value;
    if (u->done || u->request != r)
        sim_fail(&u->world->sim, "URL %zu: a hop after its result", u->index);
    if ((hop->status != 0) != afetch_request_header_at(r, 0, &name, &value) && !u->hop.tainted)
        sim_fail(&u->world->sim, "URL %zu: a hop with status %d and no such head", u->index, hop->status);
    if (hop->begun_ns > hop->done_ns || hop->sent_ns > hop->done_ns || hop->first_byte_ns > hop->done_ns)
        sim_fail(&u->world->sim, "URL %zu: a hop that ends before it begins", u->index);
    sim_trail_hop(u, hop, afetch_request_header(r, "x-id"));
}

static void hand_over(struct sim_world *w);

static void describe_line(void *arg, const char *text)
{
    sim_note(arg, "describe", strlen(text), 0);
}

static void on_done(void *arg, struct afetch_request *r, const struct afetch_result *result)
{
    struct sim_url *u = arg;
    struct sim_world *w = u->world;
    if (w->plant == PLANT_CRASH)
        abort();
    if (w->plant == PLANT_LEAK)
        sim_alloc(&w->sim, 1);
    if (u->done || u->request != r)
        sim_fail(&w->sim, "URL %zu: a second result", u->index);
    if (w->plant == PLANT_LOST_RESULT && u->index == 0)
        return;
    sim_note(&w->sim, "result", u->index, result->code);
    sim_cancel(&w->sim, &u->resume);
    u->done = true;
    u->paused = false;
    u->request = NULL;
    w->done++;
    w->sim.cover->results[result->code]++;
    if (u->up_begun)
        sim_fail(&w->sim, "URL %zu: its feeder was not told of the end", u->index);
    sim_cancel_done(u, result);
    sim_trail_end(u, result);
    sim_judge(u, result);
    if (w->describes)
        afetch_session_describe(w->session, describe_line, &w->sim);
    if (!w->source && !w->canceled && !sim_late(w) && w->next_url < w->url_count)
        hand_over(w);
}

/* ---- handing over ----------------------------------------------------------------------------------------------- */

/* NULL without memory. */
static struct afetch_request *make_request(struct sim_url *u)
{
    const struct sim_host *host = u->pages[0].host;
    char url[128];
    int len = snprintf(url, sizeof url, "%s://%s%s/u%zu#fragment", host->tls ? "https" : "http",
                       u->credentials ? "me:secret@" : "", host->authority, u->index);
    struct afetch_request *r = afetch_request_new(url, (size_t)len);
    bool ok = r && afetch_request_set_method(r, u->method) == AFETCH_OK;
    for (unsigned i = 0; ok && i < u->fields; i++)
        ok = afetch_request_add_header(r, "X-Own: field") == AFETCH_OK;
    for (size_t i = 0; ok && u->secrets && i < 2; i++)
        ok = afetch_request_add_header(r, i ? "Authorization: Bearer secret" : "Cookie: id=secret") == AFETCH_OK;
    ok = ok && sim_upload_give(u, r);
    if (ok)
        return r;
    afetch_request_free(r);
    return NULL;
}

/* The request of the next URL for which there is memory; the others have their result by that. NULL: there is none. */
static struct afetch_request *next_request(struct sim_world *w)
{
    while (w->next_url < w->url_count) {
        struct sim_url *u = &w->urls[w->next_url++];
        struct afetch_callbacks callbacks = {.head = on_head,
                                             .body = u->counted_only ? NULL : on_body,
                                             .restart = u->undo == UNDO_NEVER ? NULL : on_restart,
                                             .hop = on_hop,
                                             .done = on_done};
        u->memory_failed = sim_memory_failed();
        u->leapt_ns = w->sim.leapt_ns;
        u->request = make_request(u);
        if (u->request) {
            u->given = true;
            afetch_request_set_callbacks(u->request, &callbacks, u);
            sim_cancel_given(u);
            return u->request;
        }
        if (sim_memory_failed() == u->memory_failed)
            sim_fail(&w->sim, "no request, though there was memory");
        u->done = true;
        w->done++;
    }
    return NULL;
}

static void hand_over(struct sim_world *w)
{
    struct afetch_request *r = next_request(w);
    if (r)
        afetch_session_add(w->session, r);
}

static void on_feed(struct sim_event *event)
{
    struct sim_world *w = (struct sim_world *)(void *)((char *)event - offsetof(struct sim_world, feed));
    afetch_session_wake(w->session);
}

static enum afetch_next next(void *arg, struct afetch_request **out)
{
    struct sim_world *w = arg;
    if (w->source_ended)
        sim_fail(&w->sim, "the source was asked again after its end");
    if (w->next_url < w->url_count && rng_chance(&w->sim.rng, 200)) {
        sim_after(&w->sim, &w->feed, rng_below(&w->sim.rng, 300 * SIM_MS), on_feed);
        return AFETCH_NEXT_LATER;
    }
    *out = next_request(w);
    w->source_ended = !*out;
    return *out ? AFETCH_NEXT_ONE : AFETCH_NEXT_END;
}

static void on_trace(void *arg, const struct afetch_request *r, enum afetch_trace kind, const char *text, size_t len)
{
    (void)r;
    (void)text;
    sim_note(arg, "trace", kind, len);
}

static void on_tick(void *arg)
{
    sim_note(arg, "tick", 0, 0);
}

/* ---- the run ---------------------------------------------------------------------------------------------------- */

/* What the pool keeps by itself is more than there ever is here. */
static void limit_idle(struct sim_world *w)
{
    struct pool *pool = &w->session->pool;
    if (w->idle_max > pool->idle_max)
        w->idle_max = pool->idle_max;
    pool->idle_max = w->idle_max + (w->plant == PLANT_IDLE);
}

/* False without memory. */
static bool make_session(struct sim_world *w)
{
    struct afetch_options opt = w->opt;
    opt.parallel_max += w->plant == PLANT_LIMIT ? 30 : 0;
    opt.parallel_max_host += w->plant == PLANT_HOST && opt.parallel_max_host ? 1 : 0;
    opt.redirects_max += w->plant == PLANT_FOLLOW && opt.redirects_max >= 0 ? 1 : 0;
    opt.location_trusted |= w->plant == PLANT_SECRET;
    opt.retry_delay_ms = w->plant == PLANT_BACKOFF ? 1 : opt.retry_delay_ms;
    opt.retry_max -= w->plant == PLANT_GIVE_UP && opt.retry_max ? 1 : 0;
    opt.user = w->plant == PLANT_LOGIN ? NULL : opt.user;
    opt.password = w->plant == PLANT_LOGIN ? NULL : opt.password;
    opt.limit_rate *= w->plant == PLANT_RATE ? 2 : 1;
    opt.start_interval_us /= w->plant == PLANT_PACE ? 2 : 1;
    opt.trace = w->traces ? on_trace : NULL;
    opt.trace_arg = &w->sim;
    opt.tls.ca_file = w->tls ? sim_tls_ca_file(&w->sim) : NULL;
    struct engine *e = sim_engine_new(&w->sim, &w->remote, &w->counts);
    struct names *names = NULL;
    int rc = sim_names_new(&names, w, e);
    if (rc == 0)
        rc = session_new(&w->session, e, names, &opt, NULL);
    if (rc == 0)
        return true;
    if (sim_memory_failed() == 0)
        sim_fail(&w->sim, "no session, though there was memory");
    names_free(names);
    engine_free(e);
    return false;
}

static void begin(struct sim_world *w)
{
    limit_idle(w);
    w->begun_ns = *w->sim.now_ns;
    if (w->ticks)
        afetch_session_set_tick(w->session, 100, on_tick, &w->sim);
    if (w->source)
        afetch_session_set_source(w->session, next, w);
    while (w->next_url < w->added_first)
        hand_over(w);
}

static bool all_done(const struct sim_world *w)
{
    return w->done == w->url_count;
}

/* What was handed over has its result; the others wait for a done that hands them over, which a cancel keeps back. */
static bool nothing_left(const struct sim_world *w)
{
    return w->done == w->next_url && !w->source;
}

/* All that was read has its result, and soon. */
static void check_late(struct sim_world *w)
{
    uint64_t took_ns = *w->sim.now_ns - w->begun_ns, limit_ns = w->opt.deadline_ms * SIM_MS;
    if (!sim_late(w) || took_ns > limit_ns + SIM_SECOND + w->sim.leapt_ns)
        sim_fail(&w->sim, "a deadline of %.3f s, and the run took %.3f s", (double)limit_ns / 1e9,
                 (double)took_ns / 1e9);
    if (w->done != w->next_url)
        sim_fail(&w->sim, "%zu URLs have no result after the deadline", w->next_url - w->done);
}

static void check_run(struct sim_world *w, enum afetch_code code, uint64_t now_ns)
{
    struct sim *sim = &w->sim;
    if (w->opt.deadline_ms && code == AFETCH_TIMEOUT) {
        check_late(w);
        return;
    }
    if (w->opt.deadline_ms && code == AFETCH_MEMORY && sim_memory_failed() > 0) /* there was none to time it */
        return;
    if (!w->canceled && code != AFETCH_OK)
        sim_fail(sim, "the run ended with %d", (int)code);
    if (!w->canceled && !all_done(w))
        sim_fail(sim, "%zu of %zu URLs have no result", w->url_count - w->done, w->url_count);
    if (w->canceled && code != AFETCH_CANCELED && !((all_done(w) || nothing_left(w)) && code == AFETCH_OK))
        sim_fail(sim, "the run ended with %d, though it was canceled", (int)code);
    if (w->canceled && now_ns - w->canceled_ns > SIM_SECOND)
        sim_fail(sim, "the run went on for %.3f s after it was canceled", (double)(now_ns - w->canceled_ns) / 1e9);
    if (now_ns > (w->url_count + w->hops + 1) * SIM_URL_BOUND_NS + w->waits_ns)
        sim_fail(sim, "the run took %.0f s", (double)now_ns / 1e9);
}

static void end(struct sim_world *w)
{
    struct sim *sim = &w->sim;
    sim->describe = NULL; /* the session is gone soon */
    sim_cancel(sim, &w->feed);
    afetch_session_free(w->session);
    if (w->counts.open || w->counts.pending)
        sim_fail(sim, "%zu sockets and %zu operations are left open", w->counts.open, w->counts.pending);
    if (w->in_flight)
        sim_fail(sim, "%zu requests are under way at the end", w->in_flight);
    for (size_t i = 0; i < w->host_count; i++)
        if (w->hosts[i].used || w->hosts[i].in_flight)
            sim_fail(sim, "host %zu has connections at the end", i);
    if (sim->len)
        sim_fail(sim, "%zu events wait at the end", sim->len);
}

void sim_client_run(struct sim_world *w)
{
    sim_memory_library(true);
    if (make_session(w)) {
        begin(w);
        enum afetch_code code = afetch_session_run(w->session);
        w->end_ns = *w->sim.now_ns - w->sim.leapt_ns;
        check_run(w, code, w->end_ns);
        end(w);
    }
    sim_memory_library(false);
}
