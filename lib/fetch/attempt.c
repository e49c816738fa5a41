#include "fetch/attempt.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "fetch/deliver.h"
#include "fetch/request.h"
#include "fetch/session.h"

void attempt_reset(struct afetch_request *r)
{
    error_clear(&r->err);
    error_clear(&r->refusal);
    r->bytes = r->continue_from;
    r->status = 0;
    r->discard = false;
    deliver_reset(r);
    r->then = REQUEST_END;
    r->sent_ns = r->first_byte_ns = 0;
    r->wire_bytes = 0;
    r->times = (struct dial_times){0};
}

void attempt_restart(struct afetch_request *r)
{
    r->as_get = false;
    free(r->referer);
    r->referer = NULL;
    r->redirects = 0;
    r->spent_ns = 0;
    if (!r->first_url.storage)
        return;
    url_deinit(&r->url);
    r->url = r->first_url;
    r->first_url = (struct url){0};
}

/* What was delivered is void. */
static bool undo(struct afetch_request *r)
{
    bool undone = true;
    if (r->callbacks.restart) {
        lock_take(&r->session->lock);
        undone = !request_is_canceled(r) && r->callbacks.restart(r->arg, r) != AFETCH_ABORT;
        lock_drop(&r->session->lock);
    } else if (r->callbacks.body) {
        undone = r->bytes == 0;
    }
    if (undone) {
        r->delivering = false;
        r->continue_from = 0;
        r->bytes = 0;
    }
    return undone;
}

static bool has_field(const struct afetch_request *r, const char *name)
{
    size_t len = strlen(name);
    const struct afetch_session *s = r->session;
    for (size_t i = 0; i < r->header_count; i++)
        if (strncasecmp(r->headers[i], name, len) == 0)
            return true;
    for (size_t i = 0; i < s->header_count; i++)
        if (strncasecmp(s->headers[i], name, len) == 0)
            return true;
    return false;
}

/* A GET goes on where it broke, if a strong validator shows that it is the same representation (RFC 9110 section
 * 13.1.5). */
static bool can_continue(const struct afetch_request *r)
{
    return r->delivering && r->bytes > 0 && r->etag && strcmp(request_method(r), "GET") == 0 && !has_field(r, "Range:");
}

bool attempt_undo(struct afetch_request *r)
{
    if (!r->delivering)
        return true;
    if (!can_continue(r))
        return undo(r);
    r->continue_from = r->bytes;
    return true;
}

/* The validator that a later try can go on by: weak ones do not tell bytes apart. */
int attempt_note_validator(struct afetch_request *r, const struct http1 *response)
{
    const char *etag =
        r->status == 200 && !http1_find(response, "Content-Encoding") ? http1_find(response, "ETag") : NULL;
    return request_copy_field(&r->etag, etag && *etag == '"' ? etag : NULL);
}

int attempt_continues(struct afetch_request *r, const struct http1 *response)
{
    uint64_t from = r->continue_from, first;
    if (from == 0)
        return 0;
    const char *range = http1_find(response, "Content-Range");
    const char *etag = http1_find(response, "ETag");
    if (r->status == 206 && range && sscanf(range, "bytes %" SCNu64 "-", &first) == 1 && first == from &&
        (!etag || strcmp(etag, r->etag) == 0))
        return 1;
    r->bytes = from;
    if (undo(r))
        return 0;
    return error_set(&r->err, ERR_PARTIAL, 0,
                     "after %llu bytes, which cannot be taken back, as the server does not go on there",
                     (unsigned long long)from);
}
