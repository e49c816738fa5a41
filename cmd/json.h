/* JSON texts, value by value. Wraps yyjson, which no other file sees. What is not UTF-8 becomes U+FFFD, so that every
 * text is valid. Without memory a document is failed: everything may still be called, and the text is NULL. */
#ifndef AFETCH_CMD_JSON_H
#define AFETCH_CMD_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json;           /* a document under way */
struct yyjson_mut_val; /* a value in it; NULL where the document is failed */

struct json *json_new(void); /* NULL: no memory */
void json_free(struct json *j);

struct yyjson_mut_val *json_object(struct json *j);
struct yyjson_mut_val *json_array(struct json *j);

/* A member of an object, whose key stays where it is; or with key NULL an element of an array. Text is copied; NULL is
 * null. */
void json_add(struct json *j, struct yyjson_mut_val *to, const char *key, struct yyjson_mut_val *value);
void json_add_text(struct json *j, struct yyjson_mut_val *to, const char *key, const char *text);
void json_add_bytes(struct json *j, struct yyjson_mut_val *to, const char *key, const char *data, size_t len);
void json_add_number(struct json *j, struct yyjson_mut_val *to, const char *key, int64_t number);
void json_add_real(struct json *j, struct yyjson_mut_val *to, const char *key, double number);
void json_add_bool(struct json *j, struct yyjson_mut_val *to, const char *key, bool value);
void json_add_null(struct json *j, struct yyjson_mut_val *to, const char *key);
/* Text that is JSON already. */
void json_add_raw(struct json *j, struct yyjson_mut_val *to, const char *key, const char *text);

/* A member whose key is a copy of this one in lower case. */
void json_add_lower(struct json *j, struct yyjson_mut_val *to, const char *key, struct yyjson_mut_val *value);

/* Whether out of memory. */
bool json_failed(const struct json *j);
/* The text of value, on one line without its end; the caller frees it. NULL: failed. */
char *json_write(struct json *j, struct yyjson_mut_val *value, size_t *len);

/* "yyjson/0.10.0", as it runs. A constant. */
const char *json_library(void);

#endif
