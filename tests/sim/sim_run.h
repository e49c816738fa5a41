/* One run of a seed, whole: plan, servers, client, and everything that is judged. */
#ifndef TESTS_SIM_RUN_H
#define TESTS_SIM_RUN_H

#include "sim/sim_world.h"

struct sim_run {
    uint64_t seed;
    uint64_t cancel_at; /* after so many points; UINT64_MAX: never */
    bool tiny;          /* few URLs and small bodies */
    bool direct;        /* the cancel goes to the root itself, not through the session */
    bool verbose;
    enum sim_plant plant;
};

struct sim_outcome {
    uint64_t hash, points, done, end_ns;
    bool canceled;
};

/* Ends the program with 1 where an invariant is broken. cover: what was met is added to it. */
struct sim_outcome sim_perform(const struct sim_run *run, struct sim_cover *cover);

#endif
