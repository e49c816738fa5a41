#include "server/tls_server.h"

#include <stdlib.h>
#include <string.h>

#include <mbedtls/pk.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/ssl_ticket.h>

#include "proto/tls_impl.h"

#define TICKET_LIFETIME_S 86400

struct server_config {
    struct tls_config base; /* first: tls_config_free frees the whole */
    mbedtls_x509_crt cert;
    mbedtls_pk_context key;
    mbedtls_ssl_ticket_context tickets;
};

static void server_deinit(struct tls_config *c)
{
    struct server_config *s = (struct server_config *)c;
    mbedtls_ssl_ticket_free(&s->tickets);
    mbedtls_pk_free(&s->key);
    mbedtls_x509_crt_free(&s->cert);
}

static int load_identity(struct server_config *s, const struct tls_server_options *opt)
{
    int rc = mbedtls_x509_crt_parse(&s->cert, (const unsigned char *)opt->cert, strlen(opt->cert) + 1);
    if (rc == 0)
        rc = mbedtls_pk_parse_key(&s->key, (const unsigned char *)opt->key, strlen(opt->key) + 1, NULL, 0,
                                  mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
    if (rc == 0)
        rc = mbedtls_ssl_conf_own_cert(&s->base.ssl, &s->cert, &s->key);
    return rc;
}

static int set_tickets(struct server_config *s)
{
    int rc = mbedtls_ssl_ticket_setup(&s->tickets, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE,
                                      MBEDTLS_CIPHER_AES_256_GCM, TICKET_LIFETIME_S);
    if (rc == 0)
        mbedtls_ssl_conf_session_tickets_cb(&s->base.ssl, mbedtls_ssl_ticket_write, mbedtls_ssl_ticket_parse,
                                            &s->tickets);
    return rc;
}

int tls_server_config_new(struct tls_config **out, const struct tls_server_options *opt, struct error *err)
{
    struct server_config *s = calloc(1, sizeof *s);
    if (!s)
        return error_set(err, ERR_MEMORY, 0, NULL);
    s->base.deinit = server_deinit;
    mbedtls_x509_crt_init(&s->cert);
    mbedtls_pk_init(&s->key);
    mbedtls_ssl_ticket_init(&s->tickets);
    struct tls_options common = {.min_minor = opt->min_minor, .max_minor = opt->max_minor};
    memcpy(common.alpn, opt->alpn, sizeof common.alpn);
    int why = 0;
    int rc = tls_config_setup(&s->base, &common, err);
    if (rc < 0)
        goto out;
    why = load_identity(s, opt);
    if (why == 0 && opt->tickets)
        why = set_tickets(s);
    if (why != 0) {
        rc = error_set(err, ERR_TLS, 0, "the server's certificate or key is of no use (-0x%04x)", (unsigned)-why);
        goto out;
    }
    *out = &s->base;
    return 0;
out:
    tls_config_free(&s->base);
    return rc;
}

int tls_server_new(struct tls **out, struct tls_config *c, struct error *err)
{
    return tls_make(out, c, &c->ssl, err);
}
