#include "sum.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_BYTES = 64 * 1024 };

struct sum *sum_new(const char *expected)
{
    struct sum *s = calloc(1, sizeof *s);
    if (s && expected)
        snprintf(s->expected, sizeof s->expected, "%s", expected);
    return s;
}

void sum_free(struct sum *s)
{
    if (!s)
        return;
    afetch_sha256_free(s->hash);
    free(s);
}

bool sum_begin(struct sum *s)
{
    afetch_sha256_free(s->hash);
    s->hash = afetch_sha256_new();
    return s->hash != NULL;
}

void sum_add(struct sum *s, const void *data, size_t len)
{
    if (s->hash)
        afetch_sha256_add(s->hash, data, len);
}

bool sum_fits(const char *got, const char *expected, char why[SUM_WHY])
{
    if (*got && (!*expected || strcmp(got, expected) == 0))
        return true;
    snprintf(why, SUM_WHY, "sha256 is %s, not %s", *got ? got : "unknown", *expected ? expected : "known");
    return false;
}

bool sum_end(struct sum *s, char why[SUM_WHY])
{
    if (!s->hash)
        return true;
    afetch_sha256_hex(s->hash, s->got);
    return sum_fits(s->got, s->expected, why);
}

int sum_of_file(const char *path, char got[AFETCH_SHA256_SIZE])
{
    struct afetch_sha256 *hash = afetch_sha256_new();
    char *data = malloc(READ_BYTES);
    int fd = hash && data ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    int error = !hash || !data ? ENOMEM : fd < 0 ? errno : 0;
    ssize_t n = 1;
    while (!error && n != 0) {
        n = read(fd, data, READ_BYTES);
        if (n > 0)
            afetch_sha256_add(hash, data, (size_t)n);
        else if (n < 0 && errno != EINTR)
            error = errno;
    }
    if (!error && afetch_sha256_hex(hash, got) != AFETCH_OK)
        error = EIO;
    if (fd >= 0)
        close(fd);
    free(data);
    afetch_sha256_free(hash);
    return error;
}
