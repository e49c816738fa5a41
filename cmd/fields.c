#include "fields.h"
#include "json_in.h"
#include "option_value.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADERS_MAX = 5000 };

struct reading {
    struct fields *f;
    char *why;
};

static bool refuse(const struct reading *r, const char *what, const char *why)
{
    snprintf(r->why, FIELDS_WHY, "%.100s%s%s", what, *what ? ": " : "", why);
    return false;
}

static bool no_memory(const struct reading *r)
{
    return refuse(r, "", "out of memory");
}

/* ---- values ----------------------------------------------------------------------------------------------------- */

static bool set_sha256(struct reading *r, const char *value)
{
    char *to = r->f->sha256_storage;
    if (r->f->sha256)
        return refuse(r, "sha256", "given twice");
    size_t n = strspn(value, "0123456789abcdefABCDEF");
    if (n != AFETCH_SHA256_SIZE - 1 || value[n])
        return refuse(r, "sha256", "it is 64 hexadecimal digits");
    for (size_t i = 0; i <= n; i++)
        to[i] = (char)(value[i] >= 'A' && value[i] <= 'F' ? value[i] | 0x20 : value[i]);
    r->f->sha256 = to;
    return true;
}

static bool set_out(struct reading *r, const char *value)
{
    if (r->f->out)
        return refuse(r, "out", "given twice");
    if (!*value || strcmp(value, "-") == 0)
        return refuse(r, "out", "it is the name of a file");
    r->f->out = value;
    return true;
}

/* ---- TABs ------------------------------------------------------------------------------------------------------- */

static bool set_field(struct reading *r, char *field)
{
    char *value = strchr(field, '=');
    size_t name = value ? (size_t)(value - field) : 0;
    if (name == 6 && memcmp(field, "sha256", 6) == 0)
        return set_sha256(r, value + 1);
    if (name == 3 && memcmp(field, "out", 3) == 0)
        return set_out(r, value + 1);
    struct text shown = {0};
    text_add_shown(&shown, field, strlen(field), 40);
    snprintf(r->why, FIELDS_WHY, "\"%s\" is none of the fields behind a URL: sha256=HEX, out=PATH",
             shown.data ? shown.data : "");
    text_deinit(&shown);
    return false;
}

static bool read_tabs(struct reading *r, const char *line, size_t len)
{
    char *at = r->f->storage = malloc(len + 1);
    if (!at)
        return no_memory(r);
    memcpy(at, line, len + 1);
    r->f->url = at;
    for (char *tab = strchr(at, '\t'); tab; tab = at) {
        *tab = '\0';
        at = strchr(tab + 1, '\t');
        if (at)
            *at = '\0';
        bool ok = set_field(r, tab + 1);
        if (!ok)
            return false;
    }
    char *end = r->f->storage + strlen(r->f->url);
    while (end > r->f->storage && end[-1] == ' ')
        *--end = '\0';
    return true;
}

/* ---- JSON ------------------------------------------------------------------------------------------------------- */

/* A string without NULs, or NULL. */
static const char *plain(struct reading *r, const char *key, struct yyjson_val *value)
{
    size_t len;
    const char *text = json_in_text(value, &len);
    if (!text)
        refuse(r, key, "it is no string");
    else if (strlen(text) != len)
        refuse(r, key, "it holds a NUL character");
    else
        return text;
    return NULL;
}

static bool set_url(struct reading *r, struct yyjson_val *value)
{
    const char *text = plain(r, "url", value);
    if (text && !*text)
        return refuse(r, "url", "it is empty");
    r->f->url = text;
    return text != NULL;
}

static bool set_method(struct reading *r, struct yyjson_val *value)
{
    const char *text = plain(r, "method", value);
    size_t len = 0;
    while (text && value_is_token((unsigned char)text[len]))
        len++;
    if (text && (!len || text[len]))
        return refuse(r, "method", "it is no word of letters, digits and !#$%&'*+-.^_`|~");
    r->f->method = text;
    return text != NULL;
}

static bool set_body(struct reading *r, struct yyjson_val *value)
{
    r->f->body = json_in_text(value, &r->f->body_len);
    if (!r->f->body)
        return refuse(r, "body", "it is no string");
    return r->f->body_file ? refuse(r, "body", "there is body_file already") : true;
}

static bool set_body_file(struct reading *r, struct yyjson_val *value)
{
    const char *text = r->f->body_file = plain(r, "body_file", value);
    if (text && (!*text || strcmp(text, "-") == 0 || strcmp(text, ".") == 0))
        return refuse(r, "body_file", "it is the name of a file");
    if (text && r->f->body)
        return refuse(r, "body_file", "there is body already");
    return text != NULL;
}

static bool set_timeout(struct reading *r, struct yyjson_val *value)
{
    double s;
    if (!json_in_number(value, &s) || !(s >= 0.001) || s > 1e9)
        return refuse(r, "timeout", "it is no number of seconds over 0");
    r->f->timeout_ms = (uint64_t)(s * 1000 + 0.5);
    return true;
}

static bool set_id(struct reading *r, struct yyjson_val *value)
{
    free(r->f->id_storage);
    r->f->id = r->f->id_storage = json_in_write(value);
    return r->f->id ? true : no_memory(r);
}

struct header {
    struct reading *r;
    const char *name;
};

static bool add_header(void *arg, const char *unused, struct yyjson_val *value)
{
    const struct header *h = arg;
    struct fields *f = h->r->f;
    const char *text = plain(h->r, h->name, value);
    (void)unused;
    if (!text)
        return false;
    if (!value_is_field(text))
        return refuse(h->r, h->name, "a header may not hold a line end or another control character");
    char **headers =
        f->header_count < HEADERS_MAX ? realloc(f->headers, (f->header_count + 1) * sizeof *headers) : NULL;
    if (!headers)
        return no_memory(h->r);
    f->headers = headers;
    size_t size = strlen(h->name) + 2 + strlen(text) + 1;
    char *line = malloc(size);
    if (!line)
        return no_memory(h->r);
    /* What is empty is sent so; "Name:" would take it away. */
    snprintf(line, size, "%s%s%s", h->name, *text ? ": " : ";", text);
    headers[f->header_count++] = line;
    return true;
}

static bool set_header(void *arg, const char *name, struct yyjson_val *value)
{
    struct header h = {arg, name};
    size_t len = 0;
    while (value_is_token((unsigned char)name[len]))
        len++;
    if (!len || name[len])
        return refuse(h.r, "headers", "a name that is no word of letters, digits and !#$%&'*+-.^_`|~");
    return json_in_is_array(value) ? json_in_each(value, add_header, &h) : add_header(&h, NULL, value);
}

static bool set_member(void *arg, const char *key, struct yyjson_val *value)
{
    static const char *const keys[] = {"url", "method", "headers", "body", "body_file",
                                       "out", "sha256", "timeout", "id"};
    enum { URL, METHOD, HEADERS, BODY, BODY_FILE, OUT, SHA256, TIMEOUT, ID, COUNT };
    struct reading *r = arg;
    const char *text = NULL;
    int which = 0;
    while (which < COUNT && strcmp(keys[which], key) != 0)
        which++;
    if (which == OUT || which == SHA256)
        text = plain(r, key, value);
    switch (which) {
    case URL:
        return set_url(r, value);
    case METHOD:
        return set_method(r, value);
    case HEADERS:
        return json_in_is_object(value) ? json_in_each(value, set_header, r) : refuse(r, "headers", "it is no object");
    case BODY:
        return set_body(r, value);
    case BODY_FILE:
        return set_body_file(r, value);
    case OUT:
        return text && set_out(r, text);
    case SHA256:
        return text && set_sha256(r, text);
    case TIMEOUT:
        return set_timeout(r, value);
    case ID:
        return set_id(r, value);
    default:
        return refuse(r, key, "there is no such key");
    }
}

/* Of a line that is none the report has the id all the same. */
static bool take_id(void *arg, const char *key, struct yyjson_val *value)
{
    return strcmp(key, "id") != 0 || set_id(arg, value);
}

static bool read_json(struct reading *r, const char *line, size_t len)
{
    r->f->json = json_in_new(line, len, r->why, FIELDS_WHY);
    if (!r->f->json)
        return false;
    struct yyjson_val *object = json_in_object(r->f->json);
    bool ok = json_in_each(object, take_id, r) && json_in_each(object, set_member, r);
    return ok && !r->f->url ? refuse(r, "url", "it is missing") : ok;
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

bool fields_parse(struct fields *f, const char *line, size_t len, char why[FIELDS_WHY])
{
    struct reading r = {f, why};
    *f = (struct fields){0};
    if (line[0] == '{')
        return read_json(&r, line, len);
    if (memchr(line, '\t', len))
        return read_tabs(&r, line, len);
    f->url = line;
    return true;
}

void fields_deinit(struct fields *f)
{
    for (size_t i = 0; i < f->header_count; i++)
        free(f->headers[i]);
    free(f->headers);
    free(f->storage);
    free(f->id_storage);
    json_in_free(f->json);
    *f = (struct fields){0};
}
