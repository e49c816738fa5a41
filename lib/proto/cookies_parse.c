#include "proto/cookies_impl.h"

#include <string.h>

/* ---- text: ASCII whatever the locale --------------------------------------------------------------------------------- */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

struct slice cookie_trim(struct slice s)
{
    while (s.len > 0 && is_blank(s.at[0])) {
        s.at++;
        s.len--;
    }
    while (s.len > 0 && is_blank(s.at[s.len - 1]))
        s.len--;
    return s;
}

bool cookie_equals(struct slice s, const char *text)
{
    size_t i = 0;
    while (i < s.len && text[i] && lower(s.at[i]) == text[i])
        i++;
    return i == s.len && !text[i];
}

bool cookie_has_control(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (is_control(s.at[i]))
            return true;
    return false;
}

int64_t cookie_number(struct slice digits)
{
    int64_t n = 0;
    for (size_t i = 0; i < digits.len; i++) {
        int digit = digits.at[i] - '0';
        if (n > (INT64_MAX - digit) / 10)
            return INT64_MAX;
        n = n * 10 + digit;
    }
    return n;
}

bool cookie_path_matches(struct slice path, struct slice of_cookie)
{
    if (path.len < of_cookie.len || memcmp(path.at, of_cookie.at, of_cookie.len) != 0)
        return false;
    return path.len == of_cookie.len || of_cookie.at[of_cookie.len - 1] == '/' || path.at[of_cookie.len] == '/';
}

bool cookie_is_address(struct slice host)
{
    if (memchr(host.at, ':', host.len))
        return true;
    size_t at = host.len;
    while (at > 0 && is_digit(host.at[at - 1]))
        at--;
    return at < host.len && (at == 0 || host.at[at - 1] == '.'); /* no top-level domain is a number */
}

/* ---- dates: 6265bis section 5.1.1 ---------------------------------------------------------------------------------- */

struct date {
    bool has_time, has_day, has_month, has_year;
    int hour, minute, second, day, month, year;
};

static bool is_delimiter(char c)
{
    unsigned char u = (unsigned char)c;
    return u == 0x09 || (u >= 0x20 && u <= 0x2f) || (u >= 0x3b && u <= 0x40) || (u >= 0x5b && u <= 0x60) ||
           (u >= 0x7b && u <= 0x7e);
}

/* A number of least to most digits, with no other digit behind it. Moves s behind it. */
static bool take_number(struct slice *s, size_t least, size_t most, int *out)
{
    size_t n = 0;
    while (n < s->len && is_digit(s->at[n]))
        n++;
    if (n < least || n > most)
        return false;
    *out = (int)cookie_number((struct slice){s->at, n});
    s->at += n;
    s->len -= n;
    return true;
}

static bool take_colon(struct slice *s)
{
    if (s->len == 0 || s->at[0] != ':')
        return false;
    s->at++;
    s->len--;
    return true;
}

static bool read_time(struct slice token, struct date *d)
{
    int hour, minute, second;
    if (!take_number(&token, 1, 2, &hour) || !take_colon(&token) || !take_number(&token, 1, 2, &minute) ||
        !take_colon(&token) || !take_number(&token, 1, 2, &second))
        return false;
    d->hour = hour;
    d->minute = minute;
    d->second = second;
    return true;
}

static bool read_month(struct slice token, struct date *d)
{
    static const char *const names[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                        "jul", "aug", "sep", "oct", "nov", "dec"};
    for (int i = 0; token.len >= 3 && i < 12; i++)
        if (cookie_equals((struct slice){token.at, 3}, names[i])) {
            d->month = i + 1;
            return true;
        }
    return false;
}

static void read_token(struct slice token, struct date *d)
{
    if (!d->has_time && read_time(token, d))
        d->has_time = true;
    else if (!d->has_day && take_number(&token, 1, 2, &d->day))
        d->has_day = true;
    else if (!d->has_month && read_month(token, d))
        d->has_month = true;
    else if (!d->has_year && take_number(&token, 2, 4, &d->year))
        d->has_year = true;
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static bool exists(const struct date *d)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return d->has_time && d->has_day && d->has_month && d->has_year && d->year >= 1601 && d->hour <= 23 &&
           d->minute <= 59 && d->second <= 59 && d->day >= 1 &&
           d->day <= days[d->month - 1] + (d->month == 2 && is_leap(d->year));
}

/* Days from 1970-01-01, in the Gregorian calendar. Years begin in March, so that the leap day is their last. */
static int64_t days_from_epoch(const struct date *d)
{
    int64_t year = d->month > 2 ? d->year : d->year - 1;
    int64_t month = d->month > 2 ? d->month - 3 : d->month + 9;
    int64_t before = (153 * month + 2) / 5; /* days of the months before: 31, 30, 31, 30, 31, twice and a half */
    return year * 365 + year / 4 - year / 100 + year / 400 + before + d->day - 1 - 719468;
}

bool cookie_parse_date(struct slice text, int64_t *seconds)
{
    struct date d = {0};
    for (size_t at = 0; at < text.len; at++) {
        size_t begin = at;
        while (at < text.len && !is_delimiter(text.at[at]))
            at++;
        if (at > begin)
            read_token((struct slice){text.at + begin, at - begin}, &d);
    }
    if (d.has_year && d.year < 100)
        d.year += d.year < 70 ? 2000 : 1900;
    if (!exists(&d))
        return false;
    *seconds = days_from_epoch(&d) * 86400 + d.hour * 3600 + d.minute * 60 + d.second;
    return true;
}

/* ---- the field: 6265bis section 5.6 --------------------------------------------------------------------------------- */

/* What is before the first c, or all of s; s is what is behind it then. false: there is no c. */
static bool cut(struct slice *s, char c, struct slice *before)
{
    const char *at = s->len ? memchr(s->at, c, s->len) : NULL;
    if (!at) {
        *before = *s;
        *s = (struct slice){s->at + s->len, 0};
        return false;
    }
    size_t len = (size_t)(at - s->at);
    *before = (struct slice){s->at, len};
    *s = (struct slice){at + 1, s->len - len - 1};
    return true;
}

struct expiry {
    bool by_date, by_age;
    int64_t date, age;
};

static void read_max_age(struct slice value, int64_t now, struct expiry *e)
{
    bool negative = value.len > 0 && value.at[0] == '-';
    struct slice digits = {value.at + negative, value.len - negative};
    if (digits.len == 0)
        return;
    for (size_t i = 0; i < digits.len; i++)
        if (!is_digit(digits.at[i]))
            return;
    int64_t age = cookie_number(digits);
    e->by_age = true;
    e->age = negative ? INT64_MIN : now + (age < COOKIES_AGE_MAX ? age : COOKIES_AGE_MAX);
}

static void read_expires(struct slice value, int64_t now, struct expiry *e)
{
    int64_t date;
    if (!cookie_parse_date(value, &date))
        return;
    e->by_date = true;
    e->date = date < now + COOKIES_AGE_MAX ? date : now + COOKIES_AGE_MAX;
}

static void read_domain(struct slice value, struct cookie_said *out)
{
    bool dot = value.len > 0 && value.at[0] == '.';
    out->domain = (struct slice){value.at + dot, value.len - dot};
}

static void read_path(struct slice value, struct cookie_said *out)
{
    out->path_said = true;
    out->path = value.len > 0 && value.at[0] == '/' ? value : (struct slice){value.at, 0};
}

static void read_attribute(struct slice av, int64_t now, struct cookie_said *out, struct expiry *e)
{
    struct slice name;
    cut(&av, '=', &name);
    name = cookie_trim(name);
    struct slice value = cookie_trim(av);
    if (value.len > COOKIES_ATTRIBUTE_MAX)
        return;
    if (cookie_equals(name, "expires"))
        read_expires(value, now, e);
    else if (cookie_equals(name, "max-age"))
        read_max_age(value, now, e);
    else if (cookie_equals(name, "domain"))
        read_domain(value, out);
    else if (cookie_equals(name, "path"))
        read_path(value, out);
    else if (cookie_equals(name, "secure"))
        out->secure = true;
    else if (cookie_equals(name, "httponly"))
        out->http_only = true;
}

static bool has_control_but_tab(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (is_control(s.at[i]) && s.at[i] != '\t')
            return true;
    return false;
}

bool cookie_parse(struct cookie_said *out, struct slice field, int64_t now, const char **why)
{
    *out = (struct cookie_said){0};
    struct slice pair, name;
    if (has_control_but_tab(field)) {
        *why = "it has a control character";
        return false;
    }
    cut(&field, ';', &pair);
    bool named = cut(&pair, '=', &name);
    out->name = named ? cookie_trim(name) : (struct slice){name.at, 0};
    out->value = cookie_trim(named ? pair : name);
    struct expiry e = {0};
    while (field.len > 0) {
        struct slice av;
        cut(&field, ';', &av);
        read_attribute(av, now, out, &e);
    }
    out->persistent = e.by_age || e.by_date;
    out->expires = e.by_age ? e.age : e.date;
    return true;
}
