/* Content codings: consumers that pause, bombs, and memory that runs out. */
#include "unit/decode_help.h"
#include "unit/failing_malloc.h"

/* ---- pausing, memory ------------------------------------------------------------------------------------------------ */

static void test_keep(void **state)
{
    (void)state;
    struct buf text = make_text(200000);
    EACH_KIND (k) {
        struct buf coded = compress_with(k, text.data, text.len);
        struct decode *d;
        struct outcome o = new_outcome();
        assert_int_equal(decode_new(&d, NULL), 0);
        assert_int_equal(decode_add(d, k->name, NULL), 0);
        for (size_t at = 0; at < coded.len; at += 20000) {
            size_t len = coded.len - at < 20000 ? coded.len - at : 20000;
            char *lent = malloc(len);
            assert_non_null(lent);
            memcpy(lent, coded.data + at, len);
            decode_feed(d, lent, len);
            const char *piece;
            size_t n;
            int rc;
            while ((rc = decode_next(d, &piece, &n, NULL)) == DECODE_DATA) {
                append(&o.out, piece, n);
                assert_int_equal(decode_keep(d, NULL), 0);
                free(lent);
                lent = NULL;
            }
            assert_int_equal(rc, DECODE_MORE);
            assert_int_equal(decode_keep(d, NULL), 0); /* of nothing */
            free(lent);
        }
        assert_int_equal(decode_end(d, NULL), 0);
        decode_free(d);
        assert_decodes(k->what, o, text.data, text.len);
        buf_deinit(&coded);
    }
    buf_deinit(&text);
}

enum { BOMB = 1 << 30 };
static const char zeros[1 << 16];

/* A gigabyte of zeros, by a compressor that never has all of it. */
static void make_gzip_bomb(struct buf *out)
{
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 1, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    for (size_t made = 0; made <= BOMB; made += sizeof zeros) {
        z.next_in = (z_const Bytef *)zeros;
        z.avail_in = made < BOMB ? sizeof zeros : 0;
        z.next_out = (Bytef *)buf_room(out, 1 << 17);
        z.avail_out = 1 << 17;
        assert_in_range(deflate(&z, made < BOMB ? Z_NO_FLUSH : Z_FINISH), Z_OK, Z_STREAM_END);
        buf_commit(out, (1 << 17) - z.avail_out);
    }
    deflateEnd(&z);
}

#ifdef AFETCH_BROTLI
static void make_brotli_bomb(struct buf *out)
{
    BrotliEncoderState *s = BrotliEncoderCreateInstance(NULL, NULL, NULL);
    assert_non_null(s);
    BrotliEncoderSetParameter(s, BROTLI_PARAM_QUALITY, 0);
    for (size_t made = 0; !BrotliEncoderIsFinished(s);) {
        size_t in = made < BOMB ? sizeof zeros : 0, room = 1 << 16;
        const uint8_t *next_in = (const uint8_t *)zeros;
        uint8_t *next_out = (uint8_t *)buf_room(out, room);
        made += in;
        BrotliEncoderOperation op = in ? BROTLI_OPERATION_PROCESS : BROTLI_OPERATION_FINISH;
        assert_true(BrotliEncoderCompressStream(s, op, &in, &next_in, &room, &next_out, NULL));
        assert_int_equal(in, 0);
        buf_commit(out, (1 << 16) - room);
    }
    BrotliEncoderDestroyInstance(s);
}
#endif

#ifdef AFETCH_ZSTD
static void make_zstd_bomb(struct buf *out)
{
    ZSTD_CCtx *c = ZSTD_createCCtx();
    assert_non_null(c);
    for (size_t made = 0; made <= BOMB; made += sizeof zeros) {
        ZSTD_inBuffer in = {zeros, made < BOMB ? sizeof zeros : 0, 0};
        ZSTD_outBuffer room = {buf_room(out, 1 << 18), 1 << 18, 0};
        assert_false(ZSTD_isError(ZSTD_compressStream2(c, &room, &in, made < BOMB ? ZSTD_e_continue : ZSTD_e_end)));
        buf_commit(out, room.pos);
    }
    ZSTD_freeCCtx(c);
}
#endif

/* The bomb goes off; most_kib: what decode.h says of memory. */
static void light(const char *field, const struct buf *coded, size_t most_kib)
{
    size_t before = failing_bytes(), most = before;
    struct decode *d;
    assert_int_equal(decode_new(&d, NULL), 0);
    assert_int_equal(decode_add(d, field, NULL), 0);
    decode_feed(d, coded->data, coded->len); /* all at once: only the output can be what is bounded */
    size_t total = 0, n;
    const char *piece;
    while (decode_next(d, &piece, &n, NULL) == DECODE_DATA) {
        assert_in_range(n, 1, DECODE_PIECE_MAX);
        assert_true(memcmp(piece, zeros, n) == 0);
        total += n;
        most = failing_bytes() > most ? failing_bytes() : most;
    }
    assert_int_equal(decode_end(d, NULL), 0);
    assert_int_equal(total, BOMB);
    decode_free(d);
    print_message("%s: %zu bytes made %zu, with %zu KiB\n", field, coded->len, total, (most - before) / 1024);
    assert_in_range(most - before, 16 * 1024, most_kib * 1024);
}

static void test_gzip_bombs(void **state)
{
    (void)state;
    struct buf coded;
    buf_init(&coded, (size_t)16 << 20);
    make_gzip_bomb(&coded);
    light("gzip", &coded, 16 + 40);
    struct buf twice = compress_with(&kinds[0], coded.data, coded.len);
    light("gzip, gzip", &twice, 2 * (16 + 40));
    buf_deinit(&twice);
    buf_deinit(&coded);
}

static void test_other_bombs(void **state)
{
    (void)state;
    struct buf coded;
    buf_init(&coded, (size_t)16 << 20);
#ifdef AFETCH_BROTLI
    make_brotli_bomb(&coded);
    light("br", &coded, 17 * 1024);
    buf_clear(&coded);
#endif
#ifdef AFETCH_ZSTD
    make_zstd_bomb(&coded);
    light("zstd", &coded, 9 * 1024);
#endif
    buf_deinit(&coded);
}

static void test_failing_allocations(void **state)
{
    (void)state;
#if FAILING_MALLOC
    struct buf text = make_text(100000);
    EACH_KIND (k) {
        struct buf coded = compress_with(k, text.data, text.len);
        struct outcome o = new_outcome();
        assert_non_null(buf_room(&o.out, text.len));
        int rc = ERR_MEMORY;
        long failing = 0;
        for (; rc == ERR_MEMORY; failing++) {
            buf_clear(&o.out);
            long held = failing_held;
            struct decode *d = NULL;
            failing_in = failing;
            rc = decode_new(&d, NULL);
            if (rc == 0)
                rc = decode_add(d, k->name, NULL);
            for (size_t at = 0; rc == 0 && at < coded.len; at += 20000) {
                decode_feed(d, coded.data + at, coded.len - at < 20000 ? coded.len - at : 20000);
                const char *piece;
                size_t n;
                while ((rc = decode_next(d, &piece, &n, NULL)) == DECODE_DATA) {
                    append(&o.out, piece, n);
                    if ((rc = decode_keep(d, NULL)) < 0)
                        break;
                }
            }
            if (rc == 0)
                rc = decode_end(d, NULL);
            decode_free(d);
            failing_in = -1;
            assert_int_equal(failing_held, held);
        }
        assert_int_equal(rc, 0);
        assert_in_range(failing, 4, 1000); /* some did fail */
        print_message("%s: %ld allocations failed in turn\n", k->what, failing - 1);
        assert_decodes(k->what, o, text.data, text.len);
        buf_deinit(&coded);
    }
    buf_deinit(&text);
#else
    skip();
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keep),
        cmocka_unit_test(test_gzip_bombs),
        cmocka_unit_test(test_other_bombs),
        cmocka_unit_test(test_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
