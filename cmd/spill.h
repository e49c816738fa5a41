/* What bodies leave in memory when too much of them waits: each in a temporary file without a name, written by threads,
 * as a disk may be slow. Everything here is called on the session's thread and waits for nothing. Used by
 * stdout_sink.c. */
#ifndef AFETCH_CMD_SPILL_H
#define AFETCH_CMD_SPILL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of a body; one allocation. */
struct piece {
    struct piece *next;
    size_t at, len, size; /* what is left of them begins at at */
    char data[];
};

struct pieces {
    struct piece *first, **end;
    size_t bytes;
};

void pieces_init(struct pieces *list);
void pieces_free(struct pieces *list);
/* Copies len bytes to the end. false: no memory. */
bool pieces_add(struct pieces *list, const void *data, size_t len);
/* Moves everything of from behind to. */
void pieces_join(struct pieces *to, struct pieces *from);
/* Takes the first one out, or NULL. The caller frees it. */
struct piece *pieces_take(struct pieces *list);

struct spills; /* of a run */
struct spill;  /* one file */

/* wake is called, on another thread, when a file has taken what it was given, or could not. NULL: no memory. */
struct spills *spills_new(void (*wake)(void *arg), void *arg);
/* The caller is done with it, and with all its files. */
void spills_drop(struct spills *ss);
/* Bytes that wait for a disk. */
size_t spills_waiting(struct spills *ss);

/* NULL: no memory. */
struct spill *spill_new(struct spills *ss);
/* Takes all pieces. Not after a failure. */
void spill_put(struct spill *s, struct pieces *list);
/* Nothing waits to be written, or can be. */
bool spill_idle(struct spill *s);
/* The errno of what failed, or 0. */
int spill_error(struct spill *s);
/* Of one that is idle: its file, whose *len bytes are written (-1: there are none), and what could not be written, which
 * comes behind these. The caller closes the file. */
int spill_take(struct spill *s, uint64_t *len, struct pieces *left);
/* NULL is allowed. A thread that is writing is left behind. */
void spill_free(struct spill *s);

#endif
