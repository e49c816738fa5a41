/* One run of a seed, whole: plan, servers, client, and everything that is judged. */
#ifndef TESTS_SIM_RUN_H
#define TESTS_SIM_RUN_H

#include "sim/sim_world.h"

#define SIM_RUN_NO_FAILURE UINT64_MAX

struct sim_run {
    uint64_t seed;
    uint64_t features;  /* of enum sim_feature: those that it may have */
    uint64_t cancel_at; /* after so many points; UINT64_MAX: never */
    bool tiny;          /* few URLs and small bodies */
    bool tls;           /* some hosts are https, as else in few seeds */
    bool direct;        /* the cancel goes to the root itself, not through the session */
    /* The library's allocation of this number fails, the first is 1; 0: those that the plan lets fail;
     * SIM_RUN_NO_FAILURE: none. */
    uint64_t fail_at;
    bool for_good; /* and all behind it */
    bool verbose;
    enum sim_plant plant;
};

struct sim_outcome {
    uint64_t hash, points, done, end_ns;
    uint64_t asked, failed; /* allocations of the library */
    bool canceled;
};

/* Ends the program with 1 where an invariant is broken. cover: what was met is added to it. */
struct sim_outcome sim_perform(const struct sim_run *run, struct sim_cover *cover);

#endif
