/* Text for people: a growing string, and bytes of unknown origin made fit to be shown.
 * Depends on nothing. Used by everything in cmd/ that prints. */
#ifndef AFETCH_CMD_TEXT_H
#define AFETCH_CMD_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct text {
    char *data; /* allocated; NUL-terminated whenever it is not NULL */
    size_t len;
    size_t size;
    bool failed; /* out of memory, or over TEXT_MAX: what was added since is missing */
};

enum {
    TEXT_MAX = 1 << 20,
    TEXT_CUT = 200 /* bytes of a server's or an input's text in an error */
};

void text_deinit(struct text *t);
/* Empties it, keeping its memory. */
void text_clear(struct text *t);
void text_add(struct text *t, const char *data, size_t len);
void text_adds(struct text *t, const char *s);
void text_addf(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Adds bytes that anyone may have written: control characters (C0, DEL, C1) and what is not UTF-8 as \xNN. More than
 * cut bytes are cut there, with "..." behind. */
void text_add_shown(struct text *t, const char *data, size_t len, size_t cut);

/* Bytes of the UTF-8 character at data, 1 to 4; 0 where there is none (RFC 3629: no overlong forms, no surrogates). */
size_t text_utf8(const char *data, size_t len);

#endif
