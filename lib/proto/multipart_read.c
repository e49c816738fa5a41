/* A finished body, read in pieces. */
#include <stdlib.h>

#include "proto/multipart_impl.h"

void multipart_reader_init(struct multipart_reader *r, const struct multipart *m)
{
    *r = (struct multipart_reader){.m = m};
}

void multipart_reader_deinit(struct multipart_reader *r)
{
    free(r->coder);
    *r = (struct multipart_reader){0};
}

void multipart_rewind(struct multipart_reader *r)
{
    const struct multipart *m = r->m;
    multipart_reader_deinit(r);
    multipart_reader_init(r, m);
}

void multipart_feed(struct multipart_reader *r, const void *data, size_t len)
{
    r->fed = data;
    r->fed_len = len;
    r->fed_end = len == 0;
}

static void next_segment(struct multipart_reader *r)
{
    free(r->coder);
    *r = (struct multipart_reader){.m = r->m, .segment = r->segment + 1};
}

/* What a file of known size has more than that was not announced, and is not sent. */
static void cut(struct multipart_reader *r, const struct multipart_segment *s)
{
    if (s->size >= 0 && r->fed_len > (uint64_t)s->size - r->taken)
        r->fed_len = (size_t)((uint64_t)s->size - r->taken);
}

static void take(struct multipart_reader *r, size_t len)
{
    if (len == 0)
        return; /* fed may be NULL */
    r->fed += len;
    r->fed_len -= len;
    r->taken += len;
}

static bool file_is_over(const struct multipart_reader *r, const struct multipart_segment *s)
{
    return r->fed_len == 0 && (r->fed_end || (s->size >= 0 && r->taken == (uint64_t)s->size));
}

/* Bytes of a file as they are sent. 0: none without more bytes of it. */
static int pass(struct multipart_reader *r, const struct multipart_segment *s, struct multipart_piece *piece,
                struct error *err)
{
    size_t len = s->encoder == MULTIPART_7BIT ? multipart_7bit(r->fed, r->fed_len) : r->fed_len;
    if (len == 0 && r->fed_len > 0)
        return error_set(err, ERR_READ, 0, "%s is not 7bit as it should be", r->m->paths[s->file]);
    if (len == 0)
        return 0;
    *piece = (struct multipart_piece){.data = r->fed, .len = len};
    take(r, len);
    return MULTIPART_BYTES;
}

static int encode(struct multipart_reader *r, const struct multipart_segment *s, struct multipart_piece *piece,
                  struct error *err)
{
    if (!r->coder) {
        r->coder = malloc(sizeof *r->coder);
        if (!r->coder)
            return error_set(err, ERR_MEMORY, 0, NULL);
        multipart_coder_init(r->coder);
    }
    size_t used;
    do {
        bool end = r->fed_end || (s->size >= 0 && r->taken + r->fed_len == (uint64_t)s->size);
        used = multipart_encode(r->coder, s->encoder, r->fed, r->fed_len, end);
        take(r, used);
    } while (r->coder->out_len == 0 && used > 0);
    if (r->coder->out_len == 0)
        return 0;
    *piece = (struct multipart_piece){.data = r->coder->out, .len = r->coder->out_len};
    return MULTIPART_BYTES;
}

/* MULTIPART_END: the file is through. */
static int next_of_file(struct multipart_reader *r, const struct multipart_segment *s, struct multipart_piece *piece,
                        struct error *err)
{
    cut(r, s);
    int rc = s->encoder >= MULTIPART_BASE64 ? encode(r, s, piece, err) : pass(r, s, piece, err);
    if (rc != 0)
        return rc;
    if (!file_is_over(r, s)) {
        *piece = (struct multipart_piece){
            .file = s->file, .offset = r->taken, .left = s->size < 0 ? -1 : s->size - (int64_t)r->taken};
        return MULTIPART_READ;
    }
    if (s->size >= 0 && r->taken < (uint64_t)s->size)
        return error_set(err, ERR_READ, 0, "%s is shorter than it was", r->m->paths[s->file]);
    return MULTIPART_END;
}

int multipart_next(struct multipart_reader *r, struct multipart_piece *piece, struct error *err)
{
    while (r->segment < r->m->segment_count) {
        const struct multipart_segment *s = &r->m->segments[r->segment];
        if (!s->is_file) {
            *piece = (struct multipart_piece){.data = r->m->text.data + s->at, .len = s->len};
            next_segment(r);
            return MULTIPART_BYTES;
        }
        int rc = next_of_file(r, s, piece, err);
        if (rc != MULTIPART_END)
            return rc;
        next_segment(r);
    }
    return MULTIPART_END;
}
