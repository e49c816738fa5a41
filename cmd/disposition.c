#include "disposition.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A quoted value, from behind its first quote: what is behind the last. A backslash is taken for an escape where it must be
 * one, as paths are written with it. A single quote is none of RFC 6266's, but taken by curl. */
static const char *read_quoted(const char *s, char quote, struct text *out)
{
    for (; *s && *s != quote; s++) {
        if (*s == '\\' && (s[1] == quote || s[1] == '\\'))
            s++;
        text_add(out, s, 1);
    }
    return *s ? s + 1 : s;
}

/* The value at s, and where the next parameter's semicolon is. */
static const char *read_value(const char *s, struct text *out)
{
    if (*s == '"' || *s == '\'') {
        s = read_quoted(s + 1, *s, out);
        return s + strcspn(s, ";");
    }
    size_t len = strcspn(s, ";"), n = len;
    while (n && is_blank(s[n - 1]))
        n--;
    text_add(out, s, n);
    return s + len;
}

static void add_latin1(struct text *out, unsigned char c)
{
    const char two[] = {(char)(0xc0 | c >> 6), (char)(0x80 | (c & 0x3f))};
    const char one = (char)c;
    if (c < 0x80)
        text_add(out, &one, 1);
    else
        text_add(out, two, 2);
}

static bool is_utf8(const char *data, size_t len)
{
    size_t n;
    for (; len; data += n, len -= n)
        if ((n = text_utf8(data, len)) == 0)
            return false;
    return true;
}

/* charset'language'value, percent-encoded (RFC 8187), as UTF-8. false: it is none. */
static bool decode(const char *s, struct text *out)
{
    size_t charset = strcspn(s, "'");
    bool utf8 = charset == 5 && strncasecmp(s, "utf-8", 5) == 0;
    bool latin1 = charset == 10 && strncasecmp(s, "iso-8859-1", 10) == 0;
    const char *at = s[charset] ? strchr(s + charset + 1, '\'') : NULL;
    if (!at || (!utf8 && !latin1))
        return false;
    for (at++; *at; at++) {
        unsigned char c = (unsigned char)*at;
        if (c == '%') {
            if (hex(at[1]) < 0 || hex(at[2]) < 0)
                return false;
            c = (unsigned char)(hex(at[1]) * 16 + hex(at[2]));
            at += 2;
        }
        if (c == 0)
            return false;
        if (latin1)
            add_latin1(out, c);
        else
            text_add(out, (const char *)&c, 1);
    }
    return !out->data || is_utf8(out->data, out->len);
}

/* Of two of one name the first counts. */
static void take(struct text *to, struct text *from)
{
    if (!to->data) {
        *to = *from;
        *from = (struct text){0};
    }
    text_deinit(from);
}

char *disposition_name(const char *value, bool *failed)
{
    struct text plain = {0}, extended = {0}, read, decoded;
    *failed = false;
    for (const char *s = strchr(value, ';'); s && *s;) {
        s++;
        s += strspn(s, " \t");
        size_t name = strcspn(s, "=; \t");
        const char *is = s + name + strspn(s + name, " \t");
        if (*is != '=') {
            s += strcspn(s, ";");
            continue;
        }
        read = decoded = (struct text){0};
        const char *next = read_value(is + 1 + strspn(is + 1, " \t"), &read);
        if (name == 9 && strncasecmp(s, "filename*", 9) == 0 && read.data && decode(read.data, &decoded))
            take(&extended, &decoded);
        else if (name == 8 && strncasecmp(s, "filename", 8) == 0)
            take(&plain, &read);
        *failed = *failed || read.failed || decoded.failed;
        text_deinit(&read);
        text_deinit(&decoded);
        s = next;
    }
    if (extended.data && extended.len && !extended.failed) {
        text_deinit(&plain);
        return extended.data;
    }
    text_deinit(&extended);
    if (*failed)
        text_deinit(&plain);
    return plain.data;
}
