/* What the options about TLS take beyond a plain value. Called by option_set.c alone. */
#ifndef AFETCH_CMD_OPTIONS_TLS_H
#define AFETCH_CMD_OPTIONS_TLS_H

#include "options.h"

/* -E FILE[:PASSWORD]: copies the file's name to file, which has room for all of value; password is what follows the
 * colon, or NULL. NULL, or what is wrong with it. */
const char *options_split_cert(const char *value, char *file, const char **password);
/* What the options come to in o->tls, once all are read. NULL, or what is wrong with them. */
const char *options_check_tls(struct options *o);

#endif
