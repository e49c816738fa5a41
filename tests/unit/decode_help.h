/* Bodies in each coding, by the libraries' own compressors, and what a decoder makes of them. */
#ifndef TESTS_UNIT_DECODE_HELP_H
#define TESTS_UNIT_DECODE_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <zlib.h>
#ifdef AFETCH_BROTLI
#include <brotli/encode.h>
#endif
#ifdef AFETCH_ZSTD
#include <zstd.h>
#endif

#include "base/buf.h"
#include "proto/decode.h"

/* ---- compressors ---------------------------------------------------------------------------------------------------- */

static inline void append(struct buf *out, const void *data, size_t len)
{
    assert_int_equal(buf_add(out, data, len), 0);
}

static inline void deflate_with(struct buf *out, const void *data, size_t len, int window_bits)
{
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
    size_t room = deflateBound(&z, (uLong)len);
    z.next_in = (z_const Bytef *)data;
    z.avail_in = (uInt)len;
    z.next_out = (Bytef *)buf_room(out, room);
    z.avail_out = (uInt)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    buf_commit(out, room - z.avail_out);
    deflateEnd(&z);
}

static inline void make_gzip(struct buf *out, const void *data, size_t len)
{
    deflate_with(out, data, len, MAX_WBITS + 16);
}

static inline void make_zlib(struct buf *out, const void *data, size_t len)
{
    deflate_with(out, data, len, MAX_WBITS);
}

static inline void make_raw(struct buf *out, const void *data, size_t len)
{
    deflate_with(out, data, len, -MAX_WBITS);
}

#ifdef AFETCH_BROTLI
static inline void make_brotli(struct buf *out, const void *data, size_t len)
{
    size_t room = BrotliEncoderMaxCompressedSize(len) + 16;
    uint8_t *at = (uint8_t *)buf_room(out, room);
    assert_true(BrotliEncoderCompress(5, 18, BROTLI_MODE_GENERIC, len, data, &room, at));
    buf_commit(out, room);
}
#endif

#ifdef AFETCH_ZSTD
static inline void zstd_with(struct buf *out, const void *data, size_t len, ZSTD_cParameter parameter, int value)
{
    ZSTD_CCtx *c = ZSTD_createCCtx();
    assert_non_null(c);
    assert_false(ZSTD_isError(ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1)));
    assert_false(ZSTD_isError(ZSTD_CCtx_setParameter(c, parameter, value)));
    size_t room = ZSTD_compressBound(len) + 64;
    ZSTD_inBuffer in = {data, len, 0};
    ZSTD_outBuffer made = {buf_room(out, room), room, 0};
    /* In two calls, so that the length is not known when the frame begins, and the window as was asked for. */
    assert_false(ZSTD_isError(ZSTD_compressStream2(c, &made, &in, ZSTD_e_flush)));
    assert_int_equal(ZSTD_compressStream2(c, &made, &in, ZSTD_e_end), 0);
    buf_commit(out, made.pos);
    ZSTD_freeCCtx(c);
}

static inline void make_zstd(struct buf *out, const void *data, size_t len)
{
    zstd_with(out, data, len, ZSTD_c_compressionLevel, 3);
}
#endif

static const struct kind {
    const char *what, *name;
    void (*make)(struct buf *out, const void *data, size_t len);
    bool checked; /* a checksum finds whatever changes the content */
} kinds[] = {
    {"gzip", "gzip", make_gzip, true},           {"gzip by its old name", "x-gzip", make_gzip, true},
    {"zlib as gzip", "gzip", make_zlib, true},   {"deflate in zlib's wrapping", "deflate", make_zlib, true},
    {"raw deflate", "deflate", make_raw, false},
#ifdef AFETCH_BROTLI
    {"brotli", "br", make_brotli, false},
#endif
#ifdef AFETCH_ZSTD
    {"zstd", "zstd", make_zstd, true},
#endif
};

#define EACH_KIND(k) for (const struct kind *k = kinds; k < kinds + sizeof kinds / sizeof kinds[0]; k++)

/* ---- decoding ------------------------------------------------------------------------------------------------------- */

struct outcome {
    int rc;
    char sentence[200]; /* of a failure */
    struct buf out;
};

static inline struct outcome new_outcome(void)
{
    struct outcome o = {0};
    buf_init(&o.out, (size_t)64 << 20);
    return o;
}

/* Feeds a copy without a byte to spare, which is gone when all of it is said to be used. */
static inline int pass(struct decode *d, const void *data, size_t len, struct outcome *o, struct error *err)
{
    char *exact = malloc(len ? len : 1);
    assert_non_null(exact);
    if (len)
        memcpy(exact, data, len);
    decode_feed(d, exact, len);
    const char *piece;
    size_t n;
    int rc;
    while ((rc = decode_next(d, &piece, &n, err)) == DECODE_DATA) {
        assert_in_range(n, 1, len > DECODE_PIECE_MAX ? len : DECODE_PIECE_MAX);
        append(&o->out, piece, n);
    }
    free(exact);
    return rc;
}

/* Decodes data that came in pieces of one length, the first perhaps of another. */
static inline struct outcome decode(const char *field, const void *data, size_t len, size_t first, size_t piece)
{
    struct outcome o = new_outcome();
    struct error err = {0};
    struct decode *d;
    assert_int_equal(decode_new(&d, &err), 0);
    o.rc = decode_add(d, field, &err);
    size_t at = 0;
    while (o.rc == 0 && at < len) {
        size_t n = at == 0 && first ? first : piece;
        if (n > len - at)
            n = len - at;
        o.rc = pass(d, (const char *)data + at, n, &o, &err);
        at += n;
    }
    if (o.rc == 0)
        o.rc = decode_end(d, &err);
    else if (at > 0) {
        /* It stays so. */
        const char *p;
        size_t n;
        assert_int_equal(decode_next(d, &p, &n, NULL), o.rc);
        assert_int_equal(decode_end(d, NULL), o.rc);
    }
    assert_int_equal(err.code, o.rc);
    if (o.rc < 0)
        snprintf(o.sentence, sizeof o.sentence, "%s", error_text(&err));
    error_clear(&err);
    decode_free(d);
    return o;
}

static inline bool is_prefix(const struct buf *part, const void *data, size_t len)
{
    return part->len <= len && (part->len == 0 || memcmp(part->data, data, part->len) == 0);
}

static inline void assert_decodes(const char *what, struct outcome o, const void *data, size_t len)
{
    if (o.rc < 0)
        fail_msg("%s: %s", what, o.sentence);
    if (o.out.len != len || !is_prefix(&o.out, data, len))
        fail_msg("%s: %zu bytes that differ from the %zu expected", what, o.out.len, len);
    buf_deinit(&o.out);
}

static inline void assert_fails(const char *what, struct outcome o, const char *sentence)
{
    if (o.rc != ERR_ENCODING || (sentence && strcmp(o.sentence, sentence) != 0))
        fail_msg("%s: %d, \"%s\" where \"%s\" was expected", what, o.rc, o.sentence, sentence ? sentence : "any error");
    buf_deinit(&o.out);
}

/* Text that compresses some, of any length. */
static inline struct buf make_text(size_t len)
{
    struct buf b;
    buf_init(&b, len + 100);
    uint32_t x = 12345;
    while (b.len < len) {
        x = x * 1664525 + 1013904223;
        assert_int_equal(buf_addf(&b, "%u bottles, %x left; ", x >> 28, x >> 8), 0);
    }
    b.len = len;
    return b;
}

static inline struct buf compress_with(const struct kind *k, const void *data, size_t len)
{
    struct buf b;
    buf_init(&b, (size_t)64 << 20);
    k->make(&b, data, len);
    return b;
}

#endif
