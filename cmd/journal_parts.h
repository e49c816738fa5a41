/* What a journal (journal.h) is made of: journal.c reads and writes it, journal_key.c tells inputs apart. Included by these
 * two alone. */
#ifndef AFETCH_CMD_JOURNAL_PARTS_H
#define AFETCH_CMD_JOURNAL_PARTS_H

#include "journal.h"

#include <pthread.h>

/* A set of keys; of each how many there were. Open addressing; all zero is free, as no digest is. */
struct journal_keys {
    struct journal_key *slot;
    size_t size, count;
};

void journal_keys_deinit(struct journal_keys *keys);
/* Where a key is, or NULL. Bytes from `compared` on do not count. */
struct journal_key *journal_keys_find(const struct journal_keys *keys, const struct journal_key *key, size_t compared);
/* Adds it, if it is not there. NULL: no memory. */
struct journal_key *journal_keys_add(struct journal_keys *keys, const struct journal_key *key, size_t compared);

struct journal_entry {
    struct journal_entry *next;
    void *owner;
    int error;
    size_t len;
    char text[];
};

/* Shared by its owner and its thread, once there is one; the last of them frees it. */
struct journal {
    /* the session's thread's */
    struct journal_keys done; /* recorded by earlier runs */
    struct journal_keys seen; /* inputs of this run, less which of those alike; the last 4 bytes count them */
    struct afetch_sha256 *hash;
    void (*wake)(void *arg);
    void *arg;
    /* the thread's */
    int fd;
    bool sync;
    int failed;           /* an errno: nothing is written any more */
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t work, written;
    struct journal_entry *first, **end;           /* to be written */
    struct journal_entry *told_first, **told_end; /* written */
    size_t count;                                 /* of both */
    uint64_t batches, seen_batches;               /* written */
    bool running, dropped;
    int users;
};

#endif
