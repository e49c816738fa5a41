/* A mutex that costs nothing where there is one thread: what transfers share is behind one of these, which is only
 * taken in earnest when the session runs them in threads. Recursive, as callbacks are called with it held and may call
 * back. */
#ifndef AFETCH_BASE_LOCK_H
#define AFETCH_BASE_LOCK_H

#include <pthread.h>
#include <stdbool.h>

struct lock {
    pthread_mutex_t mutex; /* only where shared */
    bool shared;
};

/* shared: whether several threads will take it. 0, or ERR_MEMORY. */
int lock_init(struct lock *l, bool shared);
/* Legal on a zeroed lock, which is one that is not shared. */
void lock_deinit(struct lock *l);

static inline void lock_take(struct lock *l)
{
    if (l->shared)
        pthread_mutex_lock(&l->mutex);
}

static inline void lock_drop(struct lock *l)
{
    if (l->shared)
        pthread_mutex_unlock(&l->mutex);
}

#endif
