/* Lists of schemes as curl's --proto has them: "=https", "-all,https", "-http". Depends on nothing; used by options.c. */
#ifndef AFETCH_CMD_PROTOS_H
#define AFETCH_CMD_PROTOS_H

#include "afetch.h"

/* What text leaves of both schemes: AFETCH_SCHEME_..., or 0. tell is called with each word that is none of ours. */
unsigned protos_parse(const char *text, void (*tell)(void *arg, const char *name, size_t len), void *arg);

#endif
