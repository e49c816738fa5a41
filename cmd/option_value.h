/* The values of options as they are written on a command line; each is read to its end, or is none. Used by option_set.c.
 */
#ifndef AFETCH_CMD_OPTION_VALUE_H
#define AFETCH_CMD_OPTION_VALUE_H

#include <stdbool.h>
#include <stdint.h>

bool value_digits(const char *s, uint64_t *out);
/* In bytes: "100", "10k", "1.5M". */
bool value_size(const char *s, uint64_t *out);
/* In milliseconds: "2", "0.25". */
bool value_seconds(const char *s, uint64_t *out_ms);
/* Of "N", "N/U" or "N/MU", with U one of s m h d, the microseconds from one to the next, rounded; 0 for over a million a
 * second. */
bool value_rate(const char *s, uint64_t *out_us);
/* "200-299,404" */
bool value_is_statuses(const char *s);
/* It can stand in a head's field, or as its name. */
bool value_is_field(const char *s);
bool value_is_token(unsigned char c);

#endif
