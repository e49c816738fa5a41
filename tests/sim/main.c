/* afetch-sim: the fetch coroutine, as it is in the library, on a simulated network. See SIMULATOR.md. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/sim_run.h"

enum { REPLAYED = 50, TLS_CANCELS = 400, USAGE = 2 };

/* Runs that find a mistake which was once made; before all others. A change of the plan makes other runs of them, and one
 * of what the library allocates other failures: take the fix back then, and look for a run that finds its mistake. */
static const struct sim_run pinned[] = {
    /* an idle connection's read completed while the next request was being written: what it was lent had expired (seen by
     * AddressSanitizer) */
    {.seed = 0x2d, .cancel_at = UINT64_MAX},
    {.seed = 0x428, .cancel_at = UINT64_MAX},
    /* no memory for the look-up of one family was told as "no such name" of the other */
    {.seed = 0x1b1, .cancel_at = UINT64_MAX},
    {.seed = 0xc, .cancel_at = UINT64_MAX, .tiny = true, .tls = true, .fail_at = 53},
    /* a Content-Type without memory was none, in a success */
    {.seed = 2, .cancel_at = UINT64_MAX, .tiny = true, .fail_at = 154},
    /* a trust store without memory was too large, or had no certificate */
    {.seed = 3, .cancel_at = UINT64_MAX, .tiny = true, .tls = true, .fail_at = 26},
    {.seed = 3, .cancel_at = UINT64_MAX, .tiny = true, .tls = true, .fail_at = 31},
    /* one allocation that failed in setting up TLS failed all https URLs to come */
    {.seed = 1, .cancel_at = UINT64_MAX, .tiny = true, .tls = true, .fail_at = 28},
    /* a hop told the code of what came later, and the sentence of what came first */
    {.seed = 3, .cancel_at = UINT64_MAX},
    /* a redirect whose body broke, and that led nowhere, was told as the broken body */
    {.seed = 0x12c, .cancel_at = UINT64_MAX, .features = SIM_REDIRECTS},
    /* over TLS, who read on after a failure to send sent the same once more, and failed before what had arrived was read */
    {.seed = 0x490, .cancel_at = UINT64_MAX},
    /* a status that failed was tried again where its body broke, too */
    {.seed = 0x67, .cancel_at = UINT64_MAX, .features = SIM_RETRIES},
    /* a time-out ended a pause, and the next try's body came into it */
    {.seed = 0x5e, .cancel_at = UINT64_MAX, .features = SIM_RETRIES},
    /* "416: you have it all" was a failure where its own body broke, and a success of no bytes */
    {.seed = 0xa6, .cancel_at = UINT64_MAX, .features = SIM_RETRIES},
    /* an old challenge that came late was gone back to, and then a nonce counted from the start once more */
    {.seed = 0xcf, .cancel_at = UINT64_MAX, .features = SIM_LOGINS},
};

struct command {
    uint64_t seeds, from, sweep, memory;
    struct sim_run run; /* of --seed; the options of all others */
    bool one, covers;
    struct sim_cover cover;
};

/* ---- many ------------------------------------------------------------------------------------------------------- */

static struct sim_outcome perform(struct command *c, const struct sim_run *run)
{
    return sim_perform(run, &c->cover);
}

static uint64_t perform_seed(struct command *c, uint64_t seed, bool replay)
{
    struct sim_run run = c->run;
    run.seed = seed;
    struct sim_outcome first = perform(c, &run);
    if (replay && perform(c, &run).hash != first.hash) {
        printf("seed 0x%" PRIx64 " failed: its replay was another run\n", seed);
        exit(1);
    }
    return first.points;
}

static int run_seeds(struct command *c)
{
    uint64_t points = 0;
    for (size_t i = 0; i < sizeof pinned / sizeof pinned[0]; i++) {
        struct sim_run run = pinned[i];
        run.plant = c->run.plant;
        points += perform(c, &run).points;
    }
    for (uint64_t i = 0; i < c->seeds; i++)
        points += perform_seed(c, c->from + i, i < REPLAYED);
    bool all = sim_cover_print(&c->cover, !c->covers ? SIM_MUST_NOTHING : c->run.tls ? SIM_MUST_TLS : SIM_MUST_PLAIN);
    printf("%" PRIu64 " seeds from 0x%" PRIx64 ", %" PRIu64 " events: every invariant held\n", c->seeds, c->from,
           points);
    return all ? 0 : 1;
}

/* Cancelled at each of its points in turn (over TLS, where each run costs milliseconds, at some hundred), in both ways. The sweep is worth something only if the cancels arrive. */
static void sweep_seed(struct command *c, uint64_t seed, uint64_t *arrived)
{
    struct sim_run run = c->run;
    run.seed = seed;
    run.tiny = true;
    uint64_t points = perform(c, &run).points;
    uint64_t step = run.tls ? points / TLS_CANCELS + 1 : 1;
    for (uint64_t at = 0; at < points; at += step) {
        run.cancel_at = at;
        for (int direct = 0; direct < 2; direct++) {
            run.direct = direct;
            if (!perform(c, &run).canceled) {
                printf("seed 0x%" PRIx64 " failed: no cancel at point %" PRIu64 " of %" PRIu64 "\n", seed, at, points);
                exit(1);
            }
            ++*arrived;
        }
    }
}

static int sweep(struct command *c)
{
    uint64_t arrived = 0;
    for (uint64_t i = 0; i < c->sweep; i++)
        sweep_seed(c, c->from + i, &arrived);
    printf("%" PRIu64 " seeds from 0x%" PRIx64 ", canceled %" PRIu64 " times: every invariant held\n", c->sweep,
           c->from, arrived);
    return arrived > 0 ? 0 : 1;
}

/* ---- memory ----------------------------------------------------------------------------------------------------- */

/* A handshake makes thousands of allocations: of those that one place makes, the first, second, fourth, eighth… of the
 * last run. */
static bool *choose(uint64_t asked)
{
    uint64_t counts[SIM_MEMORY_SITES] = {0};
    bool *chosen = calloc(asked + 1, sizeof *chosen);
    for (uint64_t at = 1; chosen && at <= asked; at++) {
        uint64_t count = ++counts[sim_memory_site(at)];
        chosen[at] = (count & (count - 1)) == 0;
    }
    return chosen;
}

/* Each allocation of the library fails in turn, alone and with all behind it. */
static void fail_each(struct command *c, uint64_t seed, uint64_t *failures)
{
    bool *chosen = NULL;
    struct sim_run run = c->run;
    run.seed = seed;
    run.tiny = true;
    run.fail_at = SIM_RUN_NO_FAILURE;
    uint64_t asked = perform(c, &run).asked;
    if (run.tls && !(chosen = choose(asked)))
        return;
    for (uint64_t at = 1; at <= asked; at++) {
        if (chosen && !chosen[at])
            continue;
        run.fail_at = at;
        for (int for_good = 0; for_good < 2; for_good++) {
            run.for_good = for_good;
            uint64_t failed = perform(c, &run).failed;
            if (failed == 0) {
                printf("seed 0x%" PRIx64 " failed: allocation %" PRIu64 " was not made\n", seed, at);
                exit(1);
            }
            *failures += failed;
        }
    }
    free(chosen);
}

static int fail_memory(struct command *c)
{
    uint64_t failures = 0;
    for (uint64_t i = 0; i < c->memory; i++)
        fail_each(c, c->from + i, &failures);
    size_t seen, failed;
    sim_memory_sites(&seen, &failed);
    printf("%" PRIu64 " seeds from 0x%" PRIx64 ", %" PRIu64 " allocations failed, at %zu of %zu places: "
           "every invariant held\n",
           c->memory, c->from, failures, failed, seen);
    return failures > 0 && failed == seen ? 0 : 1;
}

static int run_one(struct command *c)
{
    struct sim_outcome o = perform(c, &c->run);
    printf("seed 0x%" PRIx64 ": %" PRIu64 " results, %" PRIu64 " events, %.3f s of virtual time, hash %016" PRIx64 "\n",
           c->run.seed, o.done, o.points, (double)o.end_ns / 1e9, o.hash);
    return 0;
}

/* ---- the command line --------------------------------------------------------------------------------------------- */

static const char *const plants[PLANTS] = {
    [PLANT_BYTE] = "byte",       [PLANT_LIMIT] = "limit",   [PLANT_LOST_RESULT] = "lost", [PLANT_HOST] = "host",
    [PLANT_IDLE] = "idle",       [PLANT_LATE] = "late",     [PLANT_MEMORY] = "memory",    [PLANT_LEAK] = "leak",
    [PLANT_RANDOM] = "random",   [PLANT_CHAIN] = "chain",   [PLANT_CRASH] = "crash",      [PLANT_KIND] = "kind",
    [PLANT_SECRET] = "secret",   [PLANT_FOLLOW] = "follow", [PLANT_HOLD] = "hold",        [PLANT_BACKOFF] = "backoff",
    [PLANT_GIVE_UP] = "give-up", [PLANT_GLUE] = "glue",     [PLANT_REST] = "rest",        [PLANT_CANCEL] = "cancel",
    [PLANT_UPLOAD] = "upload",   [PLANT_TUNNEL] = "tunnel", [PLANT_LOGIN] = "login",      [PLANT_RATE] = "rate",
    [PLANT_PACE] = "pace",
};

static int usage(void)
{
    fputs("usage: afetch-sim --seeds N [--from SEED]      N seeds, and those that found mistakes\n"
          "                  --cover                     and fail if something that can happen never did\n"
          "       afetch-sim --sweep N [--from SEED]      N small seeds, canceled at each of their events in turn\n"
          "       afetch-sim --memory N [--from SEED]     N small seeds, in which each allocation fails in turn\n"
          "       afetch-sim --seed SEED [--fail ALLOCATION [--for-good]] [--tiny] [--cancel POINT [--direct]] "
          "[--verbose]\n"
          "       --features BITS: those of enum sim_feature alone; 0: the plain fetch\n"
          "       --plant MISTAKE: a mistake, which must be found:",
          stderr);
    for (size_t i = 1; i < PLANTS; i++)
        fprintf(stderr, " %s", plants[i]);
    fputs("\n", stderr);
    return USAGE;
}

static bool plant(struct command *c, const char *name)
{
    for (size_t i = 1; i < PLANTS; i++)
        if (strcmp(plants[i], name) == 0) {
            c->run.plant = (enum sim_plant)i;
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
    const struct {
        const char *name;
        bool *flag;
    } flags[] = {
        {"--tiny", &c->run.tiny}, {"--direct", &c->run.direct}, {"--verbose", &c->run.verbose},
        {"--cover", &c->covers},  {"--tls", &c->run.tls},       {"--for-good", &c->run.for_good},
    };
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (strcmp(arg, flags[i].name) == 0)
            return *flags[i].flag = true;
    return false;
}

static bool take_value(struct command *c, const char *arg, const char *value)
{
    const struct {
        const char *name;
        uint64_t *number;
    } numbers[] = {
        {"--memory", &c->memory},        {"--fail", &c->run.fail_at},
        {"--seeds", &c->seeds},          {"--from", &c->from},
        {"--sweep", &c->sweep},          {"--seed", &c->run.seed},
        {"--cancel", &c->run.cancel_at}, {"--features", &c->run.features},
    };
    c->one |= strcmp(arg, "--seed") == 0;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (strcmp(arg, numbers[i].name) == 0)
            return take_number(value, numbers[i].number);
    return strcmp(arg, "--plant") == 0 && value && plant(c, value);
}

int main(int argc, char **argv)
{
    static struct command c = {.from = 1, .run.cancel_at = UINT64_MAX, .run.features = SIM_FEATURES};
    for (int i = 1; i < argc; i++)
        if (!take_flag(&c, argv[i])) {
            if (!take_value(&c, argv[i], argv[i + 1]))
                return usage();
            i++;
        }
    if (c.one)
        return run_one(&c);
    if (c.memory)
        return fail_memory(&c);
    if (c.sweep)
        return sweep(&c);
    return c.seeds ? run_seeds(&c) : usage();
}
