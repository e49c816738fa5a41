/* What options mean together, once all of them are read. Called by options.c. */
#ifndef AFETCH_CMD_OPTIONS_CHECK_H
#define AFETCH_CMD_OPTIONS_CHECK_H

#include "options.h"

/* As options_parse. */
int options_check(struct options *o);
/* Adds to o->warning. */
void options_warn(struct options *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
