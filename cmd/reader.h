/* A thread that reads a list of URLs: a file, a FIFO, standard input. Blocking reads, so that descriptor 0, which
 * other programs share, is never set non-blocking; a bounded queue, so that input is read no faster than it is used. */
#ifndef AFETCH_CMD_READER_H
#define AFETCH_CMD_READER_H

#include "lines.h"

struct reader;

/* Starts reading path ("-": standard input), or the open descriptor fd in its place, if that is not 0; it stays the
 * caller's. wake is called, on the reader's thread, when there
 * is something after reader_take said READER_LATER; never after reader_drop. NULL: no thread or no memory. */
struct reader *reader_start(const char *path, int fd, void (*wake)(void *arg), void *arg);

enum reader_state { READER_END, READER_SOME, READER_LATER };
/* Adds what is there to list. At READER_END *error is an errno, or 0. */
enum reader_state reader_take(struct reader *r, struct line_list *list, int *error);

/* The caller is done with it. A thread that waits in read(2) is left behind; it touches nothing of the caller's. */
void reader_drop(struct reader *r);

#endif
