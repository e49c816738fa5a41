#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

enum { STOPPED_WAIT_MS = 200 };

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

/* 0 or an errno. Waits for a slow reader, also where another program made the descriptor non-blocking. */
static int write_all(int fd, const char *data, size_t len, bool (*stopped)(void))
{
    while (len) {
        struct pollfd p = {.fd = fd, .events = POLLOUT};
        if (stopped && stopped() && poll(&p, 1, STOPPED_WAIT_MS) == 0)
            return ETIMEDOUT;
        ssize_t n = write(fd, data, len);
        if (n >= 0) {
            data += n;
            len -= (size_t)n;
        } else if (errno == EAGAIN) {
            poll(&p, 1, STOPPED_WAIT_MS);
        } else if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

bool output_write(struct output *out, const char *data, size_t len)
{
    if (out->broken || out->error)
        return false;
    int error = out->closed ? EBADF : write_all(STDOUT_FILENO, data, len, out->stopped);
    if (error == EPIPE)
        out->broken = true;
    else if (error)
        out->error = error;
    return error == 0;
}

void output_error(const struct output *out, const char *data, size_t len)
{
    write_all(STDERR_FILENO, data, len, out->stopped);
}
