#include "infile.h"
#include "thread.h"
#include "workers.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE_MAX = 128 * 1024 }; /* two of them for each file */

struct infiles {
    struct workers *workers;
    bool input_taken; /* standard input is somebody's, or was read */
};

/* Of the request that sends it, and of the thread that works at it; the last of the two frees it. */
struct infile {
    struct job job; /* first */
    struct infiles *all;
    char *path;
    bool input;       /* standard input */
    bool wanted_once; /* it was read from */

    pthread_mutex_t lock;          /* of what follows */
    struct afetch_request *waits;  /* is to be told when the thread is done; or NULL */
    bool working, called, dropped; /* it has a thread; which is in a call that may be interrupted; nobody wants it */
    pthread_t thread;
    bool opened;
    int fd;
    int64_t length; /* -1: no regular file */
    int error;      /* an errno */
    bool ended;
    char *given, *next; /* what the request has, and what is read for it, */
    size_t size;        /* of so many bytes */
    size_t next_len;    /* 0: nothing yet */
};

struct infiles *infiles_new(void)
{
    struct infiles *all = malloc(sizeof *all);
    struct workers *workers = workers_new();
    if (!all || !workers) {
        free(all);
        workers_drop(workers);
        return NULL;
    }
    *all = (struct infiles){.workers = workers};
    return all;
}

void infiles_drop(struct infiles *all)
{
    if (!all)
        return;
    workers_drop(all->workers);
    free(all);
}

static void destroy(struct infile *f)
{
    if (f->opened && !f->input && f->fd >= 0)
        close(f->fd);
    pthread_mutex_destroy(&f->lock);
    free(f->given);
    free(f->next);
    free(f->path);
    free(f);
}

/* ---- the thread --------------------------------------------------------------------------------------------------- */

/* A call begins that may take long; false: nobody wants its outcome any more. */
static bool call(struct infile *f)
{
    pthread_mutex_lock(&f->lock);
    f->thread = pthread_self();
    f->called = !f->dropped;
    bool wanted = f->called;
    pthread_mutex_unlock(&f->lock);
    return wanted;
}

static void called(struct infile *f)
{
    pthread_mutex_lock(&f->lock);
    f->called = false;
    pthread_mutex_unlock(&f->lock);
}

static void open_it(struct infile *f)
{
    struct stat st = {0};
    int fd = -1, error = EINTR;
    while (error == EINTR && call(f)) {
        fd = f->input ? STDIN_FILENO : open(f->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        error = fd < 0 ? errno : 0;
        called(f);
    }
    if (fd >= 0 && fstat(fd, &st) < 0)
        error = errno;
    else if (fd >= 0 && S_ISDIR(st.st_mode))
        error = EISDIR;
    pthread_mutex_lock(&f->lock);
    f->opened = true;
    f->fd = fd;
    f->error = error;
    f->length = !error && fd >= 0 && S_ISREG(st.st_mode) && !f->input ? (int64_t)st.st_size : -1;
    f->job.alone = f->length < 0; /* a pipe's other end may take its time */
    pthread_mutex_unlock(&f->lock);
}

static void read_more(struct infile *f)
{
    ssize_t n = -1;
    int error = EINTR;
    while ((error == EINTR || error == EAGAIN) && call(f)) {
        if (error == EAGAIN) /* another program made it non-blocking */
            poll(&(struct pollfd){.fd = f->fd, .events = POLLIN}, 1, -1);
        n = read(f->fd, f->next, f->size);
        error = n < 0 ? errno : 0;
        called(f);
    }
    pthread_mutex_lock(&f->lock);
    f->next_len = n > 0 ? (size_t)n : 0;
    f->ended = n == 0;
    f->error = error;
    pthread_mutex_unlock(&f->lock);
}

static void work(struct job *job)
{
    struct infile *f = (struct infile *)job;
    if (f->opened)
        read_more(f);
    else
        open_it(f);
    pthread_mutex_lock(&f->lock);
    f->working = false;
    bool dropped = f->dropped;
    if (f->waits)
        afetch_request_feed(f->waits);
    f->waits = NULL;
    pthread_mutex_unlock(&f->lock);
    if (dropped)
        destroy(f);
}

/* ---- its request -------------------------------------------------------------------------------------------------- */

static enum afetch_feed fail(struct afetch_request *r, const struct infile *f, const char *what, int error)
{
    char why[400];
    snprintf(why, sizeof why, "%.200s cannot be %s: %s", f->input ? "standard input" : f->path, what, strerror(error));
    afetch_request_fail(r, AFETCH_READ, why);
    return AFETCH_FEED_FAILED;
}

/* Gives it to a thread. */
static void start(struct infile *f)
{
    f->working = true;
    workers_run(f->all->workers, &f->job);
}

static bool is_working(struct infile *f, struct afetch_request *r)
{
    pthread_mutex_lock(&f->lock);
    bool working = f->working;
    f->waits = working ? r : NULL;
    pthread_mutex_unlock(&f->lock);
    return working;
}

static struct infile *new_infile(struct infiles *all, const char *path)
{
    struct infile *f = malloc(sizeof *f);
    if (!f)
        return NULL;
    *f = (struct infile){.job.run = work, .all = all, .path = strdup(path), .fd = -1};
    f->input = strcmp(path, "-") == 0 || strcmp(path, ".") == 0;
    pthread_mutex_init(&f->lock, NULL);
    if (f->path)
        return f;
    destroy(f);
    return NULL;
}

static enum afetch_feed begin(void *arg, struct afetch_request *r, const char *name, struct afetch_feed_facts *facts)
{
    struct infile_feed *feed = arg;
    if (!feed->now) {
        struct infile *f = feed->now = new_infile(feed->all, name);
        if (!f) {
            afetch_request_fail(r, AFETCH_MEMORY, "");
            return AFETCH_FEED_FAILED;
        }
        if (f->input && feed->all->input_taken) {
            afetch_request_fail(r, AFETCH_READ, "standard input is sent to another URL already");
            f->input = false; /* it is not ours to give back */
            return AFETCH_FEED_FAILED;
        }
        feed->all->input_taken = feed->all->input_taken || f->input;
        start(f);
    }
    struct infile *f = feed->now;
    if (is_working(f, r))
        return AFETCH_FEED_LATER;
    if (f->error)
        return fail(r, f, "opened", f->error);
    facts->length = f->length;
    facts->once = f->length < 0;
    return AFETCH_FEED_SOME;
}

static bool make_room(struct infile *f)
{
    f->size = f->length > 0 && f->length < PIECE_MAX ? (size_t)f->length : PIECE_MAX;
    f->given = malloc(f->size);
    f->next = malloc(f->size);
    return f->given && f->next;
}

static enum afetch_feed read_on(void *arg, struct afetch_request *r, const void **data, size_t *len)
{
    struct infile *f = ((struct infile_feed *)arg)->now;
    if (!f->wanted_once && !make_room(f)) {
        afetch_request_fail(r, AFETCH_MEMORY, "");
        return AFETCH_FEED_FAILED;
    }
    if (!f->wanted_once) {
        f->wanted_once = true;
        start(f);
    }
    if (is_working(f, r))
        return AFETCH_FEED_LATER;
    if (f->error)
        return fail(r, f, "read", f->error);
    if (f->ended)
        return AFETCH_FEED_END;
    char *piece = f->next;
    *data = piece;
    *len = f->next_len;
    f->next = f->given;
    f->given = piece;
    start(f);
    return AFETCH_FEED_SOME;
}

static void end(void *arg, struct afetch_request *r)
{
    struct infile_feed *feed = arg;
    struct infile *f = feed->now;
    (void)r;
    feed->now = NULL;
    if (!f)
        return;
    if (f->input && !f->wanted_once)
        feed->all->input_taken = false;
    pthread_mutex_lock(&f->lock);
    f->dropped = true;
    f->waits = NULL;
    bool working = f->working;
    if (f->called)
        thread_interrupt(f->thread);
    pthread_mutex_unlock(&f->lock);
    if (!working)
        destroy(f);
}

const struct afetch_feeder infile_feeder = {.begin = begin, .read = read_on, .end = end};
