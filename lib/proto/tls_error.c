/* mbedTLS's codes and the peer's alerts in words. */
#include <stdio.h>
#include <string.h>

#include <mbedtls/asn1.h>
#include <mbedtls/bignum.h>
#include <mbedtls/dhm.h>
#include <mbedtls/error.h>
#include <mbedtls/pem.h>

#include "proto/tls_impl.h"

/* RFC 8446 6.2, RFC 5246 7.2.2 */
static const struct {
    unsigned char code;
    const char *name;
} alerts[] = {
    {0, "close notify"},
    {10, "unexpected message"},
    {20, "bad record mac"},
    {21, "decryption failed"},
    {22, "record overflow"},
    {30, "decompression failure"},
    {40, "handshake failure"},
    {41, "no certificate"},
    {42, "bad certificate"},
    {43, "unsupported certificate"},
    {44, "certificate revoked"},
    {45, "certificate expired"},
    {46, "certificate unknown"},
    {47, "illegal parameter"},
    {48, "unknown ca"},
    {49, "access denied"},
    {50, "decode error"},
    {51, "decrypt error"},
    {60, "export restriction"},
    {70, "protocol version"},
    {71, "insufficient security"},
    {80, "internal error"},
    {86, "inappropriate fallback"},
    {90, "user canceled"},
    {100, "no renegotiation"},
    {109, "missing extension"},
    {110, "unsupported extension"},
    {112, "unrecognized name"},
    {113, "bad certificate status response"},
    {115, "unknown psk identity"},
    {116, "certificate required"},
    {120, "no application protocol"},
};

/* A code is the sum of a high-level part and a low-level one below 0x80 (mbedtls/error.h). */
bool tls_lacks_memory(int rc)
{
    static const int codes[] = {MBEDTLS_ERR_SSL_ALLOC_FAILED, MBEDTLS_ERR_X509_ALLOC_FAILED,
                                MBEDTLS_ERR_PK_ALLOC_FAILED,  MBEDTLS_ERR_PEM_ALLOC_FAILED,
                                MBEDTLS_ERR_ECP_ALLOC_FAILED, MBEDTLS_ERR_DHM_ALLOC_FAILED,
                                MBEDTLS_ERR_MD_ALLOC_FAILED,  MBEDTLS_ERR_CIPHER_ALLOC_FAILED};
    int high = -(-rc & 0xff80);
    int low = -(-rc & 0x7f);
    if (rc >= 0)
        return false;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (codes[i] == high)
            return true;
    return low == MBEDTLS_ERR_MPI_ALLOC_FAILED || low == MBEDTLS_ERR_ASN1_ALLOC_FAILED;
}

static const char *peer(const struct tls *t)
{
    return t->config->client ? "server" : "client";
}

static void describe_alert(struct tls *t, char *text, size_t size)
{
    /* mbedTLS has no call that tells which alert came; the message lies where it was decrypted. */
    const unsigned char *msg = t->ssl.MBEDTLS_PRIVATE(in_msg);
    unsigned char code = msg ? msg[1] : 0;
    for (size_t i = 0; i < sizeof alerts / sizeof alerts[0]; i++)
        if (alerts[i].code == code) {
            snprintf(text, size, "the %s sent alert: %s", peer(t), alerts[i].name);
            return;
        }
    snprintf(text, size, "the %s sent alert: %u", peer(t), code);
}

const char *tls_describe(struct tls *t, int rc, char *text, size_t size)
{
    switch (rc) {
    case MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE:
        describe_alert(t, text, size);
        break;
    case 0:
    case MBEDTLS_ERR_SSL_CONN_EOF:
        snprintf(text, size, "closed without close_notify");
        break;
    case MBEDTLS_ERR_SSL_INVALID_MAC:
    case MBEDTLS_ERR_SSL_INVALID_RECORD:
    case MBEDTLS_ERR_SSL_BAD_INPUT_DATA: /* a record that is longer than the buffer */
        snprintf(text, size, "the %s sent a broken TLS record", peer(t));
        break;
    default: {
        const char *high = mbedtls_high_level_strerr(rc);
        const char *dash = high ? strstr(high, " - ") : NULL;
        if (high)
            snprintf(text, size, "%s (-0x%04x)", dash ? dash + 3 : high, (unsigned)-rc);
        else
            snprintf(text, size, "-0x%04x", (unsigned)-rc);
    }
    }
    return text;
}

/* Whether what the peer sent first cannot be a TLS record: its type, and a version 3.x (RFC 8446 5.1). */
static bool not_tls(const struct tls *t)
{
    return (t->first_len > 0 && (t->first[0] < 20 || t->first[0] > 24)) || (t->first_len > 1 && t->first[1] != 3);
}

/* The high-level part of a code (mbedtls/error.h) when it is X.509's. */
static bool about_x509(int rc)
{
    int high = -rc & 0xff80;
    return high >= 0x2080 && high <= 0x3000;
}

static int explain_x509(int rc, struct error *err)
{
    if (rc == MBEDTLS_ERR_X509_INVALID_EXTENSIONS + MBEDTLS_ERR_ASN1_UNEXPECTED_TAG)
        return error_set(err, ERR_CERT, 0,
                         "the chain has a critical extension that cannot be checked, name constraints perhaps");
    if (rc == MBEDTLS_ERR_X509_FATAL_ERROR)
        return error_set(err, ERR_CERT, 0, "the chain is too long");
    const char *high = mbedtls_high_level_strerr(rc);
    const char *dash = high ? strstr(high, " - ") : NULL;
    return error_set(err, ERR_CERT, 0, "the chain cannot be read: %s", dash ? dash + 3 : "unknown format");
}

/* mbedTLS's checks of the server's own certificate that come after tls_verify. */
static int explain_usage(struct tls *t, struct error *err)
{
    uint32_t flags = mbedtls_ssl_get_verify_result(&t->ssl);
    if (flags & MBEDTLS_X509_BADCERT_KEY_USAGE)
        return error_set(err, ERR_CERT, 0, "its key usage does not allow what the handshake needs");
    if (flags & MBEDTLS_X509_BADCERT_BAD_KEY)
        return error_set(err, ERR_CERT, 0, "its key is on a curve that was not offered");
    return error_set(err, ERR_CERT, 0, "not made for servers, by its key or its usage extensions");
}

int tls_explain(struct tls *t, int rc, struct error *err)
{
    if (tls_lacks_memory(rc))
        return error_set(err, ERR_MEMORY, 0, NULL);
    if (not_tls(t))
        return error_set(err, ERR_TLS, 0, "the %s does not speak TLS on this port", peer(t));
    if (t->verdict.rank > 0)
        return error_set(err, ERR_CERT, 0, "%s", t->verdict.text ? t->verdict.text : "refused");
    char text[200];
    switch (rc) {
    case MBEDTLS_ERR_SSL_BAD_CERTIFICATE:
    case MBEDTLS_ERR_X509_CERT_VERIFY_FAILED:
        return explain_usage(t, err);
    case MBEDTLS_ERR_SSL_CONN_EOF:
    case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY:
        return error_set(err, ERR_TLS, 0, "the %s closed the connection", peer(t));
    case MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION:
        return error_set(err, ERR_TLS, 0, "no version of TLS that both ends allow");
    default:
        if (about_x509(rc))
            return explain_x509(rc, err);
        return error_set(err, ERR_TLS, 0, "%s", tls_describe(t, rc, text, sizeof text));
    }
}
