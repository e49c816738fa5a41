#include "server/test_ca.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <mbedtls/ecp.h>
#include <mbedtls/oid.h>
#include <mbedtls/pk.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/x509_crt.h>

#include "proto/tls_impl.h"

#define DAY_S 86400
#define PEM_MAX 4096
#define NAMES_MAX 16

struct test_ca {
    struct test_ca *parent; /* NULL: a root */
    char subject[128];      /* "CN=…" */
    mbedtls_pk_context key;
    char *pem;
};

/* A certificate in the making. */
struct draft {
    const char *subject; /* "CN=…" */
    mbedtls_pk_context *key;
    const char *issuer;
    mbedtls_pk_context *issuer_key;
    bool ca;
    const struct test_cert_spec *spec;
    bool with_names;
};

static int mbed_error(struct error *err, int rc)
{
    return error_set(err, ERR_TLS, 0, "the test CA fails (-0x%04x)", (unsigned)-rc);
}

static int random_bytes(void *state, unsigned char *out, size_t len)
{
    (void)state;
    return mbedtls_psa_get_random(MBEDTLS_PSA_RANDOM_STATE, out, len);
}

static int make_key(mbedtls_pk_context *key)
{
    int rc = mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));
    if (rc == 0)
        rc = mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*key), random_bytes, NULL);
    return rc;
}

static int set_dates(mbedtls_x509write_cert *crt, const struct draft *d)
{
    int64_t from = d->spec->not_before_s, to = d->spec->not_after_s;
    if (from == 0 && to == 0) {
        bool expired = d->spec->flavour == TEST_EXPIRED, later = d->spec->flavour == TEST_NOT_YET;
        from = (expired ? -30 : later ? 3 : -1) * (int64_t)DAY_S;
        /* A minute before the third day is over, so that it is three days ago all through a test. */
        to = expired ? -3 * (int64_t)DAY_S - 60 : 90 * (int64_t)DAY_S;
    }
    char text[2][16];
    for (int i = 0; i < 2; i++) {
        time_t at = time(NULL) + (time_t)(i == 0 ? from : to);
        struct tm tm;
        gmtime_r(&at, &tm);
        strftime(text[i], sizeof text[i], "%Y%m%d%H%M%S", &tm);
    }
    return mbedtls_x509write_crt_set_validity(crt, text[0], text[1]);
}

static int set_names(mbedtls_x509write_cert *crt, const char *const *names)
{
    mbedtls_x509_san_list list[NAMES_MAX];
    unsigned char ips[NAMES_MAX][16];
    memset(list, 0, sizeof list);
    mbedtls_x509_san_list *head = NULL;
    for (size_t n = 0; n < NAMES_MAX && names[n]; n++) {
        mbedtls_x509_subject_alternative_name *san = &list[n].node;
        size_t ip_len = mbedtls_x509_crt_parse_cn_inet_pton(names[n], ips[n]);
        san->type = ip_len > 0 ? MBEDTLS_X509_SAN_IP_ADDRESS : MBEDTLS_X509_SAN_DNS_NAME;
        san->san.unstructured_name.p = ip_len > 0 ? ips[n] : (unsigned char *)(uintptr_t)names[n];
        san->san.unstructured_name.len = ip_len > 0 ? ip_len : strlen(names[n]);
        list[n].next = head; /* mbedTLS writes them from the end to the front */
        head = &list[n];
    }
    return head ? mbedtls_x509write_crt_set_subject_alternative_name(crt, head) : 0;
}

static int set_usage(mbedtls_x509write_cert *crt, const struct draft *d)
{
    int rc = mbedtls_x509write_crt_set_basic_constraints(crt, d->ca, -1);
    if (rc == 0)
        rc = mbedtls_x509write_crt_set_key_usage(crt, d->ca ? MBEDTLS_X509_KU_KEY_CERT_SIGN | MBEDTLS_X509_KU_CRL_SIGN
                                                            : MBEDTLS_X509_KU_DIGITAL_SIGNATURE);
    if (rc == 0 && !d->ca) {
        mbedtls_asn1_sequence use = {.buf = {.tag = MBEDTLS_ASN1_OID}};
        const char *oid = d->spec->client_only ? MBEDTLS_OID_CLIENT_AUTH : MBEDTLS_OID_SERVER_AUTH;
        use.buf.p = (unsigned char *)(uintptr_t)oid;
        use.buf.len = MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH); /* both are as long */
        rc = mbedtls_x509write_crt_set_ext_key_usage(crt, &use);
    }
    return rc;
}

/* RFC 5280 4.2.1.1 and 4.2.1.2: which key signed, and which is signed. Strict clients (Python's since 3.13) want both. */
static int set_key_identifiers(mbedtls_x509write_cert *crt)
{
    int rc = mbedtls_x509write_crt_set_subject_key_identifier(crt);
    return rc != 0 ? rc : mbedtls_x509write_crt_set_authority_key_identifier(crt);
}

/* RFC 5280 4.2.1.10: permittedSubtrees with the one dNSName "example". */
static int set_constraints(mbedtls_x509write_cert *crt, bool critical)
{
    static const unsigned char der[] = {0x30, 0x0d, 0xa0, 0x0b, 0x30, 0x09, 0x82, 0x07,
                                        'e',  'x',  'a',  'm',  'p',  'l',  'e'};
    return mbedtls_x509write_crt_set_extension(
        crt, MBEDTLS_OID_NAME_CONSTRAINTS, MBEDTLS_OID_SIZE(MBEDTLS_OID_NAME_CONSTRAINTS), critical, der, sizeof der);
}

static int fill(mbedtls_x509write_cert *crt, const struct draft *d)
{
    unsigned char serial[16];
    int rc = random_bytes(NULL, serial, sizeof serial);
    serial[0] = (serial[0] & 0x7f) | 1; /* positive, and no leading zero */
    mbedtls_x509write_crt_set_version(crt, MBEDTLS_X509_CRT_VERSION_3);
    mbedtls_x509write_crt_set_md_alg(crt, MBEDTLS_MD_SHA256);
    mbedtls_x509write_crt_set_subject_key(crt, d->key);
    mbedtls_x509write_crt_set_issuer_key(crt, d->issuer_key);
    if (rc == 0)
        rc = mbedtls_x509write_crt_set_serial_raw(crt, serial, sizeof serial);
    if (rc == 0)
        rc = mbedtls_x509write_crt_set_subject_name(crt, d->subject);
    if (rc == 0)
        rc = mbedtls_x509write_crt_set_issuer_name(crt, d->issuer);
    if (rc == 0)
        rc = set_dates(crt, d);
    if (rc == 0)
        rc = set_usage(crt, d);
    if (rc == 0)
        rc = set_key_identifiers(crt);
    if (rc == 0 && d->with_names)
        rc = set_names(crt, d->spec->names);
    if (rc == 0 && d->spec->name_constraints)
        rc = set_constraints(crt, d->spec->constraints_critical);
    return rc;
}

static char *join(const char *a, const char *b)
{
    size_t size = strlen(a) + strlen(b) + 1;
    char *text = malloc(size);
    if (text)
        snprintf(text, size, "%s%s", a, b);
    return text;
}

/* Signs the draft: PEM, allocated, with tail appended. */
static int sign(const struct draft *d, const char *tail, char **out, struct error *err)
{
    unsigned char pem[PEM_MAX];
    mbedtls_x509write_cert crt;
    mbedtls_x509write_crt_init(&crt);
    int rc = fill(&crt, d);
    if (rc == 0)
        rc = mbedtls_x509write_crt_pem(&crt, pem, sizeof pem, random_bytes, NULL);
    mbedtls_x509write_crt_free(&crt);
    if (rc != 0)
        return mbed_error(err, rc);
    char *text = join((const char *)pem, tail);
    if (!text)
        return error_set(err, ERR_MEMORY, 0, NULL);
    *out = text;
    return 0;
}

static int ca_new(struct test_ca **out, struct test_ca *parent, const char *name, const struct test_cert_spec *spec,
                  struct error *err)
{
    int rc = tls_library_init(err);
    if (rc < 0)
        return rc;
    struct test_ca *ca = calloc(1, sizeof *ca);
    if (!ca)
        return error_set(err, ERR_MEMORY, 0, NULL);
    ca->parent = parent;
    snprintf(ca->subject, sizeof ca->subject, "CN=%s", name);
    mbedtls_pk_init(&ca->key);
    struct draft d = {ca->subject, &ca->key, ca->subject, &ca->key, true, spec, false};
    rc = make_key(&ca->key);
    if (rc != 0) {
        rc = mbed_error(err, rc);
        goto out;
    }
    if (parent) {
        d.issuer = parent->subject;
        d.issuer_key = &parent->key;
    }
    rc = sign(&d, "", &ca->pem, err);
    if (rc < 0)
        goto out;
    *out = ca;
    return 0;
out:
    test_ca_free(ca);
    return rc;
}

int test_ca_new(struct test_ca **out, const char *name, struct error *err)
{
    static const struct test_cert_spec plain;
    return ca_new(out, NULL, name, &plain, err);
}

int test_ca_sub(struct test_ca **out, struct test_ca *ca, const char *name, const struct test_cert_spec *spec,
                struct error *err)
{
    static const struct test_cert_spec plain;
    return ca_new(out, ca, name, spec ? spec : &plain, err);
}

void test_ca_free(struct test_ca *ca)
{
    if (!ca)
        return;
    mbedtls_pk_free(&ca->key);
    free(ca->pem);
    free(ca);
}

const char *test_ca_pem(const struct test_ca *ca)
{
    return ca->pem;
}

/* The intermediates that a server sends behind its certificate, PEM, allocated; the root is none of them. */
static char *intermediates(const struct test_ca *ca)
{
    char *text = join("", "");
    for (; text && ca->parent; ca = ca->parent) {
        char *longer = join(text, ca->pem);
        free(text);
        text = longer;
    }
    return text;
}

static int issue_with(mbedtls_pk_context *key, struct test_ca *ca, const struct test_cert_spec *spec,
                      struct test_cert *out, struct error *err)
{
    static const char *const wrong[] = {"wrong.example", NULL};
    struct test_cert_spec s = *spec;
    if (s.flavour == TEST_WRONG_NAME)
        s.names = wrong;
    bool alone = s.flavour == TEST_SELF_SIGNED;
    char subject[128];
    snprintf(subject, sizeof subject, "CN=%s", s.names && s.names[0] ? s.names[0] : "nobody");
    struct draft d = {subject, key, alone ? subject : ca->subject,      alone ? key : &ca->key,
                      false,   &s,  s.flavour != TEST_NO_SAN && s.names};
    unsigned char pem[PEM_MAX];
    int rc = mbedtls_pk_write_key_pem(key, pem, sizeof pem);
    if (rc != 0)
        return mbed_error(err, rc);
    struct test_cert made = {.key = join((const char *)pem, "")};
    char *tail = alone ? join("", "") : intermediates(ca);
    if (!made.key || !tail)
        rc = error_set(err, ERR_MEMORY, 0, NULL);
    else
        rc = sign(&d, tail, &made.cert, err);
    free(tail);
    if (rc < 0) {
        test_cert_deinit(&made);
        return rc;
    }
    *out = made;
    return 0;
}

int test_ca_issue(struct test_ca *ca, const struct test_cert_spec *spec, struct test_cert *out, struct error *err)
{
    struct test_ca *stranger = NULL;
    mbedtls_pk_context key;
    mbedtls_pk_init(&key);
    int rc = make_key(&key);
    if (rc != 0) {
        rc = mbed_error(err, rc);
        goto out;
    }
    if (spec->flavour == TEST_UNKNOWN_ISSUER) {
        rc = test_ca_new(&stranger, "Unknown CA", err);
        if (rc < 0)
            goto out;
    }
    rc = issue_with(&key, stranger ? stranger : ca, spec, out, err);
out:
    test_ca_free(stranger);
    mbedtls_pk_free(&key);
    return rc;
}

void test_cert_deinit(struct test_cert *cert)
{
    free(cert->cert);
    free(cert->key);
    *cert = (struct test_cert){0};
}

const char *test_flavour_name(enum test_flavour flavour)
{
    static const char *const names[TEST_FLAVOURS] = {
        "good", "expired", "not-yet", "wrong-name", "unknown-issuer", "self-signed", "no-san",
    };
    return flavour < TEST_FLAVOURS ? names[flavour] : "?";
}

static int write_file(const char *dir, const char *name, const char *suffix, const char *text, struct error *err)
{
    char path[512];
    int len = snprintf(path, sizeof path, "%s/%s%s", dir, name, suffix);
    if (len < 0 || (size_t)len >= sizeof path)
        return error_set(err, ERR_WRITE, ENAMETOOLONG, "%s", dir);
    FILE *file = fopen(path, "w");
    if (!file)
        return error_set(err, ERR_WRITE, errno, "%s", path);
    bool ok = fputs(text, file) >= 0;
    ok = fclose(file) == 0 && ok;
    return ok ? 0 : error_set(err, ERR_WRITE, errno, "%s", path);
}

int test_cert_write(const struct test_cert *cert, const char *dir, const char *name, struct error *err)
{
    int rc = write_file(dir, name, ".pem", cert->cert, err);
    return rc < 0 ? rc : write_file(dir, name, ".key", cert->key, err);
}

int test_ca_write(const struct test_ca *ca, const char *dir, const char *name, struct error *err)
{
    return write_file(dir, name, ".pem", ca->pem, err);
}
