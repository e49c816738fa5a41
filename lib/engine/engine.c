#include "engine/engine.h"

#include <string.h>
#include <time.h>

enum {
    SPARES_MAX = 16,       /* read buffers kept for the next keeper: 1 MiB */
    SMALL_KEEP = 8 * 1024, /* what is cheaper copied than lent away with its 64 KiB */
};

uint64_t engine_clock_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

int engine_init(struct engine *e, const struct engine_ops *ops)
{
    *e = (struct engine){.ops = ops};
    timers_init(&e->timers);
    e->sched.now_ns = engine_clock_ns();
    return pthread_mutex_init(&e->post_lock, NULL) == 0 ? 0 : ERR_INTERNAL;
}

void engine_deinit(struct engine *e)
{
    while (e->spares) {
        struct engine_spare *spare = e->spares;
        e->spares = spare->next;
        free(spare);
    }
    free(e->lent);
    timers_deinit(&e->timers);
    pthread_mutex_destroy(&e->post_lock);
}

void engine_free(struct engine *e)
{
    if (e)
        e->ops->free(e);
}

int engine_run(struct engine *e, struct co *root)
{
    int rc = e->ops->run(e, root);
    return rc < 0 ? rc : root->end.rc;
}

char *engine_lend(struct engine *e)
{
    if (!e->lent && e->spares) {
        e->lent = (char *)e->spares;
        e->spares = e->spares->next;
        e->spare_count--;
    }
    if (!e->lent)
        e->lent = malloc(ENGINE_READ_MAX);
    return e->lent;
}

char *engine_keep(struct engine *e, struct io *io, char *data, size_t len)
{
    if (io->kept)
        return data;
    if (len <= SMALL_KEEP && (io->kept = malloc(len ? len : 1)) != NULL) {
        memcpy(io->kept, data, len);
        io->kept_whole = false;
        return io->kept;
    }
    io->kept = e->lent;
    io->kept_whole = true;
    e->lent = NULL;
    return data;
}

void engine_release(struct engine *e, struct io *io)
{
    if (!io->kept)
        return;
    if (io->kept_whole && e->spare_count < SPARES_MAX) {
        struct engine_spare *spare = io->kept;
        spare->next = e->spares;
        e->spares = spare;
        e->spare_count++;
    } else {
        free(io->kept);
    }
    io->kept = NULL;
}

void engine_post(struct engine *here, struct post *p, int rc)
{
    struct engine *e = p->engine;
    if (e == here) {
        co_complete(&p->op, rc);
        return;
    }
    p->op.rc = rc; /* nobody else looks at it while it is pending */
    pthread_mutex_lock(&e->post_lock);
    p->next = e->posts;
    e->posts = p;
    /* Within the lock: once it is released, the engine may see the post and go. */
    e->ops->wake(e);
    pthread_mutex_unlock(&e->post_lock);
}

static struct post *take_posts(struct engine *e)
{
    pthread_mutex_lock(&e->post_lock);
    struct post *newest = e->posts;
    e->posts = NULL;
    pthread_mutex_unlock(&e->post_lock);
    struct post *oldest = NULL;
    while (newest) {
        struct post *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    return oldest;
}

void engine_woken(struct engine *e)
{
    for (struct post *p = take_posts(e); p;) {
        struct post *next = p->next;
        co_complete(&p->op, p->op.rc);
        p = next;
    }
    if (e->on_wake)
        e->on_wake(e->on_wake_arg);
}
