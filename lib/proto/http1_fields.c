#include <stdlib.h>
#include <string.h>

#include "proto/http1_impl.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static int add(struct http1_fields *f, const char *at, size_t len, const char **why)
{
    if (buf_add(&f->text, at, len) == 0)
        return 0;
    bool full = buf_full(&f->text, len);
    *why = full ? "the head of the response is over 256 KiB" : "for the head of a response";
    return full ? ERR_RECV : ERR_MEMORY;
}

static int end(struct http1_fields *f, const char **why)
{
    return add(f, "", 1, why);
}

void http1_fields_init(struct http1_fields *f)
{
    *f = (struct http1_fields){0};
    buf_init(&f->text, HTTP1_HEAD_MAX);
}

void http1_fields_deinit(struct http1_fields *f)
{
    free(f->spans);
    buf_deinit(&f->text);
    http1_fields_init(f);
}

void http1_fields_clear(struct http1_fields *f)
{
    buf_clear(&f->text);
    f->count = 0;
    f->open = f->folding = false;
}

int http1_fields_reason(struct http1_fields *f, const char *at, size_t len, const char **why)
{
    *why = "its status line has a NUL byte";
    return memchr(at, '\0', len) ? ERR_REPLY : add(f, at, len, why);
}

int http1_fields_end_reason(struct http1_fields *f, const char **why)
{
    return end(f, why);
}

static int open_field(struct http1_fields *f, const char **why)
{
    *why = "the response has more than 5,000 fields";
    if (f->count == HTTP1_FIELDS_MAX)
        return ERR_RECV;
    if (f->count == f->size) {
        size_t size = f->size ? f->size * 2 : 16;
        struct http1_span *spans = realloc(f->spans, size * sizeof *spans);
        *why = "for the head of a response";
        if (!spans)
            return ERR_MEMORY;
        f->spans = spans;
        f->size = size;
    }
    f->spans[f->count++] = (struct http1_span){.name = (uint32_t)f->text.len};
    f->open = true;
    return 0;
}

static struct http1_span *last(struct http1_fields *f)
{
    return &f->spans[f->count - 1];
}

int http1_fields_name(struct http1_fields *f, const char *at, size_t len, const char **why)
{
    int rc = f->open ? 0 : open_field(f, why);
    return rc == 0 ? add(f, at, len, why) : rc;
}

int http1_fields_end_name(struct http1_fields *f, const char **why)
{
    struct http1_span *field = last(f);
    field->name_len = (uint32_t)(f->text.len - field->name);
    /* llhttp's flag for folded lines lets a blank stand before the colon too: RFC 9112 section 5.1 forbids it. */
    *why = "it has a field with a space before the colon";
    if (memchr(f->text.data + field->name, ' ', field->name_len))
        return ERR_REPLY;
    int rc = end(f, why);
    field->value = (uint32_t)f->text.len;
    return rc;
}

/* Takes blanks at the end of the value that is being read away. */
static void trim_value(struct http1_fields *f)
{
    while (f->text.len > last(f)->value && is_blank(f->text.data[f->text.len - 1]))
        f->text.len--;
}

/* A line fold and the blanks around it become one space: RFC 9112 section 5.2. */
int http1_fields_value(struct http1_fields *f, const char *at, size_t len, bool new_line, const char **why)
{
    int rc = 0;
    if (new_line) {
        f->folding = true;
        trim_value(f);
        if (f->text.len > last(f)->value)
            rc = add(f, " ", 1, why);
    }
    while (f->folding && len > 0 && is_blank(*at)) {
        at++;
        len--;
    }
    f->folding = f->folding && len == 0;
    return rc == 0 ? add(f, at, len, why) : rc;
}

int http1_fields_end_value(struct http1_fields *f, const char **why)
{
    struct http1_span *field = last(f);
    f->open = f->folding = false;
    trim_value(f);
    field->value_len = (uint32_t)(f->text.len - field->value);
    /* llhttp's flag for folded lines takes any byte: what it refuses without the flag stays refused. */
    *why = "it has a field with a control character";
    for (const char *c = f->text.data + field->value; c < f->text.data + f->text.len; c++)
        if (((unsigned char)*c < 0x20 && *c != '\t') || *c == 0x7f)
            return ERR_REPLY;
    return end(f, why);
}

struct http1_field http1_fields_at(const struct http1_fields *f, size_t i)
{
    const struct http1_span *field = &f->spans[i];
    return (struct http1_field){.name = f->text.data + field->name,
                                .value = f->text.data + field->value,
                                .name_len = field->name_len,
                                .value_len = field->value_len};
}
