#include "writer.h"
#include "thread.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    COPY = 64 * 1024,
    BLOCK = 4096, /* what a pipe takes whole, or not at all (PIPE_BUF): lines of two programs do not mix */
    DESCRIPTORS = 3,
    PACE_NS = 1000000, /* lines that come thick and fast are written together, each at most so much later */
    PACE_MS = 1,
    PACE_BYTES = 8 * BLOCK, /* unless there are so many */
    STOPPED_WAIT_MS = 200
};

struct block {
    struct block *next;
    int fd;
    int from;      /* a file that is copied; -1: data is written */
    uint64_t left; /* of it */
    size_t len, size;
    char data[];
};

/* Shared by the thread and its owner; the last of the two frees it. */
struct writer {
    pthread_mutex_t lock;
    pthread_cond_t more; /* there is something to write, or nobody puts any more */
    pthread_cond_t less; /* a block was written */
    struct block *first, *last;
    size_t queued;          /* bytes, what is being written included */
    int error[DESCRIPTORS]; /* errno of the write that failed: of 1, of 2, and of any other in 0's place */
    void (*wake)(void *arg);
    void *arg;
    bool idle;   /* the thread waits for more */
    bool paced;  /* it waits for more to come together */
    bool hurry;  /* its owner waits */
    bool wanted; /* the owner found it full and wants to be woken */
    bool dropped;
    int users;
};

int writer_write(int fd, const char *data, size_t len, bool (*stopped)(void))
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
            poll(&p, 1, stopped ? STOPPED_WAIT_MS : -1);
        } else if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

static int *error_of(struct writer *w, int fd)
{
    return &w->error[fd < DESCRIPTORS ? fd : 0];
}

/* ---- the thread ------------------------------------------------------------------------------------------------- */

static void free_block(struct block *b)
{
    if (b->from >= 0)
        close(b->from);
    free(b);
}

static void free_blocks(struct block *b)
{
    while (b) {
        struct block *next = b->next;
        free_block(b);
        b = next;
    }
}

static void release(struct writer *w)
{
    pthread_mutex_lock(&w->lock);
    bool last = --w->users == 0;
    pthread_mutex_unlock(&w->lock);
    if (!last)
        return;
    free_blocks(w->first);
    pthread_cond_destroy(&w->less);
    pthread_cond_destroy(&w->more);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

/* With the lock held. */
static void tell(struct writer *w)
{
    w->wanted = false;
    if (!w->dropped)
        w->wake(w->arg);
}

static struct block *take(struct writer *w)
{
    struct block *b = w->first;
    w->first = b->next;
    if (!w->first)
        w->last = NULL;
    return b;
}

/* So many bytes of a block are written, or dropped as error says. */
static void account(struct writer *w, const struct block *b, size_t len, int error)
{
    w->queued -= len;
    if (error && !*error_of(w, b->fd)) {
        *error_of(w, b->fd) = error;
        tell(w);
    }
    if (w->wanted && w->queued <= WRITER_FULL / 2)
        tell(w);
    pthread_cond_broadcast(&w->less);
}

static void write_data(struct writer *w, const struct block *b)
{
    int error = *error_of(w, b->fd);
    if (!error) {
        pthread_mutex_unlock(&w->lock);
        error = writer_write(b->fd, b->data, b->len, NULL);
        pthread_mutex_lock(&w->lock);
    }
    account(w, b, b->len, error);
}

/* The next piece of a file: 0, or an errno. *len: its bytes. */
static int copy_piece(const struct block *b, uint64_t at, size_t *len)
{
    char data[COPY];
    ssize_t n = pread(b->from, data, b->left < sizeof data ? (size_t)b->left : sizeof data, (off_t)at);
    *len = n > 0 ? (size_t)n : 0;
    if (n > 0)
        return writer_write(b->fd, data, (size_t)n, NULL);
    return n < 0 ? errno : EIO; /* somebody has cut it */
}

static void write_file(struct writer *w, struct block *b)
{
    int error = *error_of(w, b->fd);
    for (uint64_t at = 0; b->left && !error && !w->dropped;) {
        size_t len;
        pthread_mutex_unlock(&w->lock);
        error = copy_piece(b, at, &len);
        pthread_mutex_lock(&w->lock);
        at += len;
        b->left -= len;
        account(w, b, len, error);
    }
    account(w, b, (size_t)b->left, error);
}

static void write_block(struct writer *w, struct block *b)
{
    if (b->from >= 0)
        write_file(w, b);
    else
        write_data(w, b);
    free_block(b);
}

/* A wake-up and a write for each of thousands of lines would cost more than the lines. */
static bool too_soon(const struct writer *w, uint64_t last_ns)
{
    return w->queued < PACE_BYTES && !w->hurry && !w->dropped && thread_now_ns() - last_ns < PACE_NS;
}

static void *thread(void *arg)
{
    struct writer *w = arg;
    uint64_t last_ns = 0;
    pthread_mutex_lock(&w->lock);
    while (w->first || !w->dropped) {
        if (!w->first) {
            w->idle = true;
            pthread_cond_wait(&w->more, &w->lock);
        } else if (too_soon(w, last_ns)) {
            w->paced = true;
            thread_wait(&w->more, &w->lock, PACE_MS);
            w->paced = false;
        } else {
            last_ns = thread_now_ns();
            write_block(w, take(w));
        }
    }
    pthread_mutex_unlock(&w->lock);
    release(w);
    return NULL;
}

/* ---- its owner -------------------------------------------------------------------------------------------------- */

struct writer *writer_new(void (*wake)(void *arg), void *arg)
{
    struct writer *w = malloc(sizeof *w);
    if (!w)
        return NULL;
    *w = (struct writer){.wake = wake, .arg = arg, .users = 1};
    pthread_mutex_init(&w->lock, NULL);
    thread_cond_init(&w->more);
    thread_cond_init(&w->less);
    return w;
}

/* With the lock held. */
static void line_up(struct writer *w, struct block *b)
{
    if (w->last)
        w->last->next = b;
    else
        w->first = b;
    w->last = b;
}

/* With the lock held: at the end of the last block, or in a new one. */
static bool append(struct writer *w, int fd, const char *data, size_t len)
{
    struct block *b = w->last;
    if (!b || b->fd != fd || len > b->size - b->len) {
        size_t size = len > BLOCK ? len : BLOCK;
        b = malloc(sizeof *b + size);
        if (!b)
            return false;
        *b = (struct block){.fd = fd, .from = -1, .size = size};
        line_up(w, b);
    }
    memcpy(b->data + b->len, data, len);
    b->len += len;
    w->queued += len;
    return true;
}

/* With the lock held. */
static bool have_thread(struct writer *w)
{
    if (w->users == 1 && thread_start(thread, w))
        w->users = 2;
    return w->users > 1;
}

/* With the lock held, which it gives up. */
static void call_thread(struct writer *w)
{
    if (w->idle ? w->first != NULL : w->paced && w->queued >= PACE_BYTES) {
        w->idle = w->paced = false;
        pthread_cond_signal(&w->more);
    }
    pthread_mutex_unlock(&w->lock);
}

bool writer_put(struct writer *w, int fd, const char *data, size_t len)
{
    pthread_mutex_lock(&w->lock);
    bool ok = have_thread(w);
    if (ok && !*error_of(w, fd))
        ok = append(w, fd, data, len);
    call_thread(w);
    return ok;
}

bool writer_put_file(struct writer *w, int fd, int from, uint64_t len)
{
    struct block *b = malloc(sizeof *b);
    pthread_mutex_lock(&w->lock);
    bool ok = b && have_thread(w);
    if (ok) {
        *b = (struct block){.fd = fd, .from = from, .left = len};
        line_up(w, b);
        w->queued += (size_t)len;
    }
    call_thread(w);
    if (!ok) {
        free(b);
        close(from);
    }
    return ok;
}

bool writer_full(struct writer *w)
{
    pthread_mutex_lock(&w->lock);
    bool full = w->queued > WRITER_FULL;
    w->wanted = w->wanted || full; /* who asked before still waits */
    pthread_mutex_unlock(&w->lock);
    return full;
}

size_t writer_queued(struct writer *w)
{
    pthread_mutex_lock(&w->lock);
    size_t queued = w->queued;
    pthread_mutex_unlock(&w->lock);
    return queued;
}

int writer_error(struct writer *w, int fd)
{
    pthread_mutex_lock(&w->lock);
    int error = *error_of(w, fd);
    pthread_mutex_unlock(&w->lock);
    return error;
}

bool writer_wait(struct writer *w, unsigned ms)
{
    pthread_mutex_lock(&w->lock);
    w->hurry = true;
    pthread_cond_signal(&w->more);
    if (w->queued)
        thread_wait(&w->less, &w->lock, ms);
    bool all = w->queued == 0;
    pthread_mutex_unlock(&w->lock);
    return all;
}

void writer_drop(struct writer *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->dropped = true;
    free_blocks(w->first);
    w->first = w->last = NULL;
    pthread_cond_signal(&w->more);
    pthread_mutex_unlock(&w->lock);
    release(w);
}
