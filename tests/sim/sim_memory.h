/* Allocations that fail. The program is linked with --wrap for malloc, calloc, realloc, strdup, strndup and free, so the
 * library's own code, and the TLS library's where it is linked in statically, comes here; nothing in lib/ knows of it.
 * What the test itself allocates never fails and is not counted. One thread, one run at a time. */
#ifndef TESTS_SIM_MEMORY_H
#define TESTS_SIM_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_MEMORY_SITES 1024 /* places in the program that allocate, at most */

struct sim_memory_plan {
    uint64_t fail_at;    /* the library's allocation of this number fails, the first is 1; 0: none */
    uint64_t fail_count; /* so many from there on; UINT64_MAX: all */
    unsigned chance;     /* others do so in so many of 10,000 cases */
    uint64_t burst_max;  /* and up to so many behind each */
    uint64_t chance_seed;
};

/* Begins a run: all counts are 0. */
void sim_memory_begin(const struct sim_memory_plan *plan);
/* No allocation fails any more. */
void sim_memory_end(void);

/* Whether the library is at work (else the test is, which is so at first); returns what was so before. */
bool sim_memory_library(bool at_work);
/* As if the library allocated here: for what a real engine would. True: it fails. */
bool sim_memory_fails(void);

uint64_t sim_memory_asked(void);  /* allocations of the library so far */
uint64_t sim_memory_failed(void); /* and how many of them failed */
int64_t sim_memory_live(void);    /* allocations of the whole program that are not freed */

/* Where in the program the allocation of that number was made: less than SIM_MEMORY_SITES, the same all through a
 * process. Only for the first million. */
size_t sim_memory_site(uint64_t number);
/* Sites that allocated before anything had failed, in all runs; and those of them that failed in any. */
void sim_memory_sites(size_t *seen, size_t *failed);

#endif
