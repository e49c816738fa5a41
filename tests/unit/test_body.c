/* Readings of bodies: bytes, what a feeder gives, and forms of both, in pieces of every size and with every answer that a
 * feeder may give. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fetch/body.h"
#include "fetch/request.h"
#include "fetch/session.h"
#include "fetch/upload.h"

/* A feeder by a script. */
struct script {
    const char *text; /* what its names have, */
    size_t step;      /* so many bytes at a time, */
    unsigned laters;  /* each after so many LATERs */
    int64_t length;   /* as it says */
    bool once;
    const char *fails; /* at "begin" or at "read"; NULL: it does not */

    size_t at;
    unsigned asked, begun, ended;
    char name[32];
};

static bool later(struct script *s)
{
    if (s->asked++ < s->laters)
        return true;
    s->asked = 0;
    return false;
}

static enum afetch_feed begin(void *arg, struct afetch_request *r, const char *name, struct afetch_feed_facts *facts)
{
    struct script *s = arg;
    (void)r;
    if (later(s))
        return AFETCH_FEED_LATER;
    if (s->fails && strcmp(s->fails, "begin") == 0)
        return AFETCH_FEED_FAILED;
    assert_int_equal(facts->length, -1);
    assert_int_equal(s->begun, s->ended);
    s->begun++;
    s->at = 0;
    snprintf(s->name, sizeof s->name, "%s", name);
    facts->length = s->length;
    facts->once = s->once;
    return AFETCH_FEED_SOME;
}

static enum afetch_feed give(void *arg, struct afetch_request *r, const void **data, size_t *len)
{
    struct script *s = arg;
    if (later(s))
        return AFETCH_FEED_LATER;
    if (s->fails && strcmp(s->fails, "read") == 0) {
        afetch_request_fail(r, AFETCH_PARTIAL, "as the script says");
        return AFETCH_FEED_FAILED;
    }
    size_t left = strlen(s->text) - s->at;
    if (left == 0)
        return AFETCH_FEED_END;
    *data = s->text + s->at;
    *len = left < s->step ? left : s->step;
    s->at += *len;
    return AFETCH_FEED_SOME;
}

static void end(void *arg, struct afetch_request *r)
{
    (void)r;
    ((struct script *)arg)->ended++;
}

/* A request with a body, of a session that does nothing. */
struct scene {
    struct afetch_session session;
    struct afetch_request *request;
    struct body_reader reader;
};

static void set_scene(struct scene *s, struct afetch_body *body, struct script *script)
{
    memset(s, 0, sizeof *s);
    atomic_init(&s->session.wishers, NULL);
    s->request = afetch_request_new("http://h/", 9);
    assert_non_null(s->request);
    s->request->session = &s->session;
    afetch_request_set_body(s->request, body);
    if (script)
        afetch_request_set_feeder(s->request, &(struct afetch_feeder){begin, give, end}, script);
    s->reader = (struct body_reader){.request = s->request, .body = s->request->body};
}

static void end_scene(struct scene *s)
{
    body_close(&s->reader);
    afetch_request_free(s->request);
}

/* All of it, each LATER asked again; or the error. */
static int read_all(struct scene *s, char *out, size_t size)
{
    const char *data;
    size_t len, at = 0;
    int rc;
    while ((rc = body_open(&s->reader)) == BODY_LATER)
        ;
    while (rc >= 0 && (rc = body_next(&s->reader, &data, &len)) != BODY_END) {
        if (rc != BODY_BYTES)
            continue;
        assert_true(len > 0 && at + len < size);
        memcpy(out + at, data, len);
        at += len;
    }
    out[at] = '\0';
    return rc;
}

static void bytes(void **state)
{
    (void)state;
    static char data[200000], out[200001];
    memset(data, 'x', sizeof data);
    size_t sizes[] = {0, 1, 65536, 65537, sizeof data};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct scene s;
        struct afetch_body *body = (i % 2 ? afetch_body_new_lent : afetch_body_new)(data, sizes[i]);
        set_scene(&s, body, NULL);
        afetch_body_free(body); /* the request holds it */
        assert_true(body_is_here(&s.reader) && body_is_posted(s.request->body));
        assert_string_equal(body_content_type(s.request->body), "application/x-www-form-urlencoded");
        assert_int_equal(read_all(&s, out, sizeof out), 0);
        assert_int_equal(strlen(out), sizes[i]);
        assert_int_equal(s.reader.length, sizes[i]);
        assert_string_equal(request_method(s.request), "POST");
        end_scene(&s);
    }
}

static void none(void **state)
{
    (void)state;
    struct scene s;
    char out[8];
    set_scene(&s, NULL, NULL);
    assert_int_equal(read_all(&s, out, sizeof out), 0);
    assert_int_equal(s.reader.length, 0);
    assert_string_equal(out, "");
    assert_string_equal(request_method(s.request), "GET");
    end_scene(&s);
}

static void fed(void **state)
{
    (void)state;
    static const struct {
        struct script script;
        const char *out; /* NULL: */
        int error;
        const char *says;
    } cases[] = {
        {{.text = "hello world", .step = 100, .length = -1}, "hello world", 0, NULL},
        {{.text = "hello world", .step = 1, .length = -1, .laters = 2}, "hello world", 0, NULL},
        {{.text = "", .step = 1, .length = -1}, "", 0, NULL},
        {{.text = "", .step = 1, .length = 0}, "", 0, NULL},
        {{.text = "hello world", .step = 4, .length = 11}, "hello world", 0, NULL},
        {{.text = "hello world", .step = 4, .length = 6, .laters = 1}, "hello ", 0, NULL},
        {{.text = "hello", .step = 4, .length = 0}, "", 0, NULL},
        {{.text = "hello", .step = 4, .length = 6}, NULL, ERR_READ, "could not read: it ended after 5 of 6 bytes"},
        {{.text = "hello", .step = 4, .fails = "begin"}, NULL, ERR_READ, "could not read: the body of the request"},
        {{.text = "hello", .step = 4, .fails = "read", .length = -1},
         NULL,
         ERR_PARTIAL,
         "transfer ended early: as the script says"},
        {{.text = "hello", .step = 0, .length = -1}, NULL, ERR_READ, "could not read: the body of the request"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scene s;
        struct script script = cases[i].script;
        char out[100];
        struct afetch_body *body = afetch_body_new_fed("it");
        set_scene(&s, body, &script);
        afetch_body_free(body);
        assert_false(body_is_here(&s.reader) || body_is_posted(s.request->body));
        assert_null(body_content_type(s.request->body));
        int rc = read_all(&s, out, sizeof out);
        if (cases[i].out) {
            assert_int_equal(rc, 0);
            assert_string_equal(out, cases[i].out);
            assert_string_equal(script.name, "it");
        } else {
            assert_true(rc < 0);
            assert_int_equal(s.request->err.code, cases[i].error);
            assert_string_equal(error_text(&s.request->err), cases[i].says);
        }
        end_scene(&s);
        assert_true(script.ended == script.begun || cases[i].script.fails);
    }
}

/* What can be read once is; until it is, another attempt is welcome to it. */
static void once(void **state)
{
    (void)state;
    for (int read = 0; read < 2; read++) {
        struct scene s;
        struct script script = {.text = "hello", .step = 5, .length = -1, .once = true};
        char out[100];
        struct afetch_body *body = afetch_body_new_fed("it");
        set_scene(&s, body, &script);
        afetch_body_free(body);
        assert_int_equal(read ? read_all(&s, out, sizeof out) : body_open(&s.reader), 0);
        body_close(&s.reader);
        assert_int_equal(upload_can_repeat(s.request), !read);
        s.reader = (struct body_reader){.request = s.request, .body = s.request->body};
        assert_int_equal(read_all(&s, out, sizeof out), read ? ERR_REWIND : 0);
        if (read)
            assert_string_equal(error_text(&s.request->err), "could not send the body again: it was read already");
        else
            assert_string_equal(out, "hello");
        end_scene(&s);
    }
}

static void without_a_feeder(void **state)
{
    (void)state;
    struct scene s;
    char out[10];
    struct afetch_body *body = afetch_body_new_fed("it");
    set_scene(&s, body, NULL);
    afetch_body_free(body);
    assert_int_equal(read_all(&s, out, sizeof out), ERR_USAGE);
    end_scene(&s);
}

/* ---- forms --------------------------------------------------------------------------------------------------------- */

static struct afetch_body *make_form(int64_t length)
{
    struct afetch_body *b = afetch_body_new_form(NULL, false);
    assert_non_null(b);
    const struct afetch_part parts[] = {
        {.name = "a", .data = "text", .len = 4},
        {.name = "f", .filename = "x.txt", .fed = "one", .fed_length = length},
        {.name = "g", .fed = "two", .fed_length = length, .encoder = "base64"},
    };
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(afetch_body_add_part(b, &parts[i], NULL), AFETCH_OK);
    assert_int_equal(afetch_body_begin_parts(b, &(struct afetch_part){.name = "of"}, NULL), AFETCH_OK);
    assert_int_equal(afetch_body_add_part(b, &parts[0], NULL), AFETCH_OK);
    assert_int_equal(afetch_body_end_parts(b), AFETCH_OK);
    assert_int_equal(afetch_body_finish(b), AFETCH_OK);
    return b;
}

static void form(void **state)
{
    (void)state;
    static const struct {
        int64_t length;
        struct script script;
        int rc;
    } cases[] = {
        {5, {.text = "hello", .step = 100, .length = -1}, 0},
        {5, {.text = "hello", .step = 2, .length = -1, .laters = 3}, 0},
        {-1, {.text = "hello", .step = 1, .length = -1, .laters = 1}, 0},
        {5, {.text = "hello that grew", .step = 4, .length = -1}, 0},
        {6, {.text = "hello", .step = 4, .length = -1}, ERR_READ},
        {5, {.text = "hello", .step = 4, .length = -1, .fails = "begin", .laters = 1}, ERR_READ},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scene s;
        struct script script = cases[i].script;
        char out[2000];
        struct afetch_body *body = make_form(cases[i].length);
        set_scene(&s, body, &script);
        afetch_body_free(body);
        assert_false(body_is_here(&s.reader));
        assert_true(body_is_posted(s.request->body));
        assert_memory_equal(body_content_type(s.request->body), "multipart/form-data; boundary=", 30);
        assert_int_equal(read_all(&s, out, sizeof out), cases[i].rc);
        if (cases[i].rc == 0) {
            assert_non_null(strstr(out, "\r\n\r\ntext\r\n"));
            assert_non_null(strstr(out, "filename=\"x.txt\"\r\nContent-Type: text/plain\r\n\r\nhello\r\n"));
            assert_non_null(strstr(out, "\r\n\r\naGVsbG8=\r\n"));
            assert_string_equal(script.name, "two");
            if (cases[i].length >= 0)
                assert_int_equal(strlen(out), s.reader.length);
            else
                assert_int_equal(s.reader.length, -1);
        }
        end_scene(&s);
    }
}

static void form_misuse(void **state)
{
    (void)state;
    struct scene s;
    char out[10], *error = NULL;
    struct afetch_body *b = afetch_body_new_form("multipart/mixed", true);
    assert_int_equal(afetch_body_end_parts(b), AFETCH_INTERNAL);
    assert_int_equal(afetch_body_add_part(b, &(struct afetch_part){.name = "a", .encoder = "rot13"}, &error),
                     AFETCH_INTERNAL);
    assert_string_equal(error, "invalid argument: there is no encoder \"rot13\"");
    free(error);
    set_scene(&s, b, NULL);
    assert_int_equal(read_all(&s, out, sizeof out), ERR_USAGE);
    end_scene(&s);
    assert_int_equal(afetch_body_finish(b), AFETCH_OK);
    assert_int_equal(afetch_body_finish(b), AFETCH_OK);
    assert_int_equal(afetch_body_add_part(b, &(struct afetch_part){.name = "a"}, NULL), AFETCH_INTERNAL);
    assert_memory_equal(body_content_type(b), "multipart/mixed; boundary=", 26);
    afetch_body_free(b);
    afetch_body_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes),
        cmocka_unit_test(none),
        cmocka_unit_test(fed),
        cmocka_unit_test(once),
        cmocka_unit_test(without_a_feeder),
        cmocka_unit_test(form),
        cmocka_unit_test(form_misuse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
