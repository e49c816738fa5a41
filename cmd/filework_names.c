#include "filework_parts.h"

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

static void claim(struct filework *w)
{
    struct files *files = w->files;
    char why[OUTFILE_WHY] = "";
    int rc = -1;
    if (w->owner) {
        filework_enter(w, "looking up");
        rc = outfile_resolve(&w->f, why);
        filework_leave(w);
    }
    w->in_lane = false;
    if (!w->owner) {
        filework_destroy(w);
        return;
    }
    if (rc < 0 || outfile_claim(&w->f, &files->names, why) < 0)
        filework_fail(w, why);
    filework_tell(w, FILEWORK_CLAIMED);
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
