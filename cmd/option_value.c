/* What the values of options are read as. */
#include "option_value.h"

#include <string.h>

enum { SECONDS_MAX = 1000000000 };

bool value_digits(const char *s, uint64_t *out)
{
    uint64_t n = 0;
    if (!*s)
        return false;
    for (; *s; s++) {
        if (*s < '0' || *s > '9' || n > (UINT64_MAX - 9) / 10)
            return false;
        n = n * 10 + (uint64_t)(*s - '0');
    }
    *out = n;
    return true;
}

/* "100", "10k", "1.5M": by 1024, as in curl. */
bool value_size(const char *s, uint64_t *out)
{
    static const char units[] = "kmgtp";
    uint64_t whole = 0, tenths = 0, unit = 1;
    size_t digits = strspn(s, "0123456789");
    if (digits == 0 || digits > 12)
        return false;
    for (; digits > 0; digits--)
        whole = whole * 10 + (uint64_t)(*s++ - '0');
    if (s[0] == '.' && s[1] >= '0' && s[1] <= '9') {
        tenths = (uint64_t)(s[1] - '0');
        s += 2 + strspn(s + 2, "0123456789");
    }
    const char *at = *s ? strchr(units, *s | 32) : NULL;
    for (const char *u = units; at && u <= at; u++)
        unit *= 1024;
    if (at)
        s++;
    if ((*s | 32) == 'b')
        s++;
    if (*s || whole > UINT64_MAX / 2 / unit)
        return false;
    *out = whole * unit + tenths * (unit / 10);
    return true;
}

/* Digits that may be missing. */
static bool take_digits(const char **s, uint64_t *out, uint64_t missing)
{
    char digits[20];
    size_t len = strspn(*s, "0123456789");
    if (len >= sizeof digits)
        return false;
    memcpy(digits, *s, len);
    digits[len] = '\0';
    *s += len;
    *out = missing;
    return len == 0 || value_digits(digits, out);
}

/* In seconds; 0: it is none. */
static uint64_t unit_of(char letter)
{
    switch (letter) {
    case 's':
        return 1;
    case 'm':
        return 60;
    case 'h':
        return 3600;
    case 'd':
        return 24 * 3600;
    default:
        return 0;
    }
}

bool value_rate(const char *s, uint64_t *out_us)
{
    uint64_t count, times = 1, unit = unit_of('h');
    bool ok = take_digits(&s, &count, 0) && count > 0;
    if (ok && *s == '/') {
        s++;
        ok = take_digits(&s, &times, 1) && times > 0 && (unit = unit_of(*s)) > 0;
        s += ok;
    }
    if (!ok || *s || times > SECONDS_MAX / unit)
        return false;
    *out_us = times * unit * 1000000 / count;
    return true;
}

static bool take_status(const char **s)
{
    size_t n = strspn(*s, "0123456789");
    bool ok = n == 3 && **s != '0';
    *s += n;
    return ok;
}

bool value_is_statuses(const char *s)
{
    bool ok = true;
    do {
        const char *low = s;
        ok = take_status(&s);
        if (ok && *s == '-') {
            const char *high = ++s;
            ok = take_status(&s) && strncmp(low, high, 3) <= 0;
        }
    } while (ok && *s == ',' && s++);
    return ok && !*s;
}

/* "2", "0.25", ".5": in milliseconds, a positive time never less than one. */
bool value_seconds(const char *s, uint64_t *out_ms)
{
    uint64_t ms = 0, unit = 100;
    bool digits = false, rest = false;
    for (; *s >= '0' && *s <= '9'; s++, digits = true) {
        ms = ms * 10 + (uint64_t)(*s - '0');
        if (ms > SECONDS_MAX)
            return false;
    }
    ms *= 1000;
    if (*s == '.')
        for (s++; *s >= '0' && *s <= '9'; s++, unit /= 10, digits = true) {
            ms += (uint64_t)(*s - '0') * unit;
            rest = rest || *s != '0';
        }
    if (!digits || *s)
        return false;
    *out_ms = ms == 0 && rest ? 1 : ms;
    return true;
}

/* A header field's value may not hold line ends or other control characters: what follows would be another header
 * (RFC 9110 section 5.5). */
bool value_is_field(const char *s)
{
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

bool value_is_token(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}
