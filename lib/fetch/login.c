#include "fetch/login.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fetch/redirect.h"
#include "fetch/request.h"
#include "fetch/session.h"
#include "fetch/upload.h"

int login_init(struct login *l, const struct afetch_options *opt, struct error *err)
{
    static_assert((int)AFETCH_AUTH_BASIC == (int)AUTH_BASIC && (int)AFETCH_AUTH_DIGEST == (int)AUTH_DIGEST &&
                      (int)AFETCH_AUTH_BEARER == (int)AUTH_BEARER,
                  "the same bits");
    *l = (struct login){.schemes = opt->auth, .look_up = opt->login, .look_up_arg = opt->login_arg};
    if (opt->bearer && texts_have_control(opt->bearer, strlen(opt->bearer)))
        return error_set(err, ERR_USAGE, 0, "a control character within the bearer token");
    bool copied = texts_copy(&l->user, opt->user) && texts_copy(&l->password, opt->password) &&
                  texts_copy(&l->token, opt->bearer);
    return copied ? 0 : error_set(err, ERR_MEMORY, 0, NULL);
}

void login_deinit(struct login *l)
{
    free(l->user);
    free(l->password);
    free(l->token);
}

/* The user info of the URL or, where a redirect named none, of the one that was asked for. */
static const struct url *url_with_user(const struct afetch_request *r)
{
    bool own = r->url.user || r->url.password || !r->first_url;
    return own ? &r->url : r->first_url;
}

/* A look-up is for the very host, so that its answer is no secret of another one's. */
static int look_up(struct afetch_request *r, struct credentials_given *given, bool trusted)
{
    const struct login *l = &r->session->login;
    struct afetch_login login = {.user = given->user, .password = given->password};
    enum afetch_code code = l->look_up(l->look_up_arg, r->url.host, &login);
    if (code != AFETCH_OK)
        return error_set(&r->err, request_code_of(code), 0, "%s", login.why ? login.why : "no credentials");
    if (!login.found && !trusted)
        login.user = login.password = NULL;
    given->user = login.user;
    given->password = login.password;
    return 0;
}

static int make(struct afetch_request *r, bool trusted)
{
    const struct login *l = &r->session->login;
    struct credentials_given given = {.token = trusted ? l->token : NULL, .schemes = l->schemes};
    bool by_hand = r->user || l->user;
    int rc = 0;
    if (by_hand && trusted) {
        given.user = r->user ? r->user : l->user;
        given.password = r->user ? r->password : l->password;
    } else if (!by_hand) {
        const struct url *url = trusted ? url_with_user(r) : &r->url;
        given.user = url->user;
        given.password = url->password;
        if (l->look_up)
            rc = look_up(r, &given, trusted);
        else if (!trusted)
            given.user = given.password = NULL;
    }
    if (rc == 0 && credentials_new(&r->credentials, CREDENTIALS_SERVER, r->origin, &given, upload_sends_body(r)) < 0)
        rc = error_set(&r->err, ERR_MEMORY, 0, NULL);
    return rc;
}

int login_prepare(struct afetch_request *r)
{
    struct afetch_session *s = r->session;
    bool trusted = !redirect_crossed(r) || s->location_trusted;
    credentials_free(r->credentials);
    r->credentials = NULL;
    lock_take(&s->lock); /* what is looked up stays until the next look-up */
    int rc = make(r, trusted);
    lock_drop(&s->lock);
    return rc;
}
