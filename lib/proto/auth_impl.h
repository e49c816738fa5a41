/* What the files of the authentication module share. */
#ifndef AFETCH_PROTO_AUTH_IMPL_H
#define AFETCH_PROTO_AUTH_IMPL_H

#include "proto/auth.h"

void auth_digest_deinit(struct auth_digest *d);

/* The value that answers d for its next request, whose number it counts up. ERR_MEMORY, ERR_INTERNAL. */
int auth_digest_value(struct auth_digest *d, const char *user, const char *password, const char *method,
                      const char *uri, char **value);

#endif
