/* Whether a certificate is for the host that was asked for (RFC 9525), and the words for it if not. */
#include <stdio.h>
#include <string.h>

#include <mbedtls/asn1.h>
#include <mbedtls/oid.h>

#include "proto/tls_impl.h"

static int san_type(const mbedtls_x509_sequence *san)
{
    return san->buf.p ? san->buf.tag & MBEDTLS_ASN1_TAG_VALUE_MASK : -1;
}

/* ASCII alone, whatever the locale: an international name is compared in its A-label form (RFC 9525 6.3). */
static bool same_name(const char *a, size_t len, const char *lower)
{
    if (strlen(lower) != len)
        return false;
    for (size_t i = 0; i < len; i++)
        if (tls_lower(a[i]) != lower[i])
            return false;
    return true;
}

/* RFC 9525 6.3: the wildcard is the whole leftmost label, and stands for one label. "*.com" is nobody's: at least two
 * labels must follow it. */
static bool dns_matches(const unsigned char *p, size_t len, const char *host)
{
    const char *pattern = (const char *)p;
    if (len > 2 && pattern[0] == '*' && pattern[1] == '.') {
        const char *dot = memchr(pattern + 2, '.', len - 2);
        const char *rest = strchr(host, '.');
        if (!dot || dot == pattern + 2 || dot == pattern + len - 1 || !rest || rest == host)
            return false;
        pattern++;
        len--;
        host = rest;
    }
    return same_name(pattern, len, host);
}

static bool san_matches(const struct tls *t, const mbedtls_x509_sequence *san)
{
    if (t->ip_len > 0)
        return san_type(san) == MBEDTLS_X509_SAN_IP_ADDRESS && san->buf.len == t->ip_len &&
               memcmp(san->buf.p, t->ip, t->ip_len) == 0;
    return san_type(san) == MBEDTLS_X509_SAN_DNS_NAME && dns_matches(san->buf.p, san->buf.len, t->host);
}

/* The text of a name that a host can have; false for other kinds. */
static bool san_text(char *text, size_t size, const mbedtls_x509_sequence *san)
{
    const unsigned char *p = san->buf.p;
    int type = san_type(san);
    if (type == MBEDTLS_X509_SAN_DNS_NAME) {
        tls_printable(text, size, p, san->buf.len);
        return true;
    }
    if (type != MBEDTLS_X509_SAN_IP_ADDRESS)
        return false;
    if (san->buf.len == 4)
        snprintf(text, size, "%d.%d.%d.%d", p[0], p[1], p[2], p[3]);
    else if (san->buf.len == 16)
        snprintf(text, size, "%x:%x:%x:%x:%x:%x:%x:%x", p[0] << 8 | p[1], p[2] << 8 | p[3], p[4] << 8 | p[5],
                 p[6] << 8 | p[7], p[8] << 8 | p[9], p[10] << 8 | p[11], p[12] << 8 | p[13], p[14] << 8 | p[15]);
    else
        return false;
    return true;
}

/* "is for a.example, b.example and 7 more, not c.example" */
static void name_verdict(struct tls *t, const mbedtls_x509_sequence *sans)
{
    char names[250] = "";
    size_t len = 0, shown = 0, more = 0;
    for (const mbedtls_x509_sequence *san = sans; san; san = san->next) {
        char one[80];
        if (!san_text(one, sizeof one, san))
            continue;
        if (shown == 3 || len + strlen(one) + sizeof ", " > sizeof names) {
            more++;
            continue;
        }
        snprintf(names + len, sizeof names - len, "%s%s", shown ? ", " : "", one);
        len = strlen(names);
        shown++;
    }
    char rest[40] = "";
    if (more > 0)
        snprintf(rest, sizeof rest, " and %zu more", more);
    if (shown == 0)
        tls_verdict(t, TLS_RANK_NAME, "is for no host, not for %s", t->host);
    else
        tls_verdict(t, TLS_RANK_NAME, "is for %s%s, not %s", names, rest, t->host);
}

/* RFC 9110 4.3.4, RFC 9525 2: the subject's common name is no host name any more, although mbedTLS would take it. */
uint32_t tls_check_name(struct tls *t, const mbedtls_x509_crt *crt)
{
    if (!mbedtls_x509_crt_has_ext_type(crt, MBEDTLS_X509_EXT_SUBJECT_ALT_NAME)) {
        tls_verdict(t, TLS_RANK_NAME, "has no subject alternative name");
        return MBEDTLS_X509_BADCERT_CN_MISMATCH;
    }
    for (const mbedtls_x509_sequence *san = &crt->subject_alt_names; san; san = san->next)
        if (san_matches(t, san))
            return 0;
    name_verdict(t, &crt->subject_alt_names);
    return MBEDTLS_X509_BADCERT_CN_MISMATCH;
}
