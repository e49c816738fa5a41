#include "json_in.h"

#include <stdio.h>
#include <stdlib.h>

#include <yyjson.h>

/* The document itself, by a name that no other file needs yyjson.h for. */
static yyjson_doc *doc(const struct json_in *j)
{
    return (yyjson_doc *)(void *)(size_t)j;
}

static yyjson_val *val(const struct yyjson_val *value)
{
    return (yyjson_val *)(void *)(size_t)value;
}

struct json_in *json_in_new(const char *text, size_t len, char *why, size_t why_size)
{
    yyjson_read_err error = {0};
    /* Without YYJSON_READ_INSITU the text is not written to. */
    yyjson_doc *read = yyjson_read_opts((char *)(size_t)text, len, 0, NULL, &error);
    if (!read)
        snprintf(why, why_size, "bad JSON: %s, byte %zu", error.msg, error.pos + 1);
    return (struct json_in *)(void *)read;
}

void json_in_free(struct json_in *j)
{
    yyjson_doc_free(doc(j));
}

struct yyjson_val *json_in_object(const struct json_in *j)
{
    yyjson_val *root = yyjson_doc_get_root(doc(j));
    return yyjson_is_obj(root) ? root : NULL;
}

bool json_in_each(struct yyjson_val *of, bool (*one)(void *arg, const char *key, struct yyjson_val *value), void *arg)
{
    size_t i, max;
    yyjson_val *key, *value;
    yyjson_obj_foreach(of, i, max, key, value)
    {
        if (!one(arg, yyjson_get_str(key), value))
            return false;
    }
    yyjson_arr_foreach(of, i, max, value)
    {
        if (!one(arg, NULL, value))
            return false;
    }
    return true;
}

bool json_in_is_object(const struct yyjson_val *value)
{
    return yyjson_is_obj(val(value));
}

bool json_in_is_array(const struct yyjson_val *value)
{
    return yyjson_is_arr(val(value));
}

const char *json_in_text(const struct yyjson_val *value, size_t *len)
{
    *len = yyjson_get_len(val(value));
    return yyjson_get_str(val(value));
}

bool json_in_number(const struct yyjson_val *value, double *out)
{
    yyjson_val *v = val(value);
    *out = yyjson_is_real(v)   ? yyjson_get_real(v)
           : yyjson_is_uint(v) ? (double)yyjson_get_uint(v)
                               : (double)yyjson_get_sint(v);
    return yyjson_is_num(v);
}

char *json_in_write(const struct yyjson_val *value)
{
    return yyjson_val_write(val(value), 0, NULL);
}
