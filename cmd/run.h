/* A run: the session, its inputs, and what becomes of each. Called by main.c. */
#ifndef AFETCH_CMD_RUN_H
#define AFETCH_CMD_RUN_H

#include "options.h"
#include "report.h"

/* Fetches what the options say and reports it, the total included. The exit status. */
int run(const struct options *options, struct report *report);

#endif
