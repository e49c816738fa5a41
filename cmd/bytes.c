#include "bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_AT_ONCE = 64 * 1024 };

void bytes_deinit(struct bytes *b)
{
    free(b->data);
    *b = (struct bytes){0};
}

/* Room for len bytes and a NUL. */
static bool reserve(struct bytes *b, size_t len)
{
    if (b->size > len && b->size - len > b->len)
        return true;
    if (len >= SIZE_MAX / 4 || b->len > SIZE_MAX / 4)
        return false;
    size_t size = (b->len + len) + (b->len + len) / 2 + 64;
    char *data = realloc(b->data, size);
    if (!data)
        return false;
    b->data = data;
    b->size = size;
    return true;
}

static void commit(struct bytes *b, size_t len)
{
    b->len += len;
    b->data[b->len] = '\0';
}

bool bytes_add(struct bytes *b, const void *data, size_t len)
{
    if (!reserve(b, len))
        return false;
    if (len)
        memcpy(b->data + b->len, data, len);
    commit(b, len);
    return true;
}

/* RFC 3986 section 2.3. */
static bool is_unreserved(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

bool bytes_add_encoded(struct bytes *b, const void *data, size_t len, bool plus)
{
    static const char hex[] = "0123456789ABCDEF";
    if (len >= SIZE_MAX / 12 || !reserve(b, len * 3))
        return false;
    char *out = b->data + b->len;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = ((const unsigned char *)data)[i];
        if (is_unreserved(c)) {
            *out++ = (char)c;
        } else if (c == ' ' && plus) {
            *out++ = '+';
        } else {
            *out++ = '%';
            *out++ = hex[c >> 4];
            *out++ = hex[c & 15];
        }
    }
    commit(b, (size_t)(out - b->data) - b->len);
    return true;
}

/* read(2) that outlasts signals, and a descriptor that another program made non-blocking. */
static ssize_t read_some(int fd, char *to, size_t size)
{
    for (;;) {
        ssize_t n = read(fd, to, size);
        if (n >= 0 || (errno != EINTR && errno != EAGAIN))
            return n;
        if (errno == EAGAIN)
            poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, -1);
    }
}

static int add_all(struct bytes *b, int fd, size_t max)
{
    size_t from = b->len;
    for (;;) {
        if (!reserve(b, READ_AT_ONCE))
            return ENOMEM;
        ssize_t n = read_some(fd, b->data + b->len, READ_AT_ONCE);
        if (n <= 0) {
            b->data[b->len] = '\0';
            return n < 0 ? errno : 0;
        }
        commit(b, (size_t)n);
        if (b->len - from > max)
            return EFBIG;
    }
}

int bytes_add_file(struct bytes *b, const char *path, size_t max)
{
    if (strcmp(path, "-") == 0)
        return add_all(b, STDIN_FILENO, max);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    int error = add_all(b, fd, max);
    close(fd);
    return error;
}

bool bytes_write(int fd, const char *data, size_t len)
{
    while (len) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno != EINTR)
            return false;
        data += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return true;
}
