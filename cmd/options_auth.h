/* What options say of who asks: -u and its like, and cookies. Called by option_set.c and options_check.c. */
#ifndef AFETCH_CMD_OPTIONS_AUTH_H
#define AFETCH_CMD_OPTIONS_AUTH_H

#include "options.h"

/* -u: "name:password", or a name whose password is to be asked for. False without memory. */
bool options_set_user(struct options *o, const char *value);
/* -b: "NAME=VALUE" to be sent as it is, or a file, which need not be there (@FILE: surely one; -: standard input; "": none,
 * but cookies are kept). As options_parse. */
int options_add_cookie(struct options *o, const char *shown, const char *value);
/* What they mean together. */
void options_check_auth(struct options *o);
void options_deinit_auth(struct options *o);

#endif
