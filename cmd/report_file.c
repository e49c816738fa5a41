#include "report_file.h"
#include "writer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum {
    LOOK_MS = 50, /* how often the end looks whether the run was stopped */
    PATIENCE = 4  /* and how many times in vain once it was */
};

static void tell_failure(const struct report_file *f, struct report *report, int error)
{
    report_run_failure(report, AFETCH_WRITE, "--%s: %.300s cannot be written: %s", f->option, f->path, strerror(error));
}

bool report_file_open(struct report_file *f, struct report *report, const char *option, const char *path)
{
    *f = (struct report_file){.option = option, .path = path, .fd = -1};
    if (!path)
        return true;
    f->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (f->fd < 0)
        tell_failure(f, report, errno);
    return f->fd >= 0;
}

void report_file_begin(struct report_file *f, void (*wake)(void *arg), void *arg)
{
    if (f->path)
        f->writer = writer_new(wake, arg);
}

/* Until all is written, or the run was stopped and nothing moves. */
static void drain(struct report_file *f, const struct report *report)
{
    bool (*stopped)(void) = report->out.stopped;
    size_t before = 0;
    for (int vain = 0; !writer_wait(f->writer, LOOK_MS);) {
        size_t now = writer_queued(f->writer);
        vain = stopped && stopped() && now == before ? vain + 1 : 0;
        before = now;
        if (vain <= PATIENCE)
            continue;
        f->error = ETIMEDOUT;
        return;
    }
    f->error = f->error ? f->error : writer_error(f->writer, f->fd);
}

void report_file_write(struct report_file *f, struct report *report, const char *data, size_t len)
{
    if (!f->path) {
        output_write(&report->out, data, len);
        return;
    }
    if (!f->error && (!f->writer || !writer_put(f->writer, f->fd, data, len)))
        f->error = writer_write(f->fd, data, len, report->out.stopped);
    if (f->ending && report_file_full(f))
        drain(f, report);
}

bool report_file_full(const struct report_file *f)
{
    return f->writer && writer_full(f->writer);
}

void report_file_end(struct report_file *f, struct report *report)
{
    if (f->fd < 0)
        return;
    if (f->writer) {
        drain(f, report);
        writer_drop(f->writer);
    }
    bool left = f->error == ETIMEDOUT; /* a thread may still write to it */
    if (!left && close(f->fd) < 0 && !f->error)
        f->error = errno;
    f->fd = -1;
    if (f->error)
        tell_failure(f, report, f->error);
}
