#include "sim/sim_run.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fetch/session.h"
#include "sim/sim_crash.h"
#include "sim/sim_machine.h"
#include "sim/sim_tls.h"

struct observer {
    struct sim_world *w;
    const struct sim_run *run;
};

static void cancel(struct sim_world *w, const struct sim_run *run)
{
    w->canceled = true;
    w->canceled_ns = *w->sim.now_ns - w->sim.leapt_ns;
    sim_note(&w->sim, "cancel", w->points, 0);
    if (run->direct)
        co_cancel(&w->session->root.co, ERR_CANCELED);
    else
        afetch_session_cancel(w->session);
}

static void on_point(void *arg)
{
    struct observer *o = arg;
    sim_limits_check(o->w);
    if (o->w->points++ == o->run->cancel_at)
        cancel(o->w, o->run);
}

static void print_line(void *arg, const char *text)
{
    (void)arg;
    fprintf(stderr, "  %s\n", text);
}

static void describe(void *arg)
{
    struct sim_world *w = arg;
    fprintf(stderr, "%s%s; what each waits for:\n", w->canceled ? "canceled" : "not canceled",
            w->points ? "" : ", before the first point");
    if (w->session)
        afetch_session_describe(w->session, print_line, NULL);
}

/* What a replay needs beside the seed. */
static void tell_options(struct sim *sim, const struct sim_run *run)
{
    char cancel[40] = "", fail[40] = "", features[40] = "";
    if (run->cancel_at != UINT64_MAX)
        snprintf(cancel, sizeof cancel, " --cancel %" PRIu64, run->cancel_at);
    if (run->fail_at)
        snprintf(fail, sizeof fail, " --fail %" PRIu64, run->fail_at);
    if (run->features != SIM_FEATURES)
        snprintf(features, sizeof features, " --features %u", (unsigned)run->features);
    snprintf(sim->replay, sizeof sim->replay, "%s%s%s%s%s%s%s", run->tiny ? " --tiny" : "", run->tls ? " --tls" : "",
             features, cancel, run->direct ? " --direct" : "", fail, run->for_good ? " --for-good" : "");
}

static void plan_memory(struct sim_world *w, const struct sim_run *run)
{
    if (run->fail_at)
        w->memory = (struct sim_memory_plan){.fail_at = run->fail_at, .fail_count = run->for_good ? UINT64_MAX : 1};
    if (run->fail_at == SIM_RUN_NO_FAILURE)
        w->memory.fail_at = 0;
}

static void begin(struct sim_world *w, const struct sim_run *run, struct sim_cover *cover)
{
    memset(w, 0, sizeof *w);
    sim_init(&w->sim, run->seed, cover, run->verbose);
    w->plant = run->plant;
    w->sim.on_point = on_point;
    w->sim.describe = describe;
    w->sim.describe_arg = w;
    tell_options(&w->sim, run);
    sim_crash_tells(run->seed, w->sim.replay);
    sim_plan(w, run->tiny, run->tls, run->features);
    plan_memory(w, run);
    sim_tls_begin(w);
    sim_server_init(w);
}

/* ---- leaks ------------------------------------------------------------------------------------------------------ */

static void check_leaks(struct sim_world *w, int64_t live)
{
    struct sim sim = w->sim;
    bool tls_failed = w->tls && sim_memory_failed() > 0;
    int64_t left = sim_memory_live() - live;
    memset(w, 0, sizeof *w); /* what is left behind is not to be found here */
    if (left != 0 && (!tls_failed || sim_sanitizer_finds_leak()))
        sim_fail(&sim, "%" PRId64 " allocations are not freed", left);
}

struct sim_outcome sim_perform(const struct sim_run *run, struct sim_cover *cover)
{
    static struct sim_world w; /* large */
    struct observer observer = {&w, run};
    int64_t live = sim_memory_live();
    begin(&w, run, cover);
    w.sim.on_point_arg = &observer;
    sim_memory_begin(&w.memory);
    sim_client_run(&w);
    sim_memory_end();
    cover->met[MET_MEMORY] += sim_memory_failed();
    struct sim_outcome outcome = {w.sim.hash,          w.points,  w.done, w.end_ns, sim_memory_asked(),
                                  sim_memory_failed(), w.canceled};
    sim_deinit(&w.sim);
    sim_tls_end(&w);
    sim_machine_clock(NULL);
    check_leaks(&w, live);
    return outcome;
}
