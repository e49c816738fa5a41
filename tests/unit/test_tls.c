/* TLS over memory: both versions, segments of every size, tickets, peers that fail. */
#include "unit/tls_ends.h"

#include <time.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

/* --- good connections --- */

static void test_echo(void **state)
{
    (void)state;
    static const size_t segments[] = {0, 1, 2, 3, 5, 6, 7, 64, 1000, 4096, 16384};
    static const size_t sizes[] = {1, 2, 100, 4096, 4097, 16384, 16385, 40000, 102400};
    struct tls_config *plain = good_server(false), *tickets = good_server(true);
    for (int minor = 2; minor <= 3; minor++) {
        for (size_t i = 0; i < sizeof segments / sizeof segments[0]; i++)
            echo(minor, i % 2 ? plain : tickets, segments[i], 20000);
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
            echo(minor, i % 2 ? plain : tickets, i % 3 ? 1448 : 0, sizes[i]);
        echo(minor, tickets, 1, 102400);
    }
    tls_config_free(plain);
    tls_config_free(tickets);
}

static void test_versions_meet(void **state)
{
    (void)state;
    struct error err = {0};
    struct tls_config *any = client_config(0, false, NULL), *server = good_server(true);
    struct side c, s;
    open_ends(&c, &s, any, server, "a.example", NULL, 0);
    handshake(&c, &s);
    assert_open(&c, &s);
    assert_string_equal(tls_version(c.t), "TLSv1.3");
    side_deinit(&c);
    side_deinit(&s);
    tls_config_free(server);

    static const char *const names[] = {"a.example", NULL};
    struct test_cert cert = {0};
    check(test_ca_issue(ca, &(struct test_cert_spec){.names = names}, &cert, &err), &err);
    struct tls_server_options old = {.cert = cert.cert, .key = cert.key, .max_minor = 2};
    check(tls_server_config_new(&server, &old, &err), &err);
    open_ends(&c, &s, any, server, "a.example", NULL, 0);
    handshake(&c, &s);
    assert_open(&c, &s);
    assert_string_equal(tls_version(c.t), "TLSv1.2");
    side_deinit(&c);
    side_deinit(&s);

    open_ends(&c, &s, clients[3], server, "a.example", NULL, 0);
    handshake(&c, &s);
    assert_sentence(&c, ERR_TLS, "TLS handshake failed: the server sent alert: handshake failure");
    side_deinit(&c);
    side_deinit(&s);
    tls_config_free(server);
    tls_config_free(any);
    test_cert_deinit(&cert);
}

static void test_alpn(void **state)
{
    (void)state;
    static const char *const names[] = {"a.example", NULL};
    struct error err = {0};
    struct test_cert cert = {0};
    check(test_ca_issue(ca, &(struct test_cert_spec){.names = names}, &cert, &err), &err);
    struct tls_config *same = server_with(&cert, false, "http/1.1"), *other = server_with(&cert, false, "h9");
    for (int minor = 2; minor <= 3; minor++) {
        struct tls_config *client = client_config(minor, false, "http/1.1");
        struct side c, s;
        open_ends(&c, &s, client, same, "a.example", NULL, 0);
        handshake(&c, &s);
        assert_open(&c, &s);
        assert_string_equal(tls_alpn(c.t), "http/1.1");
        side_deinit(&c);
        side_deinit(&s);
        open_ends(&c, &s, client, other, "a.example", NULL, 0);
        handshake(&c, &s);
        assert_sentence(&c, ERR_TLS, "TLS handshake failed: the server sent alert: no application protocol");
        side_deinit(&c);
        side_deinit(&s);
        tls_config_free(client);
    }
    tls_config_free(same);
    tls_config_free(other);
    test_cert_deinit(&cert);
}

/* --- tickets --- */

/* A connection over which size bytes are answered, and its newest ticket. */
static struct tls_session *visit(int minor, struct tls_config *cc, struct tls_config *sc,
                                 const struct tls_session *resume, bool resumed)
{
    struct side c, s;
    char byte = 'x', got[1];
    open_ends(&c, &s, cc, sc, "a.example", resume, minor == 2 ? 1 : 0);
    handshake(&c, &s);
    assert_open(&c, &s);
    assert_int_equal(tls_resumed(c.t), resumed);
    assert_int_equal(tls_resumed(s.t), resumed);
    transmit(&s, &c, &byte, 1);
    assert_int_equal(receive(&c, &s, got, 1), 1);
    assert_int_equal(got[0], 'x');
    struct tls_session *session = tls_take_session(c.t);
    assert_null(tls_take_session(c.t));
    side_deinit(&c);
    side_deinit(&s);
    return session;
}

static void test_resumption(void **state)
{
    (void)state;
    for (int minor = 2; minor <= 3; minor++) {
        struct tls_config *server = good_server(true);
        struct tls_session *first = visit(minor, clients[minor], server, NULL, false);
        assert_non_null(first);
        struct tls_session *second = visit(minor, clients[minor], server, first, true);
        assert_non_null(second);
        struct tls_session *third = visit(minor, clients[minor], server, second, true);
        assert_non_null(third);
        /* Made by another configuration, say an insecure one: not offered. */
        struct tls_session *loose = visit(minor, lax[minor], server, NULL, false);
        assert_non_null(loose);
        tls_session_free(visit(minor, lax[minor], server, loose, true));
        tls_session_free(visit(minor, clients[minor], server, loose, false));
        /* A certificate that has expired since. */
        third->not_after_s = (int64_t)time(NULL) - 1;
        tls_session_free(visit(minor, clients[minor], server, third, false));
        tls_session_free(first);
        tls_session_free(second);
        tls_session_free(third);
        tls_session_free(loose);
        tls_config_free(server);

        server = good_server(false);
        assert_null(visit(3, clients[3], server, NULL, false));
        tls_config_free(server);
    }
}

/* A ticket does not vouch for a server that cannot read it, nor for another name. */
static void test_resumption_is_bound(void **state)
{
    (void)state;
    static const char *const both[] = {"a.example", "b.example", NULL};
    for (int minor = 2; minor <= 3; minor++) {
        struct tls_config *server = good_server(true);
        struct tls_session *session = visit(minor, clients[minor], server, NULL, false);
        struct tls_config *wrong = server_for(ca, &(struct test_cert_spec){.flavour = TEST_WRONG_NAME}, true);
        struct side c, s;
        open_ends(&c, &s, clients[minor], wrong, "a.example", session, 0);
        handshake(&c, &s);
        assert_sentence(&c, ERR_CERT, "certificate not accepted: is for wrong.example, not a.example");
        side_deinit(&c);
        side_deinit(&s);
        tls_session_free(session);
        tls_config_free(wrong);
        tls_config_free(server);

        server = server_for(ca, &(struct test_cert_spec){.names = both}, true);
        session = visit(minor, clients[minor], server, NULL, false);
        open_ends(&c, &s, clients[minor], server, "b.example", session, 0);
        handshake(&c, &s);
        assert_open(&c, &s);
        assert_false(tls_resumed(c.t));
        side_deinit(&c);
        side_deinit(&s);
        tls_session_free(session);
        tls_config_free(server);
    }
}

/* Nor for a client that trusts others. */
static void test_resumption_under_other_trust(void **state)
{
    (void)state;
    struct error err = {0};
    struct test_ca *other = NULL;
    struct tls_config *c = NULL, *server = good_server(true);
    check(test_ca_new(&other, "Other CA", &err), &err);
    check(tls_config_new(&c, &(struct tls_options){0}, &err), &err);
    check(tls_config_add_trust(c, test_ca_pem(other), strlen(test_ca_pem(other)), "other", &err), &err);
    for (int minor = 2; minor <= 3; minor++) {
        struct tls_session *session = visit(minor, clients[minor], server, NULL, false);
        struct side a, b;
        open_ends(&a, &b, c, server, "a.example", session, 0);
        handshake(&a, &b);
        assert_sentence(&a, ERR_CERT, "certificate not accepted: issuer unknown (CN=Test CA)");
        side_deinit(&a);
        side_deinit(&b);
        tls_session_free(session);
    }
    tls_config_free(c);
    tls_config_free(server);
    test_ca_free(other);
}

/* mbedTLS says WANT_READ behind a ticket, whatever is left of the input: no split may hang or lose the answer. */
static void test_ticket_and_answer_split(void **state)
{
    (void)state;
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
    struct tls_config *server = good_server(true);
    struct tls_session *session = visit(3, clients[3], server, NULL, false);
    size_t total = 1;
    for (size_t at = 0; at < total; at++) {
        struct side c, s;
        char got[sizeof answer];
        open_ends(&c, &s, clients[3], server, "a.example", session, 0);
        shake(&c, &s);
        shake(&s, &c);
        shake(&c, &s);
        assert_int_equal(c.rc, TLS_OK);
        assert_int_equal(c.wire.len, 0);
        shake(&s, &c);
        assert_open(&c, &s);
        assert_true(c.wire.len > 100); /* the ticket */
        transmit(&s, &c, answer, sizeof answer);
        total = c.wire.len;
        c.first = at;
        assert_int_equal(receive(&c, &s, got, sizeof got), sizeof got);
        assert_memory_equal(got, answer, sizeof got);
        struct tls_session *fresh = tls_take_session(c.t);
        assert_non_null(fresh);
        tls_session_free(fresh);
        side_deinit(&c);
        side_deinit(&s);
    }
    tls_session_free(session);
    tls_config_free(server);
}

/* The same behind an alert that is only a warning. */
static void test_warning_and_answer(void **state)
{
    (void)state;
    struct tls_config *server = good_server(false);
    for (size_t segment = 0; segment < 2; segment++) {
        struct side c, s;
        char got[5];
        open_ends(&c, &s, clients[2], server, "a.example", NULL, segment);
        handshake(&c, &s);
        assert_open(&c, &s);
        for (int i = 0; i < 3; i++)
            assert_int_equal(mbedtls_ssl_send_alert_message(&s.t->ssl, MBEDTLS_SSL_ALERT_LEVEL_WARNING,
                                                            MBEDTLS_SSL_ALERT_MSG_USER_CANCELED),
                             0);
        transmit(&s, &c, "hello", 5);
        assert_int_equal(receive(&c, &s, got, 5), 5);
        assert_memory_equal(got, "hello", 5);
        side_deinit(&c);
        side_deinit(&s);
    }
    tls_config_free(server);
}

/* --- peers that fail --- */

static void test_not_tls(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        const char *particulars;
    } cases[] = {
#define BYTES(text) text, sizeof text - 1
        {BYTES("HTTP/1.1 400 Bad Request\r\n\r\n"), "the server does not speak TLS on this port"},
        {BYTES("SSH-2.0-x\r\n"), "the server does not speak TLS on this port"},
        {BYTES("2"), "the server does not speak TLS on this port"},
        {BYTES("\x16\x02\x00\x00\x05hello"), "the server does not speak TLS on this port"},
        {BYTES("\0\0\0\0\0\0\0\0"), "the server does not speak TLS on this port"},
        {BYTES(""), "the server closed the connection"},
        {BYTES("\x16\x03\x03"), "the server closed the connection"},
        {BYTES("\x16\x03\x03\x00\x40\x02"), "the server closed the connection"},
        {BYTES("\x15\x03\x03\x00\x02\x02\x28"), "the server sent alert: handshake failure"},
        {BYTES("\x15\x03\x03\x00\x02\x02\x70"), "the server sent alert: unrecognized name"},
        {BYTES("\x15\x03\x03\x00\x02\x02\xfe"), "the server sent alert: 254"},
        {BYTES("\x15\x03\x03\x00\x02\x01\x00"), "the server closed the connection"},
        {BYTES("\x16\x03\x03\xff\xff hello"), "the server sent a broken TLS record"},
#undef BYTES
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t segment = 0; segment < 3; segment++) {
            struct side c, nobody;
            struct error err = {0};
            struct tls *t = NULL;
            check(tls_new(&t, clients[2 + i % 2], "a.example", NULL, &err), &err);
            side_init(&c, t, segment);
            side_init(&nobody, NULL, 0);
            c.closed = true;
            buf_add(&c.wire, cases[i].bytes, cases[i].len);
            shake(&c, &nobody);
            char sentence[200];
            snprintf(sentence, sizeof sentence, "TLS handshake failed: %s", cases[i].particulars);
            assert_sentence(&c, ERR_TLS, sentence);
            assert_int_equal(tls_handshake(t, NULL), ERR_TLS);
            side_deinit(&c);
            side_deinit(&nobody);
        }
}

/* Garbage in the place of each of the server's first bytes in turn: an error, never a crash, never a success. */
static void test_spoiled_handshake(void **state)
{
    (void)state;
    struct tls_config *server = good_server(true);
    for (int minor = 2; minor <= 3; minor++)
        for (size_t at = 0; at < 400; at += 7) {
            struct side c, s;
            open_ends(&c, &s, clients[minor], server, "a.example", NULL, 0);
            shake(&c, &s);
            shake(&s, &c);
            if (at < c.wire.len)
                c.wire.data[at] = (char)(c.wire.data[at] ^ 0x41);
            handshake(&c, &s);
            if (c.rc == TLS_WANT_INPUT) { /* a length grew */
                c.closed = true;
                handshake(&c, &s);
            }
            /* The record header's minor version is not looked at. */
            assert_true(c.rc < 0 || c.rc == TLS_OK);
            if (c.rc == TLS_OK)
                assert_false(s.rc == TLS_OK && at > 10 && at < 100);
            else
                assert_true(c.rc == ERR_TLS || c.rc == ERR_CERT);
            side_deinit(&c);
            side_deinit(&s);
        }
    tls_config_free(server);
}

static void test_truncation(void **state)
{
    (void)state;
    struct tls_config *server = good_server(true);
    for (int minor = 2; minor <= 3; minor++)
        for (size_t cut = 0; cut < 3; cut++) {
            struct side c, s;
            char got[10];
            open_ends(&c, &s, clients[minor], server, "a.example", NULL, 0);
            handshake(&c, &s);
            assert_open(&c, &s);
            transmit(&s, &c, "hello", 5);
            c.wire.len -= cut; /* 0: between records; else within one */
            c.closed = true;
            assert_int_equal(receive(&c, &s, got, sizeof got), cut ? 0 : 5);
            assert_sentence(&c, ERR_RECV, "could not receive: closed without close_notify");
            assert_int_equal(tls_read(c.t, got, 1, &(size_t){0}, NULL), ERR_RECV);
            side_deinit(&c);
            side_deinit(&s);
        }
    tls_config_free(server);
}

static void test_broken_record(void **state)
{
    (void)state;
    struct tls_config *server = good_server(false);
    for (int minor = 2; minor <= 3; minor++) {
        struct side c, s;
        char got[10];
        open_ends(&c, &s, clients[minor], server, "a.example", NULL, 0);
        handshake(&c, &s);
        assert_open(&c, &s);
        transmit(&s, &c, "hello", 5);
        c.wire.data[c.wire.len - 1] ^= 1;
        assert_int_equal(receive(&c, &s, got, sizeof got), 0);
        assert_sentence(&c, ERR_RECV, "could not receive: the server sent a broken TLS record");
        assert_int_equal(receive(&s, &c, got, sizeof got), 0);
        assert_sentence(&s, ERR_RECV, "could not receive: the client sent alert: bad record mac");
        tls_close_notify(c.t);
        assert_false(flush(&c, &s));
        side_deinit(&c);
        side_deinit(&s);
    }
    tls_config_free(server);
}

/* --- output, trust, memory --- */

static void test_output_is_bounded_and_stays_put(void **state)
{
    (void)state;
    struct tls_config *server = good_server(false);
    struct side c, s;
    size_t size = 200000, sent = 0;
    char *data = malloc(size), *got = malloc(size);
    for (size_t i = 0; i < size; i++)
        data[i] = letter(i);
    open_ends(&c, &s, clients[3], server, "a.example", NULL, 0);
    handshake(&c, &s);
    assert_open(&c, &s);
    size_t n = 10, lent = 0;
    assert_int_equal(tls_write(c.t, data, &n, &c.err), TLS_OK);
    sent += n;
    const char *first = tls_output(c.t, &lent);
    char *copy = malloc(lent);
    memcpy(copy, first, lent);
    n = size - sent;
    assert_int_equal(tls_write(c.t, data + sent, &n, &c.err), TLS_OK);
    assert_in_range(n, 30000, 60000);
    sent += n;
    n = size - sent;
    assert_int_equal(tls_write(c.t, data + sent, &n, &c.err), TLS_WANT_FLUSH);
    size_t again = 0;
    assert_ptr_equal(tls_output(c.t, &again), first);
    assert_int_equal(again, lent);
    assert_memory_equal(first, copy, lent);
    free(copy);
    flush(&c, &s);
    transmit(&c, &s, data + sent, size - sent);
    tls_close_notify(c.t);
    tls_close_notify(c.t);
    flush(&c, &s);
    assert_int_equal(receive(&s, &c, got, size), size);
    assert_memory_equal(data, got, size);
    assert_int_equal(receive(&s, &c, got, 1), 0);
    assert_int_equal(s.rc, TLS_END);
    n = 1;
    assert_int_equal(tls_write(c.t, data, &n, NULL), ERR_INTERNAL);
    free(data);
    free(got);
    side_deinit(&c);
    side_deinit(&s);
    tls_config_free(server);
}

static void test_trust(void **state)
{
    (void)state;
    struct error err = {0};
    struct tls_config *c = NULL;
    check(tls_config_new(&c, &(struct tls_options){0}, &err), &err);
    assert_int_equal(tls_config_trust_count(c), 0);
    assert_int_equal(tls_config_add_trust(c, "", 0, "empty.pem", &err), ERR_TRUST);
    assert_string_equal(error_text(&err), "could not load the trust store: no certificate can be read from empty.pem");
    error_clear(&err);
    assert_int_equal(tls_config_add_trust(c, "\x30\x03xyz", 5, "x", NULL), ERR_TRUST);
    static const char bad[] = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert_int_equal(tls_config_add_trust(c, bad, strlen(bad), "x", NULL), ERR_TRUST);
    assert_int_equal(tls_config_trust_count(c), 0);
    struct buf mixed;
    buf_init(&mixed, 100000);
    buf_addf(&mixed, "# a comment\n%s\n%s# another\n%s", test_ca_pem(ca), bad, test_ca_pem(ca));
    check(tls_config_add_trust(c, mixed.data, mixed.len, "mixed.pem", &err), &err);
    assert_int_equal(tls_config_trust_count(c), 2);
    buf_deinit(&mixed);
    mbedtls_x509_crt *crt = &c->trust; /* its DER bytes */
    unsigned char *der = malloc(crt->raw.len);
    memcpy(der, crt->raw.p, crt->raw.len);
    check(tls_config_add_trust(c, der, crt->raw.len, "x.der", &err), &err);
    assert_int_equal(tls_config_trust_count(c), 3);
    free(der);
    tls_config_free(c);

    /* Nobody is trusted: nobody is accepted. */
    check(tls_config_new(&c, &(struct tls_options){0}, &err), &err);
    struct tls_config *server = good_server(false);
    struct side a, b;
    open_ends(&a, &b, c, server, "a.example", NULL, 0);
    handshake(&a, &b);
    assert_sentence(&a, ERR_CERT, "certificate not accepted: issuer unknown (CN=Test CA)");
    side_deinit(&a);
    side_deinit(&b);
    tls_config_free(server);
    tls_config_free(c);
    assert_non_null(strstr(tls_library(), "TLS"));
}

/* A connection that waits: at most 31 KB, which pays for thousands of them. The system's mbedTLS, configured by others,
 * has 12 KB more to send from and larger structs. */
#ifdef MBEDTLS_USER_CONFIG_FILE
enum { WAITING_MAX = 31 * 1024 };
#else
enum { WAITING_MAX = 44 * 1024 };
#endif

static void test_memory(void **state)
{
    (void)state;
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 33)
    enum { CONNECTIONS = 50 };
    static struct side c[CONNECTIONS], s;
    struct tls_config *server = good_server(true);
    for (int minor = 2; minor <= 3; minor++) {
        size_t most = 0;
        for (size_t i = 0; i < CONNECTIONS; i++) {
            char got[1];
            size_t before = mallinfo2().uordblks;
            open_ends(&c[i], &s, clients[minor], server, "a.example", NULL, 0);
            handshake(&c[i], &s);
            assert_open(&c[i], &s);
            transmit(&s, &c[i], "x", 1);
            assert_int_equal(receive(&c[i], &s, got, 1), 1);
            receive(&c[i], &s, got, 1);
            side_deinit(&s);
            buf_deinit(&c[i].wire);
            size_t now = mallinfo2().uordblks;
            if (i > 0 && now - before > most)
                most = now - before;
        }
        for (size_t i = 0; i < CONNECTIONS; i++)
            side_deinit(&c[i]);
        printf("TLS 1.%d: %zu bytes a waiting connection\n", minor, most);
        assert_in_range(most, 0, WAITING_MAX); /* 0: a sanitizer's allocator, which does not count */
    }
    tls_config_free(server);
#else
    skip();
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_echo),
        cmocka_unit_test(test_versions_meet),
        cmocka_unit_test(test_alpn),
        cmocka_unit_test(test_resumption),
        cmocka_unit_test(test_resumption_is_bound),
        cmocka_unit_test(test_resumption_under_other_trust),
        cmocka_unit_test(test_ticket_and_answer_split),
        cmocka_unit_test(test_warning_and_answer),
        cmocka_unit_test(test_not_tls),
        cmocka_unit_test(test_spoiled_handshake),
        cmocka_unit_test(test_truncation),
        cmocka_unit_test(test_broken_record),
        cmocka_unit_test(test_output_is_bounded_and_stays_put),
        cmocka_unit_test(test_trust),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
