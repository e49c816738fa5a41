#include "fetch/ranges.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "fetch/request.h"
#include "fetch/session.h"
#include "proto/httpdate.h"

void ranges_deinit(struct ranges *g)
{
    free(g->asked);
    free(g->validator);
}

/* ---- what is wished -------------------------------------------------------------------------------------------------- */

/* It can stand in a head. */
enum afetch_code afetch_request_set_range(struct afetch_request *r, const char *ranges)
{
    if (texts_have_control(ranges, strlen(ranges)))
        return AFETCH_INTERNAL;
    size_t size = strlen(ranges) + sizeof "bytes=";
    char *asked = malloc(size);
    if (!asked)
        return AFETCH_MEMORY;
    snprintf(asked, size, "bytes=%s", ranges);
    free(r->ranges.asked);
    r->ranges.asked = asked;
    return AFETCH_OK;
}

enum afetch_code afetch_request_set_resume(struct afetch_request *r, const struct afetch_resume *resume)
{
    char *validator = NULL;
    if (resume->validator && texts_have_control(resume->validator, strlen(resume->validator)))
        return AFETCH_INTERNAL;
    if (resume->validator && !(validator = strdup(resume->validator)))
        return AFETCH_MEMORY;
    free(r->ranges.validator);
    r->ranges.validator = validator;
    r->ranges.had = r->ranges.from = r->bytes = resume->offset;
    r->ranges.size = resume->size;
    r->ranges.since_s = resume->since_s;
    r->ranges.exact = resume->exact;
    return AFETCH_OK;
}

void ranges_forget(struct ranges *g)
{
    free(g->validator);
    g->validator = NULL;
    g->had = g->from = g->end = g->size = g->source = 0;
    g->exact = false;
}

/* ---- what is asked --------------------------------------------------------------------------------------------------- */

static bool has_line(char *const *lines, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strncasecmp(lines[i], name, strlen(name)) == 0)
            return true;
    return false;
}

/* A range among the headers given by hand is sent in place of ours, whatever it says. */
static bool is_by_hand(const struct afetch_request *r)
{
    return has_line(r->headers, r->header_count, "Range:") ||
           has_line(r->session->headers.line, r->session->headers.count, "Range:");
}

static uint64_t source_of(const struct afetch_request *r)
{
    return (table_hash(r->origin) * 31 ^ table_hash(r->url.target)) | 1;
}

/* A validator tells apart the versions of one resource (RFC 9110 section 8.8.1): where a redirect has led to another one,
 * it says nothing. */
static bool is_elsewhere(const struct afetch_request *r)
{
    return r->ranges.source && r->ranges.source != source_of(r);
}

/* RFC 9110 section 14.2: only for GET has a range a meaning. */
bool ranges_go_on(const struct afetch_request *r)
{
    return r->ranges.from > 0 && !is_elsewhere(r) && !r->ranges.asked && strcmp(request_method(r), "GET") == 0 &&
           !is_by_hand(r);
}

const char *ranges_field(const struct afetch_request *r, char room[RANGES_TEXT])
{
    if (!ranges_go_on(r))
        return r->upload ? NULL : r->ranges.asked;
    snprintf(room, RANGES_TEXT, "bytes=%" PRIu64 "-", r->ranges.from);
    return room;
}

const char *ranges_condition(const struct afetch_request *r)
{
    return ranges_go_on(r) ? r->ranges.validator : NULL;
}

bool ranges_continue(const struct afetch_request *r)
{
    const struct ranges *g = &r->ranges;
    return r->bytes > 0 && g->validator && !g->asked && strcmp(request_method(r), "GET") == 0 && !is_by_hand(r);
}

/* ---- what a response says ------------------------------------------------------------------------------------------------ */

/* A Content-Range; UINT64_MAX: not said. */
struct extent {
    uint64_t first, last, size;
};

static bool take_number(const char **text, uint64_t *out)
{
    uint64_t n = 0;
    const char *s = *text;
    for (; *s >= '0' && *s <= '9'; s++) {
        if (n > (UINT64_MAX - 10) / 10)
            return false;
        n = n * 10 + (uint64_t)(*s - '0');
    }
    if (s == *text)
        return false;
    *text = s;
    *out = n;
    return true;
}

/* "bytes 0-99/200", "bytes 0-99/" and a star, "bytes " and a star "/200" (RFC 9110 section 14.4). */
static bool read_extent(const char *text, struct extent *out)
{
    struct extent x = {UINT64_MAX, UINT64_MAX, UINT64_MAX};
    if (!text || strncasecmp(text, "bytes", 5) != 0)
        return false;
    text += 5;
    text += strspn(text, ": "); /* as some servers write it, and curl reads it */
    if (*text == '*')
        text++;
    else if (!take_number(&text, &x.first) || *text++ != '-' || !take_number(&text, &x.last) || x.last < x.first)
        return false;
    if (*text++ != '/')
        return false;
    if (strcmp(text, "*") != 0 && (!take_number(&text, &x.size) || *text))
        return false;
    if (x.last != UINT64_MAX && x.last >= x.size)
        return false;
    *out = x;
    return true;
}

static bool read_date(const struct http1 *response, const char *name, int64_t *out_s)
{
    const char *value = http1_find(response, name);
    return value && httpdate_parse(value, out_s);
}

/* What tells the bytes of one version from those of another: an ETag that is not weak, or a Last-Modified whose second
 * was over when the response was made (RFC 9110 section 8.8.2.2). */
static const char *strong_validator(const struct http1 *response)
{
    int64_t modified_s, date_s;
    const char *etag = http1_find(response, "ETag");
    if (etag)
        return *etag == '"' && !texts_have_control(etag, strlen(etag)) ? etag : NULL;
    bool strong = read_date(response, "Last-Modified", &modified_s) && read_date(response, "Date", &date_s) &&
                  modified_s < date_s;
    return strong ? http1_find(response, "Last-Modified") : NULL;
}

/* ---- is it the same version? --------------------------------------------------------------------------------------------- */

enum same { SAME, OTHER, UNKNOWN };

static enum same compare_field(const struct http1 *response, const char *name, const char *known)
{
    const char *value = http1_find(response, name);
    return !value ? UNKNOWN : strcmp(value, known) == 0 ? SAME : OTHER;
}

/* By age, so that it does not matter whose clock is right: the server's copy must be older than what the receiver has.
 * Times are in whole seconds: in the same one it may have changed. */
static enum same compare_ages(const struct afetch_request *r, const struct http1 *response)
{
    int64_t modified_s, date_s, now_s = (int64_t)time(NULL);
    if (r->ranges.since_s <= 0 || !read_date(response, "Last-Modified", &modified_s))
        return UNKNOWN;
    if (!read_date(response, "Date", &date_s))
        date_s = now_s;
    return date_s - modified_s > now_s - r->ranges.since_s ? SAME : OTHER;
}

static enum same compare(const struct afetch_request *r, const struct http1 *response)
{
    const char *known = r->ranges.validator;
    if (!known)
        return compare_ages(r, response);
    return compare_field(response, *known == '"' ? "ETag" : "Last-Modified", known);
}

/* What is delivered of it are no bytes of the whole: they are decoded, or still in chunks. */
static bool is_coded(const struct afetch_request *r, const struct http1 *response)
{
    return http1_find(response, "Content-Encoding") ||
           (r->session->defaults.raw && http1_find(response, "Transfer-Encoding"));
}

/* ---- a response to what goes on ------------------------------------------------------------------------------------------ */

static int refuse(struct afetch_request *r, const char *range)
{
    return error_set(&r->err, ERR_RANGE, 0, "bytes from %" PRIu64 " on were asked for, and the server sent %.60s",
                     r->ranges.from, range ? range : "no Content-Range");
}

/* Where it is wrong, and a try of ours has asked for it, there is another way. */
static int refuse_rest(struct afetch_request *r, const char *range)
{
    return r->delivering ? RANGES_AGAIN : refuse(r, range);
}

static int judge_rest(struct afetch_request *r, const struct http1 *response)
{
    struct ranges *g = &r->ranges;
    struct extent x;
    const char *range = http1_find(response, "Content-Range");
    if (!read_extent(range, &x) || x.first != g->from)
        return refuse_rest(r, range);
    enum same same = compare(r, response);
    /* A validator that was sent has been compared by the server: silence is assent. Without any, who gave the offset by
     * hand has the last word. */
    bool trusted = same == SAME || (same == UNKNOWN && (g->validator || g->exact));
    if (!trusted || is_coded(r, response) || (g->size && x.size != UINT64_MAX && x.size != g->size))
        return RANGES_AGAIN;
    g->end = x.last + 1;
    if (x.size != UINT64_MAX)
        g->size = x.size;
    return RANGES_REST;
}

/* 416: nothing is behind what the receiver has; of the whole, if it is that long. */
static int judge_unsatisfied(struct afetch_request *r, const struct http1 *response)
{
    const struct ranges *g = &r->ranges;
    struct extent x;
    bool fits = read_extent(http1_find(response, "Content-Range"), &x) && x.first == UINT64_MAX && x.size == g->from &&
                (!g->size || g->size == x.size);
    bool changed = compare(r, response) == OTHER;
    if (g->exact ? !changed : fits && !changed)
        return RANGES_WHOLE;
    return RANGES_AGAIN;
}

/* 200, from the start: it has changed, or the server knows no ranges. */
static int judge_whole(struct afetch_request *r, const struct http1 *response)
{
    const struct ranges *g = &r->ranges;
    int64_t length = http1_content_length(response);
    bool fits = length >= 0 && (uint64_t)length == g->from && !is_coded(r, response);
    if (g->exact && !g->validator)
        return fits ? RANGES_WHOLE
                    : error_set(&r->err, ERR_RANGE, 0,
                                "the server does not go on at byte %" PRIu64 ": it sent the whole", g->from);
    return fits && compare(r, response) == SAME ? RANGES_WHOLE : RANGES_NONE;
}

/* ---- a response to -r -------------------------------------------------------------------------------------------------------- */

/* The one range that was asked for, "bytes=N-M", "bytes=N-" or "bytes=-N"; false: several, or something else. */
static bool read_asked(const char *asked, uint64_t *first, uint64_t *last)
{
    const char *at = asked + sizeof "bytes=" - 1;
    *first = *last = UINT64_MAX;
    bool suffix = *at == '-';
    if (!suffix && !take_number(&at, first))
        return false;
    return *at++ == '-' && (!*at || take_number(&at, last)) && !*at && (!suffix || *last != UINT64_MAX);
}

/* A server may send less than what was asked for, but nothing else. */
static int judge_asked(struct afetch_request *r, const struct http1 *response)
{
    const char *range = http1_find(response, "Content-Range");
    uint64_t first, last;
    struct extent x;
    if (!range || !read_asked(r->ranges.asked, &first, &last))
        return RANGES_REST;
    bool ok = read_extent(range, &x) && x.first != UINT64_MAX;
    if (ok && first != UINT64_MAX)
        ok = x.first == first && x.last <= last;
    else if (ok && x.size != UINT64_MAX)
        ok = x.size - x.first <= last;
    return ok ? RANGES_REST
              : error_set(&r->err, ERR_RANGE, 0, "%.60s was asked for, and the server sent %.60s", r->ranges.asked,
                          range);
}

int ranges_judge(struct afetch_request *r, const struct http1 *response)
{
    r->ranges.end = 0;
    if (request_ends_at_head(r))
        return RANGES_NONE;
    if (r->ranges.asked && !is_by_hand(r))
        return r->status == 206 ? judge_asked(r, response) : RANGES_NONE;
    if (!ranges_go_on(r))
        return RANGES_NONE;
    switch (r->status) {
    case 206:
        return judge_rest(r, response);
    case 416:
        return judge_unsatisfied(r, response);
    case 200:
        return judge_whole(r, response);
    default:
        return RANGES_NONE;
    }
}

/* ---- what is delivered ------------------------------------------------------------------------------------------------------- */

bool ranges_can_resume(const struct afetch_request *r, const struct http1 *response)
{
    bool begins = r->status == 200 || (r->status == 206 && r->ranges.end);
    return begins && !is_coded(r, response) && !r->ranges.asked && !is_by_hand(r) &&
           strcmp(request_method(r), "GET") == 0;
}

int ranges_note(struct afetch_request *r, const struct http1 *response)
{
    struct ranges *g = &r->ranges;
    if (r->status == 206 && g->validator)
        return 0; /* it is what this response was asked by */
    const char *validator = ranges_can_resume(r, response) ? strong_validator(response) : NULL;
    if (r->status != 206) {
        int64_t length = http1_content_length(response);
        g->size = validator && length > 0 ? (uint64_t)length : 0;
    }
    g->source = validator ? source_of(r) : 0;
    return request_copy_field(&g->validator, validator);
}

int ranges_check(struct afetch_request *r, size_t len)
{
    if (!r->ranges.end || len <= r->ranges.end - r->bytes)
        return 0;
    return error_set(&r->err, ERR_RANGE, 0, "the server sent more than its Content-Range says");
}

int ranges_end(struct afetch_request *r)
{
    const struct ranges *g = &r->ranges;
    if (!g->end || (r->bytes == g->end && (!g->size || g->end == g->size)))
        return 0;
    if (r->bytes == g->end)
        return error_set(&r->err, ERR_PARTIAL, 0, "the server sent bytes up to %" PRIu64 " of %" PRIu64, g->end,
                         g->size);
    return error_set(&r->err, ERR_PARTIAL, 0, "the server sent fewer bytes than its Content-Range says");
}
