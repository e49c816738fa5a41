#include "text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_deinit(struct text *t)
{
    free(t->data);
    *t = (struct text){0};
}

void text_clear(struct text *t)
{
    t->len = 0;
    t->failed = false;
    if (t->data)
        t->data[0] = '\0';
}

/* Room for len more bytes and the NUL. */
static bool text_room(struct text *t, size_t len)
{
    if (t->failed || len > TEXT_MAX - t->len) {
        t->failed = true;
        return false;
    }
    size_t need = t->len + len + 1;
    if (need <= t->size)
        return true;
    size_t size = t->size ? t->size : 256;
    while (size < need)
        size *= 2;
    char *data = realloc(t->data, size);
    if (!data) {
        t->failed = true;
        return false;
    }
    t->data = data;
    t->size = size;
    return true;
}

void text_add(struct text *t, const char *data, size_t len)
{
    if (!text_room(t, len))
        return;
    if (len)
        memcpy(t->data + t->len, data, len);
    t->len += len;
    t->data[t->len] = '\0';
}

void text_adds(struct text *t, const char *s)
{
    text_add(t, s, strlen(s));
}

void text_addf(struct text *t, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (len < 0 || !text_room(t, (size_t)len)) {
        t->failed = true;
        return;
    }
    va_start(args, fmt);
    vsnprintf(t->data + t->len, (size_t)len + 1, fmt, args);
    va_end(args);
    t->len += (size_t)len;
}

static bool is_tail(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

size_t text_utf8(const char *data, size_t len)
{
    const unsigned char *s = (const unsigned char *)data;
    if (len == 0)
        return 0;
    if (s[0] < 0x80)
        return 1;
    size_t need = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4 || len < need)
        return 0;
    for (size_t i = 1; i < need; i++)
        if (!is_tail(s[i]))
            return 0;
    bool overlong = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
    bool outside = (s[0] == 0xed && s[1] >= 0xa0) || (s[0] == 0xf4 && s[1] >= 0x90);
    return overlong || outside ? 0 : need;
}

void text_add_shown(struct text *t, const char *data, size_t len, size_t cut)
{
    size_t i = 0;
    while (i < len) {
        size_t n = text_utf8(data + i, len - i);
        if (i + (n ? n : 1) > cut) {
            text_adds(t, "...");
            return;
        }
        unsigned char c = (unsigned char)data[i];
        bool c1 = n == 2 && c == 0xc2 && (unsigned char)data[i + 1] < 0xa0;
        if (n == 0 || c < 0x20 || c == 0x7f || c1) {
            for (size_t end = i + (n ? n : 1); i < end; i++)
                text_addf(t, "\\x%02X", (unsigned)(unsigned char)data[i]);
        } else {
            text_add(t, data + i, n);
            i += n;
        }
    }
}
