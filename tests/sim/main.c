/* afetch-sim: the fetch coroutine, as it is in the library, on a simulated network. See SIMULATOR.md. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fetch/session.h"
#include "sim/sim_world.h"

enum { REPLAYED = 50, USAGE = 2 };

/* Seeds that found a mistake once; run before all others. */
static const uint64_t pinned[] = {
    145, /* an idle connection's read completed while the next request was being written: what it was lent had expired */
};

struct command {
    uint64_t seeds, from, seed, sweep, cancel_at;
    bool one, tiny, direct, verbose;
    enum sim_plant plant;
};

/* ---- one run ---------------------------------------------------------------------------------------------------- */

struct run {
    uint64_t seed, cancel_at; /* after so many points; UINT64_MAX: never */
    bool tiny, direct, verbose;
    enum sim_plant plant;
};

struct outcome {
    uint64_t hash, points, done, end_ns;
    bool canceled;
};

struct canceler {
    struct sim_world *w;
    const struct run *run;
};

static void on_point(void *arg)
{
    struct canceler *c = arg;
    struct sim_world *w = c->w;
    if (w->points++ != c->run->cancel_at)
        return;
    w->canceled = true;
    w->canceled_ns = *w->sim.now_ns;
    sim_note(&w->sim, "cancel", w->points, 0);
    if (c->run->direct)
        co_cancel(&w->session->root.co, ERR_CANCELED);
    else
        afetch_session_cancel(w->session);
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

static struct outcome perform(const struct run *run)
{
    static struct sim_world w; /* large */
    struct canceler canceler = {&w, run};
    memset(&w, 0, sizeof w);
    sim_init(&w.sim, run->seed, run->verbose);
    w.plant = run->plant;
    w.sim.on_point = on_point;
    w.sim.on_point_arg = &canceler;
    w.sim.describe = describe;
    w.sim.describe_arg = &w;
    snprintf(w.sim.replay, sizeof w.sim.replay, "%s%s", run->tiny ? " --tiny" : "", run->direct ? " --direct" : "");
    if (run->cancel_at != UINT64_MAX)
        snprintf(w.sim.replay + strlen(w.sim.replay), sizeof w.sim.replay - strlen(w.sim.replay), " --cancel %" PRIu64,
                 run->cancel_at);
    sim_plan(&w, run->tiny);
    sim_server_init(&w);
    sim_client_run(&w);
    struct outcome outcome = {w.sim.hash, w.points, w.done, w.end_ns, w.canceled};
    sim_deinit(&w.sim);
    return outcome;
}

/* ---- many ------------------------------------------------------------------------------------------------------- */

static void differ(const struct run *run)
{
    printf("seed 0x%" PRIx64 " failed: its replay was another run\n", run->seed);
    exit(1);
}

static uint64_t perform_seed(const struct command *c, uint64_t seed, bool replay)
{
    struct run run = {.seed = seed, .cancel_at = UINT64_MAX, .tiny = c->tiny, .plant = c->plant};
    struct outcome first = perform(&run);
    if (replay && perform(&run).hash != first.hash)
        differ(&run);
    return first.points;
}

static int run_seeds(const struct command *c)
{
    uint64_t points = 0;
    for (size_t i = 0; i < sizeof pinned / sizeof pinned[0]; i++)
        points += perform_seed(c, pinned[i], false);
    for (uint64_t i = 0; i < c->seeds; i++)
        points += perform_seed(c, c->from + i, i < REPLAYED);
    printf("%" PRIu64 " seeds from 0x%" PRIx64 ", %" PRIu64 " events: every invariant held\n", c->seeds, c->from,
           points);
    return 0;
}

/* Cancelled at each of its points in turn, in both ways. The sweep is worth something only if the cancels arrive. */
static uint64_t sweep_seed(uint64_t seed, uint64_t *arrived)
{
    struct run run = {.seed = seed, .cancel_at = UINT64_MAX, .tiny = true};
    uint64_t points = perform(&run).points;
    for (uint64_t at = 0; at < points; at++) {
        run.cancel_at = at;
        for (int direct = 0; direct < 2; direct++) {
            run.direct = direct;
            struct outcome o = perform(&run);
            if (!o.canceled) {
                printf("seed 0x%" PRIx64 " failed: no cancel at point %" PRIu64 " of %" PRIu64 "\n", seed, at, points);
                exit(1);
            }
            ++*arrived;
        }
    }
    return points;
}

static int sweep(const struct command *c)
{
    uint64_t arrived = 0;
    for (uint64_t i = 0; i < c->sweep; i++)
        sweep_seed(c->from + i, &arrived);
    printf("%" PRIu64 " seeds from 0x%" PRIx64 ", canceled %" PRIu64 " times: every invariant held\n", c->sweep,
           c->from, arrived);
    return arrived > 0 ? 0 : 1;
}

static int run_one(const struct command *c)
{
    struct run run = {c->seed, c->cancel_at, c->tiny, c->direct, c->verbose, c->plant};
    struct outcome o = perform(&run);
    printf("seed 0x%" PRIx64 ": %" PRIu64 " results, %" PRIu64 " events, %.3f s of virtual time, hash %016" PRIx64 "\n",
           run.seed, o.done, o.points, (double)o.end_ns / 1e9, o.hash);
    return 0;
}

/* ---- the command line --------------------------------------------------------------------------------------------- */

static int usage(void)
{
    fputs("usage: afetch-sim --seeds N [--from SEED]      N seeds, and those that found mistakes\n"
          "       afetch-sim --sweep N [--from SEED]      N small seeds, canceled at each of their events in turn\n"
          "       afetch-sim --seed SEED [--tiny] [--cancel POINT [--direct]] [--verbose]\n"
          "       --plant byte|limit|lost: a mistake, which must be found\n",
          stderr);
    return USAGE;
}

static bool plant(struct command *c, const char *name)
{
    static const char *const names[] = {[PLANT_BYTE] = "byte", [PLANT_LIMIT] = "limit", [PLANT_LOST_RESULT] = "lost"};
    for (size_t i = 1; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], name) == 0) {
            c->plant = (enum sim_plant)i;
            return true;
        }
    return false;
}

static bool take_number(const char *text, uint64_t *out)
{
    char *end = NULL;
    *out = text ? strtoull(text, &end, 0) : 0;
    return text && *text && !*end;
}

static bool take_flag(struct command *c, const char *arg)
{
    if (strcmp(arg, "--tiny") == 0)
        return c->tiny = true;
    if (strcmp(arg, "--direct") == 0)
        return c->direct = true;
    if (strcmp(arg, "--verbose") == 0)
        return c->verbose = true;
    return false;
}

static bool take_value(struct command *c, const char *arg, const char *value)
{
    if (strcmp(arg, "--seeds") == 0)
        return take_number(value, &c->seeds);
    if (strcmp(arg, "--from") == 0)
        return take_number(value, &c->from);
    if (strcmp(arg, "--sweep") == 0)
        return take_number(value, &c->sweep);
    if (strcmp(arg, "--cancel") == 0)
        return take_number(value, &c->cancel_at);
    if (strcmp(arg, "--seed") == 0)
        return c->one = take_number(value, &c->seed);
    return strcmp(arg, "--plant") == 0 && value && plant(c, value);
}

int main(int argc, char **argv)
{
    struct command c = {.from = 1, .cancel_at = UINT64_MAX};
    for (int i = 1; i < argc; i++)
        if (!take_flag(&c, argv[i])) {
            if (!take_value(&c, argv[i], argv[i + 1]))
                return usage();
            i++;
        }
    if (c.one)
        return run_one(&c);
    if (c.sweep)
        return sweep(&c);
    return c.seeds ? run_seeds(&c) : usage();
}
