/* What --compare prints: its table, and what the figures say. Computes and formats alone. Called by compare.c. */
#ifndef AFETCH_CMD_COMPARE_TABLE_H
#define AFETCH_CMD_COMPARE_TABLE_H

#include "text.h"

#include <stdint.h>

/* In the order of the table's rows. */
enum compare_row { ROW_SYNC, ROW_THREADS, ROW_ASYNC, ROW_COUNT };

struct compare_figures {
    uint64_t wall_ns, cpu_ns; /* of its process, from fork(2) to its end; CPU of all its threads */
    uint64_t memory;          /* bytes, the most that was resident */
    bool told;                /* the process ended by itself, and told what follows */
    uint64_t transfers, failed, bytes;
};

extern const char *const compare_names[ROW_COUNT];

/* A line of titles and one for each mode; no blank within a cell, "-" for what is not known. */
void compare_table(struct text *out, const struct compare_figures f[ROW_COUNT]);

/* Up to two sentences on what the figures say, each of them a line. */
void compare_say(struct text *out, const struct compare_figures f[ROW_COUNT]);

#endif
