/* What mbedTLS exports of a handshake's secrets: the key log, and the look for a downgrade. */
#include <stdio.h>
#include <string.h>

#include <mbedtls/platform_util.h>

#include "proto/tls_impl.h"

#define LINE_MAX_LEN 256 /* the longest label, 32 bytes and a secret of at most 64 in hexadecimal */

static size_t add_hex(char *line, size_t at, const unsigned char *data, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        line[at++] = digits[data[i] >> 4];
        line[at++] = digits[data[i] & 15];
    }
    return at;
}

/* NSS's format, which Wireshark reads: "LABEL CLIENT_RANDOM SECRET" (RFC 9850). */
static void log_line(const struct tls_config *c, const char *label, const unsigned char random[32],
                     const unsigned char *secret, size_t len)
{
    char line[LINE_MAX_LEN];
    if (len == 0 || len > 64)
        return;
    size_t n = (size_t)snprintf(line, sizeof line, "%.40s ", label);
    n = add_hex(line, n, random, 32);
    line[n++] = ' ';
    n = add_hex(line, n, secret, len);
    line[n++] = '\n';
    c->key_log(c->key_log_arg, line, n);
    mbedtls_platform_zeroize(line, sizeof line);
}

static const char *label_of(mbedtls_ssl_key_export_type type)
{
    switch (type) {
    case MBEDTLS_SSL_KEY_EXPORT_TLS12_MASTER_SECRET:
        return "CLIENT_RANDOM";
    case MBEDTLS_SSL_KEY_EXPORT_TLS1_3_CLIENT_HANDSHAKE_TRAFFIC_SECRET:
        return "CLIENT_HANDSHAKE_TRAFFIC_SECRET";
    case MBEDTLS_SSL_KEY_EXPORT_TLS1_3_SERVER_HANDSHAKE_TRAFFIC_SECRET:
        return "SERVER_HANDSHAKE_TRAFFIC_SECRET";
    case MBEDTLS_SSL_KEY_EXPORT_TLS1_3_CLIENT_APPLICATION_TRAFFIC_SECRET:
        return "CLIENT_TRAFFIC_SECRET_0";
    case MBEDTLS_SSL_KEY_EXPORT_TLS1_3_SERVER_APPLICATION_TRAFFIC_SECRET:
        return "SERVER_TRAFFIC_SECRET_0";
    default:
        return NULL;
    }
}

static void log_secret(struct tls *t, mbedtls_ssl_key_export_type type, const unsigned char *secret, size_t len,
                       const unsigned char random[32])
{
    const char *label = label_of(type);
    if (label)
        log_line(t->config, label, random, secret, len);
    /* mbedTLS has made the exporter's secret by then, but does not export it. */
    const mbedtls_ssl_session *s = t->ssl.MBEDTLS_PRIVATE(session_negotiate);
    if (s && type == MBEDTLS_SSL_KEY_EXPORT_TLS1_3_SERVER_APPLICATION_TRAFFIC_SECRET)
        log_line(t->config, "EXPORTER_SECRET", random, s->MBEDTLS_PRIVATE(app_secrets).exporter_master_secret, len);
}

/* The server's random, which its signature covers, ends so where it could do TLS 1.3 but was not offered it (RFC 8446
 * 4.1.3). At the first try it was: then somebody in between made that try fail. */
static bool is_downgrade(const unsigned char server_random[32])
{
    return memcmp(server_random + 24, "DOWNGRD\001", 8) == 0;
}

static void on_secret(void *tls, mbedtls_ssl_key_export_type type, const unsigned char *secret, size_t secret_len,
                      const unsigned char client_random[32], const unsigned char server_random[32],
                      mbedtls_tls_prf_types prf)
{
    struct tls *t = tls;
    (void)prf;
    if (t->only_1_2)
        t->downgraded = is_downgrade(server_random);
    if (t->config->key_log)
        log_secret(t, type, secret, secret_len, client_random);
}

void tls_watch_secrets(struct tls *t)
{
    if (t->only_1_2 || t->config->key_log)
        mbedtls_ssl_set_export_keys_cb(&t->ssl, on_secret, t);
}
