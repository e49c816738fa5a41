#include "proto/decode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proto/decode_impl.h"
#include "proto/url.h"

static const struct coding *const codings[] = {
    &decode_gzip,
    &decode_deflate,
#ifdef AFETCH_BROTLI
    &decode_brotli,
#endif
#ifdef AFETCH_ZSTD
    &decode_zstd,
#endif
};

struct bytes {
    const unsigned char *at;
    size_t len;
};

struct stage {
    const struct coding *coding; /* NULL: not known */
    void *state;                 /* NULL before the first byte */
    unsigned char *room;         /* DECODE_PIECE_MAX bytes, allocated with state */
    struct bytes out;            /* of room: made and not taken yet */
    bool full;                   /* room was filled: there may be more without further input */
    int failed;                  /* told once out is taken: what was made before is good */
};

struct decode {
    struct stage stages[DECODE_CODINGS_MAX]; /* in the order of the fields: the last one takes what is fed */
    size_t count;
    char unknown[64]; /* the coding that is not known, as people may read it */
    struct bytes in;  /* fed and not used yet */
    unsigned char *kept;
    struct error err; /* of the first stage that failed */
};

/* ---- what there is to decode --------------------------------------------------------------------------------------- */

int decode_new(struct decode **out, struct error *err)
{
    struct decode *d = calloc(1, sizeof *d);
    if (!d)
        return error_set(err, ERR_MEMORY, 0, NULL);
    *out = d;
    return 0;
}

void decode_free(struct decode *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < d->count; i++) {
        if (d->stages[i].state)
            d->stages[i].coding->close(d->stages[i].state);
        free(d->stages[i].room);
    }
    free(d->kept);
    error_clear(&d->err);
    free(d);
}

static bool is_named(struct bytes name, const char *other)
{
    return other && name.len == strlen(other) && strncasecmp((const char *)name.at, other, name.len) == 0;
}

static const struct coding *find_coding(struct bytes name)
{
    for (size_t i = 0; i < sizeof codings / sizeof codings[0]; i++)
        if (is_named(name, codings[i]->name) || is_named(name, codings[i]->alias))
            return codings[i];
    return NULL;
}

static int add_coding(struct decode *d, struct bytes name, struct error *err)
{
    if (is_named(name, "identity") || is_named(name, "none"))
        return 0;
    if (d->count == DECODE_CODINGS_MAX)
        return error_set(err, ERR_ENCODING, 0, "more than %d codings on top of each other", DECODE_CODINGS_MAX);
    const struct coding *coding = find_coding(name);
    if (!coding)
        url_show(d->unknown, sizeof d->unknown, (const char *)name.at, name.len);
    d->stages[d->count++] = (struct stage){.coding = coding};
    return 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

int decode_add(struct decode *d, const char *value, struct error *err)
{
    for (;;) {
        while (is_blank(*value) || *value == ',')
            value++;
        if (!*value)
            return 0;
        size_t len = strcspn(value, ",");
        struct bytes name = {(const unsigned char *)value, len};
        while (is_blank(value[name.len - 1]))
            name.len--;
        int rc = add_coding(d, name, err);
        if (rc < 0)
            return rc;
        value += len;
    }
}

/* ---- decoding ------------------------------------------------------------------------------------------------------- */

int decode_garbage(const struct coding *c, struct error *err)
{
    return error_set(err, ERR_ENCODING, 0, "%s: there are bytes behind its end", c->name);
}

static int open_stage(struct decode *d, struct stage *s)
{
    if (!s->coding)
        return error_set(&d->err, ERR_ENCODING, 0, "the server used \"%s\", which is not known here", d->unknown);
    s->room = malloc(DECODE_PIECE_MAX);
    return s->room ? s->coding->open(&s->state, &d->err) : error_set(&d->err, ERR_MEMORY, 0, NULL);
}

/* Has a stage, whose output is all taken, make more of what is there. */
static void run_stage(struct decode *d, struct stage *s, struct bytes *in)
{
    int rc = s->state ? 0 : open_stage(d, s);
    if (rc == 0) {
        struct decode_io io = {in->at, in->len, s->room, DECODE_PIECE_MAX};
        rc = s->coding->run(s->state, &io, &d->err);
        *in = (struct bytes){io.in, io.in_len};
        s->out = (struct bytes){s->room, DECODE_PIECE_MAX - io.out_len};
        s->full = io.out_len == 0;
    }
    s->failed = rc;
}

/* Makes output of stage i, from the ones behind it as far as need be: 1, or 0 where all input is used. */
static int fill(struct decode *d, size_t i)
{
    struct stage *s = &d->stages[i];
    bool last = i + 1 == d->count;
    struct bytes *in = last ? &d->in : &d->stages[i + 1].out;
    while (s->out.len == 0) {
        if (s->failed)
            return s->failed;
        if (in->len == 0 && !s->full) {
            int rc = last ? 0 : fill(d, i + 1);
            if (rc <= 0)
                return rc;
        }
        run_stage(d, s, in);
    }
    return 1;
}

void decode_feed(struct decode *d, const void *data, size_t len)
{
    d->in = (struct bytes){data, len};
}

int decode_next(struct decode *d, const char **data, size_t *len, struct error *err)
{
    struct bytes *from = d->count ? &d->stages[0].out : &d->in;
    int rc = d->count ? fill(d, 0) : from->len > 0;
    if (rc < 0)
        return error_copy(err, &d->err);
    if (rc == 0)
        return DECODE_MORE;
    *data = (const char *)from->at;
    *len = from->len;
    from->len = 0;
    return DECODE_DATA;
}

int decode_keep(struct decode *d, struct error *err)
{
    if (d->in.len == 0)
        return 0;
    unsigned char *copy = malloc(d->in.len);
    if (!copy)
        return error_set(err, ERR_MEMORY, 0, NULL);
    memcpy(copy, d->in.at, d->in.len);
    free(d->kept);
    d->kept = copy;
    d->in.at = copy;
    return 0;
}

int decode_end(struct decode *d, struct error *err)
{
    if (d->err.code)
        return error_copy(err, &d->err);
    for (size_t i = d->count; i-- > 0;) {
        const struct stage *s = &d->stages[i];
        if (s->state && !s->coding->whole(s->state))
            return error_set(err, ERR_ENCODING, 0, "%s: it ends early", s->coding->name);
    }
    return 0;
}

/* ---- about ---------------------------------------------------------------------------------------------------------- */

const char *decode_offer(void)
{
    return "deflate, gzip"
#ifdef AFETCH_BROTLI
           ", br"
#endif
#ifdef AFETCH_ZSTD
           ", zstd"
#endif
        ;
}

const char *decode_library(void)
{
    static char text[100];
    size_t at = 0;
    const char *said = NULL;
    for (size_t i = 0; i < sizeof codings / sizeof codings[0] && at < sizeof text; i++) {
        const char *version = codings[i]->version();
        if (version != said) /* gzip and deflate are of one library */
            at += (size_t)snprintf(text + at, sizeof text - at, "%s%s", at ? " " : "", version);
        said = version;
    }
    return text;
}
