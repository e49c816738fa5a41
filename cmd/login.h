/* What a .netrc says of the hosts that a run goes to: -n, --netrc-optional, --netrc-file. Used by run.c. */
#ifndef AFETCH_CMD_LOGIN_H
#define AFETCH_CMD_LOGIN_H

#include "afetch.h"
#include "netrc.h"
#include "options.h"

struct login {
    struct netrc netrc;
    bool optional;       /* without an answer, the URL's user info holds */
    char why[NETRC_WHY]; /* the file cannot be read; "": it was */
};

/* Reads the file, if o wants one, and has opt ask here. Nothing of it fails but what needs it. */
void login_begin(struct login *l, const struct options *o, struct afetch_options *opt);
void login_end(struct login *l);

#endif
