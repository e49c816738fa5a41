/* Forms: what curl makes of the same arguments, in pieces of every size; encoders; the -F parser's words and warnings.
 */
#include "../../cmd/form.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "form_cases.h"
#include "proto/multipart.h"

#define RANDOM "\0\1\2\3\4\5\6\7abcdefghij"

static char dir[] = "/tmp/afetch-test-XXXXXX";
static char why[FORM_WHY];

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(dir) || chdir(dir) != 0)
        return -1;
    for (size_t i = 0; i < sizeof form_files / sizeof form_files[0]; i++) {
        FILE *f = fopen(form_files[i].name, "w");
        if (!f || fwrite(form_files[i].data, 1, form_files[i].len, f) != form_files[i].len || fclose(f) != 0)
            return -1;
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof form_files / sizeof form_files[0]; i++)
        unlink(form_files[i].name);
    return chdir("/") == 0 && rmdir(dir) == 0 ? 0 : -1;
}

/* ---- from arguments to a body ------------------------------------------------------------------------------------ */

static const struct form_file *file_of(const char *path)
{
    path += strncmp(path, "./", 2) == 0 ? 2 : 0;
    for (size_t i = 0; i < sizeof form_files / sizeof form_files[0]; i++)
        if (strcmp(form_files[i].name, path) == 0)
            return &form_files[i];
    fail_msg("no file %s", path);
    return NULL;
}

static struct multipart_part describe(const struct form_part *from, bool sized)
{
    struct multipart_part part = {.name = from->name,
                                  .filename = from->filename,
                                  .type = from->type,
                                  .headers = (const char *const *)from->headers,
                                  .header_count = from->header_count};
    if (from->encoder)
        part.encoder = (enum multipart_encoder)multipart_encoder_by_name(from->encoder);
    if (from->kind == FORM_STDIN) {
        part.data = form_stdin;
        part.len = sizeof form_stdin - 1;
    } else if (from->kind == FORM_FILE) {
        part.path = from->text;
        part.size = sized ? (int64_t)file_of(from->text)->len : -1;
    } else if (from->kind == FORM_TEXT) {
        part.data = from->text;
        part.len = strlen(from->text);
    }
    return part;
}

static struct multipart *build(const char *const *arguments, bool sized)
{
    struct form form = {0};
    const char *type = NULL;
    bool escape = false;
    for (; *arguments; arguments++) {
        if (strcmp(*arguments, "--form-escape") == 0)
            escape = true;
        else if (strcmp(*arguments, "-H") == 0)
            type = *++arguments + strlen("Content-Type: ");
        else if (strcmp(*arguments, "--form-string") == 0)
            assert_int_equal(form_add(&form, *++arguments, true, why), 0);
        else
            assert_int_equal(form_add(&form, *arguments, false, why), 0);
    }
    struct multipart *m = multipart_new(type, escape, RANDOM);
    assert_non_null(m);
    for (size_t i = 0; i < form.count; i++) {
        struct multipart_part part = describe(&form.parts[i], sized);
        if (form.parts[i].kind == FORM_BEGIN)
            assert_int_equal(multipart_begin(m, &part, NULL), 0);
        else if (form.parts[i].kind == FORM_END)
            assert_int_equal(multipart_end(m, NULL), 0);
        else
            assert_int_equal(multipart_add(m, &part, NULL), 0);
    }
    assert_int_equal(multipart_finish(m), 0);
    form_deinit(&form);
    return m;
}

/* The whole body, files read in pieces; the length is the promised one where there is one. */
static void read_all(struct multipart_reader *r, size_t piece_len, struct buf *body)
{
    struct multipart_piece piece;
    char *lent = NULL;
    int rc;
    buf_clear(body);
    while ((rc = multipart_next(r, &piece, NULL)) > MULTIPART_END) {
        if (rc == MULTIPART_BYTES) {
            assert_true(piece.len > 0);
            assert_int_equal(buf_add(body, piece.data, piece.len), 0);
            continue;
        }
        const struct form_file *file = file_of(multipart_file_path(r->m, piece.file));
        size_t len = file->len - piece.offset < piece_len ? file->len - piece.offset : piece_len;
        assert_true(piece.left == -1 || piece.left == (int64_t)(file->len - piece.offset));
        free(lent); /* each piece on its own, so that AddressSanitizer sees a read too far or too late */
        lent = malloc(len + 1);
        assert_non_null(lent);
        memcpy(lent, file->data + piece.offset, len);
        multipart_feed(r, lent, len);
    }
    free(lent);
    assert_int_equal(rc, MULTIPART_END);
    assert_int_equal(multipart_next(r, &piece, NULL), MULTIPART_END);
    if (multipart_length(r->m) >= 0)
        assert_int_equal(multipart_length(r->m), body->len);
}

/* Type and body with <1>, <2>… for the boundaries, as form_cases.py writes them. */
static void normalise(const struct multipart *m, const struct buf *body, struct buf *out)
{
    static const char mark[] = "boundary=------------------------";
    enum { LEN = 46, KNOWN_MAX = 9 };
    struct buf all;
    char known[KNOWN_MAX][LEN + 1];
    size_t count = 0;
    buf_init(&all, 1 << 20);
    assert_int_equal(buf_addf(&all, "Content-Type: %s\r\n\r\n", multipart_content_type(m)), 0);
    assert_int_equal(buf_add(&all, body->data, body->len), 0);
    for (size_t i = 0; i + sizeof mark + LEN < all.len; i++) {
        if (memcmp(all.data + i, mark, sizeof mark - 1) != 0)
            continue;
        assert_true(count < KNOWN_MAX);
        snprintf(known[count], LEN + 1, "%s", all.data + i + strlen("boundary="));
        for (size_t k = 0; k < count; k++)
            assert_string_not_equal(known[k], known[count]);
        count++;
    }
    buf_clear(out);
    for (size_t i = 0, step; i < all.len; i += step) {
        step = 1;
        for (size_t k = 0; k < count && step == 1; k++)
            if (i + LEN <= all.len && memcmp(all.data + i, known[k], LEN) == 0) {
                assert_int_equal(buf_addf(out, "<%zu>", k + 1), 0);
                step = LEN;
            }
        if (step == 1)
            assert_int_equal(buf_addc(out, all.data[i]), 0);
    }
    buf_deinit(&all);
}

static void check_case(const struct form_case *c, bool sized)
{
    struct multipart *m = build(c->arguments, sized);
    struct multipart_reader r;
    struct buf body, normal, first;
    buf_init(&body, 1 << 20);
    buf_init(&normal, 1 << 20);
    buf_init(&first, 1 << 20);
    multipart_reader_init(&r, m);
    for (size_t piece = 1; piece < 1000; piece += piece < 12 ? 1 : piece * 3 / 4) {
        read_all(&r, piece, &body);
        normalise(m, &body, &normal);
        if (normal.len != c->len || memcmp(normal.data, c->body, c->len) != 0)
            fail_msg("%s, in pieces of %zu:\n%.*s\nnot:\n%.*s", c->arguments[0], piece, (int)normal.len, normal.data,
                     (int)c->len, c->body);
        if (piece == 1)
            assert_int_equal(buf_add(&first, body.data, body.len), 0);
        assert_int_equal(first.len, body.len);
        assert_memory_equal(first.data, body.data, body.len);
        /* a body that was sent in part begins anew */
        struct multipart_piece half;
        for (size_t i = 0; i < piece; i++) {
            multipart_rewind(&r);
            for (size_t n = 0; n < i && multipart_next(&r, &half, NULL) == MULTIPART_BYTES; n++)
                ;
        }
        multipart_rewind(&r);
    }
    multipart_reader_deinit(&r);
    buf_deinit(&body);
    buf_deinit(&normal);
    buf_deinit(&first);
    multipart_free(m);
}

static void as_curl_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof form_cases / sizeof form_cases[0]; i++) {
        check_case(&form_cases[i], true);
        check_case(&form_cases[i], false);
    }
}

/* ---- lengths ----------------------------------------------------------------------------------------------------- */

static int64_t length_of(const struct multipart_part *part)
{
    struct multipart *m = multipart_new(NULL, false, RANDOM);
    assert_int_equal(multipart_add(m, part, NULL), 0);
    assert_int_equal(multipart_finish(m), 0);
    int64_t length = multipart_length(m);
    multipart_free(m);
    return length;
}

static void lengths(void **state)
{
    (void)state;
    struct multipart_part part = {.path = "p"};
    int64_t empty = length_of(&part);
    assert_true(empty > 100);
    part.size = 1000;
    assert_int_equal(length_of(&part), empty + 1000);
    part.size = -1;
    assert_int_equal(length_of(&part), -1);
    part.size = INT64_MAX;
    assert_int_equal(length_of(&part), -1);
    part.encoder = MULTIPART_BASE64;
    empty += (int64_t)strlen("Content-Transfer-Encoding: base64\r\n");
    assert_int_equal(length_of(&part), -1);
    static const int64_t sizes[][2] = {{0, 0}, {1, 4}, {3, 4}, {4, 8}, {57, 76}, {58, 82}, {114, 154}, {115, 160}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        part.size = sizes[i][0];
        assert_int_equal(length_of(&part), empty + sizes[i][1]);
    }
    part.encoder = MULTIPART_QUOTED_PRINTABLE;
    assert_int_equal(length_of(&part), -1);
}

/* ---- files that are not as they were ----------------------------------------------------------------------------- */

/* Feeds data, then the end if there is one, and gives what becomes of it: bytes, or an error. */
static int send_file(const struct multipart_part *part, const char *data, size_t len, struct buf *body,
                     struct error *err)
{
    struct multipart *m = multipart_new(NULL, false, RANDOM);
    struct multipart_reader r;
    struct multipart_piece piece;
    int rc;
    assert_int_equal(multipart_add(m, part, NULL), 0);
    assert_int_equal(multipart_finish(m), 0);
    multipart_reader_init(&r, m);
    buf_clear(body);
    while ((rc = multipart_next(&r, &piece, err)) > MULTIPART_END) {
        if (rc == MULTIPART_BYTES) {
            assert_int_equal(buf_add(body, piece.data, piece.len), 0);
        } else {
            multipart_feed(&r, data, len);
            len = 0;
        }
    }
    multipart_reader_deinit(&r);
    multipart_free(m);
    return rc;
}

static void changed_files(void **state)
{
    (void)state;
    static const struct {
        int64_t size;
        enum multipart_encoder encoder;
        const char *data;
        const char *sent, *error;
    } rows[] = {
        {3, MULTIPART_AS_IS, "abc", "\r\n\r\nabc\r\n--", NULL},
        {3, MULTIPART_AS_IS, "abcdef", "\r\n\r\nabc\r\n--", NULL}, /* it grew: what was announced is sent */
        {3, MULTIPART_BASE64, "abcdef", "\r\n\r\nYWJj\r\n--", NULL},
        {5, MULTIPART_AS_IS, "abc", NULL, "could not read: dir/p is shorter than it was"},
        {5, MULTIPART_BASE64, "abc", NULL, "could not read: dir/p is shorter than it was"},
        {1, MULTIPART_AS_IS, "", NULL, "could not read: dir/p is shorter than it was"},
        {-1, MULTIPART_AS_IS, "", "\r\n\r\n\r\n--", NULL},
        {-1, MULTIPART_BASE64, "ab", "\r\n\r\nYWI=\r\n--", NULL},
        {-1, MULTIPART_7BIT, "ab\x80", NULL, "could not read: dir/p is not 7bit as it should be"},
        {-1, MULTIPART_7BIT, "ab\x7f", "\r\n\r\nab\x7f\r\n--", NULL},
    };
    struct buf body;
    buf_init(&body, 1 << 16);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct error err = {0};
        struct multipart_part part = {.path = "dir/p", .size = rows[i].size, .encoder = rows[i].encoder};
        int rc = send_file(&part, rows[i].data, strlen(rows[i].data), &body, &err);
        assert_int_equal(rc, rows[i].error ? ERR_READ : MULTIPART_END);
        if (rows[i].error)
            assert_string_equal(error_text(&err), rows[i].error);
        else
            assert_non_null(strstr(body.data, rows[i].sent));
        error_clear(&err);
    }
    buf_deinit(&body);
}

static void refused_parts(void **state)
{
    (void)state;
    static const char *const bad_header[] = {"X: 1", "X: a\r\nY: b"};
    static const struct {
        struct multipart_part part;
        bool backslash;
        int code;
    } rows[] = {
        {{.name = "a\r\nb"}, true, ERR_USAGE},
        {{.filename = "a\nb"}, true, ERR_USAGE},
        {{.name = "a\nb"}, false, 0},
        {{.type = "a/b\r\nX: y"}, false, ERR_USAGE},
        {{.headers = bad_header, .header_count = 2}, false, ERR_USAGE},
        {{.headers = bad_header, .header_count = 1}, false, 0},
        {{.data = "\xe4", .len = 1, .encoder = MULTIPART_7BIT}, false, ERR_READ},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct multipart *m = multipart_new(NULL, rows[i].backslash, RANDOM);
        assert_int_equal(multipart_add(m, &rows[i].part, NULL), rows[i].code);
        multipart_free(m);
    }
}

static void levels(void **state)
{
    (void)state;
    struct multipart *m = multipart_new(NULL, false, RANDOM);
    struct multipart_part part = {0};
    assert_int_equal(multipart_end(m, NULL), ERR_USAGE);
    for (int i = 1; i < MULTIPART_LEVELS_MAX; i++)
        assert_int_equal(multipart_begin(m, &part, NULL), 0);
    assert_int_equal(multipart_begin(m, &part, NULL), ERR_USAGE);
    assert_int_equal(multipart_finish(m), 0);
    multipart_free(m);
    multipart_free(NULL);
}

/* A body far larger than memory takes none: the file is asked for at each place once. */
static void large_file(void **state)
{
    (void)state;
    struct multipart *m = multipart_new(NULL, false, RANDOM);
    struct multipart_part part = {.name = "f", .path = "big", .size = INT64_MAX / 4};
    struct multipart_reader r;
    struct multipart_piece piece;
    static char block[65536];
    assert_int_equal(multipart_add(m, &part, NULL), 0);
    assert_int_equal(multipart_finish(m), 0);
    assert_true(multipart_length(m) > INT64_MAX / 4);
    multipart_reader_init(&r, m);
    assert_int_equal(multipart_next(&r, &piece, NULL), MULTIPART_BYTES);
    for (uint64_t at = 0; at < sizeof block * 10; at += sizeof block) {
        assert_int_equal(multipart_next(&r, &piece, NULL), MULTIPART_READ);
        assert_int_equal(piece.offset, at);
        assert_int_equal(piece.left, INT64_MAX / 4 - (int64_t)at);
        multipart_feed(&r, block, sizeof block);
        assert_int_equal(multipart_next(&r, &piece, NULL), MULTIPART_BYTES);
        assert_ptr_equal(piece.data, block); /* no copy */
        assert_int_equal(piece.len, sizeof block);
    }
    multipart_reader_deinit(&r);
    multipart_free(m);
}

/* ---- the -F parser ----------------------------------------------------------------------------------------------- */

static char warnings[1000];

static void on_warning(void *arg, const char *text)
{
    size_t len = strlen(warnings);
    assert_ptr_equal(arg, warnings);
    snprintf(warnings + len, sizeof warnings - len, "%s|", text);
}

static void parser_warnings(void **state)
{
    (void)state;
    static const struct {
        const char *argument, *warnings;
    } rows[] = {
        {"a=b", ""},
        {"a=\"b\" \t", ""},
        {"a=\"b\"c", "trailing data after a quoted form parameter|"},
        {"a=b;what=x", "unknown form keyword skipped: what=x|"},
        {"a=b;;", ""},
        {"a=(;filename=x;encoder=7bit", "a filename is not allowed here: x|an encoder is not allowed here: 7bit|"},
        {"a=<f;filename=x", "a filename is not allowed here: x|"},
        {"a=b;type=t/u v", "unread at the end of a form field:  v|"},
        {"a=b;type=a(b", "unread at the end of a form field: (b|"},
        {"a=b;headers=@none", "cannot read headers from none (No such file or directory)|"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct form form = {.warn = on_warning, .arg = warnings};
        warnings[0] = '\0';
        assert_int_equal(form_add(&form, rows[i].argument, false, why), 0);
        assert_string_equal(warnings, rows[i].warnings);
        form_deinit(&form);
    }
}

static void parser_errors(void **state)
{
    (void)state;
    static const struct {
        const char *argument, *why;
    } rows[] = {
        {"a", "\"a\" is no name=content"},
        {"", "\"\" is no name=content"},
        {"@file", "\"@file\" is no name=content"},
        {"=)", "\"=)\" ends a part of parts that was not begun"},
        {"a=x;encoder=rot13", "\"rot13\" is no encoder: binary, 8bit, 7bit, base64 or quoted-printable"},
        {"a=@x,y;encoder=", "\"\" is no encoder: binary, 8bit, 7bit, base64 or quoted-printable"},
    };
    struct form form = {0};
    assert_int_equal(form_add(&form, "kept=1", false, why), 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(form_add(&form, rows[i].argument, false, why), -1);
        assert_string_equal(why, rows[i].why);
        assert_int_equal(form.count, 1);
        assert_int_equal(form.depth, 0);
    }
    assert_int_equal(form_add(&form, "a=(", false, why), 0);
    assert_int_equal(form.depth, 1);
    assert_int_equal(form_add(&form, "=)", false, why), 0);
    assert_int_equal(form.depth, 0);
    form_deinit(&form);
}

static void parser_types(void **state)
{
    (void)state;
    static const struct {
        const char *argument, *type;
    } rows[] = {
        {"a=b", NULL},
        {"a=b;type=", ""},
        {"a=b;type=text", "text"},
        {"a=b;type=t/u;type=v/w;filename=f", "t/u;type=v/w"},
        {"a=b;type=t/u;filename=f;type=v/w", "v/w"},
        {"a=b;type=t/u; a=b ; c = d ", "t/u; a=b ; c = d"},
        {"a=b;type=t/u;;", "t/u;;"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct form form = {0};
        assert_int_equal(form_add(&form, rows[i].argument, false, why), 0);
        if (rows[i].type)
            assert_string_equal(form.parts[0].type, rows[i].type);
        else
            assert_null(form.parts[0].type);
        form_deinit(&form);
    }
}

static void parser_stdin(void **state)
{
    (void)state;
    struct form form = {0};
    assert_int_equal(form_add(&form, "a=-", false, why), 0);
    assert_int_equal(form_add(&form, "a=@-", true, why), 0);
    assert_int_equal(form_add(&form, "a=@x,y", false, why), 0);
    assert_int_equal(form_count_stdin(&form), 0);
    assert_int_equal(form_add(&form, "a=@x,-", false, why), 0);
    assert_int_equal(form_count_stdin(&form), 1);
    form_deinit(&form);
    assert_int_equal(form_add(&form, "a=<-", false, why), 0);
    assert_int_equal(form_count_stdin(&form), 1);
    form_deinit(&form);
}

/* Anything at all is parsed, or refused with a sentence. */
static void random_arguments(void **state)
{
    (void)state;
    static const char *const words[] = {"a", "=",     "@",         ",",        ";",        "\"",     "\\",
                                        " ", "type=", "filename=", "headers=", "encoder=", "base64", "a.txt",
                                        "(", ")",     "<",         "@headers", "-",        "x/y"};
    uint32_t seed = 3;
    int taken = 0;
    for (int run = 0; run < 20000; run++) {
        struct form form = {0};
        for (int options = 0; options < 3; options++) {
            char argument[300] = "a=";
            size_t len = run % 2 ? 2 : 0;
            for (int n = 0; n < 14; n++) {
                seed = seed * 1664525 + 1013904223;
                len += (size_t)snprintf(argument + len, sizeof argument - len, "%s", words[(seed >> 16) % 20]);
            }
            why[0] = '\0';
            if (form_add(&form, argument, false, why) == 0)
                taken++;
            else
                assert_true(*why);
        }
        form_deinit(&form);
    }
    assert_true(taken > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_curl_does),    cmocka_unit_test(lengths),          cmocka_unit_test(changed_files),
        cmocka_unit_test(refused_parts),   cmocka_unit_test(levels),           cmocka_unit_test(large_file),
        cmocka_unit_test(parser_warnings), cmocka_unit_test(parser_errors),    cmocka_unit_test(parser_types),
        cmocka_unit_test(parser_stdin),    cmocka_unit_test(random_arguments),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
