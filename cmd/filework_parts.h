/* What the files of filework.h are made of: filework.c writes them, filework_names.c looks up where they lie,
 * filework_end.c looks at all of them. Included by these three alone. */
#ifndef AFETCH_CMD_FILEWORK_PARTS_H
#define AFETCH_CMD_FILEWORK_PARTS_H

#include "filework.h"
#include "thread.h"
#include "workers.h"

struct chunk {
    struct chunk *next;
    size_t len, size;
    char data[];
};

struct filework {
    struct job job; /* first */
    struct files *files;
    void *owner;                  /* NULL: he has gone, and who works at it last frees it */
    struct filework *prev, *next; /* in files->all */
    struct filework *line_next;   /* in a lane, or among the parked */
    struct filework *news_next;
    unsigned news; /* not 0: in files->news */

    struct outfile f; /* that thread's which works at it */
    char *temp;       /* a copy of the temporary file's name, for files_give_up; or NULL */
    char *why;        /* of a failure; NULL: out of memory */
    struct chunk *first, *last;
    size_t queued;       /* bytes in them, and in what is being written */
    bool in_lane;        /* a lane has it: nothing else of it is done */
    bool parked, placed; /* it waits to count as open; it does */
    bool working;        /* its job was given to a thread */
    bool called;         /* that thread is in a call that may be interrupted */
    pthread_t thread;
    bool opened, complete, finished, failed;
    bool skipped;       /* failed, as a file is there that stays */
    bool timed;         /* modified_s is given */
    int64_t modified_s; /* f's, which its thread copies */
    bool taken;         /* some of the body was given */
    bool voided;        /* it is void; another begins, if it does, as filework_begin has it */
    bool restarted;     /* that has begun, and what is in the file is void */
    bool kept;          /* its owner has gone, but what he gave is written (-C) */
    bool full;          /* its owner waits for room */
    const char *at;     /* what its thread does */
    uint64_t since_ns;
};

/* Shared by its owner and every job that was given; the last of them frees it. */
struct files {
    pthread_mutex_t lock; /* of all that follows, and of each struct filework but its f */
    pthread_cond_t changed;
    uint64_t changes, seen;
    struct workers *workers;
    struct outfile_names names;
    struct filework *all;
    struct lane *lanes;
    struct filework *news, **news_end;
    struct filework *parked, **parked_end;
    size_t count;
    size_t open, open_max;
    size_t queued;       /* bytes */
    struct chunk *spare; /* large ones for what comes next: a fresh one costs the kernel its pages each time */
    size_t spare_count;
    size_t users;
    bool dropped;
    void (*wake)(void *arg);
    void *arg;
};

/* With the lock held, which it gives up: has a thread do a job, which then holds files and must files_release it; NULL:
 * there is none. */
void files_give(struct files *files, struct job *job);
/* With the lock held, which it gives up. */
void files_release(struct files *files);

/* With the lock held, all of them. */
void files_change(struct files *files);
/* The owner is to be told. */
void filework_tell(struct filework *w, unsigned news);
void filework_fail(struct filework *w, const char *why);
/* What its thread does from now on. */
void filework_at(struct filework *w, const char *what);
/* The same around a call that may take long, for which filework_enter gives up the lock. */
void filework_enter(struct filework *w, const char *what);
void filework_leave(struct filework *w);
/* Its job, if a thread should be given it now, or NULL. */
struct job *filework_job(struct filework *w);
enum { FILEWORK_WRITE_FROM = 64 * 1024 }; /* bytes that are worth a thread's turn before the body is complete */
/* Its thread is to let it go. */
void filework_interrupt(struct filework *w);
/* Nobody works at it, and its file is closed. */
void filework_destroy(struct filework *w);

/* Has its name looked up, after those of its folder. false: no memory. Without the lock. */
bool filework_queue_name(struct filework *w);

#endif
