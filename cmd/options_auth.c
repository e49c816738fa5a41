#include "options_auth.h"
#include "option_value.h"
#include "options_check.h"

#include <errno.h>
#include <string.h>

enum { COOKIE_FILE_MAX = 256 << 20 }; /* bytes; more than a jar holds */

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

static int add_text(struct options *o, const char *shown, const char *value)
{
    if (!value_is_field(value))
        return options_fail(o, 2, "%s: cookies may not hold a line end or another control character", shown);
    bool ok = (!o->cookie.len || bytes_add(&o->cookie, ";", 1)) && bytes_add(&o->cookie, value, strlen(value));
    return ok ? 0 : options_no_memory(o);
}

int options_add_cookie(struct options *o, const char *shown, const char *value)
{
    bool file = value[0] == '@';
    if (!file && strchr(value, '='))
        return add_text(o, shown, value);
    const char *path = value + file;
    o->cookies = true;
    int rc = strcmp(path, "-") == 0 ? options_claim_stdin(o, "-b -") : 0;
    if (rc || !*path)
        return rc;
    int error = bytes_add_file(&o->cookie_files, path, COOKIE_FILE_MAX);
    if (error == ENOMEM || (!error && !bytes_add(&o->cookie_files, "\n", 1)))
        return options_no_memory(o);
    if (error && error != ENOENT)
        options_warn(o, "%s: %.100s cannot be read: %s", shown, path, strerror(error));
    return 0;
}

void options_deinit_auth(struct options *o)
{
    bytes_deinit(&o->cookie);
    bytes_deinit(&o->cookie_files);
}

void options_check_auth(struct options *o)
{
    if (o->bearer)
        o->auth |= AFETCH_AUTH_BEARER;
    o->cookies = o->cookies || o->cookie_jar;
    o->ask_password = o->user && !o->password;
    if (o->netrc_file && !o->netrc_optional)
        o->netrc = true;
}
