/* Dates as people and curl write them, for -z: words and numbers in nearly any order, of which the calendar, a time of the
 * day and a zone are made. No locale, no time zone of the machine's. Depends on nothing; used by options.c. */
#ifndef AFETCH_CMD_DATE_H
#define AFETCH_CMD_DATE_H

#include <stdbool.h>
#include <stdint.h>

/* Reads what curl_getdate(3) reads: "Sun, 06 Nov 1994 08:49:37 GMT", "6-Nov-94", "1994 Nov 6 08:49", "20040912
 * 15:05:58 -0700". Without a time it is midnight, without a zone UTC. Seconds since the epoch; false for what is no
 * date. */
bool date_parse(const char *text, int64_t *out_s);

#endif
