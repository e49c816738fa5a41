/* Public keys that a server must have: the hash of its certificate's SubjectPublicKeyInfo (RFC 7469 2.4), as curl's
 * --pinnedpubkey has it. */
#include <stdlib.h>
#include <string.h>

#include <mbedtls/base64.h>
#include <mbedtls/pem.h>
#include <psa/crypto.h>

#include "proto/tls_impl.h"

#define PREFIX "sha256//"

int tls_pin_make(char pin[TLS_PIN_MAX], const void *der, size_t len)
{
    unsigned char hash[32];
    size_t n;
    memcpy(pin, PREFIX, sizeof PREFIX);
    if (psa_hash_compute(PSA_ALG_SHA_256, der, len, hash, sizeof hash, &n) != PSA_SUCCESS ||
        mbedtls_base64_encode((unsigned char *)pin + sizeof PREFIX - 1, TLS_PIN_MAX - sizeof PREFIX + 1, &n, hash,
                              sizeof hash) != 0)
        return ERR_INTERNAL;
    return 0;
}

int tls_pin_of_key(char pin[TLS_PIN_MAX], const void *data, size_t len, struct error *err)
{
    int rc = tls_library_init(err);
    if (rc < 0)
        return rc;
    char *text = malloc(len + 1);
    if (!text)
        return error_set(err, ERR_MEMORY, 0, NULL);
    if (len > 0)
        memcpy(text, data, len);
    text[len] = '\0';
    mbedtls_pem_context pem;
    mbedtls_pem_init(&pem);
    size_t used;
    rc = mbedtls_pem_read_buffer(&pem, "-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----",
                                 (const unsigned char *)text, NULL, 0, &used);
    if (tls_lacks_memory(rc)) {
        rc = ERR_MEMORY;
    } else if (rc == 0) {
        size_t der_len;
        const unsigned char *der = mbedtls_pem_get_buffer(&pem, &der_len);
        rc = tls_pin_make(pin, der, der_len);
    } else {
        rc = tls_pin_make(pin, data, len);
    }
    mbedtls_pem_free(&pem);
    free(text);
    return rc < 0 ? error_set(err, rc, 0, NULL) : 0;
}

/* Whether a pin is among those of a list, "sha256//…;sha256//…". */
static bool is_among(const char *pin, const char *list)
{
    for (size_t len; *list; list += len + (list[len] == ';')) {
        len = strcspn(list, ";");
        if (strlen(pin) == len && memcmp(pin, list, len) == 0)
            return true;
    }
    return false;
}

int tls_check_pin(struct tls *t, struct error *err)
{
    const mbedtls_x509_crt *crt = mbedtls_ssl_get_peer_cert(&t->ssl);
    char pin[TLS_PIN_MAX];
    if (!crt || tls_pin_make(pin, crt->pk_raw.p, crt->pk_raw.len) < 0)
        return error_set(err, ERR_PIN, 0, "the server showed none");
    return is_among(pin, t->config->pins) ? 0 : error_set(err, ERR_PIN, 0, "the server's is %s", pin);
}
