#include "output.h"
#include "writer.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum {
    LOOK_MS = 50, /* how often the end looks whether the run was stopped */
    PATIENCE = 4  /* and how many times in vain once it was */
};

static bool open_in_place(int fd)
{
    if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
        return false;
    /* The lowest free descriptor is fd, as those below it are open. */
    int got = open("/dev/null", O_RDWR);
    if (got >= 0 && got != fd)
        close(got);
    return true;
}

void output_guard(struct output *out, bool *stdin_closed)
{
    *out = (struct output){0};
    *stdin_closed = open_in_place(STDIN_FILENO);
    out->closed = open_in_place(STDOUT_FILENO);
    open_in_place(STDERR_FILENO);
}

/* ---- with threads and without ----------------------------------------------------------------------------------- */

static bool never_waits(const struct stat *st)
{
    return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3); /* /dev/null */
}

void output_begin(struct output *out, void (*wake)(void *arg), void *arg)
{
    struct stat a, b;
    bool known = fstat(STDOUT_FILENO, &a) == 0 && fstat(STDERR_FILENO, &b) == 0;
    if (!known || out->bodies || !never_waits(&a))
        out->out = writer_new(wake, arg);
    /* What is printed to one terminal, or under 2>&1, keeps its order. */
    if (known && out->out && a.st_dev == b.st_dev && a.st_ino == b.st_ino)
        out->err = out->out;
    else if (!known || !never_waits(&b))
        out->err = writer_new(wake, arg);
}

/* Until it is written. false: nobody reads. */
static bool drain(struct output *out, struct writer *w, void (*waiting)(void *arg), void *arg)
{
    size_t before = 0;
    for (int vain = 0; w && !writer_wait(w, LOOK_MS);) {
        size_t now = writer_queued(w);
        vain = out->stopped && out->stopped() && now == before ? vain + 1 : 0;
        before = now;
        if (vain > PATIENCE)
            return false;
        waiting(arg);
    }
    return true;
}

void output_end(struct output *out, void (*waiting)(void *arg), void *arg)
{
    bool read = drain(out, out->out, waiting, arg);
    if (output_check(out) && !read)
        out->error = ETIMEDOUT;
    if (out->err != out->out)
        drain(out, out->err, waiting, arg);
    if (out->err != out->out)
        writer_drop(out->err);
    writer_drop(out->out);
    out->out = out->err = NULL;
}

/* ---- writing ---------------------------------------------------------------------------------------------------- */

static void failed(struct output *out, int error)
{
    if (error == EPIPE)
        out->broken = true;
    else if (error && !out->error)
        out->error = error;
}

bool output_check(struct output *out)
{
    if (out->out)
        failed(out, writer_error(out->out, STDOUT_FILENO));
    return !out->broken && !out->error;
}

bool output_write(struct output *out, const char *data, size_t len)
{
    if (out->closed)
        failed(out, EBADF);
    if (!output_check(out))
        return false;
    if (!out->out || !writer_put(out->out, STDOUT_FILENO, data, len))
        failed(out, writer_write(STDOUT_FILENO, data, len, out->stopped));
    return !out->broken && !out->error;
}

bool output_write_file(struct output *out, int from, uint64_t len)
{
    if (!output_check(out) || !out->out) {
        close(from);
        return false;
    }
    if (!writer_put_file(out->out, STDOUT_FILENO, from, len))
        failed(out, ENOMEM);
    return !out->broken && !out->error;
}

void output_error(struct output *out, const char *data, size_t len)
{
    if (!out->err || !writer_put(out->err, STDERR_FILENO, data, len))
        writer_write(STDERR_FILENO, data, len, out->stopped);
}

bool output_full(struct output *out)
{
    bool full = out->out && writer_full(out->out);
    return (out->err && out->err != out->out && writer_full(out->err)) || full;
}

size_t output_queued(const struct output *out)
{
    size_t queued = out->out ? writer_queued(out->out) : 0;
    return out->err && out->err != out->out ? queued + writer_queued(out->err) : queued;
}
