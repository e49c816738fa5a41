/* What the options about ranges and conditions take beyond a plain value: -r, -C, -z and the etag files. Called by
 * options.c and options_check.c. */
#ifndef AFETCH_CMD_OPTIONS_RANGES_H
#define AFETCH_CMD_OPTIONS_RANGES_H

#include "options.h"

/* -r: NULL, or what is wrong with it. What a server may not understand has a warning, as in curl. */
const char *options_set_range(struct options *o, const char *value);
/* -C */
const char *options_set_continue(struct options *o, const char *value);
/* -z: a date, or a file whose time counts; neither has a warning, as in curl, and no condition. */
void options_set_condition(struct options *o, const char *value);
/* What they mean together with the others, once all are read: 0, or an exit status with o->error. Reads the file of
 * --etag-compare. */
int options_check_ranges(struct options *o);

#endif
