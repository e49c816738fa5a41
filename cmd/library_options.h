/* A command line's options as the library takes them. Called by run.c. */
#ifndef AFETCH_CMD_LIBRARY_OPTIONS_H
#define AFETCH_CMD_LIBRARY_OPTIONS_H

#include "options.h"

/* Fills in all but parallel_max, which depends on what the system allows, and trace. Strings are o's. */
void library_options(struct afetch_options *opt, const struct options *o);

#endif
