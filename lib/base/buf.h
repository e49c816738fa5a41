/* A growing byte buffer with a maximum given when it is made; reaching it is an error of the one who appends.
 * Depends on nothing. Owned by whoever embeds it; not thread-safe. */
#ifndef AFETCH_BASE_BUF_H
#define AFETCH_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
    char *data; /* allocated; NUL-terminated one byte behind len whenever it is not NULL */
    size_t len;
    size_t size; /* bytes allocated */
    size_t max;  /* bytes that len may reach */
};

/* max: the most bytes it may ever hold. Allocates nothing. */
void buf_init(struct buf *b, size_t max);

/* Frees the bytes; the buffer may be used again with the same maximum. */
void buf_deinit(struct buf *b);

/* Appends len bytes. ERR_MEMORY without memory or when the maximum would be passed (buf_full tells which);
 * nothing is appended then. */
int buf_add(struct buf *b, const void *data, size_t len);
int buf_adds(struct buf *b, const char *text);
int buf_addc(struct buf *b, char c);
int buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Whether len more bytes would pass the maximum. */
bool buf_full(const struct buf *b, size_t len);

/* Makes room for len more bytes and returns where they go (buf_commit then counts them in); NULL as buf_add fails. */
char *buf_room(struct buf *b, size_t len);
void buf_commit(struct buf *b, size_t len);

/* Drops the first len bytes. */
void buf_drop(struct buf *b, size_t len);

/* Empties it, keeping its memory. */
void buf_clear(struct buf *b);

/* Gives the NUL-terminated bytes away (the caller frees them) and empties the buffer; NULL if it never held any. */
char *buf_take(struct buf *b);

#endif
