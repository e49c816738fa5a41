#include "lines.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void line_list_init(struct line_list *list)
{
    *list = (struct line_list){.end = &list->first};
}

struct line *line_list_take(struct line_list *list)
{
    struct line *line = list->first;
    if (!line)
        return NULL;
    list->first = line->next;
    if (!list->first)
        list->end = &list->first;
    list->bytes -= sizeof *line + line->size;
    line->next = NULL;
    return line;
}

void line_list_free(struct line_list *list)
{
    struct line *line;
    while ((line = line_list_take(list)))
        free(line);
}

void line_list_join(struct line_list *to, struct line_list *from)
{
    if (!from->first)
        return;
    *to->end = from->first;
    to->end = from->end;
    to->bytes += from->bytes;
    line_list_init(from);
}

/* why: NULL, or what is wrong with it. */
static bool add(struct line_list *out, uint64_t number, const char *text, size_t len, const char *why)
{
    size_t size = len + 1 + (why ? strlen(why) + 1 : 0);
    struct line *line = malloc(sizeof *line + size);
    if (!line)
        return false;
    *line = (struct line){.number = number, .len = len, .size = size};
    memcpy(line->text, text, len);
    line->text[len] = '\0';
    if (why)
        line->why = memcpy(line->text + len + 1, why, strlen(why) + 1);
    *out->end = line;
    out->end = &line->next;
    out->bytes += sizeof *line + size;
    return true;
}

static bool add_bad_byte(struct line_list *out, uint64_t number, const char *text, size_t len, size_t at)
{
    char why[60];
    unsigned c = (unsigned char)text[at];
    const char *what = c < 0x20 || c == 0x7f ? "a control character" : "not UTF-8";
    snprintf(why, sizeof why, "%s (\\x%02X, byte %zu)", what, c, at + 1);
    return add(out, number, text, len, why);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* A line without its end: skipped, a URL, or bad. */
static bool add_line(struct line_list *out, uint64_t number, const char *s, size_t len)
{
    if (number == 1 && len >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0) {
        s += 3;
        len -= 3;
    }
    if (len && s[len - 1] == '\r')
        len--;
    if (len > LINE_MAX_BYTES)
        return add(out, number, "", 0, "longer than 64 KiB");
    if (len && s[0] == '#')
        return true;
    while (len && is_blank(s[len - 1]))
        len--;
    size_t start = 0;
    while (start < len && is_blank(s[start]))
        start++;
    s += start;
    len -= start;
    if (len == 0)
        return true;
    for (size_t i = 0, n; i < len; i += n) {
        n = text_utf8(s + i, len - i);
        if (n == 0 || ((unsigned char)s[i] < 0x20 && s[i] != '\t') || s[i] == 0x7f)
            return add_bad_byte(out, number, s, len, i);
    }
    return add(out, number, s, len, NULL);
}

/* Keeps a piece of a line. One byte over the limit is kept (and room for a mark and a CR), the rest dropped. */
static bool keep(struct lines *l, const char *data, size_t len)
{
    size_t most = LINE_MAX_BYTES + 8;
    if (len > most - l->part_len)
        len = most - l->part_len;
    if (l->part_len + len > l->part_size) {
        size_t size = l->part_size ? l->part_size : 512;
        while (size < l->part_len + len)
            size *= 2;
        char *part = realloc(l->part, size);
        if (!part)
            return false;
        l->part = part;
        l->part_size = size;
    }
    if (len)
        memcpy(l->part + l->part_len, data, len);
    l->part_len += len;
    return true;
}

bool lines_feed(struct lines *l, const char *data, size_t len, struct line_list *out)
{
    while (len) {
        const char *end = memchr(data, '\n', len);
        size_t n = end ? (size_t)(end - data) : len;
        bool whole = end && l->part_len == 0;
        if (!whole && !keep(l, data, n))
            return false;
        if (!end)
            return true;
        if (!add_line(out, ++l->number, whole ? data : l->part, whole ? n : l->part_len))
            return false;
        l->part_len = 0;
        data += n + 1;
        len -= n + 1;
    }
    return true;
}

bool lines_end(struct lines *l, struct line_list *out)
{
    if (l->part_len == 0)
        return true;
    size_t len = l->part_len;
    l->part_len = 0;
    return add_line(out, ++l->number, l->part, len);
}

void lines_deinit(struct lines *l)
{
    free(l->part);
    *l = (struct lines){0};
}
