/* Which certificates the client accepts over TLS, and what it says of the others. */
#include "unit/tls_ends.h"

#include <time.h>

static void date(char text[11], int64_t from_now_s)
{
    time_t at = time(NULL) + (time_t)from_now_s;
    struct tm tm;
    gmtime_r(&at, &tm);
    strftime(text, 11, "%Y-%m-%d", &tm);
}

/* Both versions: the client's sentence, and the alert that the server is told. */
static void refused(struct tls_config *server, const char *host, const char *sentence, const char *alert)
{
    for (int minor = 2; minor <= 3; minor++) {
        struct side c, s;
        char got[1];
        open_ends(&c, &s, clients[minor], server, host, NULL, minor == 2 ? 0 : 11);
        handshake(&c, &s);
        assert_sentence(&c, ERR_CERT, sentence);
        assert_null(tls_take_session(c.t));
        size_t len = 1;
        assert_int_equal(tls_write(c.t, "x", &len, NULL), ERR_CERT);
        assert_int_equal(tls_read(c.t, got, 1, &len, NULL), ERR_CERT);
        char expected[100];
        snprintf(expected, sizeof expected, "TLS handshake failed: the client sent alert: %s", alert);
        if (minor == 2)
            assert_sentence(&s, ERR_TLS, expected);
        else /* mbedTLS 3.6 sends it in the clear, which its own server does not read (OpenSSL's does) */
            assert_int_equal(s.rc, ERR_TLS);
        side_deinit(&c);
        side_deinit(&s);

        open_ends(&c, &s, lax[minor], server, host, NULL, 0);
        handshake(&c, &s);
        assert_open(&c, &s);
        side_deinit(&c);
        side_deinit(&s);
    }
}

static void test_refusals(void **state)
{
    (void)state;
    static const char *const names[] = {"a.example", NULL};
    char day[11], expired[100], not_yet[100];
    date(day, -3 * 86400 - 60);
    snprintf(expired, sizeof expired, "certificate not accepted: expired 3 days ago (%s)", day);
    date(day, 3 * 86400);
    snprintf(not_yet, sizeof not_yet, "certificate not accepted: not valid before %s", day);
    const struct {
        enum test_flavour flavour;
        const char *sentence, *alert;
    } cases[] = {
        {TEST_EXPIRED, expired, "certificate expired"},
        {TEST_NOT_YET, not_yet, "certificate unknown"},
        {TEST_WRONG_NAME, "certificate not accepted: is for wrong.example, not a.example", "bad certificate"},
        {TEST_UNKNOWN_ISSUER, "certificate not accepted: issuer unknown (CN=Unknown CA)", "unknown ca"},
        {TEST_SELF_SIGNED, "certificate not accepted: self-signed", "unknown ca"},
        {TEST_NO_SAN, "certificate not accepted: has no subject alternative name", "bad certificate"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tls_config *server =
            server_for(ca, &(struct test_cert_spec){.names = names, .flavour = cases[i].flavour}, true);
        refused(server, "a.example", cases[i].sentence, cases[i].alert);
        tls_config_free(server);
    }
    struct test_cert_spec brief = {.names = names, .not_before_s = -86400, .not_after_s = -3600 - 20};
    struct tls_config *server = server_for(ca, &brief, false);
    date(day, brief.not_after_s);
    snprintf(expired, sizeof expired, "certificate not accepted: expired 1 hour ago (%s)", day);
    refused(server, "a.example", expired, "certificate expired");
    tls_config_free(server);
}

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *names[6];
        const char *host;
        const char *refusal; /* NULL: accepted */
    } cases[] = {
        {{"a.example"}, "A.Example", NULL},
        {{"a.example"}, "a.example.", NULL},
        {{"A.EXAMPLE"}, "a.example", NULL},
        {{"b.example", "a.example"}, "a.example", NULL},
        {{"a.example"}, "aa.example", "is for a.example, not aa.example"},
        {{"a.example"}, "example", "is for a.example, not example"},
        {{"*.a.example"}, "b.a.example", NULL},
        {{"*.a.example"}, "B.A.example", NULL},
        {{"*.a.example"}, "a.example", "is for *.a.example, not a.example"},
        {{"*.a.example"}, "c.b.a.example", "is for *.a.example, not c.b.a.example"},
        {{"*.example"}, "a.example", "is for *.example, not a.example"},
        {{"*."}, "a.", "is for *., not a"},
        {{"*"}, "a", "is for *, not a"},
        {{"b*.a.example"}, "bb.a.example", "is for b*.a.example, not bb.a.example"},
        {{"b.*.example"}, "b.a.example", "is for b.*.example, not b.a.example"},
        {{"*.b.example"}, "xn--bcher-kva.b.example", NULL},
        {{"*.xn--bcher-kva.example"}, "a.xn--bcher-kva.example", NULL},
        {{"xn--*.b.example"}, "xn--bcher-kva.b.example", "is for xn--*.b.example, not xn--bcher-kva.b.example"},
        {{"*.*.example"}, "a.b.example", "is for *.*.example, not a.b.example"},
        {{"a.*"}, "a.example", "is for a.*, not a.example"},
        {{"**.b.example"}, "aa.b.example", "is for **.b.example, not aa.b.example"},
        {{"*.example.", "*..example"}, "a.example", "is for *.example., *..example, not a.example"},
        {{"127.0.0.1"}, "127.0.0.1", NULL},
        {{"127.0.0.1", "::1"}, "[::1]", NULL},
        {{"127.0.0.1", "2001:db8::7"}, "2001:DB8:0::7", NULL},
        {{"127.0.0.1", "::1"}, "127.0.0.2", "is for 127.0.0.1, 0:0:0:0:0:0:0:1, not 127.0.0.2"},
        {{"a.example"}, "127.0.0.1", "is for a.example, not 127.0.0.1"},
        {{"*.0.0.1"}, "127.0.0.1", "is for *.0.0.1, not 127.0.0.1"},
        {{"127.0.0.1"}, "a.example", "is for 127.0.0.1, not a.example"},
        {{"b.example", "c.example", "d.example", "e.example", "f.example"},
         "a.example",
         "is for b.example, c.example, d.example and 2 more, not a.example"},
        {{"b\033[31m.example"}, "a.example", "is for b?[31m.example, not a.example"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct test_cert_spec spec = {.names = cases[i].names};
        struct tls_config *server = server_for(ca, &spec, false);
        struct side c, s;
        open_ends(&c, &s, clients[2 + i % 2], server, cases[i].host, NULL, 0);
        handshake(&c, &s);
        if (cases[i].refusal) {
            char sentence[200];
            snprintf(sentence, sizeof sentence, "certificate not accepted: %s", cases[i].refusal);
            assert_sentence(&c, ERR_CERT, sentence);
        } else {
            assert_open(&c, &s);
        }
        side_deinit(&c);
        side_deinit(&s);
        tls_config_free(server);
    }
}

static bool contains(const char *data, size_t len, const char *text)
{
    for (size_t i = 0; i + strlen(text) <= len; i++)
        if (memcmp(data + i, text, strlen(text)) == 0)
            return true;
    return false;
}

static void test_sni(void **state)
{
    (void)state;
    static const struct {
        const char *host, *sni;
        bool sent;
    } cases[] = {{"A.example.", "a.example", true}, {"127.0.0.1", "127.0.0.1", false}, {"[::1]", "::1", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct error err = {0};
        struct tls *t = NULL;
        check(tls_new(&t, clients[3], cases[i].host, NULL, &err), &err);
        assert_int_equal(tls_handshake(t, &err), TLS_WANT_INPUT);
        size_t len;
        const char *hello = tls_output(t, &len);
        assert_true(len > 100);
        assert_int_equal(contains(hello, len, cases[i].sni), cases[i].sent);
        assert_false(contains(hello, len, "example."));
        tls_free(t);
    }
    char longest[300];
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    struct tls *t = NULL;
    struct error err = {0};
    assert_int_equal(tls_new(&t, clients[3], longest, NULL, &err), ERR_TLS);
    assert_null(t);
    error_clear(&err);
}

static void chain_case(const struct test_cert_spec *sub_spec, bool send_sub, const char *refusal, const char *alert)
{
    static const char *const names[] = {"a.example", NULL};
    struct error err = {0};
    struct test_ca *sub = NULL;
    struct test_cert cert = {0};
    check(test_ca_sub(&sub, ca, "Sub CA", sub_spec, &err), &err);
    check(test_ca_issue(sub, &(struct test_cert_spec){.names = names}, &cert, &err), &err);
    if (!send_sub)
        strstr(cert.cert, "-----END CERTIFICATE-----\n")[strlen("-----END CERTIFICATE-----\n")] = '\0';
    struct tls_config *server = server_with(&cert, false, NULL);
    if (refusal) {
        char sentence[200];
        snprintf(sentence, sizeof sentence, "certificate not accepted: %s", refusal);
        refused(server, "a.example", sentence, alert);
    } else {
        echo(2, server, 0, 10);
        echo(3, server, 0, 10);
    }
    tls_config_free(server);
    test_cert_deinit(&cert);
    test_ca_free(sub);
}

static void test_chains(void **state)
{
    (void)state;
    char day[11], text[100];
    chain_case(NULL, true, NULL, NULL);
    chain_case(NULL, false, "issuer unknown (CN=Sub CA)", "unknown ca");
    date(day, -3 * 86400 - 60);
    snprintf(text, sizeof text, "CN=Sub CA: expired 3 days ago (%s)", day);
    chain_case(&(struct test_cert_spec){.flavour = TEST_EXPIRED}, true, text, "certificate expired");
    date(day, 3 * 86400);
    snprintf(text, sizeof text, "CN=Sub CA: not valid before %s", day);
    chain_case(&(struct test_cert_spec){.flavour = TEST_NOT_YET}, true, text, "certificate unknown");
    chain_case(&(struct test_cert_spec){.name_constraints = true}, true,
               "CN=Sub CA: has name constraints, which cannot be checked", "access denied");
}

/* mbedTLS cannot even read such a chain, so that -k does not help either. */
static void test_critical_constraints(void **state)
{
    (void)state;
    static const char *const names[] = {"a.example", NULL};
    struct error err = {0};
    struct test_ca *sub = NULL;
    struct test_cert cert = {0};
    struct test_cert_spec spec = {.name_constraints = true, .constraints_critical = true};
    check(test_ca_sub(&sub, ca, "Sub CA", &spec, &err), &err);
    check(test_ca_issue(sub, &(struct test_cert_spec){.names = names}, &cert, &err), &err);
    struct tls_config *server = NULL;
    struct tls_server_options opt = {.cert = cert.cert, .key = cert.key};
    int rc = tls_server_config_new(&server, &opt, &err); /* our server does not read it either */
    assert_int_equal(rc, ERR_TLS);
    assert_null(server);
    error_clear(&err);
    /* What the client says when mbedTLS gives up. */
    struct side c;
    struct tls *t = NULL;
    check(tls_new(&t, clients[3], "a.example", NULL, &err), &err);
    side_init(&c, t, 0);
    c.rc = tls_explain(t, MBEDTLS_ERR_X509_INVALID_EXTENSIONS + MBEDTLS_ERR_ASN1_UNEXPECTED_TAG, &c.err);
    assert_sentence(&c, ERR_CERT,
                    "certificate not accepted: the chain has a critical extension that cannot be checked, name "
                    "constraints perhaps");
    side_deinit(&c);
    test_cert_deinit(&cert);
    test_ca_free(sub);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_sni),
        cmocka_unit_test(test_chains),
        cmocka_unit_test(test_critical_constraints),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
