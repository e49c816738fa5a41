/* What options mean together, once all of them are read. Called by options.c. */
#ifndef AFETCH_CMD_OPTIONS_CHECK_H
#define AFETCH_CMD_OPTIONS_CHECK_H

#include "options.h"

/* As options_parse. */
int options_check(struct options *o);
/* Sets o->error; returns status. For all who read options. */
int options_fail(struct options *o, int status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int options_no_memory(struct options *o);
/* who, which must stay, is the option that reads standard input; there can be one. */
int options_claim_stdin(struct options *o, const char *who);
/* One more of a list; value stays its owner's. */
int options_list_add(struct options *o, struct options_list *list, const char *value);
/* Adds to o->warning. */
void options_warn(struct options *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
