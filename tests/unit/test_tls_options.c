/* What a client's TLS can be told: suites, groups, versions, its own certificate, pins, the key log. */
#include "unit/tls_ends.h"

#include <mbedtls/ssl_ciphersuites.h>

static const char *const names[] = {"a.example", NULL};

static struct test_cert issue_for(bool clients_only)
{
    struct error err = {0};
    struct test_cert cert = {0};
    check(test_ca_issue(ca, &(struct test_cert_spec){.names = names, .client_only = clients_only}, &cert, &err), &err);
    return cert;
}

static struct test_cert issue(void)
{
    return issue_for(false);
}

static struct tls_config *client_of(const struct tls_options *opt)
{
    struct error err = {0};
    struct tls_config *c = NULL;
    check(tls_config_new(&c, opt, &err), &err);
    check(tls_config_add_trust(c, test_ca_pem(ca), strlen(test_ca_pem(ca)), "test CA", &err), &err);
    return c;
}

static struct tls_file file_of(const char *text, const char *name)
{
    return (struct tls_file){text, strlen(text), name, false};
}

/* ---- suites and groups ------------------------------------------------------------------------------------------------ */

static void refused(const struct tls_options *opt, const char *sentence)
{
    struct error err = {0};
    struct tls_config *c = NULL;
    assert_int_equal(tls_config_new(&c, opt, &err), ERR_CIPHER);
    assert_null(c);
    assert_string_equal(error_text(&err), sentence);
    error_clear(&err);
}

static void test_suites(void **state)
{
    (void)state;
    /* Ours for 1.3 stay where 1.2's are given, and the other way round; the order is kept, nothing is twice. */
    struct tls_config *c = client_of(
        &(struct tls_options){.ciphers = "ECDHE-RSA-AES256-GCM-SHA384:nosuch,TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 "
                                         "ecdhe-rsa-aes256-gcm-sha384"});
    assert_int_equal(c->suites[0], MBEDTLS_TLS1_3_AES_128_GCM_SHA256);
    size_t n = 0;
    while (mbedtls_ssl_get_ciphersuite_name(c->suites[n])[3] == '1')
        n++;
    assert_int_equal(n, 3);
    assert_int_equal(c->suites[n], MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384);
    assert_int_equal(c->suites[n + 1], MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256);
    assert_int_equal(c->suites[n + 2], 0);
    tls_config_free(c);
    c = client_of(&(struct tls_options){.ciphers_1_3 = "TLS_AES_256_GCM_SHA384"});
    assert_int_equal(c->suites[0], MBEDTLS_TLS1_3_AES_256_GCM_SHA384);
    assert_int_equal(c->suites[1], MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256);
    tls_config_free(c);

    refused(&(struct tls_options){.ciphers = "nosuch"},
            "no such cipher suite or curve: none for TLS 1.2 in \"nosuch\"");
    refused(&(struct tls_options){.ciphers = ""}, "no such cipher suite or curve: none for TLS 1.2 in \"\"");
    refused(&(struct tls_options){.ciphers = "TLS_AES_128_GCM_SHA256"},
            "no such cipher suite or curve: none for TLS 1.2 in \"TLS_AES_128_GCM_SHA256\"");
    refused(&(struct tls_options){.ciphers_1_3 = "ECDHE-RSA-AES128-GCM-SHA256"},
            "no such cipher suite or curve: none for TLS 1.3 in \"ECDHE-RSA-AES128-GCM-SHA256\"");
}

static bool supported(int id)
{
    for (const int *p = mbedtls_ssl_list_ciphersuites(); *p; p++)
        if (*p == id)
            return true;
    return false;
}

/* Each name that openssl prints, of a suite that mbedTLS has, is known and means the same. */
static void test_openssl_names(void **state)
{
    (void)state;
    FILE *f = popen("openssl ciphers -V ALL:COMPLEMENTOFALL@SECLEVEL=0 2>/dev/null", "r");
    char line[300], name[100];
    unsigned high, low;
    int seen = 0;
    assert_non_null(f);
    while (fgets(line, sizeof line, f))
        if (sscanf(line, " 0x%2x,0x%2x - %99s", &high, &low, name) == 3 && supported((int)(high << 8 | low))) {
            bool is_1_3 = high == 0x13;
            struct tls_config *c =
                client_of(&(struct tls_options){.ciphers = is_1_3 ? NULL : name, .ciphers_1_3 = is_1_3 ? name : NULL});
            assert_int_equal(c->suites[is_1_3 ? 0 : 3], high << 8 | low);
            tls_config_free(c);
            seen++;
        }
    pclose(f);
    if (seen == 0)
        skip();
    assert_in_range(seen, 40, 200);
}

static void test_groups(void **state)
{
    (void)state;
    struct tls_config *c = client_of(&(struct tls_options){.groups = "P-384:x25519:secp384r1:prime256v1:"});
    assert_int_equal(c->groups[0], MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1);
    assert_int_equal(c->groups[1], MBEDTLS_SSL_IANA_TLS_GROUP_X25519);
    assert_int_equal(c->groups[2], MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1);
    assert_int_equal(c->groups[3], 0);
    tls_config_free(c);
    refused(&(struct tls_options){.groups = "X25519:P-257"}, "no such cipher suite or curve: no curve \"P-257\"");
    refused(&(struct tls_options){.groups = "X25519,P-256"},
            "no such cipher suite or curve: no curve \"X25519,P-256\"");
    refused(&(struct tls_options){.groups = ""}, "no such cipher suite or curve: no curve is named");
}

/* What was chosen is what is agreed upon, with a server that takes anything. */
static void test_choices_are_used(void **state)
{
    (void)state;
    static const struct {
        struct tls_options opt;
        const char *cipher;
    } cases[] = {
        {{.min_minor = 3, .ciphers_1_3 = "TLS_CHACHA20_POLY1305_SHA256"}, "TLS1-3-CHACHA20-POLY1305-SHA256"},
        {{.max_minor = 2, .ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384"}, "TLS-ECDHE-ECDSA-WITH-AES-256-GCM-SHA384"},
        {{.ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384"}, "TLS1-3-AES-128-GCM-SHA256"},
        {{.groups = "P-521"}, "TLS1-3-AES-128-GCM-SHA256"},
        {{.groups = "P-384:P-256", .max_minor = 2}, "TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256"},
    };
    struct tls_config *server = good_server(false);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tls_config *c = client_of(&cases[i].opt);
        struct side a, b;
        open_ends(&a, &b, c, server, "a.example", NULL, 0);
        handshake(&a, &b);
        assert_open(&a, &b);
        assert_string_equal(tls_cipher(a.t), cases[i].cipher);
        side_deinit(&a);
        side_deinit(&b);
        tls_config_free(c);
    }
    tls_config_free(server);
}

/* ---- the client's certificate ----------------------------------------------------------------------------------------- */

static struct tls_config *demanding_server(void)
{
    struct tls_config *server = good_server(true);
    assert_int_equal(
        mbedtls_x509_crt_parse(&server->trust, (const unsigned char *)test_ca_pem(ca), strlen(test_ca_pem(ca)) + 1), 0);
    mbedtls_ssl_conf_ca_chain(&server->ssl, &server->trust, NULL);
    mbedtls_ssl_conf_authmode(&server->ssl, MBEDTLS_SSL_VERIFY_REQUIRED);
    return server;
}

static void test_identity(void **state)
{
    (void)state;
    struct error err = {0};
    struct test_cert cert = issue_for(true);
    struct tls_config *server = demanding_server();
    for (int minor = 2; minor <= 3; minor++) {
        struct tls_config *c = client_of(&(struct tls_options){.min_minor = minor, .max_minor = minor});
        struct tls_file crt = file_of(cert.cert, "c.pem"), key = file_of(cert.key, "c.key");
        struct side a, b;
        open_ends(&a, &b, clients[minor], server, "a.example", NULL, 0);
        handshake(&a, &b);
        assert_int_equal(b.rc, ERR_TLS);
        side_deinit(&a);
        side_deinit(&b);
        check(tls_config_set_identity(c, &crt, &key, NULL, &err), &err);
        open_ends(&a, &b, c, server, "a.example", NULL, 7);
        handshake(&a, &b);
        assert_open(&a, &b);
        side_deinit(&a);
        side_deinit(&b);
        tls_config_free(c);
    }
    tls_config_free(server);
    test_cert_deinit(&cert);
}

static void bad_identity(struct tls_file cert, struct tls_file key, const char *sentence)
{
    struct error err = {0};
    struct tls_config *c = client_of(&(struct tls_options){0});
    assert_int_equal(tls_config_set_identity(c, &cert, &key, NULL, &err), ERR_CLIENT_CERT);
    assert_string_equal(error_text(&err), sentence);
    assert_int_equal(tls_config_set_identity(c, &cert, &key, NULL, NULL), ERR_CLIENT_CERT);
    error_clear(&err);
    tls_config_free(c);
}

static void test_bad_identities(void **state)
{
    (void)state;
#define BAD(what) "client certificate not usable: " what
    struct test_cert one = issue(), other = issue();
    struct tls_file cert = file_of(one.cert, "c.pem"), key = file_of(one.key, "c.key");
    struct tls_file der = {"\x30\x03\x02\x01\x01", 5, "x.der", false};
    bad_identity(cert, file_of(other.key, "o.key"),
                 BAD("the key in o.key does not belong to the certificate in c.pem"));
    bad_identity(key, key, BAD("no certificate in c.key"));
    bad_identity(cert, cert, BAD("no private key (--key names its file) in c.pem"));
    bad_identity(file_of("", "e"), key, BAD("no certificate in e"));
    bad_identity(der, key, BAD("x.der is not in PEM form (--cert-type DER says that it is in DER)"));
    bad_identity((struct tls_file){"\x30\x03\x02\x01\x03", 5, "x.p12", false}, key,
                 BAD("x.p12 is PKCS#12, which cannot be read (openssl pkcs12 -in FILE -out FILE.pem converts it)"));
    der.der = true;
    bad_identity(der, key, BAD("the certificate in x.der cannot be read (mbedTLS knows RSA and EC keys alone)"));
    bad_identity(cert, der, BAD("the key in x.der cannot be read"));
    char *broken = strdup(one.cert);
    broken[200] = '!';
    bad_identity(file_of(broken, "b"), key,
                 BAD("the certificate in b cannot be read (mbedTLS knows RSA and EC keys alone)"));
    struct buf two;
    buf_init(&two, 100000);
    buf_addf(&two, "%s%s", one.cert, broken);
    bad_identity(file_of(two.data, "two"), key, BAD("1 of the certificates in two cannot be read"));
    buf_deinit(&two);
    free(broken);
    test_cert_deinit(&one);
    test_cert_deinit(&other);
}

/* ---- pins ---------------------------------------------------------------------------------------------------------------- */

static void pin_of(const struct test_cert *cert, char pin[TLS_PIN_MAX])
{
    mbedtls_x509_crt crt;
    mbedtls_x509_crt_init(&crt);
    assert_int_equal(mbedtls_x509_crt_parse(&crt, (const unsigned char *)cert->cert, strlen(cert->cert) + 1), 0);
    assert_int_equal(tls_pin_make(pin, crt.pk_raw.p, crt.pk_raw.len), 0);
    char again[TLS_PIN_MAX];
    assert_int_equal(tls_pin_of_key(again, crt.pk_raw.p, crt.pk_raw.len, NULL), 0); /* a file in DER form */
    assert_string_equal(pin, again);
    mbedtls_x509_crt_free(&crt);
}

static void test_pins(void **state)
{
    (void)state;
    struct test_cert cert = issue(), other = issue();
    char pin[TLS_PIN_MAX], wrong[TLS_PIN_MAX], both[2 * TLS_PIN_MAX], sentence[200];
    pin_of(&cert, pin);
    pin_of(&other, wrong);
    snprintf(both, sizeof both, "%s;%s", wrong, pin);
    snprintf(sentence, sizeof sentence, "public key is none of the pinned ones: the server's is %s", pin);
    const struct {
        const char *pins;
        bool good;
    } cases[] = {{pin, true}, {both, true}, {wrong, false}, {"", false}, {"sha256//", false}};
    struct tls_config *server = server_with(&cert, true, NULL);
    for (int minor = 2; minor <= 3; minor++)
        for (int insecure = 0; insecure < 2; insecure++)
            for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct tls_config *c = client_of(&(struct tls_options){
                    .pins = cases[i].pins, .insecure = insecure, .min_minor = minor, .max_minor = minor});
                struct tls_session *session = NULL;
                /* The second time the session is resumed, and shows no certificate. */
                for (int visit = 0; visit < (cases[i].good ? 2 : 1); visit++) {
                    struct side a, b;
                    char got[1];
                    open_ends(&a, &b, c, server, "a.example", session, 0);
                    handshake(&a, &b);
                    if (cases[i].good) {
                        assert_open(&a, &b);
                        assert_int_equal(tls_resumed(a.t), visit);
                        transmit(&b, &a, "x", 1);
                        assert_int_equal(receive(&a, &b, got, 1), 1);
                        tls_session_free(session);
                        session = tls_take_session(a.t);
                        assert_non_null(session);
                    } else {
                        assert_sentence(&a, ERR_PIN, sentence);
                        size_t len = 1;
                        assert_int_equal(tls_write(a.t, "x", &len, NULL), ERR_PIN);
                        assert_null(tls_take_session(a.t));
                    }
                    side_deinit(&a);
                    side_deinit(&b);
                }
                tls_session_free(session);
                tls_config_free(c);
            }
    tls_config_free(server);
    test_cert_deinit(&cert);
    test_cert_deinit(&other);
}

/* ---- the key log ---------------------------------------------------------------------------------------------------------- */

static void collect(void *arg, const char *line, size_t len)
{
    assert_int_equal(line[len - 1], '\n');
    assert_int_equal(buf_add(arg, line, len), 0);
}

static size_t count(const char *text, const char *word)
{
    size_t n = 0;
    for (; (text = strstr(text, word)); text++)
        n++;
    return n;
}

/* Both ends write the same lines. */
static void test_key_log(void **state)
{
    (void)state;
    struct buf mine, theirs;
    buf_init(&mine, 100000);
    buf_init(&theirs, 100000);
    struct tls_config *server = good_server(true);
    server->key_log = collect;
    server->key_log_arg = &theirs;
    for (int minor = 2; minor <= 3; minor++) {
        struct tls_config *c = client_of(
            &(struct tls_options){.min_minor = minor, .max_minor = minor, .key_log = collect, .key_log_arg = &mine});
        struct side a, b;
        buf_clear(&mine);
        buf_clear(&theirs);
        open_ends(&a, &b, c, server, "a.example", NULL, 0);
        tls_watch_secrets(b.t);
        handshake(&a, &b);
        assert_open(&a, &b);
        assert_string_equal(mine.data, theirs.data);
        assert_int_equal(count(mine.data, "\n"), minor == 2 ? 1 : 5);
        if (minor == 2) {
            assert_memory_equal(mine.data, "CLIENT_RANDOM ", 14);
            assert_int_equal(mine.len, 14 + 64 + 1 + 96 + 1);
        } else {
            static const char *const labels[] = {"CLIENT_HANDSHAKE_TRAFFIC_SECRET ", "SERVER_HANDSHAKE_TRAFFIC_SECRET ",
                                                 "CLIENT_TRAFFIC_SECRET_0 ", "SERVER_TRAFFIC_SECRET_0 ",
                                                 "EXPORTER_SECRET "};
            for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++)
                assert_int_equal(count(mine.data, labels[i]), 1);
        }
        side_deinit(&a);
        side_deinit(&b);
        tls_config_free(c);
    }
    tls_config_free(server);
    buf_deinit(&mine);
    buf_deinit(&theirs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_suites),   cmocka_unit_test(test_openssl_names),
        cmocka_unit_test(test_groups),   cmocka_unit_test(test_choices_are_used),
        cmocka_unit_test(test_identity), cmocka_unit_test(test_bad_identities),
        cmocka_unit_test(test_pins),     cmocka_unit_test(test_key_log),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
