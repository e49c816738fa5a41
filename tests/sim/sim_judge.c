/* What may come of a URL, and whether what came may. */
#include <inttypes.h>
#include <string.h>

#include "sim/sim_world.h"

/* What the response itself means, whole as the server makes it. */
static uint64_t codes_of(const struct sim_url *u)
{
    bool refused = u->status >= 400 && u->world->opt.fail_on_status;
    uint64_t good = sim_code(refused ? AFETCH_STATUS : AFETCH_OK);
    bool aborts = !refused && sim_url_has_body(u) && u->abort_at < u->body_len;
    switch (u->defect) {
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

/* What u may end with: a bit for each code; AFETCH_OK's is set if it may end well. */
static uint64_t codes(const struct sim_url *u)
{
    const struct sim_world *w = u->world;
    uint64_t all = u->host->codes | u->seen;
    uint64_t served = codes_of(u);
    if (u->host->unreachable)
        served = 0;
    if (u->seen)
        served &= ~sim_code(AFETCH_OK);
    all |= served;
    if (sim_memory_failed() > u->memory_failed && w->plant != PLANT_MEMORY) {
        all |= sim_code(AFETCH_MEMORY);
        /* mbedTLS does not tell everywhere what it lacked: a signature that it had no memory to check is a bad one, and a
         * Finished that it had none to compute is sent all the same, wrong. */
        if (u->host->tls)
            all |= sim_code(AFETCH_TLS) | sim_code(AFETCH_CERT) | sim_code(AFETCH_RECV);
    }
    if (w->opt.timeout_ms || w->opt.connect_timeout_ms)
        all |= sim_code(AFETCH_TIMEOUT);
    if (w->canceled)
        all |= sim_code(AFETCH_CANCELED);
    if (u->tainted)
        all |= sim_code(AFETCH_STATUS) | sim_code(AFETCH_WEIRD_REPLY) | sim_code(AFETCH_PARTIAL) |
               sim_code(AFETCH_RECV) | sim_code(AFETCH_SEND) | sim_code(AFETCH_EMPTY);
    return all;
}

static void check_success(const struct sim_url *u, const struct afetch_result *result)
{
    char type[40] = "";
    sim_url_type(u, type, sizeof type);
    size_t wanted = sim_url_has_body(u) ? u->body_len : 0;
    struct sim *sim = &u->world->sim;
    const char *version = !u->host->tls ? "" : u->host->tls_minor == 2 ? "TLSv1.2" : "TLSv1.3";
    if (strcmp(result->tls_version, version) != 0)
        sim_fail(sim, "URL %zu: fetched by \"%s\" instead of \"%s\"", u->index, result->tls_version, version);
    if (u->host->flavour != TEST_GOOD)
        sim_met(sim, MET_TLS_INSECURE);
    if (u->heads != 1 || result->status != u->status)
        sim_fail(sim, "URL %zu: a success with %u heads and status %d", u->index, u->heads, result->status);
    if (strcmp(result->content_type, type) != 0)
        sim_fail(sim, "URL %zu: its type is \"%s\", not \"%s\"", u->index, type, result->content_type);
    if (result->bytes != wanted || (!u->counted_only && u->delivered != wanted))
        sim_fail(sim, "URL %zu: %" PRIu64 " bytes of %zu, %zu delivered, is no success", u->index, result->bytes,
                 wanted, u->delivered);
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
    if (!result->queued_ns)
        return;
    if (result->code == AFETCH_TIMEOUT && took_ns < least_ns)
        sim_fail(sim, "URL %zu: timed out after %.3f s", u->index, (double)took_ns / 1e9);
    if (whole_ns && took_ns > 2 * whole_ns + (sim->leapt_ns - u->leapt_ns))
        sim_fail(sim, "URL %zu: took %.3f s, with a limit of %.3f s", u->index, (double)took_ns / 1e9,
                 (double)whole_ns / 1e9);
}

void sim_judge(const struct sim_url *u, const struct afetch_result *result)
{
    struct sim *sim = &u->world->sim;
    if (!(codes(u) & sim_code(result->code)))
        sim_fail(sim, "URL %zu: ended with %d (%s), which nothing explains", u->index, (int)result->code,
                 result->error);
    if (result->code == AFETCH_CERT && u->host->flavour != TEST_GOOD)
        sim_met(sim, MET_CERT_EXPIRED + (u->host->flavour - TEST_EXPIRED));
    if (result->code == AFETCH_OK)
        check_success(u, result);
    check_time(u, result);
}
