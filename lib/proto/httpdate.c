#include "proto/httpdate.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* Days from the epoch to a date of the proleptic Gregorian calendar. */
static int64_t days(int64_t year, int month, int day)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int64_t y = month > 2 ? year : year - 1; /* the last year whose leap day is counted */
    return (year - 1970) * 365 + (y / 4 - y / 100 + y / 400) - (1969 / 4 - 1969 / 100 + 1969 / 400) +
           before[month - 1] + day - 1;
}

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

static int month_of(const char *name)
{
    for (int i = 0; i < 12; i++)
        if (strncmp(months + 3 * i, name, 3) == 0)
            return i + 1;
    return 0;
}

bool httpdate_parse(const char *text, int64_t *out_s)
{
    char month[4] = "";
    int day = 0, year = 0, hour = 0, minute = 0, second = 0, n = 0;
    const char *comma = strchr(text, ',');
    if (comma &&
        sscanf(comma + 1, " %2d %3s %4d %2d:%2d:%2d GMT%n", &day, month, &year, &hour, &minute, &second, &n) == 6 &&
        n > 0) {
        /* RFC 9110's own form. */
    } else if (n = 0, comma &&
                          sscanf(comma + 1, " %2d-%3s-%2d %2d:%2d:%2d GMT%n", &day, month, &year, &hour, &minute,
                                 &second, &n) == 6 &&
                          n > 0) {
        year += year < 70 ? 2000 : 1900;
    } else if (comma ||
               sscanf(text, "%*3s %3s %2d %2d:%2d:%2d %4d", month, &day, &hour, &minute, &second, &year) != 6) {
        return false;
    }
    int m = month_of(month);
    if (!m || day < 1 || day > 31 || year < 1601 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
        second > 60)
        return false;
    *out_s = ((days(year, m, day) * 24 + hour) * 60 + minute) * 60 + second;
    return true;
}

bool httpdate_write(char out[HTTPDATE_SIZE], int64_t s)
{
    static const char weekdays[] = "SunMonTueWedThuFriSat";
    struct tm tm;
    time_t at = (time_t)s;
    if (!gmtime_r(&at, &tm) || tm.tm_year < -1900 || tm.tm_year > 9999 - 1900)
        return false;
    /* The remainders change nothing: they show the compiler how long it gets. */
    snprintf(out, HTTPDATE_SIZE, "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT", weekdays + 3 * tm.tm_wday,
             (unsigned)tm.tm_mday % 100, months + 3 * tm.tm_mon, (unsigned)(tm.tm_year + 1900) % 10000,
             (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
    return true;
}

bool httpdate_retry_after(const char *text, int64_t now_s, uint64_t *out_s)
{
    int64_t at_s;
    uint64_t s = 0;
    if (httpdate_parse(text, &at_s)) {
        *out_s = at_s > now_s ? (uint64_t)(at_s - now_s) : 0;
        return true;
    }
    if (*text < '0' || *text > '9')
        return false;
    for (; *text >= '0' && *text <= '9'; text++)
        if (s < UINT64_MAX / 100)
            s = s * 10 + (uint64_t)(*text - '0');
    if (text[strspn(text, " \t")] != '\0')
        return false;
    *out_s = s;
    return true;
}
