#include "walltime.h"

#include <stdio.h>
#include <time.h>

const char *walltime_text(int64_t ns, char out[WALLTIME_SIZE])
{
    time_t seconds = (time_t)(ns / 1000000000);
    struct tm tm;
    char day[WALLTIME_SIZE - 8] = "";
    if (gmtime_r(&seconds, &tm))
        strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out, WALLTIME_SIZE, "%s.%03dZ", day, (int)(ns / 1000000 % 1000));
    return out;
}
