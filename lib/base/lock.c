#include "base/lock.h"

#include "base/error.h"

int lock_init(struct lock *l, bool shared)
{
    l->shared = false;
    if (!shared)
        return 0;
    pthread_mutexattr_t attr;
    if (pthread_mutexattr_init(&attr) != 0)
        return ERR_MEMORY;
    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
    l->shared = pthread_mutex_init(&l->mutex, &attr) == 0;
    pthread_mutexattr_destroy(&attr);
    return l->shared ? 0 : ERR_MEMORY;
}

void lock_deinit(struct lock *l)
{
    if (l->shared)
        pthread_mutex_destroy(&l->mutex);
    l->shared = false;
}
