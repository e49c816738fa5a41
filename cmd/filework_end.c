#include "filework_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SWEEP_MS = 300 };

void files_describe(struct files *files,
                    void (*each)(void *arg, const void *owner, const char *at, const char *path, uint64_t since_ns),
                    void *arg)
{
    pthread_mutex_lock(&files->lock);
    for (struct filework *w = files->all; w; w = w->next)
        if (w->owner && (w->in_lane || w->parked || w->working))
            each(arg, w->owner, w->at, w->f.path, w->since_ns);
    pthread_mutex_unlock(&files->lock);
}

size_t files_count(struct files *files)
{
    pthread_mutex_lock(&files->lock);
    size_t count = files->count;
    pthread_mutex_unlock(&files->lock);
    return count;
}

bool files_wait(struct files *files, unsigned ms)
{
    pthread_mutex_lock(&files->lock);
    if (files->changes == files->seen)
        thread_wait(&files->changed, &files->lock, ms);
    bool changed = files->changes != files->seen;
    files->seen = files->changes;
    pthread_mutex_unlock(&files->lock);
    return changed;
}

/* ---- what stalled threads do not let go -------------------------------------------------------------------------- */

/* The removal of one file; freed by its thread where the owner waits no more. */
struct sweep {
    struct job job; /* first */
    struct files *files;
    struct sweep *next;
    char *temp;
    bool ended, gone, forgotten;
};

static void free_sweep(struct sweep *s)
{
    free(s->temp);
    free(s);
}

static void run_sweep(struct job *job)
{
    struct sweep *s = (struct sweep *)(void *)job;
    struct files *files = s->files;
    bool gone = unlink(s->temp) == 0 || errno == ENOENT;
    pthread_mutex_lock(&files->lock);
    s->ended = true;
    s->gone = gone;
    if (s->forgotten)
        free_sweep(s);
    else
        files_change(files);
    files_release(files);
}

/* Gives each its thread, as those that the files have are stalled. */
static struct sweep *begin_sweeps(struct files *files)
{
    struct sweep *all = NULL;
    pthread_mutex_lock(&files->lock);
    for (struct filework *w = files->all; w; w = w->next) {
        struct sweep *s = w->temp && !w->owner ? malloc(sizeof *s) : NULL;
        if (!s)
            continue;
        *s = (struct sweep){
            .job = {.run = run_sweep, .alone = true}, .files = files, .next = all, .temp = strdup(w->temp)};
        if (s->temp)
            all = s;
        else
            free(s);
    }
    pthread_mutex_unlock(&files->lock);
    for (struct sweep *s = all; s; s = s->next) {
        pthread_mutex_lock(&files->lock);
        files_give(files, &s->job);
    }
    return all;
}

static bool all_ended(struct files *files, const struct sweep *s)
{
    pthread_mutex_lock(&files->lock);
    while (s && s->ended)
        s = s->next;
    pthread_mutex_unlock(&files->lock);
    return !s;
}

void files_sweep(struct files *files, void (*left)(void *arg, const char *path), void *arg)
{
    struct sweep *s = begin_sweeps(files), *next;
    while (!all_ended(files, s) && files_wait(files, SWEEP_MS))
        ;
    for (; s; s = next) {
        next = s->next;
        pthread_mutex_lock(&files->lock);
        if (!s->gone)
            left(arg, s->temp);
        s->forgotten = true;
        if (s->ended)
            free_sweep(s);
        pthread_mutex_unlock(&files->lock);
    }
}
