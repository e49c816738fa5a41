#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/psa_util.h>
#include <mbedtls/version.h>
#include <psa/crypto.h>

#include "proto/tls_impl.h"

/* AES-GCM first: it has instructions of its own in most machines. Forward secrecy throughout, but for the two at the
 * end that some old servers have alone. */
static const int suites[] = {
    MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
    MBEDTLS_TLS1_3_AES_256_GCM_SHA384,
    MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_DHE_RSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_DHE_RSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
    MBEDTLS_TLS_RSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_RSA_WITH_AES_256_GCM_SHA384,
    0,
};

/* X25519 first: the cheapest for us, and what servers expect. */
static const uint16_t groups[] = {
    MBEDTLS_SSL_IANA_TLS_GROUP_X25519,    MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1, MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1,
    MBEDTLS_SSL_IANA_TLS_GROUP_SECP521R1, MBEDTLS_SSL_IANA_TLS_GROUP_NONE,
};

/* PKCS #1 before PSS, as most servers go by our order: TLS 1.3 takes PSS all the same, and mbedTLS cannot do PSS in
 * TLS 1.2 though it has to offer it for 1.3 (tls_new_1_2 cures the servers that go by their own). */
static const uint16_t signatures[] = {
    MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256, MBEDTLS_TLS1_3_SIG_ECDSA_SECP384R1_SHA384,
    MBEDTLS_TLS1_3_SIG_ECDSA_SECP521R1_SHA512, MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA256,
    MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA384,       MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA512,
    MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA256,    MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA384,
    MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA512,    MBEDTLS_TLS1_3_SIG_NONE,
};

int tls_library_init(struct error *err)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    /* Once it has succeeded this does nothing; a failure may be cured by then. */
    pthread_mutex_lock(&lock);
    psa_status_t status = psa_crypto_init();
    pthread_mutex_unlock(&lock);
    if (status == PSA_ERROR_INSUFFICIENT_MEMORY)
        return error_set(err, ERR_MEMORY, 0, NULL);
    if (status != PSA_SUCCESS)
        return error_set(err, ERR_TLS, 0, "the cryptography cannot be set up (%ld)", (long)status);
    return 0;
}

const char *tls_library(void)
{
    return MBEDTLS_VERSION_STRING_FULL;
}

static mbedtls_ssl_protocol_version version(int minor, int otherwise)
{
    return (minor ? minor : otherwise) >= 3 ? MBEDTLS_SSL_VERSION_TLS1_3 : MBEDTLS_SSL_VERSION_TLS1_2;
}

/* 0 or mbedTLS's error. */
static int set_up(struct tls_config *c, mbedtls_ssl_config *conf, const struct tls_options *opt, int max_minor)
{
    int rc = mbedtls_ssl_config_defaults(conf, c->client ? MBEDTLS_SSL_IS_CLIENT : MBEDTLS_SSL_IS_SERVER,
                                         MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
    if (rc == 0 && c->alpn[0])
        rc = mbedtls_ssl_conf_alpn_protocols(conf, c->alpn);
    if (rc != 0)
        return rc;
    mbedtls_ssl_conf_rng(conf, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
    mbedtls_ssl_conf_min_tls_version(conf, version(opt->min_minor, 2));
    mbedtls_ssl_conf_max_tls_version(conf, version(max_minor, 3));
    mbedtls_ssl_conf_ciphersuites(conf, c->suites);
    mbedtls_ssl_conf_groups(conf, c->groups ? c->groups : groups);
    /* Resumed sessions have forward secrecy too (RFC 8446 2.2). */
    mbedtls_ssl_conf_tls13_key_exchange_modes(conf, MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL_ALL);
    if (c->client) {
        mbedtls_ssl_conf_sig_algs(conf, signatures);
        mbedtls_ssl_conf_dhm_min_bitlen(conf, 2048);
        mbedtls_ssl_conf_authmode(conf, c->verify ? MBEDTLS_SSL_VERIFY_REQUIRED : MBEDTLS_SSL_VERIFY_NONE);
        mbedtls_ssl_conf_ca_chain(conf, &c->trust, NULL);
        mbedtls_ssl_conf_session_tickets(conf, MBEDTLS_SSL_SESSION_TICKETS_ENABLED);
        mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(conf,
                                                                 MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED);
    }
    return 0;
}

/* What is copied of the options, or made of them. */
static int take_options(struct tls_config *c, const struct tls_options *opt, struct error *err)
{
    c->verify = c->client && !opt->insecure;
    for (size_t i = 0; i < sizeof opt->alpn / sizeof opt->alpn[0] && opt->alpn[i]; i++)
        c->alpn[i] = opt->alpn[i];
    c->key_log = opt->key_log;
    c->key_log_arg = opt->key_log_arg;
    if (opt->pins && !(c->pins = strdup(opt->pins)))
        return error_set(err, ERR_MEMORY, 0, NULL);
    int rc = tls_suites_make(&c->suites, opt, suites, err);
    return rc == 0 && opt->groups ? tls_groups_make(&c->groups, opt->groups, err) : rc;
}

int tls_config_setup(struct tls_config *c, const struct tls_options *opt, struct error *err)
{
    static atomic_uint_fast64_t last_id;
    mbedtls_ssl_config_init(&c->ssl);
    mbedtls_ssl_config_init(&c->ssl_1_2);
    mbedtls_x509_crt_init(&c->trust);
    mbedtls_x509_crt_init(&c->own);
    mbedtls_pk_init(&c->own_key);
    int rc = tls_library_init(err);
    if (rc == 0)
        rc = take_options(c, opt, err);
    if (rc < 0)
        return rc;
    c->id = atomic_fetch_add(&last_id, 1) + 1;
    rc = set_up(c, &c->ssl, opt, opt->max_minor);
    if (rc == 0 && c->client && opt->min_minor < 3 && opt->max_minor != 2) {
        c->has_1_2 = true;
        rc = set_up(c, &c->ssl_1_2, opt, 2);
    }
    if (tls_lacks_memory(rc))
        return error_set(err, ERR_MEMORY, 0, NULL);
    return rc == 0 ? 0 : error_set(err, ERR_TLS, 0, "mbedTLS cannot be configured (-0x%04x)", (unsigned)-rc);
}

void tls_config_teardown(struct tls_config *c)
{
    mbedtls_ssl_config_free(&c->ssl);
    mbedtls_ssl_config_free(&c->ssl_1_2);
    mbedtls_x509_crt_free(&c->trust);
    mbedtls_x509_crt_free(&c->own);
    mbedtls_pk_free(&c->own_key);
    if (c->crl)
        mbedtls_x509_crl_free(c->crl);
    free(c->crl);
    free(c->suites);
    free(c->groups);
    free(c->pins);
}

int tls_config_new(struct tls_config **out, const struct tls_options *opt, struct error *err)
{
    struct tls_config *c = calloc(1, sizeof *c);
    if (!c)
        return error_set(err, ERR_MEMORY, 0, NULL);
    c->client = true;
    int rc = tls_config_setup(c, opt, err);
    if (rc < 0) {
        tls_config_free(c);
        return rc;
    }
    *out = c;
    return 0;
}

void tls_config_free(struct tls_config *c)
{
    if (!c)
        return;
    if (c->deinit)
        c->deinit(c);
    tls_config_teardown(c);
    free(c);
}

static size_t count(const mbedtls_x509_crt *crt)
{
    size_t n = 0;
    for (; crt && crt->version != 0; crt = crt->next)
        n++;
    return n;
}

/* mbedTLS takes PEM only with its NUL, hence the copy. */
static int parse(mbedtls_x509_crt *chain, const void *data, size_t len)
{
    unsigned char *text = malloc(len + 1);
    if (!text)
        return MBEDTLS_ERR_X509_ALLOC_FAILED;
    if (len > 0)
        memcpy(text, data, len);
    text[len] = '\0';
    bool pem = strstr((const char *)text, "-----BEGIN ") != NULL;
    int rc = mbedtls_x509_crt_parse(chain, text, pem ? len + 1 : len);
    free(text);
    return rc;
}

int tls_config_add_trust(struct tls_config *c, const void *data, size_t len, const char *what, struct error *err)
{
    int rc = parse(&c->trust, data, len);
    size_t before = c->trust_count;
    c->trust_count = count(&c->trust);
    if (tls_lacks_memory(rc))
        return error_set(err, ERR_MEMORY, 0, NULL);
    if (rc < 0 || c->trust_count == before)
        return error_set(err, ERR_TRUST, 0, "no certificate can be read from %s", what);
    return 0;
}

size_t tls_config_trust_count(const struct tls_config *c)
{
    return c->trust_count;
}

int tls_config_add_crl(struct tls_config *c, const struct tls_file *f, struct error *err)
{
    if (!c->crl) {
        c->crl = calloc(1, sizeof *c->crl);
        if (!c->crl)
            return error_set(err, ERR_MEMORY, 0, NULL);
        mbedtls_x509_crl_init(c->crl);
    }
    unsigned char *text = malloc(f->len + 1);
    if (!text)
        return error_set(err, ERR_MEMORY, 0, NULL);
    if (f->len > 0)
        memcpy(text, f->data, f->len);
    text[f->len] = '\0';
    bool pem = strstr((const char *)text, "-----BEGIN ") != NULL;
    int rc = mbedtls_x509_crl_parse(c->crl, text, pem ? f->len + 1 : f->len);
    free(text);
    if (tls_lacks_memory(rc))
        return error_set(err, ERR_MEMORY, 0, NULL);
    if (rc != 0 || c->crl->version == 0)
        return error_set(err, ERR_CRL, 0, "no revocation list can be read from %s", f->name);
    mbedtls_ssl_conf_ca_chain(&c->ssl, &c->trust, c->crl);
    mbedtls_ssl_conf_ca_chain(&c->ssl_1_2, &c->trust, c->crl);
    return 0;
}
