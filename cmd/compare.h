/* --compare: the same URLs by each mode in turn, each in a process of its own that starts cold, and a table of what
 * that took. Called by main.c, while there is one thread alone. */
#ifndef AFETCH_CMD_COMPARE_H
#define AFETCH_CMD_COMPARE_H

#include "options.h"
#include "report.h"

/* The exit status. */
int compare(const struct options *options, struct report *report);

#endif
