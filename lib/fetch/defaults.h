/* What the session's options say of every request and its response: heads, URLs, statuses. */
#ifndef AFETCH_FETCH_DEFAULTS_H
#define AFETCH_FETCH_DEFAULTS_H

#include "afetch.h"
#include "base/error.h"
#include "fetch/statuses.h"
#include "proto/url.h"

struct defaults {
    char *referer;        /* NULL: none */
    bool referer_auto;    /* a redirect's next request names the URL before it */
    char *request_target; /* in place of the URL's; NULL: that */
    bool http10;
    bool raw, ignore_length; /* how responses are read */
    unsigned url_flags;      /* of url_parse */
    unsigned proto;          /* AFETCH_SCHEME_...; 0: all */
    bool fail_on_status, fail_with_body;
    struct statuses accept; /* empty: those below 400 */
};

/* Copies what it needs of opt; defaults_deinit frees it in any case. ERR_MEMORY, ERR_USAGE. */
int defaults_init(struct defaults *d, const struct afetch_options *opt, struct error *err);
void defaults_deinit(struct defaults *d);

/* Whether its scheme lets a URL be fetched. */
bool defaults_allow(const struct defaults *d, const struct url *url);
/* Whether a response with this status is a success. */
bool defaults_accept(const struct defaults *d, int status);

#endif
