#include "part.h"
#include "bytes.h"
#include "fnv.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { INFO_MAX = 2048, NAME_SHOWN = 160, NAME_LONG = 200 };

static const char header[] = "afetch part 1\n";
static const char info_suffix[] = "-info";

/* ---- names ------------------------------------------------------------------------------------------------------ */

uint64_t part_hash(const char *url)
{
    return fnv_more(FNV_BEGIN, url, strlen(url));
}

/* The text's memory, or NULL. */
static char *take(struct text *t)
{
    if (!t->failed)
        return t->data;
    text_deinit(t);
    return NULL;
}

char *part_path(const char *dir, const char *base)
{
    struct text t = {0};
    text_addf(&t, "%s/.", strcmp(dir, "/") == 0 ? "" : dir);
    if (strlen(base) <= NAME_LONG)
        text_adds(&t, base);
    else
        text_addf(&t, "%.*s-%016" PRIx64, NAME_SHOWN, base, part_hash(base));
    text_adds(&t, ".afetch-part");
    return take(&t);
}

static char *info_path(const char *path, const char *more)
{
    struct text t = {0};
    text_addf(&t, "%s%s%s", path, info_suffix, more);
    return take(&t);
}

/* ---- the info --------------------------------------------------------------------------------------------------- */

/* A line each, and behind them the sum of all: what was cut or mixed up is none. */
static void write_text(struct text *t, const struct part_info *info)
{
    text_addf(t, "%surl %016" PRIx64 "\nsize %" PRIu64 "\nsince %" PRId64 "\nvalidator %s\n", header, info->url,
              info->size, info->since_s, info->validator);
    if (!t->failed)
        text_addf(t, "sum %016" PRIx64 "\n", fnv_more(FNV_BEGIN, t->data, t->len));
}

int part_write_info(const char *path, const struct part_info *info)
{
    struct text t = {0};
    write_text(&t, info);
    char *name = info_path(path, ""), *temp = info_path(path, "-XXXXXX");
    int fd = -1, error = t.failed || !name || !temp ? ENOMEM : 0;
    if (!error && (fd = mkostemp(temp, O_CLOEXEC)) < 0)
        error = errno;
    if (fd >= 0 && !bytes_write(fd, t.data, t.len))
        error = errno;
    if (fd >= 0 && close(fd) < 0 && !error)
        error = errno;
    if (!error && rename(temp, name) < 0)
        error = errno;
    if (error && fd >= 0)
        unlink(temp);
    free(name);
    free(temp);
    text_deinit(&t);
    return error;
}

static bool parse(char *text, size_t len, struct part_info *out)
{
    struct part_info info = {0};
    char *sum = len > 0 ? strstr(text, "\nsum ") : NULL;
    uint64_t said;
    int n = 0;
    if (!sum || sscanf(sum + 1, "sum %16" SCNx64 "\n%n", &said, &n) != 1 || sum + 1 + n != text + len ||
        said != fnv_more(FNV_BEGIN, text, (size_t)(sum + 1 - text)) || strncmp(text, header, sizeof header - 1) != 0)
        return false;
    sum[1] = '\0';
    text += sizeof header - 1;
    n = 0;
    if (sscanf(text, "url %16" SCNx64 "\nsize %" SCNu64 "\nsince %" SCNd64 "\n%n", &info.url, &info.size, &info.since_s,
               &n) != 3 ||
        n == 0 || strncmp(text + n, "validator ", 10) != 0)
        return false;
    text += n + 10;
    size_t length = strcspn(text, "\n");
    if (length >= sizeof info.validator || text[length] != '\n')
        return false;
    memcpy(info.validator, text, length);
    *out = info;
    return true;
}

static bool read_info(const char *path, struct part_info *out)
{
    char text[INFO_MAX + 1];
    char *name = info_path(path, "");
    int fd = name ? open(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) : -1;
    ssize_t n = fd >= 0 ? read(fd, text, INFO_MAX) : -1;
    if (fd >= 0)
        close(fd);
    free(name);
    if (n <= 0)
        return false;
    text[n] = '\0';
    return strlen(text) == (size_t)n && parse(text, (size_t)n, out);
}

/* Nobody else may have put it there, nor has another name for it. */
static bool is_ours(const struct stat *st)
{
    return S_ISREG(st->st_mode) && st->st_uid == geteuid() && st->st_nlink == 1;
}

bool part_find(const char *path, struct part_info *out, struct stat *st)
{
    return lstat(path, st) == 0 && is_ours(st) && st->st_size > 0 && read_info(path, out) &&
           (!out->size || (uint64_t)st->st_size <= out->size);
}

void part_remove_info(const char *path)
{
    char *name = info_path(path, "");
    if (name)
        unlink(name);
    free(name);
}

void part_remove(const char *path)
{
    unlink(path);
    part_remove_info(path);
}

/* ---- the part --------------------------------------------------------------------------------------------------- */

bool part_lock(int fd)
{
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return true;
    if (errno == EWOULDBLOCK)
        errno = EBUSY;
    return errno != EBUSY; /* a file system without locks is not to be held against it */
}

/* -1 with errno; nothing of the descriptor is left then. */
static int locked(int fd)
{
    if (fd < 0 || part_lock(fd))
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

int part_new(const char *path)
{
    int fd = locked(open(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (fd < 0 && errno == EBUSY)
        return -1;
    unlink(path);
    if (fd >= 0)
        close(fd);
    return locked(open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
}

int part_open(const char *path, const struct stat *st)
{
    struct stat now;
    int fd = locked(open(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (fd < 0)
        return -1;
    if (fstat(fd, &now) == 0 && is_ours(&now) && now.st_ino == st->st_ino && now.st_dev == st->st_dev &&
        now.st_size == st->st_size)
        return fd;
    close(fd);
    errno = EBUSY;
    return -1;
}
