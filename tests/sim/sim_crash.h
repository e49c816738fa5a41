/* What a crash and the sanitizers know, told with the seed. */
#ifndef TESTS_SIM_CRASH_H
#define TESTS_SIM_CRASH_H

#include <stdbool.h>
#include <stdint.h>

/* From now on a crash, or what a sanitizer dies of, is told with how to replay it. */
void sim_crash_tells(uint64_t seed, const char *options);

/* LeakSanitizer, where the program is built with it, finds memory that nobody points to any more; it prints where that
 * was allocated. What mbedTLS is known to leave behind is no find. */
bool sim_sanitizer_finds_leak(void);

#endif
