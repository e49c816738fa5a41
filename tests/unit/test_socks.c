/* SOCKS handshakes as a script of bytes: ours expected, the proxy's in pieces of every size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/socks.h"

#define V4 "\x5d\xb8\xd8\x22" /* 93.184.216.34 */
#define V6 "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
#define NAME10 "abcdefghij"
#define NAME50 NAME10 NAME10 NAME10 NAME10 NAME10
#define NAME250 NAME50 NAME50 NAME50 NAME50 NAME50

struct bytes {
    const char *data;
    size_t len;
};
#define B(literal)                                                                                                     \
    {                                                                                                                  \
        "" literal, sizeof literal - 1                                                                                 \
    }

/* What we send, and what the proxy answers, by turns; the last answer may have the next layer's bytes behind it. */
struct turn {
    struct bytes ours, theirs;
};

struct script {
    enum socks_kind kind;
    struct socks_target target;
    struct turn turns[3];
    size_t left;         /* bytes of the last answer that are the next layer's */
    const char *refusal; /* the particulars; NULL: it ends well */
};

#define HOST                                                                                                           \
    {                                                                                                                  \
        .host = "example.com", .address = V4, .address_len = 4, .port = 80                                             \
    }
#define LOGIN                                                                                                          \
    {                                                                                                                  \
        .host = "example.com", .port = 443, .user = "me", .password = "pass"                                           \
    }

#define ASK_4 B("\4\1\0\x50" V4 "\0")
#define HELLO B("\5\1\0")
#define HELLO_LOGIN B("\5\2\0\2")
#define LOGIN_SENT B("\1\2me\4pass")
#define ASK_5 B("\5\1\0\1" V4 "\0\x50")
#define ASK_5H                                                                                                         \
    B("\5\1\0\3\x0b"                                                                                                   \
      "example.com\0\x50")
#define ASK_5H_443                                                                                                     \
    B("\5\1\0\3\x0b"                                                                                                   \
      "example.com\1\xbb")
#define ANSWER "\5\0\0\1" V4 "\0\x50"

static const struct script scripts[] = {
    /* version 4 */
    {SOCKS_4, HOST, {{ASK_4, B("\0\x5a\0\0\0\0\0\0")}}, 0, NULL},
    {SOCKS_4, HOST, {{ASK_4, B("\0\x5a\1\2\3\4\5\6next")}}, 4, NULL},
    {SOCKS_4,
     {.host = "h", .address = V4, .address_len = 4, .port = 65535, .user = "me", .password = "unused"},
     {{B("\4\1\xff\xff" V4 "me\0"), B("\0\x5a\0\0\0\0\0\0")}},
     0,
     NULL},
    {SOCKS_4A, HOST, {{B("\4\1\0\x50\0\0\0\1\0example.com\0"), B("\0\x5a\0\0\0\0\0\0")}}, 0, NULL},
    {SOCKS_4A,
     {.host = "127.0.0.1", .port = 80, .user = "me"},
     {{B("\4\1\0\x50\0\0\0\1me\0"
         "127.0.0.1\0"),
       B("\0\x5a\0\0\0\0\0\0")}},
     0,
     NULL},
    {SOCKS_4, HOST, {{ASK_4, B("\0\x5b\0\0\0\0\0\0")}}, 0, "the SOCKS 4 proxy refused or failed (91)"},
    {SOCKS_4,
     HOST,
     {{ASK_4, B("\0\x5c\0\0\0\0\0\0")}},
     0,
     "the SOCKS 4 proxy cannot reach the identd that it wants to ask for the user (92)"},
    {SOCKS_4, HOST, {{ASK_4, B("\0\x5d\0\0\0\0\0\0")}}, 0, "the SOCKS 4 proxy was told another user by identd (93)"},
    {SOCKS_4, HOST, {{ASK_4, B("\0\x5e\0\0\0\0\0\0")}}, 0, "the SOCKS 4 proxy refused for a reason unknown (94)"},
    {SOCKS_4, HOST, {{ASK_4, B("\0\0\0\0\0\0\0\0")}}, 0, "the SOCKS 4 proxy refused for a reason unknown (0)"},
    {SOCKS_4, HOST, {{ASK_4, B("HTTP/1.1")}}, 0, "the proxy does not answer as a SOCKS 4 proxy does"},
    /* version 5, forms of an address both ways */
    {SOCKS_5, HOST, {{HELLO, B("\5\0")}, {ASK_5, B(ANSWER)}}, 0, NULL},
    {SOCKS_5, HOST, {{HELLO, B("\5\0")}, {ASK_5, B(ANSWER "HTTP/1.1 200")}}, 12, NULL},
    {SOCKS_5,
     {.host = "example.com", .address = V6, .address_len = 16, .port = 80},
     {{HELLO, B("\5\0")}, {B("\5\1\0\4" V6 "\0\x50"), B("\5\0\0\4" V6 "\0\x50x")}},
     1,
     NULL},
    {SOCKS_5H,
     HOST,
     {{HELLO, B("\5\0")},
      {ASK_5H, B("\5\0\0\3\x0b"
                 "example.com\0\x50")}},
     0,
     NULL},
    {SOCKS_5H, HOST, {{HELLO, B("\5\0")}, {ASK_5H, B("\5\0\0\3\0\0\x50xy")}}, 2, NULL},
    {SOCKS_5H, HOST, {{HELLO, B("\5\0")}, {ASK_5H, B("\5\0\0\3\xff" NAME250 "12345\0\x50z")}}, 1, NULL},
    {SOCKS_5H, {.host = "93.184.216.34", .port = 80}, {{HELLO, B("\5\0")}, {ASK_5, B(ANSWER)}}, 0, NULL},
    {SOCKS_5H,
     {.host = "2001:db8::1", .port = 80},
     {{HELLO, B("\5\0")}, {B("\5\1\0\4" V6 "\0\x50"), B(ANSWER)}},
     0,
     NULL},
    {SOCKS_5H,
     {.host = NAME250 "12345", .port = 80},
     {{HELLO, B("\5\0")}, {B("\5\1\0\3\xff" NAME250 "12345\0\x50"), B(ANSWER)}},
     0,
     NULL},
    /* user and password */
    {SOCKS_5H, LOGIN, {{HELLO_LOGIN, B("\5\2")}, {LOGIN_SENT, B("\1\0")}, {ASK_5H_443, B(ANSWER)}}, 0, NULL},
    {SOCKS_5H, LOGIN, {{HELLO_LOGIN, B("\5\0")}, {ASK_5H_443, B(ANSWER)}}, 0, NULL},
    {SOCKS_5H, LOGIN, {{HELLO_LOGIN, B("\5\2")}, {LOGIN_SENT, B("\5\0")}, {ASK_5H_443, B(ANSWER)}}, 0, NULL},
    {SOCKS_5H,
     {.host = "example.com", .port = 80, .user = NAME250 "12345", .password = NAME250 "54321"},
     {{HELLO_LOGIN, B("\5\2")}, {B("\1\xff" NAME250 "12345\xff" NAME250 "54321"), B("\1\0")}, {ASK_5H, B(ANSWER)}},
     0,
     NULL},
    {SOCKS_5H,
     {.host = "example.com", .port = 80, .user = "me"},
     {{HELLO_LOGIN, B("\5\2")}, {B("\1\2me\0"), B("\1\0")}, {ASK_5H, B(ANSWER)}},
     0,
     NULL},
    {SOCKS_5H,
     LOGIN,
     {{HELLO_LOGIN, B("\5\2")}, {LOGIN_SENT, B("\1\1")}},
     0,
     "the SOCKS 5 proxy refused the user and password (1)"},
    /* methods refused */
    {SOCKS_5, HOST, {{HELLO, B("\5\xff")}}, 0, "the SOCKS 5 proxy wants a user and a password, or some other proof"},
    {SOCKS_5, HOST, {{HELLO, B("\5\2")}}, 0, "the SOCKS 5 proxy wants a user and a password, or some other proof"},
    {SOCKS_5H, LOGIN, {{HELLO_LOGIN, B("\5\xff")}}, 0, "the SOCKS 5 proxy wants another proof than user and password"},
    {SOCKS_5, HOST, {{HELLO, B("\5\1")}}, 0, "the SOCKS 5 proxy chose a method that was not offered (1)"},
    {SOCKS_5, HOST, {{HELLO, B("\4\0")}}, 0, "the proxy does not answer as a SOCKS 5 proxy does"},
    {SOCKS_5, HOST, {{HELLO, B("HT")}}, 0, "the proxy does not answer as a SOCKS 5 proxy does"},
    {SOCKS_5, HOST, {{HELLO, B("\5\0\5")}}, 0, "the SOCKS proxy speaks out of turn"},
    /* requests refused; some proxies end there, some go on */
    {SOCKS_5, HOST, {{HELLO, B("\5\0")}, {ASK_5, B("\5\1\0\1\0")}}, 0, "the SOCKS 5 proxy failed (1)"},
    {SOCKS_5,
     HOST,
     {{HELLO, B("\5\0")}, {ASK_5, B("\5\2\0\1\0\0\0\0\0\0")}},
     5,
     "the SOCKS 5 proxy's rules forbid the connection (2)"},
    {SOCKS_5,
     HOST,
     {{HELLO, B("\5\0")}, {ASK_5, B("\5\3\0\1\0")}},
     0,
     "the SOCKS 5 proxy cannot reach the network (3)"},
    {SOCKS_5, HOST, {{HELLO, B("\5\0")}, {ASK_5, B("\5\4\0\3\0")}}, 0, "the SOCKS 5 proxy cannot reach the host (4)"},
    {SOCKS_5,
     HOST,
     {{HELLO, B("\5\0")}, {ASK_5, B("\5\5\0\4\0")}},
     0,
     "the host refused the SOCKS 5 proxy's connection (5)"},
    {SOCKS_5,
     HOST,
     {{HELLO, B("\5\0")}, {ASK_5, B("\5\6\0\1\0")}},
     0,
     "the SOCKS 5 proxy's packets outlived their time to live (6)"},
    {SOCKS_5,
     HOST,
     {{HELLO, B("\5\0")}, {ASK_5, B("\5\7\0\1\0")}},
     0,
     "the SOCKS 5 proxy does not make connections (7)"},
    {SOCKS_5,
     HOST,
     {{HELLO, B("\5\0")}, {ASK_5, B("\5\x8\0\1\0")}},
     0,
     "the SOCKS 5 proxy does not know this type of address (8)"},
    {SOCKS_5,
     HOST,
     {{HELLO, B("\5\0")}, {ASK_5, B("\5\x9\0\1\0")}},
     0,
     "the SOCKS 5 proxy refused for a reason unknown (9)"},
    {SOCKS_5,
     HOST,
     {{HELLO, B("\5\0")}, {ASK_5, B("\5\xff\0\1\0")}},
     0,
     "the SOCKS 5 proxy refused for a reason unknown (255)"},
    {SOCKS_5,
     HOST,
     {{HELLO, B("\5\0")}, {ASK_5, B("\4\0\0\1\0")}},
     0,
     "the proxy does not answer as a SOCKS 5 proxy does"},
    {SOCKS_5,
     HOST,
     {{HELLO, B("\5\0")}, {ASK_5, B("\5\0\0\2\0")}},
     0,
     "the SOCKS 5 proxy answers with a type of address unknown (2)"},
};

/* Takes what is to be sent, in pieces, and compares. */
static void take(struct socks *s, const struct bytes *want, size_t piece)
{
    size_t at = 0;
    while (socks_status(s) == SOCKS_SEND) {
        size_t len;
        const char *data = socks_output(s, &len);
        assert_true(len > 0 && at + len == want->len);
        len = len < piece ? len : piece;
        assert_memory_equal(data, want->data + at, len);
        socks_sent(s, len);
        at += len;
    }
    assert_int_equal(at, want->len);
}

/* Gives bytes in pieces until they are used up or it is over. Returns how many were used. */
static size_t give(struct socks *s, const struct bytes *b, size_t piece, struct error *err)
{
    size_t at = 0;
    while (at < b->len && socks_status(s) == SOCKS_RECEIVE) {
        size_t len = b->len - at < piece ? b->len - at : piece, used = 99999;
        char *copy = malloc(len); /* so that AddressSanitizer sees a read too far */
        assert_non_null(copy);
        memcpy(copy, b->data + at, len);
        int rc = socks_feed(s, copy, len, &used, err);
        assert_int_equal(rc, socks_status(s));
        assert_true(used <= len);
        free(copy);
        at += used;
    }
    return at;
}

static void play(const struct script *script, size_t piece)
{
    struct socks *s = NULL;
    struct error err = {0};
    size_t left = 0;
    assert_int_equal(socks_new(&s, script->kind, &script->target, &err), 0);
    for (const struct turn *t = script->turns; t < script->turns + 3 && t->ours.len; t++) {
        assert_int_equal(left, 0);
        take(s, &t->ours, piece);
        assert_int_equal(socks_status(s), SOCKS_RECEIVE);
        left = t->theirs.len - give(s, &t->theirs, piece, &err);
    }
    if (script->refusal) {
        char want[200];
        snprintf(want, sizeof want, "proxy handshake failed: %s", script->refusal);
        /* where the bytes come one by one it is not out of turn but the next message */
        if (!strstr(want, "out of turn")) {
            assert_int_equal(socks_status(s), ERR_PROXY);
            assert_string_equal(error_text(&err), want);
        } else if (piece >= script->turns[0].theirs.len) {
            assert_string_equal(error_text(&err), want);
        }
    } else {
        assert_int_equal(socks_status(s), SOCKS_DONE);
        assert_int_equal(err.code, 0);
        assert_int_equal(left, script->left);
    }
    error_clear(&err);
    socks_free(s);
}

static void all_scripts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++)
        for (size_t piece = 1; piece < 530; piece += piece < 24 ? 1 : 101)
            play(&scripts[i], piece);
}

/* The proxy goes away after each byte in turn. */
static void closed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        const struct turn *t = &scripts[i].turns[0];
        if (scripts[i].refusal)
            continue;
        for (size_t len = 0; len < t->theirs.len - (t[1].ours.len ? 0 : scripts[i].left); len++) {
            struct socks *s = NULL;
            struct error err = {0};
            assert_int_equal(socks_new(&s, scripts[i].kind, &scripts[i].target, &err), 0);
            take(s, &t->ours, 1000);
            give(s, &(struct bytes){t->theirs.data, len}, 1000, &err);
            assert_int_equal(socks_status(s), SOCKS_RECEIVE);
            assert_int_equal(socks_eof(s, &err), ERR_PROXY);
            assert_int_equal(socks_status(s), ERR_PROXY);
            assert_string_equal(error_text(&err),
                                "proxy handshake failed: the SOCKS proxy closed the connection within the handshake");
            error_clear(&err);
            socks_free(s);
        }
    }
}

static void too_long(void **state)
{
    (void)state;
    static const struct {
        enum socks_kind kind;
        struct socks_target target;
        const char *why;
    } rows[] = {
        {SOCKS_5H, {.host = NAME250 "123456"}, "the host's name is too long for a SOCKS proxy to look it up"},
        {SOCKS_4A, {.host = NAME250 "12345"}, "the host's name is too long for a SOCKS proxy to look it up"},
        {SOCKS_4A, {.host = NAME250 "1234"}, NULL},
        {SOCKS_5, {.host = NAME250 "123456", .address = V4, .address_len = 4}, NULL},
        {SOCKS_5H, {.host = "h", .user = NAME250 "123456"}, "the SOCKS user name is longer than 255 bytes"},
        {SOCKS_4A, {.host = "h", .user = NAME250 "123456"}, "the SOCKS user name is longer than 255 bytes"},
        {SOCKS_4A, {.host = NAME250 "1234", .user = NAME250 "12345"}, NULL},
        {SOCKS_5H, {.host = "h", .password = NAME250 "123456"}, "the SOCKS password is longer than 255 bytes"},
        {SOCKS_4,
         {.host = "six.example", .address = V6, .address_len = 16},
         "SOCKS 4 reaches IPv4 addresses only, and six.example has none"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct socks *s = NULL;
        struct error err = {0};
        char want[200] = "success";
        if (rows[i].why)
            snprintf(want, sizeof want, "proxy handshake failed: %s", rows[i].why);
        assert_int_equal(socks_new(&s, rows[i].kind, &rows[i].target, &err), rows[i].why ? ERR_PROXY : 0);
        assert_string_equal(error_text(&err), want);
        error_clear(&err);
        socks_free(s);
    }
}

/* A proxy that answers anything: each run ends, within the bytes a handshake can have. */
static void random_answers(void **state)
{
    (void)state;
    static const unsigned char likely[] = {0, 1, 2, 3, 4, 5, 5, 0, 0x5a, 0xff};
    uint32_t seed = 7;
    int done = 0, refused = 0;
    for (int run = 0; run < 50000; run++) {
        struct socks *s = NULL;
        struct error err = {0};
        struct socks_target target = LOGIN;
        target.address = V4;
        target.address_len = 4;
        assert_int_equal(socks_new(&s, (enum socks_kind)(run % 4), &target, &err), 0);
        size_t total = 0;
        while (socks_status(s) == SOCKS_SEND || socks_status(s) == SOCKS_RECEIVE) {
            size_t len, used;
            socks_output(s, &len);
            socks_sent(s, len);
            unsigned char byte = 0;
            seed = seed * 1664525 + 1013904223;
            byte = seed >> 31 ? (unsigned char)(seed >> 20) : likely[(seed >> 20) % sizeof likely];
            socks_feed(s, &byte, 1, &used, &err);
            assert_true(++total <= 2 + 2 + 262);
        }
        done += socks_status(s) == SOCKS_DONE;
        refused += socks_status(s) == ERR_PROXY;
        error_clear(&err);
        socks_free(s);
    }
    assert_int_equal(done + refused, 50000);
    assert_true(done > 100 && refused > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_scripts),
        cmocka_unit_test(closed),
        cmocka_unit_test(too_long),
        cmocka_unit_test(random_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
