/* What may come of a URL, and whether what came may. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/sim_world.h"

/* What the response itself means, whole as the server makes it. */
static uint64_t codes_of(const struct sim_url *u, const struct sim_served *s)
{
    bool refused = s->page.status >= 400 && u->world->opt.fail_on_status && s->rest != REST_WHOLE;
    uint64_t good = sim_code(refused ? AFETCH_STATUS : AFETCH_OK);
    bool aborts = !refused && s->rest != REST_WHOLE && sim_served_has_body(s) && u->abort_at < s->page.body_len;
    switch (s->page.defect) {
    case DEFECT_NONE:
        return aborts ? sim_code(u->abort_code) : good;
    case DEFECT_GARBAGE:
    case DEFECT_TWO_LENGTHS:
    case DEFECT_SWITCH:
        return sim_code(AFETCH_WEIRD_REPLY);
    case DEFECT_LONG_HEAD:
        return sim_code(AFETCH_RECV);
    case DEFECT_BAD_CHUNK:
        return sim_code(refused ? AFETCH_STATUS : AFETCH_RECV) | (aborts ? sim_code(u->abort_code) : 0);
    default:
        /* What the client is told decides; a body may have been refused before that. */
        return (refused ? sim_code(AFETCH_STATUS) : 0) | (aborts ? sim_code(u->abort_code) : 0);
    }
}

/* What any hop, or the wait for one, may end with. */
static uint64_t codes_of_world(const struct sim_url *u)
{
    const struct sim_world *w = u->world;
    uint64_t all = 0;
    if (sim_memory_failed() > u->memory_failed && w->plant != PLANT_MEMORY)
        all |= sim_code(AFETCH_MEMORY);
    if (w->canceled || u->canceled)
        all |= sim_code(AFETCH_CANCELED);
    if (w->opt.deadline_ms)
        all |= sim_code(AFETCH_TIMEOUT);
    return all;
}

/* What a hop may end with that reached no server, or was told of a failure, or the answer of a server. */
static uint64_t codes_of_transfer(const struct sim_url *u)
{
    const struct sim_host *host = u->pages[u->trail.page].host;
    const struct sim_hop *h = &u->hop;
    uint64_t served = h->answered && !host->unreachable ? codes_of(u, &h->served) : 0;
    if (h->understood && h->served.rest == REST_WHOLE)
        return sim_code(AFETCH_OK); /* its head says all */
    uint64_t all = host->codes | h->seen | (h->seen ? served & ~sim_code(AFETCH_OK) : served);
    /* mbedTLS does not tell everywhere what it lacked: a signature that it had no memory to check is a bad one, and a
     * Finished that it had none to compute is sent all the same, wrong. */
    if (codes_of_world(u) & sim_code(AFETCH_MEMORY) && host->tls)
        all |= sim_code(AFETCH_TLS) | sim_code(AFETCH_CERT) | sim_code(AFETCH_RECV);
    if (h->tainted)
        all |= sim_code(AFETCH_STATUS) | sim_code(AFETCH_WEIRD_REPLY) | sim_code(AFETCH_PARTIAL) |
               sim_code(AFETCH_RECV) | sim_code(AFETCH_SEND) | sim_code(AFETCH_EMPTY);
    return all;
}

/* It was ended by the deadline of the run, or for its speed, and says so if there is the memory for that. */
static bool was_limited(const struct sim_url *u, const char *error)
{
    const struct afetch_options *opt = &u->world->opt;
    return (opt->deadline_ms || opt->speed_limit) &&
           (strstr(error, "--deadline") || strstr(error, "too slow") || sim_memory_failed() > u->memory_failed);
}

static void check_speed(const struct sim_url *u, const char *error)
{
    const struct afetch_options *opt = &u->world->opt;
    struct sim *sim = &u->world->sim;
    if (strstr(error, "--deadline"))
        sim_met(sim, MET_DEADLINE);
    if (!strstr(error, "too slow"))
        return;
    sim_met(sim, MET_TOO_SLOW);
    uint64_t least_ns = (opt->speed_time_ms ? opt->speed_time_ms : 30000) * SIM_MS;
    if (opt->speed_limit == 0 || u->hop.took_ns + 1 < least_ns)
        sim_fail(sim, "URL %zu: too slow within %.3f s", u->index, (double)u->hop.took_ns / 1e9);
}

static void check_hop_time(const struct sim_url *u, const char *error)
{
    const struct afetch_options *opt = &u->world->opt;
    struct sim *sim = &u->world->sim;
    uint64_t whole_ns = opt->timeout_ms * SIM_MS, connect_ns = opt->connect_timeout_ms * SIM_MS;
    uint64_t took_ns = u->hop.took_ns, all_ns = u->trail.spent_ns + took_ns;
    /* What began at once is told to have done so after 1 ns. */
    bool late = (whole_ns && all_ns + 1 >= whole_ns) || (connect_ns && took_ns + 1 >= connect_ns);
    if (u->hop.code == AFETCH_TIMEOUT && !late && !u->trail.tried_again && !was_limited(u, error))
        sim_fail(sim, "URL %zu: timed out after %.3f s", u->index, (double)all_ns / 1e9);
    if (whole_ns && all_ns > whole_ns + (sim->leapt_ns - u->leapt_ns))
        sim_fail(sim, "URL %zu: took %.3f s, with a limit of %.3f s", u->index, (double)all_ns / 1e9,
                 (double)whole_ns / 1e9);
}

static void check_hop_url(const struct sim_url *u, const struct afetch_hop *hop)
{
    char target[80], url[240];
    const struct sim_host *host = u->pages[u->trail.page].host;
    sim_redirect_target(u, u->trail.page, target, sizeof target);
    snprintf(url, sizeof url, "%s://%s%s", host->tls ? "https" : "http", host->authority, target);
    bool memory = sim_memory_failed() > u->memory_failed; /* then it may be told as it was given */
    if ((strcmp(hop->url, url) != 0 && !memory) || strcmp(hop->method, u->trail.method) != 0)
        sim_fail(&u->world->sim, "URL %zu: a hop of %s %s, which should be %s %s", u->index, hop->method, hop->url,
                 u->trail.method, url);
}

void sim_judge_hop(const struct sim_url *u, const struct afetch_hop *hop)
{
    const struct sim_world *w = u->world;
    const struct sim_hop *h = &u->hop;
    uint64_t codes = codes_of_world(u);
    if (w->opt.timeout_ms || w->opt.connect_timeout_ms || w->opt.deadline_ms || w->opt.speed_limit)
        codes |= sim_code(AFETCH_TIMEOUT);
    if (h->by_status != THEN_END)
        codes |= sim_code(AFETCH_STATUS) | (h->served.page.defect == DEFECT_BAD_CHUNK ? sim_code(AFETCH_RECV) : 0);
    if (h->by_status == THEN_RETRY) /* it is read past */
        codes |= codes_of_transfer(u) & ~sim_code(AFETCH_OK);
    else if (h->then == THEN_END)
        codes |= codes_of_transfer(u);
    else if (h->then == THEN_LIMIT)
        codes |= sim_code(AFETCH_REDIRECTS);
    else
        codes |= sim_code(AFETCH_OK); /* whatever becomes of the body */
    if (h->feed_failed)
        codes |= sim_code(AFETCH_READ);
    if (!sim_upload_can_repeat(u)) /* its feeder began when that had happened */
        codes |= h->spared;
    if (u->up_spent && sim_upload_sends(u))
        codes |= sim_code(AFETCH_REWIND);
    if (u->trail.from > 0 && u->undo != UNDO_DONE)
        codes |= sim_code(AFETCH_PARTIAL); /* what was got cannot be taken back */
    if (!(codes & sim_code(hop->code)))
        sim_fail(&u->world->sim, "URL %zu: a hop ended with %d (%s), which nothing explains", u->index, (int)hop->code,
                 hop->error);
    check_hop_url(u, hop);
    check_hop_time(u, hop->error);
    check_speed(u, hop->error);
}

/* What u may end with after its last hop. */
static uint64_t codes_at_end(const struct sim_url *u)
{
    if (u->hops == 0 || u->last.then == THEN_FOLLOW || u->last.then == THEN_AGAIN || u->last.then == THEN_RETRY ||
        u->last.then == THEN_MAY_RETRY)
        return 0;
    return sim_code(u->last.then == THEN_BAD_URL      ? AFETCH_URL
                    : u->last.then == THEN_BAD_SCHEME ? AFETCH_SCHEME
                                                      : u->last.code);
}

static void check_success(const struct sim_url *u, const struct afetch_result *result)
{
    char type[40] = "";
    const struct sim_served *s = &u->last.served;
    const struct sim_host *host = s->page.host;
    struct sim *sim = &u->world->sim;
    if (!u->last.answered)
        sim_fail(sim, "URL %zu: a success without an answer", u->index);
    sim_served_type(s, type, sizeof type);
    size_t wanted = sim_served_has_body(s) || s->rest == REST_WHOLE ? u->body_len : 0;
    const char *version = !host->tls ? "" : host->tls_minor == 2 ? "TLSv1.2" : "TLSv1.3";
    if (strcmp(result->tls_version, version) != 0)
        sim_fail(sim, "URL %zu: fetched by \"%s\" instead of \"%s\"", u->index, result->tls_version, version);
    if (host->flavour != TEST_GOOD)
        sim_met(sim, MET_TLS_INSECURE);
    if (u->heads != (s->rest == REST_WHOLE ? 2 : 1) || result->status != s->page.status)
        sim_fail(sim, "URL %zu: a success with %u heads and status %d", u->index, u->heads, result->status);
    if (strcmp(result->content_type, type) != 0)
        sim_fail(sim, "URL %zu: its type is \"%s\", not \"%s\"", u->index, type, result->content_type);
    if (result->bytes != wanted || (!u->counted_only && u->delivered != wanted))
        sim_fail(sim, "URL %zu: %" PRIu64 " bytes of %zu, %zu delivered, is no success", u->index, result->bytes,
                 wanted, u->delivered);
}

static void check_redirects(const struct sim_url *u, const struct afetch_result *result)
{
    struct sim *sim = &u->world->sim;
    /* Without memory it is not followed any more. */
    bool torn = (result->code == AFETCH_MEMORY || result->code == AFETCH_CANCELED || sim_late(u->world)) &&
                u->last.then == THEN_FOLLOW;
    if (result->redirects != u->trail.redirects && !(torn && result->redirects + 1 == u->trail.redirects))
        sim_fail(sim, "URL %zu: %u redirects, where there were %u", u->index, result->redirects, u->trail.redirects);
    if (result->retries != u->trail.retries)
        sim_fail(sim, "URL %zu: %u retries, where there were %u", u->index, result->retries, u->trail.retries);
    if (u->hops > 0 && u->last.then == THEN_BAD_URL)
        sim_met(sim, MET_REDIRECT_BAD_URL);
    if (u->hops > 0 && u->last.then == THEN_BAD_SCHEME)
        sim_met(sim, MET_REDIRECT_BAD_SCHEME);
    if (u->hops > 0 && u->last.then == THEN_BAD_SCHEME && u->last.served.page.location != LOCATION_FTP &&
        u->last.served.page.host->tls)
        sim_met(sim, MET_TLS_DOWNGRADE);
}

/* Time limits: a time-out is no earlier than the first of them and nothing lasts longer. A connection that was used may
 * turn out closed only at the end of the first attempt's time; the second attempt's connection is new. */
static void check_time(const struct sim_url *u, const struct afetch_result *result)
{
    const struct afetch_options *opt = &u->world->opt;
    struct sim *sim = &u->world->sim;
    uint64_t whole_ns = opt->timeout_ms * SIM_MS, connect_ns = opt->connect_timeout_ms * SIM_MS;
    uint64_t least_ns = whole_ns && (!connect_ns || whole_ns < connect_ns) ? whole_ns : connect_ns;
    uint64_t took_ns = result->done_ns - result->queued_ns;
    bool waited = u->last.then != THEN_END; /* since it had its place */
    if (!result->queued_ns || waited)
        return;
    bool limited = was_limited(u, result->error);
    if (result->code == AFETCH_TIMEOUT && u->trail.redirects == 0 && took_ns + 1 < least_ns && !limited)
        sim_fail(sim, "URL %zu: timed out after %.3f s", u->index, (double)took_ns / 1e9);
    if (u->trail.redirects == 0 && whole_ns && took_ns > 2 * whole_ns + (sim->leapt_ns - u->leapt_ns))
        sim_fail(sim, "URL %zu: took %.3f s, with a limit of %.3f s", u->index, (double)took_ns / 1e9,
                 (double)whole_ns / 1e9);
}

void sim_judge(const struct sim_url *u, const struct afetch_result *result)
{
    struct sim *sim = &u->world->sim;
    const struct sim_host *host = u->pages[u->trail.page].host;
    if (!((codes_of_world(u) | codes_at_end(u)) & sim_code(result->code)))
        sim_fail(sim, "URL %zu: ended with %d (%s), which nothing explains", u->index, (int)result->code,
                 result->error);
    if (result->code == AFETCH_CERT && host->flavour != TEST_GOOD)
        sim_met(sim, MET_CERT_EXPIRED + (host->flavour - TEST_EXPIRED));
    if (result->code == AFETCH_OK)
        check_success(u, result);
    check_redirects(u, result);
    check_time(u, result);
}
