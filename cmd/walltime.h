/* Times of day for reports. Depends on nothing. */
#ifndef AFETCH_CMD_WALLTIME_H
#define AFETCH_CMD_WALLTIME_H

#include <stdint.h>

enum { WALLTIME_SIZE = 40 };

/* "2026-11-25T07:10:15.123Z" of nanoseconds since 1970, in UTC (ISO 8601). */
const char *walltime_text(int64_t ns, char out[WALLTIME_SIZE]);

#endif
