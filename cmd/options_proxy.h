/* What the options about proxies mean. Used by option_set.c and options_check.c. */
#ifndef AFETCH_CMD_OPTIONS_PROXY_H
#define AFETCH_CMD_OPTIONS_PROXY_H

#include "options.h"

/* The URL of a proxy: value, of the kind where it names none itself. Allocated; NULL without memory. */
char *options_proxy_url(const char *kind, const char *value);
/* Once all options are read: takes -U apart, and what is to be said by which scheme. 0, or an exit status. */
int options_check_proxy(struct options *o);

#endif
