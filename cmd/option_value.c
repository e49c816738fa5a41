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
