#include "fetch/defaults.h"

#include <stdlib.h>
#include <string.h>

#include "proto/url.h"

/* For a head, where a line end would begin another field. */
static int copy_text(char **out, const char *text, const char *name, struct error *err)
{
    if (text && strpbrk(text, "\r\n"))
        return error_set(err, ERR_USAGE, 0, "a line end within the %s", name);
    *out = text ? strdup(text) : NULL;
    return text && !*out ? error_set(err, ERR_MEMORY, 0, NULL) : 0;
}

int defaults_init(struct defaults *d, const struct afetch_options *opt, struct error *err)
{
    *d = (struct defaults){
        .referer_auto = opt->referer_auto,
        .http10 = opt->http10,
        .url_flags = opt->path_as_is ? URL_PATH_AS_IS : 0,
    };
    int rc = copy_text(&d->referer, opt->referer && *opt->referer ? opt->referer : NULL, "referer", err);
    return rc < 0 ? rc : copy_text(&d->request_target, opt->request_target, "request target", err);
}

void defaults_deinit(struct defaults *d)
{
    free(d->referer);
    free(d->request_target);
}
