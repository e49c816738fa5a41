#include "secret.h"

#include <string.h>
#include <strings.h>

static const char *const secret_fields[] = {"authorization", "proxy-authorization", "cookie",      "cookie2",
                                            "set-cookie",    "set-cookie2",         "x-api-key",   "x-auth-token",
                                            "x-csrf-token",  "authentication-info", "www-api-key", "api-key"};

bool secret_is_field(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof secret_fields / sizeof secret_fields[0]; i++)
        if (strlen(secret_fields[i]) == len && strncasecmp(name, secret_fields[i], len) == 0)
            return true;
    return false;
}
