#include "sim/sim_run.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fetch/session.h"

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
    char cancel[40] = "";
    if (run->cancel_at != UINT64_MAX)
        snprintf(cancel, sizeof cancel, " --cancel %" PRIu64, run->cancel_at);
    snprintf(sim->replay, sizeof sim->replay, "%s%s%s", run->tiny ? " --tiny" : "", cancel,
             run->direct ? " --direct" : "");
}

struct sim_outcome sim_perform(const struct sim_run *run, struct sim_cover *cover)
{
    static struct sim_world w; /* large */
    struct observer observer = {&w, run};
    memset(&w, 0, sizeof w);
    sim_init(&w.sim, run->seed, cover, run->verbose);
    w.plant = run->plant;
    w.sim.on_point = on_point;
    w.sim.on_point_arg = &observer;
    w.sim.describe = describe;
    w.sim.describe_arg = &w;
    tell_options(&w.sim, run);
    sim_plan(&w, run->tiny);
    sim_server_init(&w);
    sim_client_run(&w);
    struct sim_outcome outcome = {w.sim.hash, w.points, w.done, w.end_ns, w.canceled};
    sim_deinit(&w.sim);
    return outcome;
}
