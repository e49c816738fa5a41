#include "filework_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names of one folder, as it is spelt, are looked up by one thread in their order; those of another do not wait. */
struct lane {
    struct job job; /* first */
    struct files *files;
    struct lane *next;
    struct filework *first, **end;
    char *folder;
};

enum { NUMBERS = 100 }; /* as curl */

/* path: another than it has, which is owned then, or NULL. */
static int try_name(struct filework *w, char *path, char *why)
{
    filework_enter(w, "looking up");
    int rc = path ? outfile_resolve_again(&w->f, path, why) : outfile_resolve(&w->f, why);
    filework_leave(w);
    return rc == 0 ? outfile_claim(&w->f, &w->files->names, why) : rc;
}

static char *numbered(const char *path, unsigned n)
{
    size_t size = strlen(path) + 12;
    char *more = malloc(size);
    if (more)
        snprintf(more, size, "%s.%u", path, n);
    return more;
}

/* The name, or the first of its numbered ones that is free. */
static int take_name(struct filework *w, char *why)
{
    int rc = try_name(w, NULL, why);
    char *path = NULL, *next = NULL;
    if (rc == OUTFILE_TAKEN && w->f.ways.there == OUTFILE_NUMBER && !(path = strdup(w->f.path)))
        return -1;
    for (unsigned n = 1; path && rc == OUTFILE_TAKEN && n <= NUMBERS && (next = numbered(path, n)); n++)
        rc = try_name(w, next, why);
    free(path);
    return rc;
}

/* What was given before it was claimed is written now; or its owner is told that it cannot be. */
static void catch_up(struct filework *w)
{
    struct files *files = w->files;
    if (w->failed) {
        filework_tell(w, w->complete ? FILEWORK_FINISHED : w->full ? FILEWORK_ROOM : 0);
        return;
    }
    bool wanted = w->complete || w->queued >= FILEWORK_WRITE_FROM || (w->f.direct && w->queued);
    struct job *job = wanted ? filework_job(w) : NULL;
    if (!job)
        return;
    files_give(files, job);
    pthread_mutex_lock(&files->lock);
}

static void claim(struct filework *w)
{
    char why[OUTFILE_WHY] = "";
    int rc = w->owner ? take_name(w, why) : -1;
    w->in_lane = false;
    if (!w->owner) {
        filework_destroy(w);
        return;
    }
    if (rc != 0)
        filework_fail(w, why);
    w->skipped = rc == OUTFILE_TAKEN && w->f.ways.there == OUTFILE_SKIP && w->f.replaces;
    filework_tell(w, FILEWORK_CLAIMED);
    catch_up(w);
}

static void run_lane(struct job *job)
{
    struct lane *lane = (struct lane *)(void *)job, **p;
    struct files *files = lane->files;
    pthread_mutex_lock(&files->lock);
    while (lane->first) {
        struct filework *w = lane->first;
        lane->first = w->line_next;
        if (!lane->first)
            lane->end = &lane->first;
        claim(w);
    }
    for (p = &files->lanes; *p != lane; p = &(*p)->next)
        ;
    *p = lane->next;
    files_release(files);
    free(lane->folder);
    free(lane);
}

/* The folder of a path without needless slashes and dots. NULL: no memory. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 0, n = 0;
    char *folder = malloc(len + 2);
    if (!folder)
        return NULL;
    if (path[0] == '/')
        folder[n++] = '/';
    for (size_t i = 0; i < len;) {
        size_t part = strcspn(path + i, "/");
        if (part && !(part == 1 && path[i] == '.')) {
            memcpy(folder + n, path + i, part);
            n += part;
            folder[n++] = '/';
        }
        i += part + 1;
    }
    folder[n] = '\0';
    return folder;
}

/* The lane of a folder, which becomes its; NULL without memory. *job: to be given. With the lock held. */
static struct lane *lane_for(struct files *files, char *folder, struct job **job)
{
    struct lane *lane = files->lanes;
    while (lane && strcmp(lane->folder, folder) != 0)
        lane = lane->next;
    if (!lane && (lane = malloc(sizeof *lane)) != NULL) {
        *lane = (struct lane){.job.run = run_lane, .files = files, .next = files->lanes, .folder = folder};
        lane->end = &lane->first;
        files->lanes = lane;
        *job = &lane->job;
        return lane;
    }
    free(folder);
    return lane;
}

bool filework_queue_name(struct filework *w)
{
    struct files *files = w->files;
    struct job *job = NULL;
    char *folder = folder_of(w->f.path);
    if (!folder)
        return false;
    pthread_mutex_lock(&files->lock);
    struct lane *lane = lane_for(files, folder, &job);
    if (!lane) {
        pthread_mutex_unlock(&files->lock);
        return false;
    }
    w->next = files->all;
    if (w->next)
        w->next->prev = w;
    files->all = w;
    files->count++;
    *lane->end = w;
    lane->end = &w->line_next;
    files_give(files, job);
    return true;
}
