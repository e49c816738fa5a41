#include "date.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

enum { PARTS_MAX = 6, WORD_MAX = 9, YEAR_MIN = 1583, UNKNOWN = -1 };

/* What was read so far. */
struct when {
    int weekday, month, day, year; /* month from 0; UNKNOWN, as the following */
    int hour, minute, second;
    int zone_s; /* what is to be added for UTC */
    bool zoned;
    bool year_next; /* of the next number, if it may be a day too */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* ---- words ------------------------------------------------------------------------------------------------------ */

static int find(const char *const *names, int count, const char *word, size_t len, size_t shown)
{
    for (int i = 0; i < count; i++) {
        size_t n = shown ? shown : strlen(names[i]);
        if (n == len && strncasecmp(names[i], word, n) == 0)
            return i;
    }
    return UNKNOWN;
}

static int find_weekday(const char *word, size_t len)
{
    static const char *const names[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
    return find(names, 7, word, len, len == 3 ? 3 : 0);
}

static int find_month(const char *word, size_t len)
{
    static const char *const names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    return find(names, 12, word, len, 0);
}

/* The names that RFC 822 and curl know; in minutes west of Greenwich, as curl has them. */
static bool find_zone(const char *word, size_t len, int *out_s)
{
    static const struct {
        const char *name;
        int minutes;
    } zones[] = {{"GMT", 0},     {"UT", 0},      {"UTC", 0},     {"Z", 0},       {"WET", 0},     {"BST", -60},
                 {"WAT", -60},   {"CET", -60},   {"MET", -60},   {"MEWT", -60},  {"FWT", -60},   {"CEST", -120},
                 {"MEST", -120}, {"MESZ", -120}, {"FST", -120},  {"EET", -120},  {"WAST", -420}, {"WADT", -480},
                 {"CCT", -480},  {"JST", -540},  {"EAST", -600}, {"EADT", -660}, {"GST", -600},  {"NZT", -720},
                 {"NZST", -720}, {"NZDT", -780}, {"IDLE", -720}, {"AST", 240},   {"ADT", 180},   {"EST", 300},
                 {"EDT", 240},   {"CST", 360},   {"CDT", 300},   {"MST", 420},   {"MDT", 360},   {"PST", 480},
                 {"PDT", 420},   {"YST", 540},   {"YDT", 480},   {"HST", 600},   {"HDT", 540},   {"CAT", 600},
                 {"AHST", 600},  {"NT", 660},    {"IDLW", 720}};
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++)
        if (strlen(zones[i].name) == len && strncasecmp(zones[i].name, word, len) == 0) {
            *out_s = zones[i].minutes * 60;
            return true;
        }
    return false;
}

static bool take_word(const char **text, struct when *w)
{
    const char *word = *text;
    size_t len = 0;
    int found;
    while (is_letter(word[len]))
        len++;
    *text += len;
    if (len > WORD_MAX)
        return false;
    if (w->weekday == UNKNOWN && (found = find_weekday(word, len)) != UNKNOWN) {
        w->weekday = found;
        return true;
    }
    if (w->month == UNKNOWN && (found = find_month(word, len)) != UNKNOWN) {
        w->month = found;
        return true;
    }
    if (w->zoned)
        return false;
    w->zoned = find_zone(word, len, &w->zone_s);
    return w->zoned;
}

/* ---- numbers ---------------------------------------------------------------------------------------------------- */

/* One or two digits; UNKNOWN without any. */
static int take_two(const char **text)
{
    const char *s = *text;
    if (!is_digit(s[0]))
        return UNKNOWN;
    *text += is_digit(s[1]) ? 2 : 1;
    return is_digit(s[1]) ? (s[0] - '0') * 10 + (s[1] - '0') : s[0] - '0';
}

/* "8:49" or "08:49:37" */
static bool take_time(const char **text, struct when *w)
{
    const char *s = *text;
    int hour = take_two(&s), minute, second = 0;
    if (*s != ':' || hour > 23)
        return false;
    s++;
    minute = take_two(&s);
    if (minute == UNKNOWN || minute > 59)
        return false;
    if (*s == ':' && is_digit(s[1])) {
        s++;
        second = take_two(&s);
        if (second > 60)
            return false;
    }
    w->hour = hour;
    w->minute = minute;
    w->second = second;
    *text = s;
    return true;
}

/* "+0130" is 90 minutes east of Greenwich: so much less is UTC. */
static bool set_zone(struct when *w, char sign, int n)
{
    if (w->zoned || n > 1400 || (sign != '+' && sign != '-'))
        return false;
    w->zone_s = (n / 100 * 60 + n % 100) * (sign == '+' ? -60 : 60);
    w->zoned = true;
    return true;
}

/* YYYYMMDD */
static bool set_compact(struct when *w, int n)
{
    if (w->year != UNKNOWN || w->month != UNKNOWN || w->day != UNKNOWN)
        return false;
    w->year = n / 10000;
    w->month = n / 100 % 100 - 1;
    w->day = n % 100;
    return true;
}

static bool set_day_or_year(struct when *w, int n)
{
    if (!w->year_next && w->day == UNKNOWN) {
        w->year_next = true;
        if (n > 0 && n < 32) {
            w->day = n;
            return true;
        }
    }
    if (!w->year_next || w->year != UNKNOWN)
        return false;
    w->year = n >= 100 ? n : n + (n > 70 ? 1900 : 2000);
    w->year_next = w->day != UNKNOWN;
    return true;
}

/* before: what stands in front of it. */
static bool take_number(const char **text, char before, struct when *w)
{
    if (w->second == UNKNOWN && take_time(text, w))
        return true;
    size_t digits = 0;
    int n = 0;
    for (; is_digit(**text); ++*text, digits++) {
        if (digits == 8)
            return false;
        n = n * 10 + (**text - '0');
    }
    if (digits == 4 && set_zone(w, before, n))
        return true;
    return digits == 8 && set_compact(w, n) ? true : set_day_or_year(w, n);
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

/* Days from the epoch to a date of the proleptic Gregorian calendar. */
static int64_t days(int year, int month, int day)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int y = month > 1 ? year : year - 1; /* the last year whose leap day is counted */
    return (int64_t)(year - 1970) * 365 + (y / 4 - y / 100 + y / 400) - (1969 / 4 - 1969 / 100 + 1969 / 400) +
           before[month] + day - 1;
}

static bool is_date(const struct when *w)
{
    return w->day > 0 && w->day < 32 && w->month >= 0 && w->month < 12 && w->year >= YEAR_MIN;
}

bool date_parse(const char *text, int64_t *out_s)
{
    struct when w = {UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, 0, false, false};
    const char *at = text;
    for (int part = 0; part < PARTS_MAX && *at; part++) {
        while (*at && !is_letter(*at) && !is_digit(*at))
            at++;
        bool ok = !*at || (is_letter(*at) ? take_word(&at, &w) : take_number(&at, at > text ? at[-1] : '\0', &w));
        if (!ok)
            return false;
    }
    if (!is_date(&w))
        return false;
    if (w.second == UNKNOWN)
        w.hour = w.minute = w.second = 0;
    *out_s = ((days(w.year, w.month, w.day) * 24 + w.hour) * 60 + w.minute) * 60 + w.second + w.zone_s;
    return true;
}
