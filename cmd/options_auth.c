#include "options_auth.h"

#include <stdlib.h>
#include <string.h>

bool options_own(struct options *o, char *text)
{
    char **owned = text ? realloc(o->owned, (o->owned_count + 1) * sizeof *owned) : NULL;
    if (!owned) {
        free(text);
        return false;
    }
    o->owned = owned;
    owned[o->owned_count++] = text;
    return true;
}

bool options_set_user(struct options *o, const char *value)
{
    const char *colon = strchr(value, ':');
    size_t len = colon ? (size_t)(colon - value) : strlen(value);
    char *user = strndup(value, len);
    if (!options_own(o, user))
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
