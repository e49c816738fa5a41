#include "fetch/crew.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "fetch/fetch.h"
#include "fetch/session.h"

enum {
    STACK_BYTES = 512 * 1024,     /* TLS needs some 20 KiB, callbacks what they need; only what is touched is memory */
    RETRY_NS = 100 * 1000 * 1000, /* an engine without memory tries again after so long */
};

/* The thread's own coroutine: waits for the end. */
struct shift {
    struct co co;
    struct post quit;
};

struct crew_worker {
    struct worker worker; /* first */
    struct crew_worker *next, *next_idle;
    pthread_t thread;
    struct shift shift;
};

/* ---- a thread --------------------------------------------------------------------------------------------------- */

static void cancel_quit(struct co_op *op, int reason)
{
    co_complete(op, reason);
}

static void shift_run(struct co *co)
{
    CO_BEGIN(struct shift, s);
    CO_AWAIT(working, &s->quit.op);
    CO_CLEANUP;
    CO_END;
}

static void *thread_main(void *arg)
{
    struct crew_worker *cw = arg;
    while (engine_run(cw->worker.engine, &cw->shift.co) < 0 && !co_ended(&cw->shift.co))
        nanosleep(&(struct timespec){.tv_nsec = RETRY_NS}, NULL);
    return NULL;
}

/* Signals are for the threads of the program. */
static bool start_thread(struct crew_worker *cw)
{
    pthread_attr_t attr;
    sigset_t all, before;
    if (pthread_attr_init(&attr) != 0)
        return false;
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool ok = pthread_create(&cw->thread, &attr, thread_main, cw) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    return ok;
}

static bool add_worker(struct crew *c)
{
    struct crew_worker *cw = calloc(1, sizeof *cw);
    if (!cw || engine_new_poll(&cw->worker.engine, NULL) < 0) {
        free(cw);
        return false;
    }
    struct engine *e = cw->worker.engine;
    worker_init(&cw->worker, c->session, e);
    cw->shift.quit.engine = e;
    co_op_begin(&cw->shift.quit.op, cancel_quit);
    co_start(&cw->shift.co, &e->sched, shift_run);
    if (!start_thread(cw)) {
        engine_free(e);
        free(cw);
        return false;
    }
    cw->next = c->all;
    c->all = cw;
    cw->next_idle = c->idle;
    c->idle = cw;
    return true;
}

/* ---- what the pool asks for ------------------------------------------------------------------------------------- */

static struct crew_worker *worker_of(struct pool_door *door)
{
    return (struct crew_worker *)(void *)((char *)door - offsetof(struct crew_worker, worker.door));
}

static bool op_ready(void *arg)
{
    struct crew *c = arg;
    return c->idle || add_worker(c);
}

static struct pool_door *op_hire(void *arg, struct place *place)
{
    struct crew *c = arg;
    struct crew_worker *cw = c->idle;
    struct fetch *f = (struct fetch *)(void *)((char *)place - offsetof(struct fetch, place));
    c->idle = cw->next_idle;
    worker_add(&cw->worker, f);
    return &cw->worker.door;
}

/* The last that became idle is the first to be hired: that is the thread which gives a place back, and so goes on
 * without a switch. */
static void op_dismiss(void *arg, struct pool_door *door)
{
    struct crew *c = arg;
    struct crew_worker *cw = worker_of(door);
    cw->next_idle = c->idle;
    c->idle = cw;
}

const struct pool_crew crew_pool = {.ready = op_ready, .hire = op_hire, .dismiss = op_dismiss};

/* ---- life --------------------------------------------------------------------------------------------------------- */

void crew_init(struct crew *c, struct afetch_session *s)
{
    *c = (struct crew){.session = s};
}

void crew_cancel(struct crew *c)
{
    for (struct crew_worker *cw = c->all; cw; cw = cw->next)
        worker_want_cancel(&cw->worker);
}

void crew_describe(struct crew *c)
{
    for (struct crew_worker *cw = c->all; cw; cw = cw->next)
        worker_want_describe(&cw->worker);
}

void crew_end(struct crew *c)
{
    for (struct crew_worker *cw = c->all; cw; cw = cw->next)
        engine_post(NULL, &cw->shift.quit, 0);
    while (c->all) {
        struct crew_worker *cw = c->all;
        c->all = cw->next;
        pthread_join(cw->thread, NULL);
        engine_free(cw->worker.engine);
        free(cw);
    }
    c->idle = NULL;
}
