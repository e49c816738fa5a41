/* JSON texts that are read. Wraps yyjson, as json.h does for those that are written. */
#ifndef AFETCH_CMD_JSON_IN_H
#define AFETCH_CMD_JSON_IN_H

#include <stdbool.h>
#include <stddef.h>

struct json_in;    /* a document */
struct yyjson_val; /* a value in it */

/* NULL: it is none, why says so with the byte where. The values live as long as the document. */
struct json_in *json_in_new(const char *text, size_t len, char *why, size_t why_size);
void json_in_free(struct json_in *j);
/* The whole, if it is an object; else NULL. */
struct yyjson_val *json_in_object(const struct json_in *j);

/* Calls one for each member of an object, or (with key NULL) each element of an array, until it says false: then false. */
bool json_in_each(struct yyjson_val *of, bool (*one)(void *arg, const char *key, struct yyjson_val *value), void *arg);
bool json_in_is_object(const struct yyjson_val *value);
bool json_in_is_array(const struct yyjson_val *value);
/* NUL-terminated, and may hold NULs; NULL for what is no string. */
const char *json_in_text(const struct yyjson_val *value, size_t *len);
/* false for what is no number. */
bool json_in_number(const struct yyjson_val *value, double *out);
/* The value as JSON, on one line; the caller frees it. NULL: no memory. */
char *json_in_write(const struct yyjson_val *value);

#endif
