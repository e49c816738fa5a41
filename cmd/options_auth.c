#include "options_auth.h"

#include <string.h>

bool options_set_user(struct options *o, const char *value)
{
    const char *colon = strchr(value, ':');
    size_t len = colon ? (size_t)(colon - value) : strlen(value);
    char *user = options_own(o, strndup(value, len));
    if (!user)
        return false;
    o->user = user;
    o->password = colon ? colon + 1 : NULL;
    return true;
}

void options_check_auth(struct options *o)
{
    if (o->bearer)
        o->auth |= AFETCH_AUTH_BEARER;
    o->ask_password = o->user && !o->password;
    if (o->netrc_file && !o->netrc_optional)
        o->netrc = true;
}
