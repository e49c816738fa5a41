#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/http1.h"

/* ---- one response, in pieces -------------------------------------------------------------------------------------- */

enum end { OPEN, CLOSED, BROKEN }; /* what follows the bytes: nothing, an orderly close, another */

struct reply {
    const char *bytes;
    size_t len;
    enum end end;
    bool head_request;
    unsigned reading;
};

/* What one parser was told so far. */
struct run {
    struct http1 *h;
    struct error err;
    struct buf told;
    bool body, over;
};

static void tell_head(struct run *r)
{
    buf_addf(&r->told, "%d %s", http1_status(r->h), http1_reason(r->h));
    for (size_t i = 0; i < http1_field_count(r->h); i++) {
        struct http1_field f = http1_field_at(r->h, i);
        assert_int_equal(f.name_len, strlen(f.name));
        assert_int_equal(f.value_len, strlen(f.value));
        assert_non_null(http1_find(r->h, f.name));
        buf_addf(&r->told, " [%s=%s]", f.name, f.value);
    }
    if (http1_minor_version(r->h) == 0)
        buf_adds(&r->told, " 1.0");
    if (http1_content_length(r->h) >= 0)
        buf_addf(&r->told, " length %lld", (long long)http1_content_length(r->h));
}

/* unfed: bytes of the reply that the parser has not seen. */
static void tell_end(struct run *r, const char *what, size_t unfed)
{
    size_t left = http1_left(r->h) + unfed;
    buf_adds(&r->told, what);
    if (left > 0)
        buf_addf(&r->told, ", %zu left", left);
    else if (http1_reusable(r->h))
        buf_adds(&r->told, ", reusable");
    r->over = true;
}

static void tell(struct run *r, int event, const char *data, size_t len, size_t unfed)
{
    if (event == HTTP1_BODY) {
        assert_true(len > 0);
        buf_adds(&r->told, r->body ? "" : " body ");
        buf_add(&r->told, data, len);
        r->body = true;
    } else if (event == HTTP1_INFORM) {
        tell_head(r);
        buf_adds(&r->told, "; ");
    } else if (event == HTTP1_HEAD) {
        tell_head(r);
    } else if (event == HTTP1_END) {
        tell_end(r, " end", unfed);
        assert_int_equal(http1_next(r->h, &data, &len), HTTP1_END);
    } else if (event == HTTP1_UPGRADE) {
        tell_head(r);
        tell_end(r, " upgrade", unfed);
        assert_int_equal(http1_next(r->h, &data, &len), HTTP1_UPGRADE);
        assert_false(http1_reusable(r->h));
    } else {
        assert_true(event < 0);
        assert_int_equal(event, r->err.code);
        assert_int_equal(http1_next(r->h, &data, &len), event);
        assert_false(http1_reusable(r->h));
        buf_addf(&r->told, " exit %d %s", error_exit_code(event), error_text(&r->err));
        r->over = true;
    }
}

static void drain(struct run *r, size_t unfed)
{
    while (!r->over) {
        const char *data = NULL;
        size_t len = 0;
        int event = http1_next(r->h, &data, &len);
        if (event == HTTP1_MORE) {
            assert_int_equal(http1_left(r->h), 0);
            return;
        }
        tell(r, event, data, len, unfed);
    }
}

/* Feeds bytes that lie in memory of just their size, and are gone afterwards. */
static void feed(struct run *r, const char *bytes, size_t len, size_t unfed)
{
    if (r->over || len == 0)
        return;
    char *exact = malloc(len);
    assert_non_null(exact);
    memcpy(exact, bytes, len);
    http1_feed(r->h, exact, len);
    assert_true(http1_begun(r->h));
    drain(r, unfed);
    free(exact);
}

static void run_begin(struct run *r, bool head_request, unsigned reading)
{
    *r = (struct run){.h = http1_new()};
    assert_non_null(r->h);
    buf_init(&r->told, 1024 * 1024);
    http1_reset(r->h, head_request, &r->err);
    http1_read_as(r->h, reading);
    assert_false(http1_begun(r->h));
    assert_int_equal(http1_left(r->h), 0);
}

static void run_end(struct run *r, enum end end)
{
    if (!r->over && end != OPEN) {
        http1_eof(r->h, end == CLOSED);
        drain(r, 0);
        assert_true(r->over);
    }
    if (!r->over)
        buf_adds(&r->told, " more");
}

static void run_free(struct run *r)
{
    http1_free(r->h);
    error_clear(&r->err);
    buf_deinit(&r->told);
}

/* The same reply in pieces: the first first bytes, then step at a time. */
static void check(const struct reply *reply, size_t first, size_t step, const char *expect)
{
    struct run r;
    run_begin(&r, reply->head_request, reply->reading);
    feed(&r, reply->bytes, first, reply->len - first);
    for (size_t at = first; at < reply->len; at += step) {
        size_t len = reply->len - at < step ? reply->len - at : step;
        feed(&r, reply->bytes + at, len, reply->len - at - len);
    }
    run_end(&r, reply->end);
    if (strcmp(r.told.data, expect) != 0)
        fail_msg("%s\nfirst %zu, then by %zu: is \"%s\"\nnot \"%s\"", reply->bytes, first, step, r.told.data, expect);
    run_free(&r);
}

static void check_all_ways(const struct reply *reply, const char *expect)
{
    check(reply, reply->len, 1, expect);
    check(reply, 0, 1, expect);
    check(reply, 0, 2, expect);
    check(reply, 0, 3, expect);
    for (size_t i = 1; i < reply->len; i++)
        check(reply, i, reply->len, expect);
}

struct row {
    struct reply reply;
    const char *expect;
};

#define READ(text, end, reading, expect)                                                                               \
    {                                                                                                                  \
        {text, sizeof(text) - 1, end, false, reading}, expect                                                          \
    }
#define GET(text, end, expect)                                                                                         \
    {                                                                                                                  \
        {text, sizeof(text) - 1, end, false, 0}, expect                                                                \
    }
#define HEAD(text, end, expect)                                                                                        \
    {                                                                                                                  \
        {text, sizeof(text) - 1, end, true, 0}, expect                                                                 \
    }

#define OK "HTTP/1.1 200 OK\r\n"
#define CHUNKED OK "Transfer-Encoding: chunked\r\n\r\n"
#define TOLD_CHUNKED "200 OK [Transfer-Encoding=chunked]"

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_all_ways(&rows[i].reply, rows[i].expect);
}

#define CHECK_ROWS(rows) check_rows(rows, sizeof(rows) / sizeof(rows)[0])

/* ---- how long a message is: RFC 9112 section 6.3 ------------------------------------------------------------------ */

static const struct row lengths[] = {
    GET(OK "Content-Length: 5\r\n\r\nhello", OPEN, "200 OK [Content-Length=5] length 5 body hello end, reusable"),
    GET(OK "Content-Length: 5\r\n\r\nhello", CLOSED, "200 OK [Content-Length=5] length 5 body hello end, reusable"),
    GET(OK "Content-Length: 5\r\n\r\nhello!!", OPEN, "200 OK [Content-Length=5] length 5 body hello end, 2 left"),
    GET(OK "Content-Length: 5\r\n\r\nhell", OPEN, "200 OK [Content-Length=5] length 5 body hell more"),
    GET(OK "Content-Length: 0\r\n\r\n", OPEN, "200 OK [Content-Length=0] length 0 end, reusable"),
    GET(OK "Content-Length: 0\r\n\r\nHTTP/1.1", OPEN, "200 OK [Content-Length=0] length 0 end, 8 left"),
    GET(OK "content-LENGTH:\t007 \r\n\r\n1234567", OPEN,
        "200 OK [content-LENGTH=007] length 7 body 1234567 end, reusable"),
    GET(OK "A: b\r\n\r\nhello", CLOSED, "200 OK [A=b] body hello end"),
    GET(OK "\r\nhello", OPEN, "200 OK body hello more"),
    GET(OK "\r\n", CLOSED, "200 OK end"),
    GET("HTTP/1.0 200 OK\r\n\r\nhi\r\n\r\n", CLOSED, "200 OK 1.0 body hi\r\n\r\n end"),
    /* no body, whatever the fields say */
    HEAD(OK "Content-Length: 5\r\n\r\n", OPEN, "200 OK [Content-Length=5] length 5 end, reusable"),
    HEAD(OK "Transfer-Encoding: chunked\r\n\r\n", OPEN, TOLD_CHUNKED " end, reusable"),
    HEAD(OK "\r\n", OPEN, "200 OK end, reusable"),
    HEAD(OK "Content-Length: 5\r\n\r\nhello", OPEN, "200 OK [Content-Length=5] length 5 end, 5 left"),
    HEAD("HTTP/1.1 404 No\r\nContent-Length: 9\r\n\r\n", CLOSED, "404 No [Content-Length=9] length 9 end, reusable"),
    GET("HTTP/1.1 204 None\r\n\r\n", OPEN, "204 None end, reusable"),
    GET("HTTP/1.1 204 None\r\nContent-Length: 0\r\n\r\n", OPEN, "204 None [Content-Length=0] length 0 end, reusable"),
    GET("HTTP/1.1 204 None\r\nContent-Length: 5\r\n\r\n", OPEN, "204 None [Content-Length=5] length 5 end"),
    GET("HTTP/1.1 204 None\r\nTransfer-Encoding: chunked\r\n\r\n", OPEN, "204 None [Transfer-Encoding=chunked] end"),
    GET("HTTP/1.1 304 Same\r\n\r\n", OPEN, "304 Same end, reusable"),
    GET("HTTP/1.1 304 Same\r\nContent-Length: 5\r\n\r\n", OPEN, "304 Same [Content-Length=5] length 5 end, reusable"),
    GET("HTTP/1.1 304 Same\r\nTransfer-Encoding: chunked\r\n\r\n", OPEN,
        "304 Same [Transfer-Encoding=chunked] end, reusable"),
    GET("HTTP/1.1 205 Reset\r\nContent-Length: 0\r\n\r\n", OPEN, "205 Reset [Content-Length=0] length 0 end, reusable"),
    /* chunked */
    GET(CHUNKED "5\r\nhello\r\n0\r\n\r\n", OPEN, TOLD_CHUNKED " body hello end, reusable"),
    GET(CHUNKED "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", OPEN, TOLD_CHUNKED " body hello end, reusable"),
    GET(CHUNKED "0\r\n\r\n", OPEN, TOLD_CHUNKED " end, reusable"),
    GET(CHUNKED "00a\r\n0123456789\r\n000\r\n\r\n", OPEN, TOLD_CHUNKED " body 0123456789 end, reusable"),
    GET(CHUNKED "A\r\n0123456789\r\n0\r\n\r\nx", OPEN, TOLD_CHUNKED " body 0123456789 end, 1 left"),
    GET(CHUNKED "5;a\r\nhello\r\n0;b=c\r\n\r\n", OPEN, TOLD_CHUNKED " body hello end, reusable"),
    GET(CHUNKED "5;a=\"b;\\\"c\";d\r\nhello\r\n0\r\n\r\n", OPEN, TOLD_CHUNKED " body hello end, reusable"),
    GET(CHUNKED "5\r\n\r\n\r\n\r\r\n0\r\n\r\n", OPEN, TOLD_CHUNKED " body \r\n\r\n\r end, reusable"),
    GET(CHUNKED "2\r\nhi\r\n0\r\nA: b\r\nContent-Length: 7\r\nContent-Length: 8\r\n\r\n", OPEN,
        TOLD_CHUNKED " body hi end, reusable"),
    GET(CHUNKED "2\r\nhi\r\n0\r\nTransfer-Encoding: gzip\r\nConnection: close\r\n\r\n", OPEN,
        TOLD_CHUNKED " body hi end, reusable"),
    GET(OK "Transfer-Encoding: CHUNKED \r\n\r\n2\r\nhi\r\n0\r\n\r\n", OPEN,
        "200 OK [Transfer-Encoding=CHUNKED] body hi end, reusable"),
    GET(OK "Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", OPEN,
        "200 OK [Transfer-Encoding=gzip, chunked] body hi end, reusable"),
    GET(OK "Transfer-Encoding: gzip\r\nTransfer-Encoding:chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", OPEN,
        "200 OK [Transfer-Encoding=gzip] [Transfer-Encoding=chunked] body hi end, reusable"),
    /* another coding last: to the end of the stream */
    GET(OK "Transfer-Encoding: gzip\r\n\r\n5\r\nhello", CLOSED, "200 OK [Transfer-Encoding=gzip] body 5\r\nhello end"),
    GET(OK "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", CLOSED,
        "200 OK [Transfer-Encoding=chunked, gzip] body 0\r\n\r\n end"),
    GET(OK "Transfer-Encoding: chunkedx\r\n\r\n0", CLOSED, "200 OK [Transfer-Encoding=chunkedx] body 0 end"),
    GET(OK "Transfer-Encoding: chunked;q=1\r\n\r\n0", CLOSED, "200 OK [Transfer-Encoding=chunked;q=1] body 0 end"),
    GET(OK "Transfer-Encoding: gzip\r\nContent-Length: 2\r\n\r\nhello", CLOSED,
        "200 OK [Transfer-Encoding=gzip] [Content-Length=2] body hello end"),
};

static void test_lengths(void **state)
{
    (void)state;
    CHECK_ROWS(lengths);
}

/* ---- read otherwise ------------------------------------------------------------------------------------------------ */

static const struct row readings[] = {
    READ(CHUNKED "5\r\nhello\r\n0\r\n\r\n", OPEN, HTTP1_RAW,
         TOLD_CHUNKED " body 5\r\nhello\r\n0\r\n\r\n end, reusable"),
    READ(CHUNKED "5;a=\"b\"\r\nhello\r\nA\r\n0123456789\r\n0;z\r\nC: d\r\n\r\nHTTP", OPEN, HTTP1_RAW,
         TOLD_CHUNKED " body 5;a=\"b\"\r\nhello\r\nA\r\n0123456789\r\n0;z\r\nC: d\r\n\r\n end, 4 left"),
    READ(CHUNKED "2\nhi\n1;x\n\n\n0\n\n", OPEN, HTTP1_RAW, TOLD_CHUNKED " body 2\nhi\n1;x\n\n\n0\n\n end"),
    READ(CHUNKED "0\r\n\r\n", OPEN, HTTP1_RAW, TOLD_CHUNKED " body 0\r\n\r\n end, reusable"),
    READ(OK "Content-Length: 5\r\n\r\nhello!", OPEN, HTTP1_RAW,
         "200 OK [Content-Length=5] length 5 body hello end, 1 left"),
    READ(OK "\r\n2\r\nhi", CLOSED, HTTP1_RAW, "200 OK body 2\r\nhi end"),
    READ("HTTP/1.1 103 Early\r\nA: b\r\n\r\n" CHUNKED "1\r\nx\r\n0\r\n\r\n", OPEN, HTTP1_RAW,
         "103 Early [A=b]; " TOLD_CHUNKED " body 1\r\nx\r\n0\r\n\r\n end, reusable"),
    READ(OK "Content-Length: 2\r\n\r\nhello", CLOSED, HTTP1_NO_LENGTH, "200 OK [Content-Length=2] body hello end"),
    READ(OK "Content-Length: 9\r\n\r\nhello", CLOSED, HTTP1_NO_LENGTH, "200 OK [Content-Length=9] body hello end"),
    READ(OK "Content-Length: x\r\nContent-Length: 3, 4\r\n\r\nhi", CLOSED, HTTP1_NO_LENGTH,
         "200 OK [Content-Length=x] [Content-Length=3, 4] body hi end"),
    READ(CHUNKED "2\r\nhi\r\n0\r\n\r\n", OPEN, HTTP1_NO_LENGTH, TOLD_CHUNKED " body hi end, reusable"),
    READ("HTTP/1.1 304 Same\r\nContent-Length: 5\r\n\r\n", OPEN, HTTP1_NO_LENGTH,
         "304 Same [Content-Length=5] end, reusable"),
    READ(OK "Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", OPEN,
         HTTP1_RAW | HTTP1_NO_LENGTH,
         "200 OK [Content-Length=9] [Transfer-Encoding=chunked] body 2\r\nhi\r\n0\r\n\r\n end, reusable"),
};

static void test_readings(void **state)
{
    (void)state;
    CHECK_ROWS(readings);
}

/* ---- what leniency there is: read, never reusable ------------------------------------------------------------------ */

static const struct row lenient[] = {
    /* bare LF: RFC 9112 section 2.2 */
    GET("HTTP/1.1 200 OK\nContent-Length: 2\r\n\r\nhi", OPEN, "200 OK [Content-Length=2] length 2 body hi end"),
    GET(OK "Content-Length: 2\n\r\nhi", OPEN, "200 OK [Content-Length=2] length 2 body hi end"),
    GET(OK "Content-Length: 2\r\n\nhi", OPEN, "200 OK [Content-Length=2] length 2 body hi end"),
    GET(OK "A:\nContent-Length: 2\r\n\r\nhi", OPEN, "200 OK [A=] [Content-Length=2] length 2 body hi end"),
    GET("HTTP/1.1 200\nA: b\nContent-Length: 2\n\nhi", OPEN, "200  [A=b] [Content-Length=2] length 2 body hi end"),
    GET(CHUNKED "2\nhi\r\n0\r\n\r\n", OPEN, TOLD_CHUNKED " body hi end"),
    GET(CHUNKED "2\n\nx\r\n0\r\n\r\n", OPEN, TOLD_CHUNKED " body \nx end"), /* llhttp alone reads "x\r" */
    GET(CHUNKED "2\n\nx\n2\n\r\n\n0\n\n", OPEN, TOLD_CHUNKED " body \nx\r\n end"),
    GET(CHUNKED "2;a\nhi\n1;a=\"b\"\n!\n0;c\n\n", OPEN, TOLD_CHUNKED " body hi! end"),
    GET(CHUNKED "2\r\nhi\n0\r\n\r\n", OPEN, TOLD_CHUNKED " body hi end"),
    GET(CHUNKED "2\r\nh\r\n0\r\n\r\n", OPEN, TOLD_CHUNKED " body h\r end"), /* the data's CR is not the line's */
    GET(CHUNKED "2\r\nhi\r\n0\n\r\n", OPEN, TOLD_CHUNKED " body hi end"),
    GET(CHUNKED "2\r\nhi\r\n0\r\n\n", OPEN, TOLD_CHUNKED " body hi end"),
    GET(CHUNKED "2\r\nhi\r\n0\r\nA: b\n\r\n", OPEN, TOLD_CHUNKED " body hi end"),
    GET(CHUNKED "2;a=b\nhi\r\n0\r\n\r\n", OPEN, TOLD_CHUNKED " body hi end"),
    HEAD(OK "A: b\n\r\n", OPEN, "200 OK [A=b] end"),
    /* equal lengths: RFC 9110 section 8.6 */
    GET(OK "Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi", OPEN,
        "200 OK [Content-Length=2] [Content-Length=2] length 2 body hi end"),
    GET(OK "Content-Length: 2, 2\r\n\r\nhi", OPEN, "200 OK [Content-Length=2, 2] length 2 body hi end"),
    GET(OK "Content-Length: 2,02 ,\t2\r\nContent-Length: 2\r\n\r\nhi", OPEN,
        "200 OK [Content-Length=2,02 ,\t2] [Content-Length=2] length 2 body hi end"),
    HEAD(OK "Content-Length: 2, 2\r\n\r\n", OPEN, "200 OK [Content-Length=2, 2] length 2 end"),
    /* folded lines: RFC 9112 section 5.2 */
    GET(OK "A: b\r\n c\r\nContent-Length: 0\r\n\r\n", OPEN, "200 OK [A=b c] [Content-Length=0] length 0 end"),
    GET(OK "A: b \t\r\n\t  c\r\n d\r\nContent-Length: 0\r\n\r\n", OPEN,
        "200 OK [A=b c d] [Content-Length=0] length 0 end"),
    GET(OK "A:\r\n b\r\nContent-Length: 0\r\n\r\n", OPEN, "200 OK [A=b] [Content-Length=0] length 0 end"),
    GET(OK "A: b\r\n \r\nContent-Length: 0\r\n\r\n", OPEN, "200 OK [A=b] [Content-Length=0] length 0 end"),
    GET(OK "A: b\r\n \r\n c\r\nContent-Length: 0\r\n\r\n", OPEN, "200 OK [A=b c] [Content-Length=0] length 0 end"),
    GET(OK "A:\r\n \r\nContent-Length: 0\r\n\r\n", OPEN, "200 OK [A=] [Content-Length=0] length 0 end"),
    GET(OK "A: b\n c\r\nContent-Length: 0\r\n\r\n", OPEN, "200 OK [A=b c] [Content-Length=0] length 0 end"),
    GET(OK "Content-Length:\r\n 2\r\n\r\nhi", OPEN, "200 OK [Content-Length=2] length 2 body hi end"),
    GET(OK "Content-Length: 2\r\n ,2\r\n\r\nhi", OPEN, "200 OK [Content-Length=2 ,2] length 2 body hi end"),
    GET(OK "Transfer-Encoding: gzip,\r\n chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", OPEN,
        "200 OK [Transfer-Encoding=gzip, chunked] body hi end"),
    GET(OK "Transfer-Encoding: chunked\r\n \r\n\r\n2\r\nhi\r\n0\r\n\r\n", OPEN, TOLD_CHUNKED " body hi end"),
    GET(OK "Transfer-Encoding: chunked\r\n ,gzip\r\n\r\n2\r\nhi", CLOSED,
        "200 OK [Transfer-Encoding=chunked ,gzip] body 2\r\nhi end"),
    GET(OK "Connection: close,\r\n x\r\nContent-Length: 0\r\n\r\n", OPEN,
        "200 OK [Connection=close, x] [Content-Length=0] length 0 end"),
    GET(CHUNKED "0\r\nA: b\r\n c\r\n\r\n", OPEN, TOLD_CHUNKED " end"),
    /* a length beside a coding: RFC 9112 section 6.3 */
    GET(OK "Content-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", OPEN,
        "200 OK [Content-Length=99] [Transfer-Encoding=chunked] body hi end"),
    GET(OK "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n2\r\nhi\r\n0\r\n\r\n", OPEN,
        "200 OK [Transfer-Encoding=chunked] [Content-Length=0] body hi end"),
    HEAD(OK "Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n", OPEN,
         "200 OK [Content-Length=9] [Transfer-Encoding=chunked] end"),
    /* odd codings */
    GET(OK "Transfer-Encoding: chunked, chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", OPEN,
        "200 OK [Transfer-Encoding=chunked, chunked] body hi end"),
    GET(OK "Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\nhi", OPEN,
        "200 OK [Transfer-Encoding=identity] [Content-Length=2] length 2 body hi end"),
    GET(OK "Transfer-Encoding:\r\nContent-Length: 2\r\n\r\nhi", OPEN,
        "200 OK [Transfer-Encoding=] [Content-Length=2] length 2 body hi end"),
    GET("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", OPEN,
        "200 OK [Connection=keep-alive] [Transfer-Encoding=chunked] 1.0 body hi end"),
};

static void test_lenient(void **state)
{
    (void)state;
    CHECK_ROWS(lenient);
}

/* ---- 1xx, 101 ------------------------------------------------------------------------------------------------------ */

static const struct row interim[] = {
    GET("HTTP/1.1 100 Continue\r\n\r\n" OK "Content-Length: 2\r\n\r\nhi", OPEN,
        "100 Continue; 200 OK [Content-Length=2] length 2 body hi end, reusable"),
    GET("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: </a>\r\n\r\n" OK "Content-Length: 0\r\n\r\n", OPEN,
        "100 Continue; 103 Hints [Link=</a>]; 200 OK [Content-Length=0] length 0 end, reusable"),
    GET("HTTP/1.1 102 Wait\r\nContent-Length: 9\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n" OK
        "Content-Length: 0\r\n\r\n",
        OPEN,
        "102 Wait [Content-Length=9] [Connection=close] [Transfer-Encoding=chunked]; 200 OK [Content-Length=0] length "
        "0 end, reusable"),
    HEAD("HTTP/1.1 100 Continue\r\n\r\n" OK "\r\n", OPEN, "100 Continue; 200 OK end, reusable"),
    GET("HTTP/1.1 100 Continue\n\r\n" OK "Content-Length: 0\r\n\r\n", OPEN,
        "100 Continue; 200 OK [Content-Length=0] length 0 end"),
    GET("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 None\r\n\r\n", OPEN, "100 Continue; 204 None end, reusable"),
    GET("HTTP/1.1 100 Continue\r\n\r\n", OPEN, "100 Continue;  more"),
    GET("HTTP/1.1 100 Continue\r\n\r\n", CLOSED, "100 Continue;  exit 52 empty reply from server"),
    GET("HTTP/1.1 100 Continue\r\n\r\n\r\n" OK "\r\n", OPEN,
        "100 Continue;  exit 8 weird server reply: it does not begin as HTTP/1 does"),
    GET("HTTP/1.1 101 Switch\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n\x01\x02\x03", OPEN,
        "101 Switch [Upgrade=x] [Connection=upgrade] upgrade, 3 left"),
    GET("HTTP/1.1 101 Switch\r\n\r\n", OPEN, "101 Switch upgrade"),
    GET("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 Switch\r\nContent-Length: 9\r\n\r\nab", OPEN,
        "100 Continue; 101 Switch [Content-Length=9] length 9 upgrade, 2 left"),
};

static void test_interim(void **state)
{
    (void)state;
    CHECK_ROWS(interim);
}

/* ---- whether the connection persists: RFC 9112 section 9.3 --------------------------------------------------------- */

#define EMPTY "Content-Length: 0\r\n\r\n"
#define TOLD_EMPTY " [Content-Length=0]"

static const struct row persistence[] = {
    GET(OK "Connection: close\r\n" EMPTY, OPEN, "200 OK [Connection=close]" TOLD_EMPTY " length 0 end"),
    GET(OK "connection: CLOSE\r\n" EMPTY, OPEN, "200 OK [connection=CLOSE]" TOLD_EMPTY " length 0 end"),
    GET(OK "Connection: a, close ,b\r\n" EMPTY, OPEN, "200 OK [Connection=a, close ,b]" TOLD_EMPTY " length 0 end"),
    GET(OK "Connection: keep-alive\r\n" EMPTY, OPEN,
        "200 OK [Connection=keep-alive]" TOLD_EMPTY " length 0 end, reusable"),
    GET(OK "Connection: closed, x-close\r\n" EMPTY, OPEN,
        "200 OK [Connection=closed, x-close]" TOLD_EMPTY " length 0 end, reusable"),
    GET(OK "Connection: keep-alive\r\nConnection: close\r\n" EMPTY, OPEN,
        "200 OK [Connection=keep-alive] [Connection=close]" TOLD_EMPTY " length 0 end"),
    GET(OK "Connection:\r\n" EMPTY, OPEN, "200 OK [Connection=]" TOLD_EMPTY " length 0 end, reusable"),
    GET(OK "Proxy-Connection: close\r\n" EMPTY, OPEN,
        "200 OK [Proxy-Connection=close]" TOLD_EMPTY " length 0 end, reusable"),
    GET("HTTP/1.0 200 OK\r\n" EMPTY, OPEN, "200 OK" TOLD_EMPTY " 1.0 length 0 end"),
    GET("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n" EMPTY, OPEN,
        "200 OK [Connection=Keep-Alive]" TOLD_EMPTY " 1.0 length 0 end, reusable"),
    GET("HTTP/1.0 200 OK\r\nConnection: keep-alive, close\r\n" EMPTY, OPEN,
        "200 OK [Connection=keep-alive, close]" TOLD_EMPTY " 1.0 length 0 end"),
    GET("HTTP/1.0 304 Same\r\nConnection: keep-alive\r\n\r\n", OPEN,
        "304 Same [Connection=keep-alive] 1.0 end, reusable"),
    GET(OK "Connection: keep-alive\r\n\r\nhi", CLOSED, "200 OK [Connection=keep-alive] body hi end"),
    GET(OK "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", OPEN,
        "200 OK [Connection=close] [Transfer-Encoding=chunked] end"),
    GET("HTTP/1.2 200 OK\r\n" EMPTY, OPEN, "200 OK" TOLD_EMPTY " length 0 end, reusable"),
    GET(OK "Upgrade: h2c\r\nConnection: upgrade\r\n" EMPTY, OPEN,
        "200 OK [Upgrade=h2c] [Connection=upgrade]" TOLD_EMPTY " length 0 end, reusable"),
};

static void test_persistence(void **state)
{
    (void)state;
    CHECK_ROWS(persistence);
}

/* ---- heads --------------------------------------------------------------------------------------------------------- */

static const struct row heads[] = {
    GET("HTTP/1.1 200\r\n" EMPTY, OPEN, "200 " TOLD_EMPTY " length 0 end, reusable"),
    GET("HTTP/1.1 200 \r\n" EMPTY, OPEN, "200 " TOLD_EMPTY " length 0 end, reusable"),
    GET("HTTP/1.1 200 A\tb \xe9\r\n" EMPTY, OPEN, "200 A\tb \xe9" TOLD_EMPTY " length 0 end, reusable"),
    GET("HTTP/1.1 999 Odd\r\n" EMPTY, OPEN, "999 Odd" TOLD_EMPTY " length 0 end, reusable"),
    GET(OK "A:b\r\nA:  b c  \r\na:\t\r\nB: \xe9\r\n" EMPTY, OPEN,
        "200 OK [A=b] [A=b c] [a=] [B=\xe9]" TOLD_EMPTY " length 0 end, reusable"),
    GET(OK "!#$%&'*+-.^_`|~09aZ: x\r\n" EMPTY, OPEN,
        "200 OK [!#$%&'*+-.^_`|~09aZ=x]" TOLD_EMPTY " length 0 end, reusable"),
    GET(OK "Content-Lengths: 7\r\nConnections: close\r\nTransfer-Encodings: chunked\r\n" EMPTY, OPEN,
        "200 OK [Content-Lengths=7] [Connections=close] [Transfer-Encodings=chunked]" TOLD_EMPTY
        " length 0 end, reusable"),
    GET(OK "A: b: c\r\n" EMPTY, OPEN, "200 OK [A=b: c]" TOLD_EMPTY " length 0 end, reusable"),
};

static void test_heads(void **state)
{
    (void)state;
    CHECK_ROWS(heads);
}

/* ---- what is no reply ---------------------------------------------------------------------------------------------- */

#define WEIRD " exit 8 weird server reply: "
#define NOT_HTTP WEIRD "it does not begin as HTTP/1 does"
#define VERSION WEIRD "it is of a version of HTTP that was not asked for"
#define NO_LENGTH WEIRD "its Content-Length is not a number that a length can be"
#define CONTROL WEIRD "it has a field with a control character"
#define BARE_CR WEIRD "it has a CR without a LF"

static const struct row refused[] = {
    GET("SSH-2.0-OpenSSH_9.2p1\r\n", OPEN, NOT_HTTP),
    GET("220 mail.example ESMTP\r\n", OPEN, NOT_HTTP),
    GET("<html>hello</html>", CLOSED, NOT_HTTP), /* HTTP/0.9 */
    GET("HELLO", OPEN, NOT_HTTP),
    GET("HTTP 200 OK\r\n", OPEN, NOT_HTTP),
    GET("http/1.1 200 OK\r\n\r\n", OPEN, NOT_HTTP),
    GET("\r\n" OK "\r\n", OPEN, NOT_HTTP),
    GET(" " OK "\r\n", OPEN, NOT_HTTP),
    GET("\x15\x03\x03\x00\x02\x02\x28", OPEN, NOT_HTTP),
    GET("\0\0\x12\x04\0\0\0\0\0", OPEN, NOT_HTTP), /* HTTP/2's settings */
    GET("ICY 200 OK\r\n", OPEN, NOT_HTTP),
    GET("RTSP/1.0 200 OK\r\n", OPEN, NOT_HTTP),
    GET("HTTP/2.0 200 OK\r\n\r\n", OPEN, VERSION),
    GET("HTTP/0.9 200 OK\r\n\r\n", OPEN, VERSION),
    GET("HTTP/3.1 200 OK\r\n\r\n", OPEN, VERSION),
    GET("HTTP/2 200\r\n\r\n", OPEN, NOT_HTTP),
    GET("HTTP/1 200\r\n\r\n", OPEN, NOT_HTTP),
    GET("HTTP/11.1 200\r\n\r\n", OPEN, NOT_HTTP),
    GET("HTTP/1.1200 OK\r\n\r\n", OPEN, WEIRD "Expected space after version"),
    GET("HTTP/1.1  200 OK\r\n\r\n", OPEN, WEIRD "Invalid status code"),
    GET("HTTP/1.1 20 OK\r\n\r\n", OPEN, WEIRD "Invalid status code"),
    GET("HTTP/1.1 2000 OK\r\n\r\n", OPEN, WEIRD "Invalid response status"),
    GET("HTTP/1.1 OK\r\n\r\n", OPEN, WEIRD "Invalid status code"),
    GET("HTTP/1.1 099 OK\r\n\r\n", OPEN, WEIRD "its status is below 100"),
    GET("HTTP/1.1 000 OK\r\n\r\n", OPEN, WEIRD "its status is below 100"),
    GET("HTTP/1.1 200 O\0K\r\n\r\n", OPEN, WEIRD "its status line has a NUL byte"),
    /* lengths */
    GET(OK "Content-Length: 2\r\nContent-Length: 3\r\n\r\nhi", OPEN, WEIRD "its Content-Lengths differ"),
    GET(OK "Content-Length: 2, 3\r\n\r\nhi", OPEN, WEIRD "its Content-Lengths differ"),
    GET(OK "Content-Length: 2\r\n ,3\r\n\r\nhi", OPEN, WEIRD "its Content-Lengths differ"),
    GET(OK "Content-Length: 2\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", OPEN,
        WEIRD "its Content-Lengths differ"),
    HEAD(OK "Content-Length: 2, 3\r\n\r\n", OPEN, WEIRD "its Content-Lengths differ"),
    GET(OK "Content-Length:\r\n\r\n", OPEN, NO_LENGTH),
    GET(OK "Content-Length: x\r\n\r\n", OPEN, NO_LENGTH),
    GET(OK "Content-Length: -1\r\n\r\n", OPEN, NO_LENGTH),
    GET(OK "Content-Length: +1\r\n\r\n", OPEN, NO_LENGTH),
    GET(OK "Content-Length: 1 1\r\n\r\n", OPEN, NO_LENGTH),
    GET(OK "Content-Length: 0x1\r\n\r\n", OPEN, NO_LENGTH),
    GET(OK "Content-Length: 2,\r\n\r\n", OPEN, NO_LENGTH),
    GET(OK "Content-Length: 2\r\n 2\r\n\r\n", OPEN, NO_LENGTH),
    GET(OK "Content-Length: 9223372036854775808\r\n\r\n", OPEN, NO_LENGTH),
    GET(OK "Content-Length: 18446744073709551618\r\n\r\n", OPEN, NO_LENGTH),
    /* fields */
    GET(OK "A : b\r\n\r\n", OPEN, WEIRD "Invalid header token"),
    GET(OK "Content-Length : 5\r\n\r\n", OPEN, WEIRD "it has a field with a space before the colon"),
    GET(OK "Transfer-Encoding  : chunked\r\n\r\n", OPEN, WEIRD "it has a field with a space before the colon"),
    GET(OK "Connection x: close\r\n\r\n", OPEN, WEIRD "it has a field with a space before the colon"),
    GET(OK "no field\r\n\r\n", OPEN, WEIRD "Invalid header token"),
    GET(OK ": b\r\n\r\n", OPEN, WEIRD "Invalid header token"),
    GET(OK "A\xe9: b\r\n\r\n", OPEN, WEIRD "Invalid header token"),
    GET(OK " A: b\r\n\r\n", OPEN, WEIRD "it has a blank before its first field"),
    GET(OK " \r\n\r\n", OPEN, WEIRD "it has a blank before its first field"),
    GET(OK "A: b\0c\r\n\r\n", OPEN, CONTROL),
    GET(OK "A: b\x01\r\n\r\n", OPEN, CONTROL),
    GET(OK "A: \x7f\r\n\r\n", OPEN, CONTROL),
    GET(OK "A: b\r\n \x1b[0m\r\n\r\n", OPEN, CONTROL),
    GET(OK "A: \r \r\n\r\n", OPEN, BARE_CR),
};

static const struct row bare_cr[] = {
    GET("HTTP/1.1 200 OK\rA: b\r\n\r\n", OPEN, ""),
    GET(OK "A: b\rB: c\r\n\r\n", OPEN, ""),
    GET(OK "A: b\r\r\n\r\n", OPEN, ""),
    GET(OK "A: b\r\n\rB: c\r\n\r\n", OPEN, ""),
    GET(OK "A:\rb\r\n\r\n", OPEN, ""),
    GET(OK "A: \rb\r\n\r\n", OPEN, ""),
    GET(OK "A:\r\r\n\r\n", OPEN, ""),
};

static void test_refused(void **state)
{
    (void)state;
    CHECK_ROWS(refused);
}

/* A CR alone is refused, in whatever words. */
static void test_bare_cr(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bare_cr / sizeof bare_cr[0]; i++)
        for (size_t first = 0; first <= bare_cr[i].reply.len; first++) {
            struct run r;
            run_begin(&r, false, 0);
            feed(&r, bare_cr[i].reply.bytes, first, 0);
            feed(&r, bare_cr[i].reply.bytes + first, bare_cr[i].reply.len - first, 0);
            assert_int_equal(r.err.code, ERR_REPLY);
            run_free(&r);
        }
}

/* ---- bodies that are none, and ends that come too early ------------------------------------------------------------ */

#define EARLY " exit 18 transfer ended early: "
#define IN_HEAD EARLY "the connection was closed within the head of the response"
#define NO_RECV " exit 56 could not receive: "

static const struct row broken[] = {
    GET("", CLOSED, " exit 52 empty reply from server"),
    GET("", BROKEN, " exit 52 empty reply from server"),
    HEAD("", CLOSED, " exit 52 empty reply from server"),
    GET("H", CLOSED, IN_HEAD),
    GET("HTTP/1.1 200 OK", CLOSED, IN_HEAD),
    GET(OK "A: b\r\n", CLOSED, IN_HEAD),
    GET(OK "A: b\r\n\r", BROKEN, IN_HEAD),
    HEAD(OK "Content-Length: 5\r\n", CLOSED, IN_HEAD),
    GET(OK "Content-Length: 5\r\n\r\n", CLOSED, "200 OK [Content-Length=5] length 5" EARLY "0 of 5 bytes received"),
    GET(OK "Content-Length: 5\r\n\r\nhell", CLOSED,
        "200 OK [Content-Length=5] length 5 body hell" EARLY "4 of 5 bytes received"),
    GET(OK "Content-Length: 5\r\n\r\nhello", BROKEN,
        "200 OK [Content-Length=5] length 5 body hello end, reusable"), /* whole is whole */
    GET(OK "Content-Length: 9223372036854775807\r\n\r\nhi", CLOSED,
        "200 OK [Content-Length=9223372036854775807] length 9223372036854775807 body hi" EARLY
        "2 of 9223372036854775807 bytes received"),
    GET(CHUNKED "", CLOSED, TOLD_CHUNKED EARLY "the connection was closed after 0 bytes, before the last chunk"),
    GET(CHUNKED "5\r\nhe", CLOSED,
        TOLD_CHUNKED " body he" EARLY "the connection was closed after 2 bytes, before the last chunk"),
    GET(CHUNKED "2\r\nhi\r\n", CLOSED,
        TOLD_CHUNKED " body hi" EARLY "the connection was closed after 2 bytes, before the last chunk"),
    GET(CHUNKED "2\r\nhi\r\n0\r\n", CLOSED,
        TOLD_CHUNKED " body hi" EARLY "the connection was closed after 2 bytes, before the last chunk"),
    GET(CHUNKED "2\r\nhi\r\n0\r\nA: b\r\n", BROKEN,
        TOLD_CHUNKED " body hi" EARLY "the connection was closed after 2 bytes, before the last chunk"),
    GET(OK "\r\nhello", BROKEN, "200 OK body hello" EARLY "the connection broke off after 5 bytes"),
    GET(OK "Transfer-Encoding: gzip\r\n\r\n", BROKEN,
        "200 OK [Transfer-Encoding=gzip]" EARLY "the connection broke off after 0 bytes"),
    /* chunks that are none */
    GET(CHUNKED "x\r\n", OPEN, TOLD_CHUNKED NO_RECV "Invalid character in chunk size"),
    GET(CHUNKED "\r\n", OPEN, TOLD_CHUNKED NO_RECV "Invalid character in chunk size"),
    GET(CHUNKED "-1\r\n", OPEN, TOLD_CHUNKED NO_RECV "Invalid character in chunk size"),
    GET(CHUNKED "0x1\r\n", OPEN, TOLD_CHUNKED NO_RECV "Invalid character in chunk size"),
    GET(CHUNKED "11111111111111111\r\n", OPEN, TOLD_CHUNKED NO_RECV "Chunk size overflow"),
    GET(CHUNKED "2\r\nhi!\r\n", OPEN, TOLD_CHUNKED " body hi" NO_RECV "Expected LF after chunk data"),
    GET(CHUNKED "2\rxhi\r\n", OPEN, TOLD_CHUNKED NO_RECV "Expected LF after chunk size"),
    GET(CHUNKED "0\r\nno field\r\n\r\n", OPEN, TOLD_CHUNKED NO_RECV "Invalid header token"),
};

static void test_broken(void **state)
{
    (void)state;
    CHECK_ROWS(broken);
}

/* ---- limits -------------------------------------------------------------------------------------------------------- */

/* before, then fill times n, then after; fed in pieces of step bytes. Expects the event or code that ends it. */
static void check_limit(const char *before, const char *fill, size_t n, const char *after, size_t step, int expect)
{
    struct buf b;
    buf_init(&b, 4 * 1024 * 1024);
    assert_int_equal(buf_adds(&b, before), 0);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(buf_adds(&b, fill), 0);
    assert_int_equal(buf_adds(&b, after), 0);
    struct run r;
    run_begin(&r, false, 0);
    for (size_t at = 0; at < b.len; at += step)
        feed(&r, b.data + at, b.len - at < step ? b.len - at : step, 0);
    if (r.err.code != expect || (expect == 0 && !r.over))
        fail_msg("%.40s: by %zu: %s", before, step, error_text(&r.err));
    assert_true(expect < 0 || http1_head_bytes(r.h) <= HTTP1_HEAD_MAX);
    run_free(&r);
    buf_deinit(&b);
}

static void check_limit_in_steps(const char *before, const char *fill, size_t n, const char *after, int expect)
{
    static const size_t steps[] = {1, 7, 4096, 65536, 4 * 1024 * 1024};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        check_limit(before, fill, n, after, steps[i], expect);
}

static void check_exact(const char *before, const char *after, size_t counted)
{
    size_t room = HTTP1_HEAD_MAX - counted;
    check_limit_in_steps(before, "x", room, after, 0);
    check_limit_in_steps(before, "x", room + 1, after, ERR_RECV);
}

static void test_head_limit(void **state)
{
    (void)state;
    static const char tail[] = "\r\nContent-Length: 0\r\n\r\n";
    check_exact(OK "A: ", tail, sizeof OK "A: " - 1 + sizeof tail - 1);
    check_exact("HTTP/1.1 200 ", tail, sizeof "HTTP/1.1 200 " - 1 + sizeof tail - 1);
    check_exact(OK, ": b\r\nContent-Length: 0\r\n\r\n", sizeof OK ": b\r\nContent-Length: 0\r\n\r\n" - 1);
    /* without an end */
    check_limit_in_steps(OK "A: ", "x", 3 * HTTP1_HEAD_MAX, "", ERR_RECV);
    check_limit_in_steps("HTTP/1.1 200 ", "x", 3 * HTTP1_HEAD_MAX, "", ERR_RECV);
    check_limit_in_steps(OK "A: b\r\n", " \r\n", HTTP1_HEAD_MAX, "", ERR_RECV);
    check_limit_in_steps(OK "A:", " ", 2 * HTTP1_HEAD_MAX, "", ERR_RECV);
}

static void test_interim_limit(void **state)
{
    (void)state;
    static const char interim_head[] = "HTTP/1.1 100 Continue\r\n\r\n";
    size_t most = (HTTP1_HEAD_MAX - (sizeof OK EMPTY - 1)) / (sizeof interim_head - 1);
    check_limit_in_steps("", interim_head, most, OK EMPTY, 0);
    check_limit_in_steps("", interim_head, most + 2, OK EMPTY, ERR_RECV);
    check_limit_in_steps("", interim_head, 3 * most, "", ERR_RECV);
}

static void test_trailer_limit(void **state)
{
    (void)state;
    static const char head[] = CHUNKED;
    static const char rest[] = "\r\n0\r\nA: ", tail[] = "\r\n\r\n";
    check_exact(CHUNKED "2\r\nhi\r\n0\r\nA: ", tail, sizeof head - 1 + sizeof rest - 1 + sizeof tail - 1);
    check_limit_in_steps(CHUNKED "0\r\n", "A: b\r\n", HTTP1_HEAD_MAX / 4, "", ERR_RECV);
}

static void test_extension_limit(void **state)
{
    (void)state;
    /* one chunk's; the next chunk's count anew */
    check_exact(CHUNKED "2;", "\r\nhi\r\n0\r\n\r\n", sizeof CHUNKED "2;\r\n" - 1);
    check_limit_in_steps(CHUNKED "2;", "x", 3 * HTTP1_HEAD_MAX, "", ERR_RECV);
    check_limit_in_steps(CHUNKED, "0", 2 * HTTP1_HEAD_MAX, "", ERR_RECV); /* a size of zeros */
    check_limit_in_steps(CHUNKED, "2;abcdefghijklmnopqrstuvwxyz\r\nhi\r\n", 3 * HTTP1_HEAD_MAX / 32, "0\r\n\r\n", 0);
}

static void test_field_limit(void **state)
{
    (void)state;
    check_limit_in_steps(OK "Content-Length: 0\r\n", "A: b\r\n", HTTP1_FIELDS_MAX - 1, "\r\n", 0);
    check_limit_in_steps(OK "Content-Length: 0\r\n", "A: b\r\n", HTTP1_FIELDS_MAX, "\r\n", ERR_RECV);
    check_limit_in_steps(CHUNKED "0\r\n", "A: b\r\n", HTTP1_FIELDS_MAX - 1, "\r\n", 0);
    check_limit_in_steps(CHUNKED "0\r\n", "A: b\r\n", HTTP1_FIELDS_MAX, "\r\n", ERR_RECV);
}

static void test_limit_sentence(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 1024 * 1024);
    assert_int_equal(buf_adds(&b, OK "A: "), 0);
    while (b.len <= HTTP1_HEAD_MAX)
        assert_int_equal(buf_addc(&b, 'x'), 0);
    struct run r;
    run_begin(&r, false, 0);
    feed(&r, b.data, b.len, 0);
    assert_string_equal(error_text(&r.err), "could not receive: the head of the response is over 256 KiB");
    run_free(&r);
    buf_deinit(&b);
}

/* ---- one after another on a connection ----------------------------------------------------------------------------- */

static void test_reset(void **state)
{
    (void)state;
    static const char first[] = OK "Content-Length: 2\r\nA: b\r\n\r\nhi" OK;
    struct http1 *h = http1_new();
    assert_non_null(h);
    const char *data;
    size_t len;
    for (int i = 0; i < 3; i++) {
        struct error err = {0};
        http1_reset(h, false, &err);
        assert_int_equal(http1_next(h, &data, &len), HTTP1_MORE);
        assert_int_equal(http1_field_count(h), 0);
        assert_string_equal(http1_reason(h), "");
        assert_int_equal(http1_content_length(h), -1);
        assert_int_equal(http1_head_bytes(h), 0);
        http1_feed(h, first, sizeof first - 1);
        assert_int_equal(http1_next(h, &data, &len), HTTP1_HEAD);
        assert_string_equal(http1_find(h, "a"), "b");
        assert_null(http1_find(h, "ab"));
        assert_int_equal(http1_head_bytes(h), sizeof OK "Content-Length: 2\r\nA: b\r\n\r\n" - 1);
        assert_int_equal(http1_next(h, &data, &len), HTTP1_BODY);
        assert_ptr_equal(data, strstr(first, "hi")); /* within what was fed: nothing is copied */
        assert_int_equal(http1_next(h, &data, &len), HTTP1_END);
        assert_ptr_equal(http1_rest(h), strstr(first, "hi") + 2);
        assert_int_equal(http1_left(h), sizeof OK - 1);
        assert_false(http1_reusable(h));
        assert_string_equal(http1_find(h, "A"), "b"); /* valid until the next reset */
        error_clear(&err);
    }
    http1_free(h);
    http1_free(NULL);
}

/* What is left may move between two events, as it does when a reader must wait. */
static void test_move(void **state)
{
    (void)state;
    static const char reply[] = OK "Transfer-Encoding: chunked\r\nA: b\r\n c\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    struct run r;
    run_begin(&r, false, 0);
    size_t left = sizeof reply - 1;
    char *lies = malloc(left);
    assert_non_null(lies);
    memcpy(lies, reply, left);
    http1_feed(r.h, lies, left);
    while (!r.over) {
        const char *data;
        size_t len;
        int event = http1_next(r.h, &data, &len);
        assert_int_not_equal(event, HTTP1_MORE);
        tell(&r, event, data, len, 0);
        left = http1_left(r.h);
        char *moved = malloc(left + 1);
        assert_non_null(moved);
        if (left > 0)
            memcpy(moved, http1_rest(r.h), left);
        http1_move(r.h, moved);
        free(lies);
        lies = moved;
    }
    free(lies);
    assert_string_equal(r.told.data, "200 OK [Transfer-Encoding=chunked] [A=b c] body abcde end");
    run_free(&r);
}

static void test_no_error_wanted(void **state)
{
    (void)state;
    struct http1 *h = http1_new();
    const char *data;
    size_t len;
    assert_non_null(h);
    http1_feed(h, "SSH-2.0", 7);
    assert_int_equal(http1_next(h, &data, &len), ERR_REPLY);
    http1_reset(h, false, NULL);
    http1_eof(h, true);
    assert_int_equal(http1_next(h, &data, &len), ERR_EMPTY);
    http1_free(h);
}

/* What was told, less the reason of a failure: of two that a reply has, the cut decides which is met first. */
static void drop_reason(struct run *r)
{
    char *exit = strstr(r->told.data, " exit ");
    char *colon = exit ? strchr(exit, ':') : NULL;
    if (colon)
        *colon = '\0';
}

#define INTERIM_SEED                                                                                                   \
    "HTTP/1.1 100 Go\r\n\r\nHTTP/1.0 200 OK\r\nTransfer-Encoding: gzip, chunked\r\nConnection: close\r\n\r\n0\r\n\r\n"

/* Valid replies with bytes changed, in pieces: an answer, and the same one, however they are cut. */
static void test_noise(void **state)
{
    (void)state;
    static const char *const seeds[] = {
        OK "Content-Length: 5\r\nA: b\r\n c\r\n\r\nhello",
        CHUNKED "3;a=\"b\"\r\nhel\r\n2\r\nlo\r\n0\r\nA: b\r\n\r\n",
        INTERIM_SEED,
    };
    static const char alphabet[] = "\r\n\r\n \t:,;0123a\x80HTP/.\"=-\x01";
    uint64_t seed = 7;
    for (int i = 0; i < 20000; i++) {
        char bytes[200];
        size_t len = strlen(seeds[i % 3]);
        memcpy(bytes, seeds[i % 3], len + 1);
        for (int n = i % 4; n >= 0; n--) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            bytes[(seed >> 33) % len] = alphabet[(seed >> 20) % (sizeof alphabet - 1)];
        }
        struct run whole, cut;
        run_begin(&whole, false, 0);
        feed(&whole, bytes, len, 0);
        run_end(&whole, CLOSED);
        run_begin(&cut, false, 0);
        for (size_t at = 0; at < len; at++)
            feed(&cut, bytes + at, 1, len - at - 1);
        run_end(&cut, CLOSED);
        drop_reason(&whole);
        drop_reason(&cut);
        if (strcmp(whole.told.data, cut.told.data) != 0)
            fail_msg("%s\nwhole: %s\ncut: %s", bytes, whole.told.data, cut.told.data);
        run_free(&whole);
        run_free(&cut);
    }
}

static void test_library(void **state)
{
    (void)state;
    assert_int_equal(strncmp(http1_library(), "llhttp/9.", 9), 0);
}

/* ---- the request's head -------------------------------------------------------------------------------------------- */

struct request {
    const char *fields[4]; /* -H */
    const char *expect;    /* behind the request line, without the empty line; NULL: a usage error */
};

#define HOST "Host: h:81\r\n"
#define AGENT "User-Agent: afetch/1\r\n"
#define ACCEPT "Accept: */*\r\n"

static const struct request requests[] = {
    {{0}, HOST AGENT ACCEPT},
    {{"A: b"}, HOST AGENT ACCEPT "A: b\r\n"},
    {{"A: b", "A: c", "B:d"}, HOST AGENT ACCEPT "A: b\r\nA: c\r\nB:d\r\n"},
    {{"A: b; c=d: e"}, HOST AGENT ACCEPT "A: b; c=d: e\r\n"},
    {{"A: \xe9"}, HOST AGENT ACCEPT "A: \xe9\r\n"},
    /* replaced, removed, emptied */
    {{"accept: text/html"}, HOST AGENT "accept: text/html\r\n"},
    {{"Accept:"}, HOST AGENT},
    {{"Accept: \t"}, HOST AGENT},
    {{"Accept;"}, HOST AGENT "Accept:\r\n"},
    {{"User-Agent: x"}, HOST ACCEPT "User-Agent: x\r\n"},
    {{"USER-AGENT:"}, HOST ACCEPT},
    {{"User-Agent;"}, HOST ACCEPT "User-Agent:\r\n"},
    {{"Accept:", "User-Agent:"}, HOST},
    {{"Host: x"}, "Host: x\r\n" AGENT ACCEPT},
    {{"A: b", "host:x"}, "host:x\r\n" AGENT ACCEPT "A: b\r\n"},
    {{"Host:"}, AGENT ACCEPT},
    {{"Host;"}, "Host:\r\n" AGENT ACCEPT},
    {{"Host: x", "Host: y"}, "Host: x\r\n" AGENT ACCEPT},
    {{"X-New;"}, HOST AGENT ACCEPT "X-New:\r\n"},
    {{"X-New; "}, HOST AGENT ACCEPT},
    {{"Accept; "}, HOST AGENT},
    {{"A;b: c"}, HOST AGENT ACCEPT "A;b: c\r\n"},
    {{"X-New:"}, HOST AGENT ACCEPT},
    {{"Accepted: x", "Hosts: y", "Accep:"}, HOST AGENT ACCEPT "Accepted: x\r\nHosts: y\r\n"},
    /* no field: left out */
    {{"nothing"}, HOST AGENT ACCEPT},
    {{""}, HOST AGENT ACCEPT},
    {{"a; b"}, HOST AGENT ACCEPT},
    {{": b"}, HOST AGENT ACCEPT},
    {{";"}, HOST AGENT ACCEPT},
    /* more than one field, which curl sends */
    {{"A: b\r\nC: d"}, NULL},
    {{"A: b\n"}, NULL},
    {{"A\r: b"}, NULL},
    {{"Host: x\r\nA: b"}, NULL},
    {{"Accept\n:"}, NULL},
    {{"a", "\n"}, NULL},
};

static void test_writes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        struct http1_request r = {.method = "GET", .target = "/a?b", .host = "h:81", .user_agent = "afetch/1"};
        r.user_fields = requests[i].fields;
        while (r.user_field_count < 4 && requests[i].fields[r.user_field_count])
            r.user_field_count++;
        struct buf out;
        char expect[500];
        buf_init(&out, 1000);
        assert_int_equal(buf_adds(&out, "before "), 0);
        int rc = http1_write_head(&out, &r);
        assert_int_equal(rc, requests[i].expect ? 0 : ERR_USAGE);
        snprintf(expect, sizeof expect, "before %s%s%s", requests[i].expect ? "GET /a?b HTTP/1.1\r\n" : "",
                 requests[i].expect ? requests[i].expect : "", requests[i].expect ? "\r\n" : "");
        assert_string_equal(out.data, expect);
        assert_int_equal(out.len, strlen(expect));
        buf_deinit(&out);
    }
}

static void test_writes_otherwise(void **state)
{
    (void)state;
    struct http1_request r = {.method = "HEAD", .target = "*", .host = "[::1]", .http10 = true};
    struct buf out;
    buf_init(&out, 1000);
    assert_int_equal(http1_write_head(&out, &r), 0);
    assert_string_equal(out.data, "HEAD * HTTP/1.0\r\nHost: [::1]\r\nAccept: */*\r\n\r\n");
    size_t len = out.len;
    buf_deinit(&out);
    buf_init(&out, len - 1); /* a byte short */
    assert_int_equal(http1_write_head(&out, &r), ERR_MEMORY);
    assert_int_equal(out.len, 0);
    buf_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_readings),
        cmocka_unit_test(test_lenient),
        cmocka_unit_test(test_interim),
        cmocka_unit_test(test_persistence),
        cmocka_unit_test(test_heads),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_bare_cr),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_head_limit),
        cmocka_unit_test(test_interim_limit),
        cmocka_unit_test(test_trailer_limit),
        cmocka_unit_test(test_extension_limit),
        cmocka_unit_test(test_field_limit),
        cmocka_unit_test(test_limit_sentence),
        cmocka_unit_test(test_reset),
        cmocka_unit_test(test_move),
        cmocka_unit_test(test_no_error_wanted),
        cmocka_unit_test(test_noise),
        cmocka_unit_test(test_library),
        cmocka_unit_test(test_writes),
        cmocka_unit_test(test_writes_otherwise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
