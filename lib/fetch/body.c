#include "fetch/body.h"

#include <string.h>

#include "fetch/request.h"
#include "fetch/session.h"

enum { SLICE_MAX = 64 * 1024 }; /* so much is on its way when sending is to stop */

/* ---- bodies ----------------------------------------------------------------------------------------------------------- */

/* With room for size bytes of its own. */
static struct afetch_body *make(size_t size)
{
    struct afetch_body *b = size < SIZE_MAX - sizeof *b ? malloc(sizeof *b + size) : NULL;
    if (!b)
        return NULL;
    *b = (struct afetch_body){.data = b->own};
    atomic_init(&b->holders, 1);
    return b;
}

struct afetch_body *afetch_body_new(const void *data, size_t len)
{
    struct afetch_body *b = make(len);
    if (!b)
        return NULL;
    b->len = len;
    if (len)
        memcpy(b->own, data, len);
    return b;
}

struct afetch_body *afetch_body_new_lent(const void *data, size_t len)
{
    struct afetch_body *b = make(0);
    if (!b)
        return NULL;
    b->data = data;
    b->len = len;
    return b;
}

struct afetch_body *afetch_body_new_fed(const char *name)
{
    struct afetch_body *b = afetch_body_new(name, strlen(name) + 1);
    if (b)
        b->fed = true;
    return b;
}

struct afetch_body *body_hold(struct afetch_body *b)
{
    if (b)
        atomic_fetch_add(&b->holders, 1);
    return b;
}

void afetch_body_free(struct afetch_body *b)
{
    if (!b || atomic_fetch_sub(&b->holders, 1) > 1)
        return;
    multipart_free(b->form);
    free(b);
}

const char *body_content_type(const struct afetch_body *b)
{
    if (body_is_form(b))
        return multipart_content_type(b->form);
    return b && !b->fed ? "application/x-www-form-urlencoded" : NULL;
}

bool body_is_form(const struct afetch_body *b)
{
    return b && b->form;
}

bool body_is_posted(const struct afetch_body *b)
{
    return b && !b->fed;
}

/* ---- the feeder ------------------------------------------------------------------------------------------------------- */

static int feeder_failed(struct body_reader *b)
{
    return error_set(&b->request->err, ERR_READ, 0, "the body of the request");
}

static int begin_feeding(struct body_reader *b, const char *name)
{
    struct afetch_request *r = b->request;
    struct afetch_feed_facts facts = {.length = -1};
    enum afetch_feed feed = AFETCH_FEED_FAILED;
    if (!r->feeder.begin || !r->feeder.read)
        return error_set(&r->err, ERR_USAGE, 0, "the body has no feeder");
    lock_take(&r->session->lock);
    bool canceled = request_is_canceled(r);
    if (!canceled)
        feed = r->feeder.begin(r->feeder_arg, r, name, &facts);
    b->begun = b->begun || !canceled;
    lock_drop(&r->session->lock);
    if (canceled)
        return ERR_CANCELED;
    if (feed == AFETCH_FEED_LATER)
        return BODY_LATER;
    if (feed != AFETCH_FEED_SOME)
        return feeder_failed(b);
    b->fed_length = facts.length;
    b->once = facts.once;
    return 0;
}

static int read_fed(struct body_reader *b, const char **data, size_t *len)
{
    struct afetch_request *r = b->request;
    const void *bytes = NULL;
    enum afetch_feed feed = AFETCH_FEED_FAILED;
    r->body_spent = r->body_spent || b->once; /* it may read ahead */
    lock_take(&r->session->lock);
    bool canceled = request_is_canceled(r);
    if (!canceled)
        feed = r->feeder.read(r->feeder_arg, r, &bytes, len);
    lock_drop(&r->session->lock);
    if (canceled)
        return ERR_CANCELED;
    if (feed == AFETCH_FEED_LATER)
        return BODY_LATER;
    if (feed != AFETCH_FEED_END && (feed != AFETCH_FEED_SOME || *len == 0))
        return feeder_failed(b);
    *data = bytes;
    return feed == AFETCH_FEED_END ? BODY_END : BODY_BYTES;
}

static void end_feeding(struct body_reader *b)
{
    struct afetch_request *r = b->request;
    if (!b->begun)
        return;
    b->begun = false;
    lock_take(&r->session->lock);
    if (r->feeder.end)
        r->feeder.end(r->feeder_arg, r);
    lock_drop(&r->session->lock);
}

/* Not more than was said before it began, nor less. */
static int next_of_feeder(struct body_reader *b, const char **data, size_t *len)
{
    bool known = b->length >= 0;
    uint64_t left = known ? (uint64_t)b->length - b->taken : UINT64_MAX;
    if (left == 0)
        return BODY_END;
    int rc = read_fed(b, data, len);
    if (rc == BODY_END && known)
        return error_set(&b->request->err, ERR_READ, 0, "%.200s ended after %llu of %llu bytes", b->body->data,
                         (unsigned long long)b->taken, (unsigned long long)b->length);
    if (rc == BODY_BYTES && *len > left)
        *len = (size_t)left;
    return rc;
}

/* ---- a form ----------------------------------------------------------------------------------------------------------- */

/* More of a file that is a part of it: 0, BODY_LATER, or an error. */
static int read_part(struct body_reader *b, const struct multipart_piece *piece)
{
    const char *data = NULL;
    size_t len = 0;
    if (b->begun && b->file != piece->file)
        end_feeding(b);
    if (!b->begun || b->opening) {
        b->file = piece->file;
        int rc = begin_feeding(b, multipart_file_path(b->body->form, piece->file));
        b->opening = rc == BODY_LATER;
        if (rc != 0)
            return rc;
    }
    int rc = read_fed(b, &data, &len);
    if (rc < 0 || rc == BODY_LATER)
        return rc;
    if (rc == BODY_END)
        len = 0;
    else if (piece->left >= 0 && len > (uint64_t)piece->left)
        len = (size_t)piece->left;
    multipart_feed(&b->form, data, len);
    return 0;
}

static int next_of_form(struct body_reader *b, const char **data, size_t *len)
{
    struct multipart_piece piece;
    int event, rc = 0;
    while ((event = multipart_next(&b->form, &piece, &b->request->err)) == MULTIPART_READ && rc == 0)
        rc = read_part(b, &piece);
    if (event == MULTIPART_READ)
        return rc;
    if (event != MULTIPART_BYTES)
        return event < 0 ? event : BODY_END;
    *data = piece.data;
    *len = piece.len;
    return BODY_BYTES;
}

/* ---- a reading -------------------------------------------------------------------------------------------------------- */

int body_open(struct body_reader *b)
{
    if (b->body && b->request->body_spent)
        return error_set(&b->request->err, ERR_REWIND, 0, "%.200s was read already",
                         b->body->fed ? b->body->data : "a part of it");
    if (body_is_form(b->body)) {
        if (b->body->unfinished)
            return error_set(&b->request->err, ERR_USAGE, 0, "the form is not finished");
        multipart_reader_init(&b->form, b->body->form);
        b->length = multipart_length(b->body->form);
        return 0;
    }
    b->length = b->body ? (int64_t)b->body->len : 0;
    if (!b->body || !b->body->fed)
        return 0;
    int rc = begin_feeding(b, b->body->data);
    b->length = b->fed_length;
    return rc;
}

static int next_of_memory(const struct body_reader *b, const char **data, size_t *len)
{
    if (b->taken == (uint64_t)b->length)
        return BODY_END;
    *data = b->body->data;
    *len = b->body->len;
    return BODY_BYTES;
}

static int next_of_any(struct body_reader *b, const char **data, size_t *len)
{
    if (body_is_form(b->body))
        return next_of_form(b, data, len);
    return b->body && b->body->fed ? next_of_feeder(b, data, len) : next_of_memory(b, data, len);
}

int body_next(struct body_reader *b, const char **data, size_t *len)
{
    if (b->rest_len == 0) {
        int rc = next_of_any(b, &b->rest, &b->rest_len);
        if (rc != BODY_BYTES)
            return rc;
        b->taken += b->rest_len;
    }
    *data = b->rest;
    *len = b->rest_len < SLICE_MAX ? b->rest_len : SLICE_MAX;
    b->rest += *len;
    b->rest_len -= *len;
    return BODY_BYTES;
}

void body_close(struct body_reader *b)
{
    end_feeding(b);
    multipart_reader_deinit(&b->form);
}

bool body_is_here(const struct body_reader *b)
{
    if (body_is_form(b->body))
        return multipart_file_count(b->body->form) == 0;
    return !b->body || !b->body->fed;
}
