/* Whose name a request shows to its server: one that was given by hand, its URL's, or one that is looked up for its host;
 * and how far that goes with redirects. */
#ifndef AFETCH_FETCH_LOGIN_H
#define AFETCH_FETCH_LOGIN_H

#include "afetch.h"
#include "base/error.h"

/* What a session's options say of it. All zero: nothing. */
struct login {
    char *user, *password, *token; /* NULL: none */
    unsigned schemes;              /* of enum auth_scheme */
    enum afetch_code (*look_up)(void *arg, const char *host, struct afetch_login *login);
    void *look_up_arg;
};

/* Copies what it needs of opt; login_deinit frees it in any case. ERR_MEMORY, ERR_USAGE. */
int login_init(struct login *l, const struct afetch_options *opt, struct error *err);
void login_deinit(struct login *l);

/* Makes r's credentials those for its URL, before its first try there. Calls a callback, with the session's lock held.
 * 0, or an error that is in r->err. */
int login_prepare(struct afetch_request *r);

#endif
