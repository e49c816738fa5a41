#include "filework_parts.h"

#include <stdlib.h>
#include <string.h>

enum {
    FILE_FULL = 256 * 1024,      /* bytes of one file that may wait */
    FILE_ROOM = FILE_FULL / 4,   /* and when more may come */
    ALL_FULL = 32 * 1024 * 1024, /* bytes of all files; over that each one that has any is full */
    CHUNK_MIN = 4096 - 64,       /* with its header and malloc's, a page */
    CHUNK_MORE = 16 * 1024,      /* for a body that comes in small pieces */
    CHUNK_LARGE = 64 * 1024,     /* for a large one */
    SPARES_MAX = 16
};

/* ---- life ------------------------------------------------------------------------------------------------------- */

void files_release(struct files *files)
{
    bool last = --files->users == 0;
    pthread_mutex_unlock(&files->lock);
    if (!last)
        return;
    workers_drop(files->workers);
    outfile_names_deinit(&files->names);
    while (files->spare) {
        struct chunk *c = files->spare;
        files->spare = c->next;
        free(c);
    }
    pthread_cond_destroy(&files->changed);
    pthread_mutex_destroy(&files->lock);
    free(files);
}

struct files *files_new(size_t open_max, void (*wake)(void *arg), void *arg)
{
    struct files *files = malloc(sizeof *files);
    struct workers *workers = workers_new();
    if (!files || !workers) {
        workers_drop(workers);
        free(files);
        return NULL;
    }
    *files = (struct files){.workers = workers, .open_max = open_max, .users = 1, .wake = wake, .arg = arg};
    files->news_end = &files->news;
    files->parked_end = &files->parked;
    pthread_mutex_init(&files->lock, NULL);
    thread_cond_init(&files->changed);
    outfile_names_init(&files->names);
    return files;
}

void files_drop(struct files *files)
{
    if (!files)
        return;
    pthread_mutex_lock(&files->lock);
    files->dropped = true;
    files_release(files);
}

void files_give(struct files *files, struct job *job)
{
    files->users += job != NULL;
    pthread_mutex_unlock(&files->lock);
    if (job)
        workers_run(files->workers, job);
}

/* ---- one file; the functions of this part are called with the lock held ----------------------------------------- */

void files_change(struct files *files)
{
    files->changes++;
    pthread_cond_signal(&files->changed);
}

static void drop_chunk(struct files *files, struct chunk *c)
{
    if (c->size != CHUNK_LARGE || files->spare_count == SPARES_MAX) {
        free(c);
        return;
    }
    c->next = files->spare;
    files->spare = c;
    files->spare_count++;
}

static void drop_chunks(struct filework *w)
{
    while (w->first) {
        struct chunk *c = w->first;
        w->first = c->next;
        w->queued -= c->len;
        w->files->queued -= c->len;
        drop_chunk(w->files, c);
    }
    w->last = NULL;
}

void filework_destroy(struct filework *w)
{
    struct files *files = w->files;
    drop_chunks(w);
    if (w->prev)
        w->prev->next = w->next;
    else
        files->all = w->next;
    if (w->next)
        w->next->prev = w->prev;
    files->count--;
    files_change(files);
    outfile_deinit(&w->f);
    free(w->temp);
    free(w->why);
    free(w);
}

void filework_tell(struct filework *w, unsigned news)
{
    struct files *files = w->files;
    if (!w->owner)
        return;
    if (!w->news) {
        if (!files->news && !files->dropped)
            files->wake(files->arg);
        w->news_next = NULL;
        *files->news_end = w;
        files->news_end = &w->news_next;
    }
    w->news |= news;
    files_change(files);
}

void filework_fail(struct filework *w, const char *why)
{
    w->failed = true;
    w->why = strdup(why);
    drop_chunks(w);
}

void filework_at(struct filework *w, const char *what)
{
    w->at = what;
    w->since_ns = thread_now_ns();
}

void filework_enter(struct filework *w, const char *what)
{
    filework_at(w, what);
    w->thread = pthread_self();
    w->called = true;
    pthread_mutex_unlock(&w->files->lock);
}

void filework_leave(struct filework *w)
{
    pthread_mutex_lock(&w->files->lock);
    w->called = false;
}

void filework_interrupt(struct filework *w)
{
    atomic_store(&w->f.given_up, true);
    if (w->called)
        thread_interrupt(w->thread);
}

/* It counts as open no more; one that waited for that does. Returns whose job a thread should be given, or NULL. */
static struct filework *give_up_place(struct filework *w)
{
    struct files *files = w->files;
    struct filework *other = files->parked;
    if (!w->placed)
        return NULL;
    w->placed = false;
    if (!other) {
        files->open--;
        return NULL;
    }
    files->parked = other->line_next;
    if (!files->parked)
        files->parked_end = &files->parked;
    other->parked = false;
    other->placed = other->working = true;
    other->job.alone = other->f.direct;
    return other;
}

struct job *filework_job(struct filework *w)
{
    struct files *files = w->files;
    if (w->working || w->parked || w->in_lane)
        return NULL;
    filework_at(w, w->opened ? "writing" : "opening");
    if (!w->placed && files->open >= files->open_max) {
        w->parked = true;
        w->line_next = NULL;
        *files->parked_end = w;
        files->parked_end = &w->line_next;
        return NULL;
    }
    files->open += !w->placed;
    w->placed = w->working = true;
    w->job.alone = w->f.direct;
    return &w->job;
}

/* ---- one file, by its thread ------------------------------------------------------------------------------------ */

/* The body that is being written from now on. */
static void take_body(struct filework *w)
{
    w->restarted = false;
    if (!w->f.resume)
        return;
    w->f.resume->body = w->f.resume->coming;
    w->f.resume->whole = w->complete;
}

static int open_file(struct filework *w, char *why)
{
    take_body(w);
    filework_enter(w, "opening");
    int rc = outfile_open(&w->f, &w->files->names, why);
    char *temp = w->f.temp ? strdup(w->f.temp) : NULL;
    filework_leave(w);
    w->temp = temp;
    w->opened = true;
    return rc;
}

static int restart_file(struct filework *w, char *why)
{
    take_body(w);
    pthread_mutex_unlock(&w->files->lock);
    int rc = outfile_restart(&w->f, why);
    pthread_mutex_lock(&w->files->lock);
    return rc;
}

static int write_chunk(struct filework *w, char *why)
{
    struct chunk *c = w->first;
    w->first = c->next;
    if (!w->first)
        w->last = NULL;
    filework_enter(w, "writing");
    int rc = outfile_write(&w->f, c->data, c->len, why);
    filework_leave(w);
    w->queued -= c->len;
    w->files->queued -= c->len;
    drop_chunk(w->files, c);
    if (w->full && w->queued <= FILE_ROOM) {
        w->full = false;
        filework_tell(w, FILEWORK_ROOM);
    }
    return rc;
}

static int commit(struct filework *w, char *why)
{
    w->f.timed = w->timed;
    w->f.modified_s = w->modified_s;
    filework_enter(w, "closing");
    int rc = outfile_commit(&w->f, why);
    filework_leave(w);
    w->finished = rc == 0;
    return rc;
}

/* Does the next thing that is to be done. false: there is none. */
static bool step(struct filework *w)
{
    char why[OUTFILE_WHY] = "";
    int rc;
    if ((!w->owner && !w->kept) || w->failed || w->finished)
        return false;
    if (!w->opened && (w->owner || w->first))
        rc = open_file(w, why);
    else if (w->opened && w->restarted)
        rc = restart_file(w, why);
    else if (w->first)
        rc = write_chunk(w, why);
    else if (w->complete)
        rc = commit(w, why);
    else
        return false;
    if (rc < 0)
        filework_fail(w, why);
    return true;
}

static void work(struct job *job)
{
    struct filework *w = (struct filework *)(void *)job, *other = NULL;
    struct files *files = w->files;
    pthread_mutex_lock(&files->lock);
    while (step(w))
        ;
    if (w->failed || !w->owner) {
        filework_at(w, "closing");
        pthread_mutex_unlock(&files->lock);
        outfile_discard(&w->f);
        pthread_mutex_lock(&files->lock);
    }
    if (w->failed || w->finished || !w->owner)
        other = give_up_place(w);
    w->working = false;
    if (!w->owner)
        filework_destroy(w);
    else if (w->finished || (w->failed && w->complete))
        filework_tell(w, FILEWORK_FINISHED);
    else if (w->failed && w->full)
        filework_tell(w, FILEWORK_ROOM);
    files_give(files, other ? &other->job : NULL);
    pthread_mutex_lock(&files->lock);
    files_release(files);
}

/* ---- its owner --------------------------------------------------------------------------------------------------- */

struct filework *filework_new(struct files *files, char *path, const struct outfile_ways *ways, struct resume *resume,
                              void *owner)
{
    struct filework *w = malloc(sizeof *w);
    if (!w) {
        free(path);
        resume_free(resume);
        return NULL;
    }
    *w = (struct filework){.job.run = work, .files = files, .owner = owner, .in_lane = true};
    outfile_init(&w->f, path);
    w->f.resume = resume;
    if (ways)
        w->f.ways = *ways;
    filework_at(w, "looking up");
    if (filework_queue_name(w))
        return w;
    outfile_deinit(&w->f);
    free(w);
    return NULL;
}

const char *filework_problem(struct filework *w)
{
    pthread_mutex_lock(&w->files->lock);
    const char *why = !w->failed ? NULL : w->why ? w->why : "out of memory";
    pthread_mutex_unlock(&w->files->lock);
    return why;
}

bool filework_skips(struct filework *w)
{
    pthread_mutex_lock(&w->files->lock);
    bool skips = w->skipped;
    pthread_mutex_unlock(&w->files->lock);
    return skips;
}

const char *filework_sum(const struct filework *w)
{
    return *w->f.sum ? w->f.sum : NULL;
}

bool filework_differs(const struct filework *w)
{
    return w->f.differs;
}

bool filework_is_direct(const struct filework *w)
{
    pthread_mutex_lock(&w->files->lock);
    bool direct = !w->in_lane && w->f.direct;
    pthread_mutex_unlock(&w->files->lock);
    return direct;
}

const char *filework_path(const struct filework *w)
{
    return w->f.path;
}

void filework_set_time(struct filework *w, int64_t modified_s)
{
    pthread_mutex_lock(&w->files->lock);
    w->timed = true;
    w->modified_s = modified_s;
    pthread_mutex_unlock(&w->files->lock);
}

int filework_descriptor(const struct filework *w)
{
    return w->f.descriptor;
}

bool filework_describe(const struct filework *w, const char **what, const char **path, uint64_t *since_ns)
{
    pthread_mutex_lock(&w->files->lock);
    bool busy = w->in_lane || w->parked || w->working;
    *what = w->at;
    *path = w->f.path;
    *since_ns = w->since_ns;
    pthread_mutex_unlock(&w->files->lock);
    return busy;
}

const struct resume *filework_resume(const struct filework *w)
{
    return w->f.resume;
}

/* With the lock held. What is not claimed yet is known to be none. */
static bool is_direct(const struct filework *w)
{
    return !w->in_lane && w->f.direct;
}

void filework_begin(struct filework *w, const struct afetch_head *head)
{
    pthread_mutex_lock(&w->files->lock);
    w->restarted = w->voided;
    w->voided = false;
    if (w->f.resume)
        resume_begin(w->f.resume, head);
    /* A file is opened when there is something to write, which mostly is when it is complete. */
    files_give(w->files, is_direct(w) ? filework_job(w) : NULL);
}

/* With the lock held: at the end of the last chunk, where there is room. */
static bool append(struct filework *w, const void *data, size_t len)
{
    struct chunk *c = w->last;
    if (!c || len > c->size - c->len)
        return false;
    memcpy(c->data + c->len, data, len);
    c->len += len;
    return true;
}

/* A copy in a chunk of its own; NULL: no memory. With the lock held, which it gives up meanwhile. */
static struct chunk *chunk_new(struct filework *w, const void *data, size_t len)
{
    struct files *files = w->files;
    size_t size = w->queued == 0 ? CHUNK_MIN : w->queued < CHUNK_MORE ? CHUNK_MORE : CHUNK_LARGE;
    struct chunk *c = NULL;
    if (len > size)
        size = len > CHUNK_MORE && len < CHUNK_LARGE ? CHUNK_LARGE : len;
    if (size == CHUNK_LARGE && files->spare) {
        c = files->spare;
        files->spare = c->next;
        files->spare_count--;
    }
    pthread_mutex_unlock(&files->lock);
    if (!c)
        c = malloc(sizeof *c + size);
    if (c) {
        *c = (struct chunk){.len = len, .size = size};
        memcpy(c->data, data, len);
    }
    pthread_mutex_lock(&files->lock);
    return c;
}

enum filework_flow filework_write(struct filework *w, const void *data, size_t len)
{
    struct files *files = w->files;
    struct chunk *c = NULL;
    pthread_mutex_lock(&files->lock);
    if (!w->failed && !append(w, data, len) && !(c = chunk_new(w, data, len)) && !w->failed)
        filework_fail(w, "out of memory");
    if (w->failed) {
        pthread_mutex_unlock(&files->lock);
        free(c);
        return FILEWORK_FAILED;
    }
    if (c && w->last)
        w->last->next = c;
    else if (c)
        w->first = c;
    if (c)
        w->last = c;
    w->taken = true;
    w->queued += len;
    files->queued += len;
    w->full = w->queued > FILE_FULL || files->queued > ALL_FULL;
    enum filework_flow flow = w->full ? FILEWORK_FULL : FILEWORK_GO;
    files_give(files, is_direct(w) || w->full || w->queued >= FILEWORK_WRITE_FROM ? filework_job(w) : NULL);
    return flow;
}

bool filework_restart(struct filework *w)
{
    pthread_mutex_lock(&w->files->lock);
    bool ok = !w->taken || !is_direct(w);
    if (ok && w->taken) {
        drop_chunks(w);
        w->taken = w->full = w->restarted = false;
        w->voided = true;
    }
    pthread_mutex_unlock(&w->files->lock);
    return ok;
}

bool filework_commit(struct filework *w)
{
    pthread_mutex_lock(&w->files->lock);
    bool ok = !w->failed;
    w->complete = ok;
    files_give(w->files, ok ? filework_job(w) : NULL);
    return ok;
}

static void unlist(struct filework *w)
{
    struct files *files = w->files;
    struct filework **p = &files->news;
    while (w->news && *p != w)
        p = &(*p)->news_next;
    if (w->news && !(*p = w->news_next))
        files->news_end = p;
    w->news = 0;
    p = &files->parked;
    while (w->parked && *p != w)
        p = &(*p)->line_next;
    if (w->parked && !(*p = w->line_next))
        files->parked_end = p;
    w->parked = false;
}

/* Whether what was given is the beginning of a body that can be gone on with. */
static bool keeps(const struct filework *w)
{
    const struct resume *r = w->f.resume;
    return r && r->coming.resumable && w->taken && !w->f.direct && !w->failed && !w->finished;
}

void filework_free(struct filework *w)
{
    if (!w)
        return;
    struct files *files = w->files;
    struct job *job = NULL;
    pthread_mutex_lock(&files->lock);
    unlist(w);
    w->owner = NULL;
    w->kept = keeps(w);
    if (!w->kept) {
        drop_chunks(w);
        filework_interrupt(w);
    }
    if (w->placed || w->kept)
        job = filework_job(w); /* a thread closes it */
    else if (!w->in_lane && !w->working)
        filework_destroy(w);
    files_give(files, job);
}

void files_collect(struct files *files, void (*tell_owner)(void *owner, unsigned news))
{
    pthread_mutex_lock(&files->lock);
    while (files->news) {
        struct filework *w = files->news;
        files->news = w->news_next;
        if (!files->news)
            files->news_end = &files->news;
        unsigned news = w->news;
        w->news = 0;
        void *owner = w->owner;
        pthread_mutex_unlock(&files->lock);
        tell_owner(owner, news);
        pthread_mutex_lock(&files->lock);
    }
    pthread_mutex_unlock(&files->lock);
}
