#include "fetch/defaults.h"

#include <stdlib.h>
#include <string.h>

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
        .raw = opt->raw,
        .ignore_length = opt->ignore_content_length,
        .fail_on_status = opt->fail_on_status,
        .fail_with_body = opt->fail_with_body,
        .url_flags = (opt->path_as_is ? URL_PATH_AS_IS : 0) | (opt->disallow_user ? URL_NO_USER : 0),
        .proto = opt->proto,
    };
    int rc = copy_text(&d->referer, opt->referer && *opt->referer ? opt->referer : NULL, "referer", err);
    if (rc == 0)
        rc = copy_text(&d->request_target, opt->request_target, "request target", err);
    return rc == 0 && opt->accept_statuses ? statuses_parse(&d->accept, opt->accept_statuses, err) : rc;
}

void defaults_deinit(struct defaults *d)
{
    free(d->referer);
    free(d->request_target);
    statuses_deinit(&d->accept);
}

bool defaults_allow(const struct defaults *d, const struct url *url)
{
    return !d->proto || (d->proto & (url->tls ? AFETCH_SCHEME_HTTPS : AFETCH_SCHEME_HTTP));
}

bool defaults_accept(const struct defaults *d, int status)
{
    if (!d->fail_on_status)
        return true;
    return d->accept.count ? statuses_have(&d->accept, status) : status < 400;
}
