/* HTTP's times (RFC 9110 section 5.6.7). Sans-IO; no locale, no time zone of the machine's. */
#ifndef AFETCH_PROTO_HTTPDATE_H
#define AFETCH_PROTO_HTTPDATE_H

#include <stdbool.h>
#include <stdint.h>

/* Reads an HTTP date of any of the three forms ("Sun, 06 Nov 1994 08:49:37 GMT", RFC 850's, asctime's) as seconds since
 * the epoch. False for anything else. */
bool httpdate_parse(const char *text, int64_t *out_s);

/* Writes seconds since the epoch in RFC 9110's own form, with its NUL. False for a year that is not of four digits. */
enum { HTTPDATE_SIZE = 30 };
bool httpdate_write(char out[HTTPDATE_SIZE], int64_t s);

/* Retry-After: so many seconds from now_s (the epoch's) on, from a number or a date. A date that has passed is 0. False
 * for what is neither. */
bool httpdate_retry_after(const char *text, int64_t now_s, uint64_t *out_s);

#endif
