#include "reader.h"
#include "thread.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { QUEUE_BYTES = 256 * 1024, CHUNK = 64 * 1024 };

/* Shared by the thread and its owner; the last of the two frees it. */
struct reader {
    pthread_mutex_t lock;
    pthread_cond_t room;
    struct line_list queue;
    char *path;
    int fd; /* open already; 0: not */
    void (*wake)(void *arg);
    void *arg;
    int error;    /* an errno, once ended */
    bool ended;   /* nothing is added any more */
    bool dropped; /* nobody takes any more */
    bool wanted;  /* the owner found nothing and wants to be woken */
    int users;
};

static void release(struct reader *r)
{
    pthread_mutex_lock(&r->lock);
    bool last = --r->users == 0;
    pthread_mutex_unlock(&r->lock);
    if (!last)
        return;
    line_list_free(&r->queue);
    pthread_cond_destroy(&r->room);
    pthread_mutex_destroy(&r->lock);
    free(r->path);
    free(r);
}

static void tell(struct reader *r)
{
    if (r->wanted && !r->dropped)
        r->wake(r->arg);
    r->wanted = false;
}

/* Hands a batch over when there is room. false: nobody wants it. */
static bool push(struct reader *r, struct line_list *batch)
{
    if (!batch->first)
        return true;
    pthread_mutex_lock(&r->lock);
    while (r->queue.bytes > QUEUE_BYTES && !r->dropped)
        pthread_cond_wait(&r->room, &r->lock);
    bool wanted = !r->dropped;
    if (wanted) {
        line_list_join(&r->queue, batch);
        tell(r);
    }
    pthread_mutex_unlock(&r->lock);
    return wanted;
}

static void finish(struct reader *r, int error)
{
    pthread_mutex_lock(&r->lock);
    r->ended = true;
    r->error = error;
    tell(r);
    pthread_mutex_unlock(&r->lock);
}

/* read(2) that outlasts signals, and a descriptor that another program made non-blocking. */
static ssize_t read_some(int fd, char *buf, size_t size)
{
    for (;;) {
        ssize_t n = read(fd, buf, size);
        if (n >= 0 || (errno != EINTR && errno != EAGAIN))
            return n;
        if (errno == EAGAIN)
            poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, -1);
    }
}

static int read_lines(struct reader *r, int fd)
{
    struct lines lines = {0};
    struct line_list batch;
    line_list_init(&batch);
    int error = 0;
    char *buf = malloc(CHUNK);
    bool ok = buf != NULL, wanted = true;
    while (ok && wanted) {
        ssize_t n = read_some(fd, buf, CHUNK);
        if (n < 0)
            error = errno;
        ok = n > 0 ? lines_feed(&lines, buf, (size_t)n, &batch) : lines_end(&lines, &batch);
        wanted = push(r, &batch) && n > 0;
    }
    if (!ok)
        error = ENOMEM;
    line_list_free(&batch);
    lines_deinit(&lines);
    free(buf);
    return error;
}

static void *thread(void *arg)
{
    struct reader *r = arg;
    bool own = !r->fd && strcmp(r->path, "-") != 0;
    /* Opening a FIFO waits for its writer: here, not on the session's thread. */
    int fd = own ? open(r->path, O_RDONLY | O_CLOEXEC | O_NOCTTY) : r->fd ? r->fd : STDIN_FILENO;
    int error = fd < 0 ? errno : read_lines(r, fd);
    if (own && fd >= 0)
        close(fd);
    finish(r, error);
    release(r);
    return NULL;
}

struct reader *reader_start(const char *path, int fd, void (*wake)(void *arg), void *arg)
{
    struct reader *r = malloc(sizeof *r);
    if (!r)
        return NULL;
    *r = (struct reader){.path = strdup(path), .fd = fd, .wake = wake, .arg = arg, .users = 2};
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->room, NULL);
    line_list_init(&r->queue);
    if (r->path && thread_start(thread, r))
        return r;
    r->users = 1;
    release(r);
    return NULL;
}

enum reader_state reader_take(struct reader *r, struct line_list *list, int *error)
{
    enum reader_state state = READER_SOME;
    pthread_mutex_lock(&r->lock);
    if (r->queue.first) {
        line_list_join(list, &r->queue);
        pthread_cond_signal(&r->room);
    } else if (r->ended) {
        state = READER_END;
        *error = r->error;
    } else {
        state = READER_LATER;
        r->wanted = true;
    }
    pthread_mutex_unlock(&r->lock);
    return state;
}

void reader_drop(struct reader *r)
{
    if (!r)
        return;
    pthread_mutex_lock(&r->lock);
    r->dropped = true;
    pthread_cond_signal(&r->room);
    pthread_mutex_unlock(&r->lock);
    release(r);
}
