/* A thread that writes to descriptors whose readers may be slow, standard output and standard error: blocking writes,
 * so that descriptors which other programs share are never set non-blocking, behind a queue whose owner is told when it
 * is full. What is put is written in order, each piece whole in one write(2), small ones together up to what a pipe
 * takes at once. Beside standard output and standard error a writer may have one descriptor more. Used by output.c and
 * report_file.c. */
#ifndef AFETCH_CMD_WRITER_H
#define AFETCH_CMD_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WRITER_FULL = 256 * 1024 }; /* bytes; what is put then is still taken */

struct writer;

/* Starts no thread yet. wake is called on the writer's thread when there is room again after writer_full said that there
 * is none, and when a write failed; never after writer_drop. NULL: no memory. */
struct writer *writer_new(void (*wake)(void *arg), void *arg);

/* Copies len bytes for fd. What is for a descriptor whose write failed is dropped. false: neither memory nor thread. */
bool writer_put(struct writer *w, int fd, const char *data, size_t len);
/* The first len bytes of the file from, which it closes. The same. */
bool writer_put_file(struct writer *w, int fd, int from, uint64_t len);
bool writer_full(struct writer *w);
/* Bytes that wait to be written, those in files included. */
size_t writer_queued(struct writer *w);
/* The errno of the write to fd that failed, or 0. */
int writer_error(struct writer *w, int fd);

/* Waits at most ms milliseconds, or until a write is done. true: all is written. */
bool writer_wait(struct writer *w, unsigned ms);
/* The caller is done with it. A thread that waits in write(2) is left behind; it touches nothing of the caller's. */
void writer_drop(struct writer *w);

/* For those who have no thread: writes it all, waiting also where another program made fd non-blocking; with stopped, a
 * reader that does not read is not waited for once that says true. 0 or an errno; ETIMEDOUT for such a reader. */
int writer_write(int fd, const char *data, size_t len, bool (*stopped)(void));

#endif
