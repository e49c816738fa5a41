/* What Linux, the BSDs and macOS do differently; nothing else of the engines needs to know. */
#ifndef AFETCH_ENGINE_OS_H
#define AFETCH_ENGINE_OS_H

#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

/* A stream socket of a family: non-blocking, close-on-exec, without delay, no SIGPIPE. The descriptor, or -1 with
 * errno. */
int os_stream_socket(int family);
/* The next connection of a listener, with the same properties. */
int os_accept(int listener);
/* Probes while the connection is idle (tcp(7)): after seconds, and so often; count 0: as the system has it. Best effort. */
void os_keep_alive(int fd, unsigned seconds, unsigned count);
/* send(2) that raises no SIGPIPE and never blocks. */
ssize_t os_send(int fd, const void *data, size_t len);
/* A pair to wake a poll(2) with: fds[0] becomes readable by os_wake(fds[1]), which is async-signal-safe. 0, or -1. */
int os_wake_open(int fds[2]);
void os_wake(int fd);
void os_wake_drain(int fd);
void os_wake_close(int fds[2]);
/* Fills out with what nobody can guess. 0, or -1. */
int os_random(void *out, size_t len);

#endif
