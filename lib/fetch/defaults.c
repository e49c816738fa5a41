#include "fetch/defaults.h"

#include <stdlib.h>

#include "fetch/texts.h"

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
    int rc = texts_copy_for_head(&d->referer, opt->referer && *opt->referer ? opt->referer : NULL, "referer", err);
    if (rc == 0)
        rc = texts_copy_for_head(&d->request_target, opt->request_target, "request target", err);
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
