#include "engine/os.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/eventfd.h>
#include <sys/random.h>
#endif

static int prepare(int fd)
{
    int on = 1;
#ifndef __linux__
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
        close(fd);
        return -1;
    }
#endif
#ifdef SO_NOSIGPIPE
    setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* best effort */
    return fd;
}

int os_stream_socket(int family)
{
#ifdef __linux__
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
#else
    int fd = socket(family, SOCK_STREAM, 0);
#endif
    return fd < 0 ? -1 : prepare(fd);
}

int os_accept(int listener)
{
#ifdef __linux__
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
#else
    int fd = accept(listener, NULL, NULL);
#endif
    return fd < 0 ? -1 : prepare(fd);
}

void os_keep_alive(int fd, unsigned seconds, unsigned count)
{
    int on = 1, s = (int)seconds, n = (int)count;
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
#ifdef TCP_KEEPIDLE
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &s, sizeof s);
#elif defined TCP_KEEPALIVE /* macOS */
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPALIVE, &s, sizeof s);
#endif
#ifdef TCP_KEEPINTVL
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &s, sizeof s);
#endif
#ifdef TCP_KEEPCNT
    if (n > 0)
        setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &n, sizeof n);
#endif
}

ssize_t os_send(int fd, const void *data, size_t len)
{
#ifdef MSG_NOSIGNAL
    return send(fd, data, len, MSG_NOSIGNAL);
#else
    return send(fd, data, len, 0);
#endif
}

int os_wake_open(int fds[2])
{
#ifdef __linux__
    fds[0] = fds[1] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return fds[0] < 0 ? -1 : 0;
#else
    if (pipe(fds) < 0)
        return -1;
    for (int i = 0; i < 2; i++) {
        fcntl(fds[i], F_SETFL, O_NONBLOCK);
        fcntl(fds[i], F_SETFD, FD_CLOEXEC);
    }
    return 0;
#endif
}

void os_wake(int fd)
{
    int saved = errno; /* may run in a signal handler */
    uint64_t one = 1;
    while (write(fd, &one, sizeof one) < 0 && errno == EINTR)
        ;
    errno = saved;
}

void os_wake_drain(int fd)
{
    uint64_t count[64];
    while (read(fd, count, sizeof count) == (ssize_t)sizeof count)
        ;
}

void os_wake_close(int fds[2])
{
    if (fds[0] >= 0)
        close(fds[0]);
    if (fds[1] >= 0 && fds[1] != fds[0])
        close(fds[1]);
    fds[0] = fds[1] = -1;
}

int os_random(void *out, size_t len)
{
#ifdef __linux__
    char *to = out;
    while (len > 0) {
        ssize_t n = getrandom(to, len, 0);
        if (n < 0 && errno != EINTR)
            return -1;
        if (n > 0) {
            to += n;
            len -= (size_t)n;
        }
    }
#else
    arc4random_buf(out, len);
#endif
    return 0;
}
