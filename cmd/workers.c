#include "workers.h"
#include "thread.h"

#include <stdlib.h>

enum {
    PATIENCE_MS = 10, /* what a job may take while others wait */
    SHORT_MS = 1      /* the same, when some jobs block already */
};

/* A thread, on its own stack. */
struct worker {
    struct worker *next; /* among the idle */
    pthread_cond_t called;
    bool awake;
    bool blocked; /* its job takes long: it is in nobody's way */
};

struct line {
    struct job *first, **end;
};

/* Shared by the threads and the owner; the last of them frees it. */
struct workers {
    pthread_mutex_t lock;
    struct line jobs, alone;
    struct worker *idle;    /* the last one first: its memory is warm */
    struct worker *doing;   /* who does the jobs */
    struct worker *looking; /* who looks whether it does */
    uint64_t taken;         /* jobs */
    size_t threads;
    size_t coming;  /* were called or started, and are not here yet */
    size_t blocked; /* threads */
    bool dropped;
};

/* ---- what follows is called with the lock held -------------------------------------------------------------------- */

static void enqueue(struct line *line, struct job *job)
{
    job->next = NULL;
    *line->end = job;
    line->end = &job->next;
}

static struct job *dequeue(struct line *line)
{
    struct job *job = line->first;
    if (!job)
        return NULL;
    line->first = job->next;
    if (!line->first)
        line->end = &line->first;
    return job;
}

static void *thread(void *arg);

static void call_one(struct workers *w)
{
    struct worker *worker = w->idle;
    if (worker) {
        w->idle = worker->next;
        worker->awake = true;
        pthread_cond_signal(&worker->called);
    } else if (thread_start(thread, w)) {
        w->threads++;
    } else {
        return; /* those that are there will have to do */
    }
    w->coming++;
}

/* Jobs that wait need somebody who does them, and somebody who looks whether he does. */
static void call_if_needed(struct workers *w)
{
    if (w->jobs.first && !w->coming && (!w->doing || !w->looking))
        call_one(w);
}

static void run(struct workers *w, struct job *job)
{
    call_if_needed(w);
    pthread_mutex_unlock(&w->lock);
    job->run(job);
    pthread_mutex_lock(&w->lock);
}

static void do_jobs(struct workers *w, struct worker *me)
{
    struct job *job;
    w->doing = me;
    while (!me->blocked && (job = dequeue(&w->jobs)) != NULL) {
        w->taken++;
        run(w, job);
    }
    if (me->blocked)
        w->blocked--;
    else
        w->doing = NULL;
    me->blocked = false;
}

static void look(struct workers *w, struct worker *me)
{
    uint64_t taken = w->taken;
    w->looking = me;
    thread_wait(&me->called, &w->lock, w->blocked ? SHORT_MS : PATIENCE_MS);
    w->looking = NULL;
    if (!w->jobs.first || w->taken != taken || !w->doing)
        return;
    w->doing->blocked = true;
    w->doing = NULL;
    w->blocked++;
}

static void wait_for_call(struct workers *w, struct worker *me)
{
    me->awake = false;
    me->next = w->idle;
    w->idle = me;
    while (!me->awake)
        pthread_cond_wait(&me->called, &w->lock);
    w->coming--;
}

/* Gives up the lock. */
static void leave(struct workers *w)
{
    bool last = w->dropped && w->threads == 0;
    pthread_mutex_unlock(&w->lock);
    if (!last)
        return;
    pthread_mutex_destroy(&w->lock);
    free(w);
}

/* ------------------------------------------------------------------------------------------------------------------- */

static void *thread(void *arg)
{
    struct workers *w = arg;
    struct worker me = {0};
    struct job *job;
    thread_allow_interrupts();
    thread_cond_init(&me.called);
    pthread_mutex_lock(&w->lock);
    w->coming--;
    for (;;) {
        if ((job = dequeue(&w->alone)) != NULL)
            run(w, job);
        else if (w->jobs.first && !w->doing)
            do_jobs(w, &me);
        else if (w->jobs.first && !w->looking)
            look(w, &me);
        else if (!w->dropped)
            wait_for_call(w, &me);
        else
            break;
    }
    pthread_cond_destroy(&me.called);
    w->threads--;
    leave(w);
    return NULL;
}

struct workers *workers_new(void)
{
    struct workers *w = malloc(sizeof *w);
    if (!w)
        return NULL;
    *w = (struct workers){0};
    w->jobs.end = &w->jobs.first;
    w->alone.end = &w->alone.first;
    pthread_mutex_init(&w->lock, NULL);
    return w;
}

void workers_run(struct workers *w, struct job *job)
{
    struct line *line = job->alone ? &w->alone : &w->jobs;
    pthread_mutex_lock(&w->lock);
    enqueue(line, job);
    if (job->alone)
        call_one(w);
    else
        call_if_needed(w);
    struct job *mine = w->threads == 0 ? dequeue(line) : NULL;
    pthread_mutex_unlock(&w->lock);
    if (mine)
        mine->run(mine);
}

void workers_drop(struct workers *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->dropped = true;
    while (w->idle)
        call_one(w);
    leave(w);
}
