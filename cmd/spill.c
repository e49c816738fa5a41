#include "spill.h"
#include "spool.h"
#include "workers.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECE_MIN = 4096 - 64, PIECE_MORE = 64 * 1024 };

struct spill {
    struct job job; /* first */
    struct spills *all;
    struct pieces list;
    int fd; /* -1: not open yet */
    int error;
    uint64_t written;
    bool working; /* its job was given to a thread */
    bool dropped;
};

/* Shared by its owner and every job that was given; the last of them frees it. */
struct spills {
    pthread_mutex_t lock; /* of all that follows, and of each struct spill */
    struct workers *workers;
    size_t waiting; /* bytes */
    size_t users;
    bool dropped;
    void (*wake)(void *arg);
    void *arg;
};

/* ---- pieces ----------------------------------------------------------------------------------------------------- */

void pieces_init(struct pieces *list)
{
    *list = (struct pieces){.end = &list->first};
}

struct piece *pieces_take(struct pieces *list)
{
    struct piece *p = list->first;
    if (!p)
        return NULL;
    list->first = p->next;
    if (!list->first)
        list->end = &list->first;
    list->bytes -= p->len - p->at;
    return p;
}

void pieces_free(struct pieces *list)
{
    struct piece *p;
    while ((p = pieces_take(list)))
        free(p);
}

void pieces_join(struct pieces *to, struct pieces *from)
{
    if (!from->first)
        return;
    *to->end = from->first;
    to->end = from->end;
    to->bytes += from->bytes;
    pieces_init(from);
}

static struct piece *last(const struct pieces *list)
{
    return list->first ? (struct piece *)(void *)((char *)list->end - offsetof(struct piece, next)) : NULL;
}

bool pieces_add(struct pieces *list, const void *data, size_t len)
{
    struct piece *p = last(list);
    if (!p || len > p->size - p->len) {
        size_t size = list->bytes ? PIECE_MORE : PIECE_MIN;
        size = len > size ? len : size;
        p = malloc(sizeof *p + size);
        if (!p)
            return false;
        *p = (struct piece){.size = size};
        *list->end = p;
        list->end = &p->next;
    }
    memcpy(p->data + p->len, data, len);
    p->len += len;
    list->bytes += len;
    return true;
}

/* ---- life ------------------------------------------------------------------------------------------------------- */

struct spills *spills_new(void (*wake)(void *arg), void *arg)
{
    struct spills *ss = malloc(sizeof *ss);
    struct workers *workers = workers_new();
    if (!ss || !workers) {
        workers_drop(workers);
        free(ss);
        return NULL;
    }
    *ss = (struct spills){.workers = workers, .users = 1, .wake = wake, .arg = arg};
    pthread_mutex_init(&ss->lock, NULL);
    return ss;
}

/* With the lock held, which it gives up. */
static void release(struct spills *ss)
{
    bool none = --ss->users == 0;
    pthread_mutex_unlock(&ss->lock);
    if (!none)
        return;
    workers_drop(ss->workers);
    pthread_mutex_destroy(&ss->lock);
    free(ss);
}

void spills_drop(struct spills *ss)
{
    if (!ss)
        return;
    pthread_mutex_lock(&ss->lock);
    ss->dropped = true;
    release(ss);
}

size_t spills_waiting(struct spills *ss)
{
    pthread_mutex_lock(&ss->lock);
    size_t waiting = ss->waiting;
    pthread_mutex_unlock(&ss->lock);
    return waiting;
}

/* ---- one file, by its thread -------------------------------------------------------------------------------------- */

/* As much of a piece as can be: 0, or an errno. */
static int write_piece(int fd, struct piece *p)
{
    while (p->at < p->len) {
        ssize_t n = write(fd, p->data + p->at, p->len - p->at);
        if (n < 0 && errno != EINTR)
            return errno;
        p->at += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

/* With the lock held, which is given up meanwhile. */
static void open_file(struct spill *s)
{
    pthread_mutex_unlock(&s->all->lock);
    int fd = spool_open();
    int error = fd < 0 ? errno : 0;
    pthread_mutex_lock(&s->all->lock);
    s->fd = fd;
    s->error = error;
}

static void put_back(struct pieces *list, struct piece *p)
{
    p->next = list->first;
    if (!list->first)
        list->end = &p->next;
    list->first = p;
    list->bytes += p->len - p->at;
}

/* The same. */
static void write_first(struct spill *s)
{
    struct piece *p = pieces_take(&s->list);
    size_t before = p->at;
    pthread_mutex_unlock(&s->all->lock);
    int error = write_piece(s->fd, p);
    pthread_mutex_lock(&s->all->lock);
    size_t done = p->at - before;
    s->written += done;
    s->all->waiting -= done;
    s->error = error;
    if (error)
        put_back(&s->list, p);
    else
        free(p);
}

/* With the lock held. */
static void destroy(struct spill *s)
{
    if (!s->error)
        s->all->waiting -= s->list.bytes;
    pieces_free(&s->list);
    if (s->fd >= 0)
        close(s->fd);
    free(s);
}

static void work(struct job *job)
{
    struct spill *s = (struct spill *)(void *)job;
    struct spills *ss = s->all;
    pthread_mutex_lock(&ss->lock);
    while (s->list.first && !s->error && !s->dropped) {
        if (s->fd < 0)
            open_file(s);
        else
            write_first(s);
    }
    s->working = false;
    if (s->error) /* what is left waits for no disk any more */
        ss->waiting -= s->list.bytes;
    if (s->dropped)
        destroy(s);
    if (!ss->dropped)
        ss->wake(ss->arg);
    release(ss);
}

/* ---- its owner -------------------------------------------------------------------------------------------------- */

struct spill *spill_new(struct spills *ss)
{
    struct spill *s = malloc(sizeof *s);
    if (!s)
        return NULL;
    *s = (struct spill){.job.run = work, .all = ss, .fd = -1};
    pieces_init(&s->list);
    return s;
}

void spill_put(struct spill *s, struct pieces *list)
{
    struct spills *ss = s->all;
    pthread_mutex_lock(&ss->lock);
    if (!s->error)
        ss->waiting += list->bytes;
    pieces_join(&s->list, list);
    bool give = !s->working && !s->error && s->list.first;
    s->working = s->working || give;
    ss->users += give;
    pthread_mutex_unlock(&ss->lock);
    if (give)
        workers_run(ss->workers, &s->job);
}

bool spill_idle(struct spill *s)
{
    pthread_mutex_lock(&s->all->lock);
    bool idle = !s->working;
    pthread_mutex_unlock(&s->all->lock);
    return idle;
}

int spill_error(struct spill *s)
{
    pthread_mutex_lock(&s->all->lock);
    int error = s->error;
    pthread_mutex_unlock(&s->all->lock);
    return error;
}

int spill_take(struct spill *s, uint64_t *len, struct pieces *left)
{
    pthread_mutex_lock(&s->all->lock);
    int fd = s->fd;
    s->fd = -1;
    *len = s->written;
    s->written = 0;
    if (!s->error)
        s->all->waiting -= s->list.bytes;
    pieces_join(left, &s->list);
    pthread_mutex_unlock(&s->all->lock);
    return fd;
}

void spill_free(struct spill *s)
{
    if (!s)
        return;
    struct spills *ss = s->all;
    pthread_mutex_lock(&ss->lock);
    s->dropped = true;
    if (!s->working)
        destroy(s);
    pthread_mutex_unlock(&ss->lock);
}
