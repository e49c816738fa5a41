#include "json.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yyjson.h>

struct json {
    yyjson_mut_doc *doc;
    bool failed;
};

struct json *json_new(void)
{
    struct json *j = calloc(1, sizeof *j);
    if (!j)
        return NULL;
    j->doc = yyjson_mut_doc_new(NULL);
    if (!j->doc) {
        free(j);
        return NULL;
    }
    return j;
}

void json_free(struct json *j)
{
    if (!j)
        return;
    yyjson_mut_doc_free(j->doc);
    free(j);
}

bool json_failed(const struct json *j)
{
    return j->failed;
}

static yyjson_mut_val *noted(struct json *j, yyjson_mut_val *value)
{
    j->failed = j->failed || !value;
    return value;
}

yyjson_mut_val *json_object(struct json *j)
{
    return noted(j, yyjson_mut_obj(j->doc));
}

yyjson_mut_val *json_array(struct json *j)
{
    return noted(j, yyjson_mut_arr(j->doc));
}

void json_add(struct json *j, yyjson_mut_val *to, const char *key, yyjson_mut_val *value)
{
    if (!to || !value)
        return;
    bool ok = key ? yyjson_mut_obj_add(to, yyjson_mut_str(j->doc, key), value) : yyjson_mut_arr_append(to, value);
    j->failed = j->failed || !ok;
}

static bool is_utf8(const char *data, size_t len)
{
    for (size_t i = 0, n; i < len; i += n)
        if ((n = text_utf8(data + i, len - i)) == 0)
            return false;
    return true;
}

static yyjson_mut_val *mended(struct json *j, const char *data, size_t len)
{
    struct text text = {0};
    for (size_t i = 0; i < len;) {
        size_t n = text_utf8(data + i, len - i);
        if (n)
            text_add(&text, data + i, n);
        else
            text_adds(&text, "\xef\xbf\xbd");
        i += n ? n : 1;
    }
    yyjson_mut_val *value = text.failed ? NULL : yyjson_mut_strncpy(j->doc, text.data, text.len);
    text_deinit(&text);
    return value;
}

void json_add_bytes(struct json *j, yyjson_mut_val *to, const char *key, const char *data, size_t len)
{
    bool fine = is_utf8(data, len);
    json_add(j, to, key, noted(j, fine ? yyjson_mut_strncpy(j->doc, data, len) : mended(j, data, len)));
}

void json_add_text(struct json *j, yyjson_mut_val *to, const char *key, const char *text)
{
    if (text)
        json_add_bytes(j, to, key, text, strlen(text));
    else
        json_add_null(j, to, key);
}

void json_add_lower(struct json *j, yyjson_mut_val *to, const char *key, yyjson_mut_val *value)
{
    struct text lower = {0};
    for (const char *c = key; *c; c++)
        text_add(&lower, &(char){(char)(*c >= 'A' && *c <= 'Z' ? *c | 0x20 : *c)}, 1);
    yyjson_mut_val *copy = lower.failed ? NULL : mended(j, lower.data ? lower.data : "", lower.len);
    if (to && value && noted(j, copy))
        yyjson_mut_obj_add(to, copy, value);
    text_deinit(&lower);
}

void json_add_number(struct json *j, yyjson_mut_val *to, const char *key, int64_t number)
{
    json_add(j, to, key, noted(j, yyjson_mut_sint(j->doc, number)));
}

void json_add_real(struct json *j, yyjson_mut_val *to, const char *key, double number)
{
    json_add(j, to, key, noted(j, yyjson_mut_real(j->doc, number)));
}

void json_add_bool(struct json *j, yyjson_mut_val *to, const char *key, bool value)
{
    json_add(j, to, key, noted(j, yyjson_mut_bool(j->doc, value)));
}

void json_add_null(struct json *j, yyjson_mut_val *to, const char *key)
{
    json_add(j, to, key, noted(j, yyjson_mut_null(j->doc)));
}

void json_add_raw(struct json *j, yyjson_mut_val *to, const char *key, const char *text)
{
    json_add(j, to, key, noted(j, yyjson_mut_rawcpy(j->doc, text)));
}

char *json_write(struct json *j, yyjson_mut_val *value, size_t *len)
{
    if (j->failed || !value)
        return NULL;
    yyjson_mut_doc_set_root(j->doc, value);
    return yyjson_mut_write(j->doc, YYJSON_WRITE_NOFLAG, len);
}

const char *json_library(void)
{
    static char text[40];
    unsigned version = yyjson_version();
    snprintf(text, sizeof text, "yyjson/%u.%u.%u", version >> 16 & 0xff, version >> 8 & 0xff, version & 0xff);
    return text;
}
