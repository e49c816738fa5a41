/* A run: the session, its inputs, and what becomes of each. Called by main.c and compare.c. */
#ifndef AFETCH_CMD_RUN_H
#define AFETCH_CMD_RUN_H

#include "options.h"
#include "report.h"

/* Raises the limit of open files as far as it goes; how many transfers at once, of parallel_max, it allows. A warning
 * where that is fewer. */
unsigned run_fit(const struct options *o, struct report *report);

/* Fetches what the options say and reports it, the total included. The exit status. */
int run(const struct options *options, struct report *report);

#endif
