#include "glob.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* curl's limits. */
enum {
    PARTS_MAX = 255,       /* globs, and the texts between them */
    ELEMENTS_MAX = 100000, /* of one {} */
    LETTERS_MAX = 26,
    NAME_MAX_LEN = 64,
    IPV6_MAX = 127, /* with its brackets */
    ZONE_MAX = 15
};

enum part_kind {
    PART_TEXT, /* between globs: a set of one */
    PART_SET,
    PART_LETTERS,
    PART_NUMBERS
};

struct glob_part {
    enum part_kind kind;
    const char *name; /* in the text; NULL: it has none */
    size_t name_len;
    size_t first;                /* PART_TEXT, PART_SET: of its elements; the counter goes through them */
    uint64_t min, max, step, at; /* all at most INT64_MAX */
    size_t width;                /* PART_NUMBERS: with zeros in front; 0: as short as they are */
};

struct element {
    size_t start, len; /* in chars */
};

struct glob {
    struct glob_part *parts;
    size_t part_count;
    struct element *elements;
    size_t element_count;
    struct text chars;
    struct text url;
    bool begun;
};

/* ---- what is read goes here ---------------------------------------------------------------------------------------- */

struct glob_reader {
    struct glob *g;
    const char *text, *at;
    uint64_t amount; /* URLs so far */
    struct glob_error *error;
};

static bool glob_bad(struct glob_reader *p, const char *what, const char *where)
{
    *p->error = (struct glob_error){what, (size_t)(where - p->text) + 1};
    return false;
}

static bool glob_no_memory(struct glob_reader *p)
{
    *p->error = (struct glob_error){"out of memory", 0};
    return false;
}

/* Room for one more behind count of them. */
static void *grow(void *items, size_t count, size_t size)
{
    bool full = (count & (count - 1)) == 0; /* powers of two are, and 0 */
    return full ? realloc(items, (count ? count * 2 : 1) * size) : items;
}

static bool add_part(struct glob_reader *p, const struct glob_part *part)
{
    struct glob *g = p->g;
    if (g->part_count == PARTS_MAX)
        return glob_bad(p, "too many {} sets", p->at);
    struct glob_part *parts = grow(g->parts, g->part_count, sizeof *parts);
    if (!parts)
        return glob_no_memory(p);
    g->parts = parts;
    parts[g->part_count] = *part;
    parts[g->part_count++].at = part->min;
    return true;
}

/* What has come to chars since start is one. */
static bool add_element(struct glob_reader *p, size_t start)
{
    struct glob *g = p->g;
    struct element *elements = grow(g->elements, g->element_count, sizeof *elements);
    if (!elements || g->chars.failed)
        return glob_no_memory(p);
    g->elements = elements;
    elements[g->element_count++] = (struct element){start, g->chars.len - start};
    return true;
}

/* There are count times as many URLs. */
static bool multiply(struct glob_reader *p, uint64_t count)
{
    if (count > INT64_MAX / p->amount)
        return glob_bad(p, "range overflow", p->at);
    p->amount *= count;
    return true;
}

/* ---- texts ----------------------------------------------------------------------------------------------------------- */

/* How long the IPv6 address in brackets at s is; 0: there is none. */
static size_t ipv6_at(const char *s)
{
    char address[IPV6_MAX + 1];
    struct in6_addr bytes;
    size_t len = strcspn(s, "]") + 1, zone = strcspn(s, "%]");
    if (!s[len - 1] || len > IPV6_MAX)
        return 0;
    memcpy(address, s + 1, zone - 1);
    address[zone - 1] = '\0';
    if (s[zone] == '%') { /* "%25" too, as it stands in a URL (RFC 6874) */
        size_t escape = strncmp(s + zone, "%25", 3) == 0 && s[zone + 3] != ']' ? 3 : 1;
        size_t zone_len = len - 1 - zone - escape;
        if (zone_len == 0 || zone_len > ZONE_MAX)
            return 0;
    }
    return inet_pton(AF_INET6, address, &bytes) == 1 ? len : 0;
}

/* How many bytes at s stand for themselves: an address or "[]" as a whole; 0 for a glob. */
static size_t plain_at(const char *s)
{
    if (*s != '[')
        return *s == '{' ? 0 : 1;
    return s[1] == ']' ? 2 : ipv6_at(s);
}

static bool read_text(struct glob_reader *p)
{
    struct glob *g = p->g;
    size_t start = g->chars.len, len;
    while (*p->at && (len = plain_at(p->at)) > 0) {
        if (*p->at == '}' || *p->at == ']')
            return glob_bad(p, "unmatched close brace/bracket", p->at);
        if (*p->at == '\\' && p->at[1] && strchr("{}[]", p->at[1]))
            p->at++; /* these alone can be escaped here */
        text_add(&g->chars, p->at, len);
        p->at += len;
    }
    if (g->chars.len == start)
        return true;
    struct glob_part part = {.kind = PART_TEXT, .first = g->element_count, .step = 1};
    return add_element(p, start) && add_part(p, &part);
}

/* ---- {a,b} ------------------------------------------------------------------------------------------------------------ */

/* One element, up to the ',' or '}' behind it. */
static bool read_element(struct glob_reader *p)
{
    for (; *p->at != ',' && *p->at != '}'; p->at++) {
        if (!*p->at)
            return glob_bad(p, "unmatched brace", p->at);
        if (*p->at == '{' || *p->at == '[')
            return glob_bad(p, "nested brace", p->at);
        if (*p->at == ']')
            return glob_bad(p, "unexpected close bracket", p->at);
        if (*p->at == '\\' && p->at[1])
            p->at++;
        text_add(&p->g->chars, p->at, 1);
    }
    return true;
}

static bool read_set(struct glob_reader *p, struct glob_part *part)
{
    struct glob *g = p->g;
    part->kind = PART_SET;
    part->first = g->element_count;
    part->step = 1;
    if (*p->at == '}')
        return glob_bad(p, "empty string within braces", p->at);
    for (bool more = true; more; p->at++) {
        size_t start = g->chars.len;
        if (!read_element(p))
            return false;
        if (g->element_count - part->first == ELEMENTS_MAX)
            return glob_bad(p, "range overflow", p->at);
        if (!add_element(p, start))
            return false;
        more = *p->at == ',';
    }
    part->max = g->element_count - part->first - 1;
    return multiply(p, part->max + 1);
}

/* ---- [1-9] and [a-z] --------------------------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool take(struct glob_reader *p, char c)
{
    bool there = *p->at == c;
    p->at += there;
    return there;
}

static bool take_number(struct glob_reader *p, uint64_t *out)
{
    const char *s = p->at;
    uint64_t n = 0;
    for (; is_digit(*s); s++) {
        uint64_t digit = (uint64_t)(*s - '0');
        if (n > (INT64_MAX - digit) / 10)
            return false;
        n = n * 10 + digit;
    }
    bool there = s > p->at;
    p->at = s;
    *out = n;
    return there;
}

/* "]", or ":STEP]". */
static bool take_step(struct glob_reader *p, uint64_t *step)
{
    *step = 1;
    return take(p, ']') || (take(p, ':') && take_number(p, step) && take(p, ']'));
}

/* A range goes up, and its step does not lead out of it at once. */
static bool is_range(const struct glob_part *part)
{
    uint64_t span = part->max - part->min;
    return part->min == part->max ? part->step == 1 : part->min < part->max && part->step > 0 && part->step <= span;
}

static bool read_letters(struct glob_reader *p, struct glob_part *part)
{
    const char *s = p->at;
    part->kind = PART_LETTERS;
    if (s[1] != '-' || !s[2] || (s[3] != ']' && s[3] != ':'))
        return glob_bad(p, "bad range", p->at);
    part->min = (unsigned char)s[0];
    part->max = (unsigned char)s[2]; /* what is no letter may do, as in curl: [Z-a] */
    p->at += 3;
    if (!take_step(p, &part->step) || !is_range(part) || part->max - part->min >= LETTERS_MAX)
        return glob_bad(p, "bad range", p->at);
    return multiply(p, (part->max - part->min) / part->step + 1);
}

static bool read_numbers(struct glob_reader *p, struct glob_part *part)
{
    part->kind = PART_NUMBERS;
    part->width = *p->at == '0' ? strspn(p->at, "0123456789") : 0;
    bool there = take_number(p, &part->min) && take(p, '-');
    if (there)
        p->at += strspn(p->at, " \t");
    if (!there || !take_number(p, &part->max) || !take_step(p, &part->step) || !is_range(part))
        return glob_bad(p, "bad range", p->at);
    if (part->max > INT64_MAX - part->step)
        return glob_bad(p, "range end/step overflow", p->at);
    return multiply(p, (part->max - part->min) / part->step + 1);
}

/* ---- the whole --------------------------------------------------------------------------------------------------------- */

/* What looks like a name and is none is an element, as it was before there were names. */
size_t glob_name_at(const char *s)
{
    size_t len = *s == '<' ? strcspn(s + 1, ">") : 0;
    return len > 0 && len <= NAME_MAX_LEN && s[1 + len] == '>' ? len : 0;
}

static bool read_name(struct glob_reader *p, struct glob_part *part)
{
    size_t len = glob_name_at(p->at);
    if (len == 0)
        return true;
    if (glob_find_name(p->g, p->at + 1, len))
        return glob_bad(p, "duplicate glob name", p->at + len + 1);
    part->name = p->at + 1;
    part->name_len = len;
    p->at += len + 2;
    return true;
}

static bool read_glob(struct glob_reader *p)
{
    struct glob_part part = {0};
    bool set = *p->at++ == '{';
    if (!read_name(p, &part))
        return false;
    if (set)
        return read_set(p, &part) && add_part(p, &part);
    if (is_letter(*p->at))
        return read_letters(p, &part) && add_part(p, &part);
    if (is_digit(*p->at))
        return read_numbers(p, &part) && add_part(p, &part);
    return glob_bad(p, "bad range specification", p->at);
}

struct glob *glob_new(const char *text, struct glob_error *error)
{
    struct glob_reader p = {.g = calloc(1, sizeof *p.g), .text = text, .at = text, .amount = 1, .error = error};
    bool ok = p.g || glob_no_memory(&p);
    while (ok && *p.at)
        ok = read_text(&p) && (!*p.at || read_glob(&p));
    if (ok)
        return p.g;
    glob_free(p.g);
    return NULL;
}

void glob_free(struct glob *g)
{
    if (!g)
        return;
    free(g->parts);
    free(g->elements);
    text_deinit(&g->chars);
    text_deinit(&g->url);
    free(g);
}

/* ---- one by one --------------------------------------------------------------------------------------------------------- */

/* The last part counts up, and carries. False: all were there. */
static bool advance(struct glob *g)
{
    for (size_t i = g->part_count; i-- > 0;) {
        struct glob_part *part = &g->parts[i];
        if (part->max - part->at >= part->step) {
            part->at += part->step;
            return true;
        }
        part->at = part->min;
    }
    return false;
}

void glob_add_value(const struct glob *g, const struct glob_part *part, struct text *out)
{
    if (part->kind == PART_LETTERS) {
        char letter = (char)part->at;
        text_add(out, &letter, 1);
    } else if (part->kind == PART_NUMBERS) {
        text_addf(out, "%0*llu", (int)part->width, (unsigned long long)part->at);
    } else {
        const struct element *e = &g->elements[part->first + part->at];
        text_add(out, g->chars.data + e->start, e->len);
    }
}

const struct text *glob_next(struct glob *g)
{
    if (g->begun && !advance(g))
        return NULL;
    g->begun = true;
    text_clear(&g->url);
    text_adds(&g->url, "");
    for (size_t i = 0; i < g->part_count; i++)
        glob_add_value(g, &g->parts[i], &g->url);
    return &g->url;
}

const struct glob_part *glob_find(const struct glob *g, size_t n)
{
    for (size_t i = 0; i < g->part_count; i++)
        if (g->parts[i].kind != PART_TEXT && --n == 0)
            return &g->parts[i];
    return NULL;
}

const struct glob_part *glob_find_name(const struct glob *g, const char *name, size_t len)
{
    for (size_t i = 0; i < g->part_count; i++)
        if (g->parts[i].name && g->parts[i].name_len == len && memcmp(g->parts[i].name, name, len) == 0)
            return &g->parts[i];
    return NULL;
}
