#include "filework_parts.h"

enum { GIVE_UP_MS = 30, GIVE_UP_TIMES = 10 };

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

void files_give_up(struct files *files, void (*left)(void *arg, const char *path), void *arg)
{
    for (int vain = 0; vain < GIVE_UP_TIMES && files_count(files);) {
        pthread_mutex_lock(&files->lock);
        for (struct filework *w = files->all; w; w = w->next)
            filework_interrupt(w); /* again: a call that had not begun yet was not interrupted */
        pthread_mutex_unlock(&files->lock);
        vain = files_wait(files, GIVE_UP_MS) ? 0 : vain + 1;
    }
    pthread_mutex_lock(&files->lock);
    for (struct filework *w = files->all; w; w = w->next)
        if (w->temp)
            left(arg, w->temp);
    pthread_mutex_unlock(&files->lock);
}
