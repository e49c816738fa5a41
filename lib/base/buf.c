#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){.max = max < SIZE_MAX ? max : SIZE_MAX - 1};
}

void buf_deinit(struct buf *b)
{
    free(b->data);
    buf_init(b, b->max);
}

bool buf_full(const struct buf *b, size_t len)
{
    return len > b->max - b->len;
}

char *buf_room(struct buf *b, size_t len)
{
    if (buf_full(b, len))
        return NULL;
    size_t need = b->len + len + 1;
    if (need > b->size) {
        size_t size = b->size < 64 ? 64 : b->size > SIZE_MAX / 2 ? need : b->size * 2;
        if (size < need)
            size = need;
        if (size > b->max + 1)
            size = b->max + 1;
        char *data = realloc(b->data, size);
        if (!data)
            return NULL;
        b->data = data;
        b->size = size;
    }
    return b->data + b->len;
}

void buf_commit(struct buf *b, size_t len)
{
    b->len += len;
    b->data[b->len] = '\0';
}

int buf_add(struct buf *b, const void *data, size_t len)
{
    char *room = buf_room(b, len);
    if (!room)
        return ERR_MEMORY;
    if (len > 0)
        memcpy(room, data, len);
    buf_commit(b, len);
    return 0;
}

int buf_adds(struct buf *b, const char *text)
{
    return buf_add(b, text, strlen(text));
}

int buf_addc(struct buf *b, char c)
{
    return buf_add(b, &c, 1);
}

int buf_addf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    va_list again;
    va_copy(again, ap);
    int len = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    int rc = ERR_MEMORY;
    char *room = len < 0 ? NULL : buf_room(b, (size_t)len);
    if (room) {
        vsnprintf(room, (size_t)len + 1, fmt, again);
        buf_commit(b, (size_t)len);
        rc = 0;
    }
    va_end(again);
    return rc;
}

void buf_drop(struct buf *b, size_t len)
{
    if (len == 0)
        return;
    b->len -= len;
    memmove(b->data, b->data + len, b->len + 1);
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    if (b->data)
        b->data[0] = '\0';
}

char *buf_take(struct buf *b)
{
    char *data = b->data;
    *b = (struct buf){.max = b->max};
    return data;
}
