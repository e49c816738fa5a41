/* Threads for calls that may block for long, or for ever. Jobs are done one after another by one thread, which costs
 * least as long as none blocks; one that takes long keeps that thread for itself, and another goes on. Threads are kept
 * for the jobs to come; how many there can be is bounded by who gives the jobs. They may be interrupted (thread.h). Used
 * by filework.c. */
#ifndef AFETCH_CMD_WORKERS_H
#define AFETCH_CMD_WORKERS_H

#include <stdbool.h>

/* Lies in what it works on. */
struct job {
    struct job *next;
    void (*run)(struct job *job); /* on some thread; job may be freed, or given again, by it */
    bool alone;                   /* it is likely to block: it has a thread of its own from the beginning */
};

struct workers;

/* No thread yet. NULL: no memory. */
struct workers *workers_new(void);
/* From any thread. Where there can be no thread at all, the job is run before this returns. */
void workers_run(struct workers *w, struct job *job);
/* Idle threads end, others as their jobs do; jobs that wait are still done. */
void workers_drop(struct workers *w);

#endif
