#include "spool.h"
#include "bytes.h"
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 64 * 1024 };

static bool is_stdin(const char *path)
{
    return strcmp(path, "-") == 0;
}

bool spool_needed(const char *path)
{
    struct stat st;
    return is_stdin(path) || stat(path, &st) < 0 || !S_ISREG(st.st_mode);
}

const char *spool_folder(void)
{
    const char *dir = getenv("TMPDIR");
    return dir && *dir ? dir : "/tmp";
}

static bool unreadable(const char *path, struct report *report)
{
    report_run_failure(report, AFETCH_READ, "%.200s cannot be read: %s", is_stdin(path) ? "standard input" : path,
                       strerror(errno));
    return false;
}

static bool unwritable(const char *path, struct report *report)
{
    report_run_failure(report, AFETCH_WRITE, "%.200s cannot be kept in a temporary file in %.200s: %s",
                       is_stdin(path) ? "standard input" : path, spool_folder(), strerror(errno));
    return false;
}

int spool_open(void)
{
    int fd = open(spool_folder(), O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) /* not every file system can */
        return fd;
    struct text name = {0};
    text_addf(&name, "%s/afetch-XXXXXX", spool_folder());
    if (name.failed)
        errno = ENOMEM;
    else if ((fd = mkostemp(name.data, O_CLOEXEC)) >= 0)
        unlink(name.data);
    text_deinit(&name);
    return fd;
}

/* Opening a FIFO would wait for its writer, deaf to signals: not with O_NONBLOCK, and then poll(2) waits for it. */
static int open_list(const char *path)
{
    return is_stdin(path) ? STDIN_FILENO : open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

static bool copy(const char *path, int from, int to, struct report *report)
{
    static char buf[CHUNK];
    while (signals_wait(from)) {
        ssize_t n = read(from, buf, sizeof buf);
        if (n == 0)
            return true;
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return unreadable(path, report);
        if (n > 0 && !bytes_write(to, buf, (size_t)n))
            return unwritable(path, report);
    }
    return false;
}

int spool_list(const char *path, struct report *report)
{
    int from = -1, to = spool_open();
    bool ok = to >= 0 || unwritable(path, report);
    if (ok) {
        from = open_list(path);
        ok = from >= 0 ? copy(path, from, to, report) : unreadable(path, report);
    }
    if (from >= 0 && !is_stdin(path))
        close(from);
    if (to >= 0 && !ok)
        close(to);
    return ok ? to : -1;
}

bool spool_rewind(int fd, struct report *report)
{
    if (lseek(fd, 0, SEEK_SET) == 0)
        return true;
    report_run_failure(report, AFETCH_READ, "the temporary copy of a list cannot be read: %s", strerror(errno));
    return false;
}
