#include "template.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

struct piece {
    const char *data;
    size_t len;
};

/* A URL's host (without a port), and its path without the first slash. Only as good as a file name needs it: a URL that
 * is malformed fails elsewhere. */
static void split(const char *url, struct piece *host, struct piece *path)
{
    const char *at = strstr(url, "://");
    at = at && strcspn(url, "/?#") > (size_t)(at - url) ? at + 3 : url;
    size_t len = strcspn(at, "/?#");
    const char *end = at + len;
    for (const char *c = at; c < end; c++)
        if (*c == '@')
            at = c + 1;
    size_t host_len = *at == '[' ? strcspn(at, "]/?#") + 1 : strcspn(at, ":/?#");
    if (host_len > (size_t)(end - at))
        host_len = (size_t)(end - at);
    *host = (struct piece){at, host_len};
    if (*end == '/')
        end++;
    *path = (struct piece){end, strcspn(end, "?#")};
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* {name}: the last segment, decoded, made one plain file name. */
static void add_name(struct text *out, struct piece path)
{
    size_t start = path.len;
    while (start > 0 && path.data[start - 1] != '/')
        start--;
    size_t begin = out->len;
    for (size_t i = start; i < path.len; i++) {
        char c = path.data[i];
        if (c == '%' && i + 2 < path.len && hex(path.data[i + 1]) >= 0 && hex(path.data[i + 2]) >= 0) {
            c = (char)(hex(path.data[i + 1]) * 16 + hex(path.data[i + 2]));
            i += 2;
        }
        bool leading_dot = c == '.' && out->len == begin;
        if (c == '/' || (unsigned char)c < 0x20 || c == 0x7f || leading_dot)
            c = '_';
        text_add(out, &c, 1);
    }
    if (out->len == begin)
        text_adds(out, "index");
}

/* {path}: as it stands in the URL; no part of it may lead out of where it is put. */
static bool add_path(struct text *out, struct piece path, char *why, size_t why_size)
{
    for (size_t i = 0; i <= path.len;) {
        size_t n = 0;
        while (i + n < path.len && path.data[i + n] != '/')
            n++;
        const char *part = path.data + i;
        bool dots = (n == 1 && part[0] == '.') || (n == 2 && part[0] == '.' && part[1] == '.');
        if (n == 0 || dots) {
            snprintf(why, why_size, "its path has an empty or a dotted part, so {path} gives no file name");
            return false;
        }
        i += n + 1;
    }
    text_add(out, path.data, path.len);
    return true;
}

static bool add_host(struct text *out, struct piece host, char *why, size_t why_size)
{
    bool dots = (host.len == 1 && host.data[0] == '.') || (host.len == 2 && memcmp(host.data, "..", 2) == 0);
    if (host.len == 0 || dots) {
        snprintf(why, why_size, "it has no host, so {host} gives no file name");
        return false;
    }
    for (size_t i = 0; i < host.len; i++) {
        char c = host.data[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c | 0x20);
        text_add(out, &c, 1);
    }
    return true;
}

static const char *const words[] = {"n", "host", "path", "name"};
enum { WORD_N, WORD_HOST, WORD_PATH, WORD_NAME, WORD_COUNT };

/* Which word stands in braces at s, and how long it is with them; -1: none that is known. */
static int word_at(const char *s, size_t *len)
{
    size_t n = strcspn(s + 1, "}");
    if (s[1 + n] != '}')
        return -1;
    *len = n + 2;
    for (int i = 0; i < WORD_COUNT; i++)
        if (strlen(words[i]) == n && memcmp(words[i], s + 1, n) == 0)
            return i;
    return -1;
}

bool template_check(const char *template, char *why, size_t why_size)
{
    for (const char *s = template; *s; s++) {
        size_t len = 0;
        if (*s != '{')
            continue;
        if (s[1] == '{') {
            s++;
            continue;
        }
        if (word_at(s, &len) < 0) {
            snprintf(why, why_size, "\"%.40s\" is none of {n} {host} {path} {name}; write {{ for a brace", s);
            return false;
        }
        s += len - 1;
    }
    return true;
}

/* ---- values of globs ------------------------------------------------------------------------------------------------ */

/* The glob that "#1" or "#<name>" at s stands for, and how long that is; NULL: it stands for none. */
static const struct glob_part *glob_at(const struct glob *glob, const char *s, size_t *len)
{
    size_t name = glob_name_at(s + 1), digits = strspn(s + 1, "0123456789"), n = 0;
    if (name > 0) {
        *len = name + 3;
        return glob_find_name(glob, s + 2, name);
    }
    *len = digits + 1;
    for (size_t i = 1; i <= digits && n < SIZE_MAX / 100; i++)
        n = n * 10 + (size_t)(s[i] - '0');
    return n > 0 ? glob_find(glob, n) : NULL;
}

bool template_check_names(const char *template, const struct glob *glob, char *why, size_t why_size)
{
    for (const char *s = template; (s = strstr(s, "#<")); s++) {
        size_t len;
        if (glob_name_at(s + 1) == 0 || glob_at(glob, s, &len))
            continue;
        snprintf(why, why_size, "no glob exists with this name in position %zu: %.*s", (size_t)(s - template) + len,
                 (int)len, s);
        return false;
    }
    return true;
}

/* ---- the whole ------------------------------------------------------------------------------------------------------ */

char *template_fill(const char *template, uint64_t n, const char *url, const struct glob *glob, char *why,
                    size_t why_size)
{
    struct text out = {0};
    struct piece host, path;
    bool ok = true;
    split(url, &host, &path);
    for (const char *s = template; *s && ok; s++) {
        size_t len = 1;
        int word = *s == '{' && s[1] != '{' ? word_at(s, &len) : -1;
        const struct glob_part *part = glob && *s == '#' ? glob_at(glob, s, &len) : NULL;
        if (part)
            glob_add_value(glob, part, &out);
        else if (word == WORD_N)
            text_addf(&out, "%llu", (unsigned long long)n);
        else if (word == WORD_HOST)
            ok = add_host(&out, host, why, why_size);
        else if (word == WORD_PATH)
            ok = add_path(&out, path, why, why_size);
        else if (word == WORD_NAME)
            add_name(&out, path);
        else
            text_add(&out, s, 1);
        s += word >= 0 || part ? len - 1 : (size_t)(*s == '{' && s[1] == '{');
    }
    if (ok && !out.failed && out.data)
        return out.data;
    if (ok)
        snprintf(why, why_size, "out of memory");
    text_deinit(&out);
    return NULL;
}
