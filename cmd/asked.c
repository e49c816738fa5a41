#include "asked.h"

const char *asked_method(const struct options *o, bool upload)
{
    return o->method ? o->method : o->head ? "HEAD" : upload ? "PUT" : NULL;
}

static enum afetch_code set(struct afetch_request *r, const struct options *o, bool upload)
{
    const char *method = asked_method(o, upload);
    enum afetch_code code = method ? afetch_request_set_method(r, method) : AFETCH_OK;
    if (o->head)
        afetch_request_set_head_only(r);
    if (code == AFETCH_OK && o->range)
        code = afetch_request_set_range(r, o->range);
    if (code == AFETCH_OK && o->resume == RESUME_AT && !options_has_files(o)) /* else its file has a word in it */
        code = afetch_request_set_resume(r, &(struct afetch_resume){.offset = o->resume_at, .exact = true});
    if (code == AFETCH_OK && o->condition != AFETCH_ALWAYS)
        code = afetch_request_set_condition(r, o->condition, o->condition_s);
    return code;
}

/* What the input itself says. */
static enum afetch_code set_own(struct afetch_request *r, const struct fields *own)
{
    enum afetch_code code = own->method ? afetch_request_set_method(r, own->method) : AFETCH_OK;
    for (size_t i = 0; code == AFETCH_OK && i < own->header_count; i++)
        code = afetch_request_add_header(r, own->headers[i]);
    if (own->timeout_ms)
        afetch_request_set_timeout(r, own->timeout_ms);
    return code;
}

struct afetch_request *asked_request(const struct options *o, const struct fields *own, bool upload, const char *url,
                                     size_t len)
{
    struct afetch_request *r = afetch_request_new(url, len);
    if (r && (set(r, o, upload) != AFETCH_OK || (own && set_own(r, own) != AFETCH_OK))) {
        afetch_request_free(r);
        return NULL;
    }
    return r;
}
