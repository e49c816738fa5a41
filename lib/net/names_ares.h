/* The back end of net/names.h over c-ares; called by names.c alone. */
#ifndef AFETCH_NET_NAMES_ARES_H
#define AFETCH_NET_NAMES_ARES_H

#include "net/names.h"

extern const struct names_backend names_ares;

/* The back end's self for n. servers: as names_new's. ERR_MEMORY, ERR_RESOLVE. */
int names_ares_new(void **self, struct names *n, struct engine *e, const char *servers, struct error *err);

#endif
