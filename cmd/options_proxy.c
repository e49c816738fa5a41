#include "options_proxy.h"
#include "options_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *options_proxy_url(const char *kind, const char *value)
{
    size_t size = strlen(kind) + strlen(value) + sizeof "://";
    char *url = malloc(size);
    bool named = strstr(value, "://") != NULL;
    if (url)
        snprintf(url, size, "%s%s%s", named ? "" : kind, named ? "" : "://", value);
    return url;
}

/* As curl has it: the best one that was named, but that all of them leave the choice to the proxy. */
static void check_schemes(struct options *o)
{
    if (o->proxy_auth & AFETCH_AUTH_BEARER)
        o->proxy_auth = AFETCH_AUTH_BASIC | AFETCH_AUTH_DIGEST;
    else if (o->proxy_auth & AFETCH_AUTH_DIGEST)
        o->proxy_auth = AFETCH_AUTH_DIGEST;
}

int options_check_proxy(struct options *o)
{
    const char *colon = o->proxy_user ? strchr(o->proxy_user, ':') : NULL;
    check_schemes(o);
    o->ask_proxy_password = o->proxy_user && !colon;
    if (!colon)
        return 0;
    char *user = options_own(o, strndup(o->proxy_user, (size_t)(colon - o->proxy_user)));
    if (!user)
        return options_no_memory(o);
    o->proxy_user = user;
    o->proxy_password = colon + 1;
    return 0;
}
