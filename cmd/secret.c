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

bool secret_has_user(const char *name, size_t name_len, const char *value, size_t len)
{
    static const char *const urls[] = {"location", "content-location", "refresh", "referer", "link"};
    bool is_url = false;
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++)
        is_url = is_url || (strlen(urls[i]) == name_len && strncasecmp(name, urls[i], name_len) == 0);
    const char *slashes = is_url ? memmem(value, len, "//", 2) : NULL;
    const char *end = value + len;
    for (const char *c = slashes ? slashes + 2 : end; c < end && *c != '/' && *c != '?' && *c != '#'; c++)
        if (*c == '@')
            return true;
    return false;
}
