#include "login.h"

#include <stdio.h>
#include <stdlib.h>

static enum afetch_code refuse(struct login *l, struct afetch_login *login)
{
    login->why = l->why;
    return AFETCH_READ;
}

/* The rules are in netrc.h. */
static enum afetch_code look_up(void *arg, const char *host, struct afetch_login *login)
{
    struct login *l = arg;
    const char *user, *password;
    if (l->optional && login->user && login->password)
        return AFETCH_OK;
    if (*l->why)
        return l->optional ? AFETCH_OK : refuse(l, login);
    switch (netrc_find(&l->netrc, host, login->user, &user, &password)) {
    case NETRC_FOUND:
        login->user = user;
        login->password = password;
        login->found = true;
        break;
    case NETRC_BAD:
        if (!l->optional) {
            login->why = l->netrc.bad;
            return AFETCH_READ;
        }
        break;
    case NETRC_NONE:
        break;
    }
    return AFETCH_OK;
}

void login_begin(struct login *l, const struct options *o, struct afetch_options *opt)
{
    *l = (struct login){.optional = o->netrc_optional};
    if ((!o->netrc && !o->netrc_optional) || o->user)
        return;
    char *path = o->netrc_file ? NULL : netrc_path(getenv);
    if (!o->netrc_file && !path)
        snprintf(l->why, sizeof l->why, "there is no folder in which a .netrc would be");
    else
        netrc_load(&l->netrc, path ? path : o->netrc_file, l->why);
    free(path);
    opt->login = look_up;
    opt->login_arg = l;
}

void login_end(struct login *l)
{
    netrc_deinit(&l->netrc);
}
