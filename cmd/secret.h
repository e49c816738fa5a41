/* Which header fields hold secrets, so that nothing that is told shows their values. Depends on nothing. */
#ifndef AFETCH_CMD_SECRET_H
#define AFETCH_CMD_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#define SECRET_MASK "(masked)"

/* Whether the values of a field of this name, in any case, are not to be shown. */
bool secret_is_field(const char *name, size_t len);

/* Whether a field such as Location has a URL with user info in it. */
bool secret_has_user(const char *name, size_t name_len, const char *value, size_t len);

#endif
