/* Bytes in memory, of any number: what is sent, and what is read of small files. Depends on nothing. */
#ifndef AFETCH_CMD_BYTES_H
#define AFETCH_CMD_BYTES_H

#include <stdbool.h>
#include <stddef.h>

/* All zero is empty. */
struct bytes {
    char *data; /* allocated; NUL-terminated whenever it is not NULL */
    size_t len, size;
};

void bytes_deinit(struct bytes *b);
/* These say false without memory, and have added nothing then. */
bool bytes_add(struct bytes *b, const void *data, size_t len);
/* As application/x-www-form-urlencoded has it (plus: a blank is "+", not "%20"). */
bool bytes_add_encoded(struct bytes *b, const void *data, size_t len, bool plus);
/* Adds the whole of a file ("-": standard input), if that is not over max bytes. 0 or an errno: ENOMEM, EFBIG, ... */
int bytes_add_file(struct bytes *b, const char *path, size_t max);

/* Writes all of it, whatever signals come. false with errno. */
bool bytes_write(int fd, const char *data, size_t len);

#endif
