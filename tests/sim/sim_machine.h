/* What the library asks of the machine, decided by the seed: wall clock and randomness. The program is linked with --wrap
 * for time, clock_gettime, getrandom and mbedTLS's source of entropy, which all of its randomness comes from. */
#ifndef TESTS_SIM_MACHINE_H
#define TESTS_SIM_MACHINE_H

#include <stdint.h>

/* Clocks show what *now_ns does (the wall clock from a day in 2026 on); NULL: the moment 0. */
void sim_machine_clock(const uint64_t *now_ns);

/* The TLS library forgets everything and frees what it holds. It starts anew at its next use, with randomness of that
 * seed: what it does from then on depends on nothing before. */
void sim_machine_reset_tls(uint64_t seed);
/* From now on entropy is no longer the seed's alone: a planted mistake. */
void sim_machine_spoil(void);

#define SIM_EPOCH_S 1770000000 /* February 2026: when virtual time began */
/* The wall clock. */
int64_t sim_machine_wall_s(void);

#endif
