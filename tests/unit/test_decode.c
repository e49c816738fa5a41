/* Content codings, against streams that the libraries' own compressors make. */
#include "unit/decode_help.h"

/* ---- tests ---------------------------------------------------------------------------------------------------------- */

static void test_offer(void **state)
{
    (void)state;
#if defined(AFETCH_BROTLI) && defined(AFETCH_ZSTD)
    assert_string_equal(decode_offer(), "deflate, gzip, br, zstd");
#else
    assert_int_equal(strncmp(decode_offer(), "deflate, gzip", 13), 0);
#endif
    assert_int_equal(strncmp(decode_library(), "zlib/1.", 7), 0);
    print_message("%s\n", decode_library());
}

static void test_sizes(void **state)
{
    (void)state;
    const size_t sizes[] = {0, 1, 2, 100, 16383, 16384, 16385, 32768, 100000, 1000000};
    EACH_KIND (k)
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            struct buf text = make_text(sizes[i]), coded = compress_with(k, text.data, text.len);
            const size_t pieces[] = {coded.len, 65536, 16384, 1460};
            for (size_t p = 0; p < sizeof pieces / sizeof pieces[0]; p++)
                assert_decodes(k->what, decode(k->name, coded.data, coded.len, 0, pieces[p]), text.data, text.len);
            buf_deinit(&coded);
            buf_deinit(&text);
        }
}

static void test_every_split(void **state)
{
    (void)state;
    struct buf text = make_text(600);
    EACH_KIND (k) {
        struct buf coded = compress_with(k, text.data, text.len);
        for (size_t at = 1; at < coded.len; at++)
            assert_decodes(k->what, decode(k->name, coded.data, coded.len, at, coded.len), text.data, text.len);
        for (size_t piece = 1; piece < 10; piece++)
            assert_decodes(k->what, decode(k->name, coded.data, coded.len, 0, piece), text.data, text.len);
        buf_deinit(&coded);
    }
    buf_deinit(&text);
}

static void test_every_truncation(void **state)
{
    (void)state;
    struct buf text = make_text(600);
    EACH_KIND (k) {
        struct buf coded = compress_with(k, text.data, text.len);
        for (size_t len = 1; len < coded.len; len++)
            for (int single = 0; single < 2; single++) {
                struct outcome o = decode(k->name, coded.data, len, 0, single ? 1 : len);
                assert_true(is_prefix(&o.out, text.data, text.len));
                char sentence[100];
                snprintf(sentence, sizeof sentence, "bad content encoding: %s: it ends early",
                         strcmp(k->name, "x-gzip") == 0 ? "gzip" : k->name);
                assert_fails(k->what, o, sentence);
            }
        buf_deinit(&coded);
    }
    buf_deinit(&text);
}

static void test_empty_body(void **state)
{
    (void)state;
    EACH_KIND (k)
        assert_decodes(k->what, decode(k->name, "", 0, 0, 1), "", 0);
    assert_decodes("a stack", decode("gzip, deflate", "", 0, 0, 1), "", 0);
    assert_decodes("an unknown one", decode("compress", "", 0, 0, 1), "", 0);
    /* What decodes to nothing is an empty body to the next one. */
    struct buf coded = compress_with(&kinds[0], "", 0);
    assert_decodes("a stack", decode("compress, deflate, gzip", coded.data, coded.len, 0, 1), "", 0);
    buf_deinit(&coded);
}

static void test_every_bit_flipped(void **state)
{
    (void)state;
    struct buf text = make_text(300);
    EACH_KIND (k) {
        struct buf coded = compress_with(k, text.data, text.len);
        size_t refused = 0;
        for (size_t bit = 0; bit < coded.len * 8; bit++) {
            coded.data[bit / 8] ^= (char)(1 << bit % 8);
            struct outcome whole = decode(k->name, coded.data, coded.len, 0, coded.len);
            struct outcome single = decode(k->name, coded.data, coded.len, 0, 1);
            coded.data[bit / 8] ^= (char)(1 << bit % 8);
            assert_true(whole.rc == 0 || whole.rc == ERR_ENCODING);
            assert_int_equal(whole.rc, single.rc);
            if (whole.rc == 0 && k->checked)
                assert_true(whole.out.len == text.len && is_prefix(&whole.out, text.data, text.len));
            if (whole.rc == 0)
                assert_true(whole.out.len == single.out.len && is_prefix(&whole.out, single.out.data, single.out.len));
            refused += whole.rc < 0;
            buf_deinit(&whole.out);
            buf_deinit(&single.out);
        }
        assert_in_range(refused, 1, coded.len * 8);
        buf_deinit(&coded);
    }
    buf_deinit(&text);
}

/* Two of the bodies on top of each other, as some codings allow. */
static struct buf twice(const struct kind *k, const char *first, const char *second)
{
    struct buf b = compress_with(k, first, strlen(first));
    k->make(&b, second, strlen(second));
    return b;
}

static void test_behind_the_end(void **state)
{
    (void)state;
    EACH_KIND (k) {
        bool several = k->make == make_gzip;
        bool garbage_is_a_frame = false;
#ifdef AFETCH_ZSTD
        several = several || k->make == make_zstd;
        garbage_is_a_frame = k->make == make_zstd; /* zstd's own sentence */
#endif
        unsigned passed_over = k->make == make_raw ? 4 : 0;
        for (int single = 0; single < 2; single++) {
            struct buf coded = compress_with(k, "body", 4);
            for (unsigned i = 0; i <= passed_over; i++) {
                assert_decodes(k->what, decode(k->name, coded.data, coded.len, 0, single ? 1 : coded.len), "body", 4);
                append(&coded, "\0", 1);
            }
            struct outcome o = decode(k->name, coded.data, coded.len, 0, single ? 1 : coded.len);
            /* What came before it was delivered. */
            assert_true(o.out.len == 4 && is_prefix(&o.out, "body", 4));
            char sentence[100];
            snprintf(sentence, sizeof sentence, "bad content encoding: %s: there are bytes behind its end",
                     several && !garbage_is_a_frame ? "gzip" : k->name);
            if (garbage_is_a_frame) {
                /* One byte is no magic number yet. */
                buf_deinit(&o.out);
                append(&coded, "\0\0\0", 3);
                o = decode(k->name, coded.data, coded.len, 0, single ? 1 : coded.len);
            }
            assert_fails(k->what, o, garbage_is_a_frame ? NULL : sentence);
            buf_deinit(&coded);

            coded = twice(k, "first, ", "second");
            o = decode(k->name, coded.data, coded.len, 0, single ? 1 : coded.len);
            if (several)
                assert_decodes(k->what, o, "first, second", 13);
            else
                assert_fails(k->what, o, NULL);
            /* Half a second one is not enough. */
            if (several)
                assert_fails(k->what, decode(k->name, coded.data, coded.len - 1, 0, single ? 1 : coded.len), NULL);
            buf_deinit(&coded);
        }
    }
}

static void test_gzip_details(void **state)
{
    (void)state;
    /* A header with all that it may have: extra field, name, comment and a checksum of itself; by hand, as zlib's
     * deflate is not what must be understood. The body is a stored block, "hello". */
    static const char head[] = "\x1f\x8b\x08\x1e\0\0\0\0\0\xff\x03\0abcname\0comment\0";
    static const char body[] = "\x01\x05\x00\xfa\xffhello\x86\xa6\x10\x36\x05\x00\x00\x00";
    struct buf b;
    buf_init(&b, 1000);
    append(&b, head, sizeof head - 1);
    uLong crc = crc32(0, (const Bytef *)head, sizeof head - 1);
    const char two[] = {(char)(crc & 0xff), (char)(crc >> 8 & 0xff)};
    append(&b, two, 2);
    append(&b, body, sizeof body - 1);
    assert_decodes("a full header", decode("GZip", b.data, b.len, 0, 1), "hello", 5);
    b.data[sizeof head - 1] ^= 1;
    assert_fails("its checksum", decode("gzip", b.data, b.len, 0, 1),
                 "bad content encoding: gzip: header crc mismatch");
    buf_deinit(&b);
    assert_fails("text", decode("gzip", "<html>", 6, 0, 6), "bad content encoding: gzip: incorrect header check");
    assert_fails("a dictionary", decode("deflate", "\x78\xbb\0\0\0\1", 6, 0, 6),
                 "bad content encoding: deflate: it wants a dictionary");
}

#ifdef AFETCH_ZSTD
static void test_zstd_window(void **state)
{
    (void)state;
    struct buf text = make_text(100000);
    for (int log = 10; log <= 27; log++) {
        struct buf coded;
        buf_init(&coded, (size_t)1 << 20);
        zstd_with(&coded, text.data, text.len, ZSTD_c_windowLog, log);
        struct outcome o = decode("zstd", coded.data, coded.len, 0, 1000);
        if (log <= DECODE_ZSTD_WINDOW_LOG)
            assert_decodes("a window", o, text.data, text.len);
        else
            assert_fails("a large window", o, "bad content encoding: zstd: it wants a window of more than 8 MiB");
        buf_deinit(&coded);
    }
    buf_deinit(&text);
}

/* A format that was before zstd's, and that libzstd may read. */
static void test_zstd_legacy(void **state)
{
    (void)state;
    static const char frame[] = "\x25\xb5\x2f\xfd\x04\xd8\x23\xf1";
    for (size_t piece = 1; piece < sizeof frame; piece++)
        assert_fails("a legacy frame", decode("zstd", frame, sizeof frame - 1, 0, piece),
                     "bad content encoding: zstd: Unknown frame descriptor");
}

static void test_zstd_skippable(void **state)
{
    (void)state;
    static const char skip[] = "\x50\x2a\x4d\x18\x03\0\0\0xyz";
    struct buf b;
    buf_init(&b, 1000);
    append(&b, skip, sizeof skip - 1);
    make_zstd(&b, "body", 4);
    append(&b, skip, sizeof skip - 1);
    for (size_t piece = 1; piece < 12; piece++)
        assert_decodes("skippable frames", decode("zstd", b.data, b.len, 0, piece), "body", 4);
    assert_fails("half a frame", decode("zstd", b.data, b.len - 1, 0, b.len), NULL);
    buf_deinit(&b);
}
#endif

/* ---- fields --------------------------------------------------------------------------------------------------------- */

static const struct kind *find_kind(const char *name)
{
    EACH_KIND (k)
        if (strcmp(k->name, name) == 0)
            return k;
    return NULL;
}

static void test_stacks(void **state)
{
    (void)state;
    static const struct {
        const char *applied[6]; /* in this order */
        const char *field;
    } rows[] = {
        {{NULL}, "identity"},
        {{NULL}, ""},
        {{NULL}, " , ,, "},
        {{NULL}, "none,identity"},
        {{"gzip"}, "GZIP"},
        {{"gzip"}, "\t gzip \t"},
        {{"gzip"}, "identity, gzip, identity"},
        {{"gzip"}, ",gzip,"},
        {{"gzip", "deflate"}, "gzip, deflate"},
        {{"deflate", "gzip"}, "deflate,x-gzip"},
        {{"gzip", "gzip", "gzip", "gzip", "gzip"}, "gzip,gzip,gzip,gzip,gzip"},
        {{"gzip", "gzip", "gzip", "gzip", "gzip"}, "gzip,gzip,gzip,identity,gzip,gzip,identity"},
#if defined(AFETCH_BROTLI) && defined(AFETCH_ZSTD)
        {{"br"}, "Br"},
        {{"gzip", "br"}, "gzip, br"},
        {{"br", "gzip"}, "br, gzip"},
        {{"gzip", "deflate", "br", "zstd"}, "gzip, deflate, br, zstd"},
        {{"zstd", "br", "deflate", "gzip", "zstd"}, "zstd, br, deflate, gzip, zstd"},
#endif
    };
    struct buf text = make_text(50000);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf coded;
        buf_init(&coded, (size_t)1 << 20);
        append(&coded, text.data, text.len);
        size_t count = 0;
        for (; rows[i].applied[count]; count++) {
            struct buf next = compress_with(find_kind(rows[i].applied[count]), coded.data, coded.len);
            buf_deinit(&coded);
            coded = next;
        }
        const size_t pieces[] = {1, 7, 1000, coded.len};
        for (size_t p = 0; p < sizeof pieces / sizeof pieces[0]; p++)
            assert_decodes(rows[i].field, decode(rows[i].field, coded.data, coded.len, 0, pieces[p]), text.data,
                           text.len);
        for (size_t cut = 1; count > 0 && cut < 40; cut++)
            assert_fails(rows[i].field, decode(rows[i].field, coded.data, coded.len - cut, 0, 1000), NULL);
        buf_deinit(&coded);
    }
    buf_deinit(&text);
}

static void test_several_fields(void **state)
{
    (void)state;
    struct buf inner = compress_with(&kinds[0], "text", 4),
               coded = compress_with(find_kind("deflate"), inner.data, inner.len);
    struct decode *d;
    struct outcome o = new_outcome();
    assert_int_equal(decode_new(&d, NULL), 0);
    assert_int_equal(decode_add(d, "gzip", NULL), 0);
    assert_int_equal(decode_add(d, " ", NULL), 0);
    assert_int_equal(decode_add(d, "deflate", NULL), 0);
    assert_int_equal(pass(d, coded.data, coded.len, &o, NULL), DECODE_MORE);
    assert_int_equal(decode_end(d, NULL), 0);
    assert_decodes("two fields", o, "text", 4);
    decode_free(d);
    buf_deinit(&coded);
    buf_deinit(&inner);
}

static void test_too_many(void **state)
{
    (void)state;
    struct outcome o = decode("gzip,gzip,gzip,gzip,gzip,gzip", "", 0, 0, 1);
    assert_fails("six", o, "bad content encoding: more than 5 codings on top of each other");
    struct decode *d;
    assert_int_equal(decode_new(&d, NULL), 0);
    for (int i = 0; i < DECODE_CODINGS_MAX; i++)
        assert_int_equal(decode_add(d, "unheard-of", NULL), 0);
    assert_int_equal(decode_add(d, "identity", NULL), 0);
    assert_int_equal(decode_add(d, "gzip", NULL), ERR_ENCODING);
    decode_free(d);
}

static void test_unknown(void **state)
{
    (void)state;
    static const struct {
        const char *field, *named;
    } rows[] = {
        {"compress", "compress"},
        {"gzip, compress", "compress"},
        {"one, two", "two"}, /* the one to begin with */
        {"gzi", "gzi"},
        {"gzipp", "gzipp"},
        {"gzip;q=1", "gzip;q=1"},
        {"gzip gzip", "gzip gzip"},
        {"\"gzip\"", "\"gzip\""},
        {"a\x1b[2Jb", "a\\x1b[2Jb"},
        {"*", "*"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char sentence[200];
        snprintf(sentence, sizeof sentence, "bad content encoding: the server used \"%s\", which is not known here",
                 rows[i].named);
        assert_fails(rows[i].field, decode(rows[i].field, "x", 1, 0, 1), sentence);
    }
    /* Behind one that is known it is met with the first byte that this one decodes. */
    struct buf coded = compress_with(&kinds[0], "body", 4);
    assert_fails("behind gzip", decode("compress, gzip", coded.data, coded.len, 0, 1),
                 "bad content encoding: the server used \"compress\", which is not known here");
    buf_deinit(&coded);
    char field[3001];
    memset(field, 'x', sizeof field - 1);
    field[sizeof field - 1] = '\0';
    struct outcome o = decode(field, "x", 1, 0, 1);
    assert_in_range(strlen(o.sentence), 60, 140);
    assert_fails("a long one", o, NULL);
}

static void test_nothing_to_decode(void **state)
{
    (void)state;
    struct decode *d;
    const char *piece, *fed = "as it is";
    size_t n;
    assert_int_equal(decode_new(&d, NULL), 0);
    assert_int_equal(decode_next(d, &piece, &n, NULL), DECODE_MORE);
    decode_feed(d, fed, 8);
    assert_int_equal(decode_next(d, &piece, &n, NULL), DECODE_DATA);
    assert_ptr_equal(piece, fed); /* no copy */
    assert_int_equal(n, 8);
    assert_int_equal(decode_next(d, &piece, &n, NULL), DECODE_MORE);
    assert_int_equal(decode_end(d, NULL), 0);
    decode_free(d);
    decode_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_offer),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_every_split),
        cmocka_unit_test(test_every_truncation),
        cmocka_unit_test(test_empty_body),
        cmocka_unit_test(test_every_bit_flipped),
        cmocka_unit_test(test_behind_the_end),
        cmocka_unit_test(test_gzip_details),
#ifdef AFETCH_ZSTD
        cmocka_unit_test(test_zstd_window),
        cmocka_unit_test(test_zstd_legacy),
        cmocka_unit_test(test_zstd_skippable),
#endif
        cmocka_unit_test(test_stacks),
        cmocka_unit_test(test_several_fields),
        cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_nothing_to_decode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
