/* What the session's options say of every request: its head, and which URLs it may have. */
#ifndef AFETCH_FETCH_DEFAULTS_H
#define AFETCH_FETCH_DEFAULTS_H

#include "afetch.h"
#include "base/error.h"

struct defaults {
    char *referer;        /* NULL: none */
    bool referer_auto;    /* a redirect's next request names the URL before it */
    char *request_target; /* in place of the URL's; NULL: that */
    bool http10;
    unsigned url_flags; /* of url_parse */
};

/* Copies what it needs of opt; defaults_deinit frees it in any case. ERR_MEMORY, ERR_USAGE. */
int defaults_init(struct defaults *d, const struct afetch_options *opt, struct error *err);
void defaults_deinit(struct defaults *d);

#endif
