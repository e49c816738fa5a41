/* The client's own certificate and key. */
#include <stdlib.h>
#include <string.h>

#include <mbedtls/asn1.h>
#include <mbedtls/pem.h>
#include <mbedtls/pk.h>
#include <mbedtls/pkcs5.h>
#include <mbedtls/psa_util.h>

#include "proto/tls_impl.h"

/* A file's bytes with a NUL behind them, without which mbedTLS takes no PEM; NULL without memory. */
static unsigned char *with_nul(const struct tls_file *f)
{
    unsigned char *text = malloc(f->len + 1);
    if (!text)
        return NULL;
    if (f->len > 0)
        memcpy(text, f->data, f->len);
    text[f->len] = '\0';
    return text;
}

/* PFX ::= SEQUENCE { version INTEGER (3), … (RFC 7292 4) */
static bool is_pkcs12(const struct tls_file *f)
{
    unsigned char *p = (unsigned char *)(uintptr_t)f->data; /* only read, but mbedTLS takes no const */
    const unsigned char *end = p + f->len;
    size_t len;
    int version;
    return mbedtls_asn1_get_tag(&p, end, &len, MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE) == 0 &&
           mbedtls_asn1_get_int(&p, end, &version) == 0 && version == 3;
}

/* Why there is no PEM of a kind in a file. */
static int no_pem(const struct tls_file *f, const char *what, const char *option, struct error *err)
{
    if (is_pkcs12(f))
        return error_set(err, ERR_CLIENT_CERT, 0,
                         "%s is PKCS#12, which cannot be read (openssl pkcs12 -in FILE -out FILE.pem converts it)",
                         f->name);
    if (f->len > 0 && *(const unsigned char *)f->data == (MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE))
        return error_set(err, ERR_CLIENT_CERT, 0, "%s is not in PEM form (%s says that it is in DER)", f->name, option);
    return error_set(err, ERR_CLIENT_CERT, 0, "no %s in %s", what, f->name);
}

static int load_cert(mbedtls_x509_crt *chain, const struct tls_file *f, struct error *err)
{
    unsigned char *text = with_nul(f);
    if (!text)
        return error_set(err, ERR_MEMORY, 0, NULL);
    if (!f->der && !strstr((const char *)text, "-----BEGIN CERTIFICATE-----")) {
        free(text);
        return no_pem(f, "certificate", "--cert-type DER", err);
    }
    int rc = f->der ? mbedtls_x509_crt_parse_der(chain, text, f->len) : mbedtls_x509_crt_parse(chain, text, f->len + 1);
    free(text);
    if (tls_lacks_memory(rc))
        return error_set(err, ERR_MEMORY, 0, NULL);
    if (rc > 0 && chain->version)
        return error_set(err, ERR_CLIENT_CERT, 0, "%d of the certificates in %s cannot be read", rc, f->name);
    return rc == 0 ? 0
                   : error_set(err, ERR_CLIENT_CERT, 0,
                               "the certificate in %s cannot be read (mbedTLS knows RSA and EC keys alone)", f->name);
}

static bool about(int rc, int high)
{
    return (-rc & 0xff80) == -high;
}

static int explain_key(int rc, const struct tls_file *f, bool encrypted, bool password, struct error *err)
{
    if (tls_lacks_memory(rc))
        return error_set(err, ERR_MEMORY, 0, NULL);
    if (rc == MBEDTLS_ERR_PK_PASSWORD_REQUIRED || (encrypted && !password))
        return error_set(err, ERR_CLIENT_CERT, 0, "the key in %s is encrypted, and no password was given (--pass)",
                         f->name);
    if (rc == MBEDTLS_ERR_PK_PASSWORD_MISMATCH)
        return error_set(err, ERR_CLIENT_CERT, 0, "the password of the key in %s is wrong", f->name);
    if (about(rc, MBEDTLS_ERR_PK_FEATURE_UNAVAILABLE) || about(rc, MBEDTLS_ERR_PKCS5_FEATURE_UNAVAILABLE) ||
        about(rc, MBEDTLS_ERR_PEM_UNKNOWN_ENC_ALG))
        return error_set(err, ERR_CLIENT_CERT, 0, "the key in %s is encrypted in a way that mbedTLS does not know",
                         f->name);
    if (about(rc, MBEDTLS_ERR_PK_UNKNOWN_PK_ALG) || about(rc, MBEDTLS_ERR_PK_UNKNOWN_NAMED_CURVE))
        return error_set(err, ERR_CLIENT_CERT, 0, "the key in %s is of a kind that mbedTLS does not know", f->name);
    /* One wrong password in 256 looks right until the key is read. */
    return error_set(err, ERR_CLIENT_CERT, 0, "the key in %s cannot be read%s", f->name,
                     encrypted ? "; perhaps the password is wrong" : "");
}

static int load_key(mbedtls_pk_context *key, const struct tls_file *f, const char *password, struct error *err)
{
    unsigned char *text = with_nul(f);
    if (!text)
        return error_set(err, ERR_MEMORY, 0, NULL);
    bool encrypted = strstr((const char *)text, "ENCRYPTED") != NULL; /* both forms of PEM say so */
    if (!f->der && !strstr((const char *)text, "PRIVATE KEY-----")) {
        free(text);
        return no_pem(f, "private key (--key names its file)", "--key-type DER", err);
    }
    int rc = mbedtls_pk_parse_key(key, text, f->der ? f->len : f->len + 1, (const unsigned char *)password,
                                  password ? strlen(password) : 0, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
    free(text);
    return rc == 0 ? 0 : explain_key(rc, f, !f->der && encrypted, password != NULL, err);
}

int tls_config_set_identity(struct tls_config *c, const struct tls_file *cert, const struct tls_file *key,
                            const char *password, struct error *err)
{
    int rc = load_cert(&c->own, cert, err);
    if (rc == 0)
        rc = load_key(&c->own_key, key, password, err);
    if (rc < 0)
        return rc;
    rc = mbedtls_pk_check_pair(&c->own.pk, &c->own_key, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
    if (tls_lacks_memory(rc))
        return error_set(err, ERR_MEMORY, 0, NULL);
    if (rc != 0)
        return error_set(err, ERR_CLIENT_CERT, 0, "the key in %s does not belong to the certificate in %s", key->name,
                         cert->name);
    if (mbedtls_ssl_conf_own_cert(&c->ssl, &c->own, &c->own_key) != 0 ||
        (c->has_1_2 && mbedtls_ssl_conf_own_cert(&c->ssl_1_2, &c->own, &c->own_key) != 0))
        return error_set(err, ERR_MEMORY, 0, NULL);
    return 0;
}
