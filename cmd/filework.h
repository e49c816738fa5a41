/* The files of a run, each written by a thread while its body is still coming: whatever blocks (a name to look up, a
 * FIFO without a reader, a file system that stalls) blocks a thread of its own, and neither the session nor another
 * file. Bytes wait in memory up to a bound. Everything here is called on the session's thread, and nothing waits but
 * files_wait. Used by transfer.c. */
#ifndef AFETCH_CMD_FILEWORK_H
#define AFETCH_CMD_FILEWORK_H

#include "resume.h"

struct files;    /* of a run */
struct filework; /* one of them */

/* open_max: files that are open at once, and about as many threads; more of them wait. wake is called, on another
 * thread, when files_collect has something to tell. NULL: no memory. */
struct files *files_new(size_t open_max, void (*wake)(void *arg), void *arg);
/* The caller is done with it. Threads that are stalled are left behind; they touch nothing of the caller's. */
void files_drop(struct files *files);

enum filework_news {
    FILEWORK_CLAIMED = 1, /* it may be written; or not: filework_problem */
    FILEWORK_ROOM = 2,    /* there is room after FILEWORK_FULL */
    FILEWORK_FINISHED = 4 /* after filework_commit: it has its name; or not: filework_problem */
};
/* Tells each owner his news, as bits. */
void files_collect(struct files *files, void (*tell)(void *owner, unsigned news));

/* Takes a name for an owner, in the order of the calls where names lie in one folder: FILEWORK_CLAIMED follows; what it is
 * given before then waits. ways: how it is made, or NULL. resume: -C (resume.h), or NULL. Owns path and resume, also on
 * failure. NULL: no memory. */
struct filework *filework_new(struct files *files, char *path, const struct outfile_ways *ways, struct resume *resume,
                              void *owner);
/* What went wrong, a sentence; NULL: nothing. */
const char *filework_problem(struct filework *w);
/* Whether that is a file that is there, and stays (OUTFILE_SKIP). */
bool filework_skips(struct filework *w);
/* After FILEWORK_FINISHED: its digest, where it was wanted and is known, or NULL; and whether it is another than was
 * expected, which is then its problem. */
const char *filework_sum(const struct filework *w);
bool filework_differs(const struct filework *w);
/* Once it is claimed: whether it is written as it is, so that it cannot be read again. */
bool filework_is_direct(const struct filework *w);
/* Once it is claimed: its path, which may be another than was given (OUTFILE_NUMBER). */
const char *filework_path(const struct filework *w);
/* Before filework_commit: when it was modified. */
void filework_set_time(struct filework *w, int64_t modified_s);
/* Once it is claimed: which descriptor of ours the path names, or -1. */
int filework_descriptor(const struct filework *w);

/* What a thread does with it ("writing"), to which file, and since when; false: nothing. */
bool filework_describe(const struct filework *w, const char **at, const char **path, uint64_t *since_ns);

/* Once it is claimed: what there is to go on with; NULL: it is not to. */
const struct resume *filework_resume(const struct filework *w);

/* A body begins, which may be empty, or begins anew after filework_restart. */
void filework_begin(struct filework *w, const struct afetch_head *head);
enum filework_flow { FILEWORK_GO, FILEWORK_FULL, FILEWORK_FAILED };
/* Copies more of the body. FILEWORK_FULL: it was taken, but no more should come until FILEWORK_ROOM. */
enum filework_flow filework_write(struct filework *w, const void *data, size_t len);
/* What was given of the body is void; filework_begin follows, if it begins anew. false: that cannot be, as bytes have left
 * for a reader. */
bool filework_restart(struct filework *w);
/* The body is complete: FILEWORK_FINISHED follows. false: it has failed already, and nothing follows. */
bool filework_commit(struct filework *w);
/* The owner is done with it: nothing is told any more, what is not committed goes, soon, but for what can be gone on with
 * (-C), which is written; a thread that is stalled is interrupted. NULL is allowed. */
void filework_free(struct filework *w);

/* How many there are, those included whose owner is gone and whose thread is not done with them. */
size_t files_count(struct files *files);
/* Waits until something has changed, at most ms milliseconds. false: nothing has. */
bool files_wait(struct files *files, unsigned ms);
/* Interrupts the threads of those whose owners are done with them, and waits a moment; calls left with each temporary
 * file that a thread does not let go even so. For the end. */
void files_give_up(struct files *files, void (*left)(void *arg, const char *path), void *arg);

#endif
