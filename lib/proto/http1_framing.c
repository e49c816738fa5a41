#include <string.h>
#include <strings.h>

#include "proto/http1_impl.h"

struct codings {
    bool any, chunked, lenient;
};

struct options {
    bool close, keep_alive;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The next element of a comma-separated list, trimmed; false at its end. */
static bool next_element(const char **rest, const char **at, size_t *len)
{
    const char *p = *rest;
    if (!p)
        return false;
    const char *end = p + strcspn(p, ",");
    *rest = *end ? end + 1 : NULL;
    while (is_blank(*p))
        p++;
    while (end > p && is_blank(end[-1]))
        end--;
    *at = p;
    *len = (size_t)(end - p);
    return true;
}

static bool is(const char *at, size_t len, const char *word)
{
    return len == strlen(word) && strncasecmp(at, word, len) == 0;
}

/* 0 to INT64_MAX in decimal digits; -1 for anything else. */
static int64_t read_number(const char *at, size_t len)
{
    int64_t n = len > 0 ? 0 : -1;
    for (size_t i = 0; i < len; i++) {
        int digit = at[i] - '0';
        if (digit < 0 || digit > 9 || n > (INT64_MAX - digit) / 10)
            return -1;
        n = n * 10 + digit;
    }
    return n;
}

/* One Content-Length field. Equal repetitions may be read as one (RFC 9110 section 8.6); lengths that differ are how
 * responses are smuggled. */
static int read_length(const char *value, struct http1_framing *f, const char **why)
{
    const char *at;
    size_t len;
    while (next_element(&value, &at, &len)) {
        int64_t n = read_number(at, len);
        *why = "its Content-Length is not a number that a length can be";
        if (n < 0)
            return ERR_REPLY;
        *why = "its Content-Lengths differ";
        if (f->length >= 0 && f->length != n)
            return ERR_REPLY;
        f->lenient |= f->length >= 0;
        f->length = n;
    }
    return 0;
}

/* One Transfer-Encoding field; several count as one list. */
static void read_codings(const char *value, struct codings *c)
{
    const char *at;
    size_t len;
    while (next_element(&value, &at, &len)) {
        c->lenient |= c->chunked; /* chunked is the last, and once */
        if (len == 0 || is(at, len, "identity")) {
            c->lenient = true; /* was one in RFC 2616, and is still sent: nothing is coded */
            continue;
        }
        c->any = true;
        c->chunked = is(at, len, "chunked");
    }
}

static void read_options(const char *value, struct options *o)
{
    const char *at;
    size_t len;
    while (next_element(&value, &at, &len)) {
        o->close |= is(at, len, "close");
        o->keep_alive |= is(at, len, "keep-alive");
    }
}

int http1_read_framing(const struct http1_fields *fields, int minor, bool no_length, struct http1_framing *out,
                       const char **why)
{
    struct http1_framing f = {.length = -1};
    struct codings codings = {0};
    struct options options = {0};
    for (size_t i = 0; i < fields->count; i++) {
        struct http1_field field = http1_fields_at(fields, i);
        if (is(field.name, field.name_len, "Content-Length")) {
            int rc = no_length ? 0 : read_length(field.value, &f, why);
            if (rc < 0)
                return rc;
        } else if (is(field.name, field.name_len, "Transfer-Encoding")) {
            read_codings(field.value, &codings);
        } else if (is(field.name, field.name_len, "Connection")) {
            read_options(field.value, &options);
        }
    }
    bool old = minor == 0;
    f.keep_alive = !options.close && (!old || options.keep_alive);
    f.chunked = codings.chunked;
    f.lenient |= codings.lenient;
    if (codings.any) {
        /* The coding overrides the length. Both together, or a coding in HTTP/1.0, may be an attack: read, not trusted
         * (RFC 9112 sections 6.1 and 6.3). */
        f.lenient |= f.length >= 0 || old;
        f.length = -1;
    }
    *out = f;
    return 0;
}
