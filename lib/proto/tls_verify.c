/* What a server's certificates must be beyond what mbedTLS demands, and the words for what is wrong with them. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <mbedtls/asn1.h>
#include <mbedtls/oid.h>

#include "proto/tls_impl.h"

#define DAY_S 86400

enum rank { RANK_NONE, RANK_USAGE, RANK_NAME, RANK_DATE, RANK_WEAK, RANK_TRUST };

/* --- words --- */

static void verdict(struct tls *t, int rank, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static void verdict(struct tls *t, int rank, const char *fmt, ...)
{
    if (rank <= t->verdict.rank)
        return;
    char text[480] = "";
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    free(t->verdict.text);
    t->verdict.rank = rank;
    t->verdict.text = strdup(text);
}

/* Bytes that a stranger chose, made fit for a terminal; as much as there is room for. */
static void printable(char *text, size_t size, const unsigned char *p, size_t len)
{
    size_t n = len < size - 1 ? len : size - 1;
    for (size_t i = 0; i < n; i++)
        text[i] = p[i] > ' ' && p[i] < 127 ? (char)p[i] : '?';
    text[n] = '\0';
}

/* A distinguished name; of one that is too long the common name alone. */
static const char *dn(char *text, size_t size, const mbedtls_x509_name *name)
{
    if (mbedtls_x509_dn_gets(text, size, name) > 0)
        return text;
    snprintf(text, size, "no name");
    for (; name; name = name->next)
        if (MBEDTLS_OID_CMP(MBEDTLS_OID_AT_CN, &name->oid) == 0) {
            snprintf(text, size, "CN=");
            printable(text + 3, size - 3, name->val.p, name->val.len);
        }
    return text;
}

/* Seconds since 1970 (UTC; a date of the proleptic Gregorian calendar). */
static int64_t seconds_of(const mbedtls_x509_time *x)
{
    int64_t y = x->mon <= 2 ? x->year - 1 : x->year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year = y - era * 400;
    int64_t day_of_year = (153 * (x->mon + (x->mon > 2 ? -3 : 9)) + 2) / 5 + x->day - 1;
    int64_t days = era * 146097 + year * 365 + year / 4 - year / 100 + day_of_year - 719468;
    return days * DAY_S + x->hour * 3600 + x->min * 60 + x->sec;
}

/* "3 days", "1 hour". */
static const char *span(char *text, size_t size, int64_t s)
{
    static const struct {
        int64_t s;
        const char *name;
    } units[] = {{DAY_S, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
    size_t i = 0;
    while (i < 3 && s < units[i].s)
        i++;
    int64_t n = s / units[i].s;
    snprintf(text, size, "%lld %s%s", (long long)n, units[i].name, n == 1 ? "" : "s");
    return text;
}

/* --- names --- */

static int san_type(const mbedtls_x509_sequence *san)
{
    return san->buf.p ? san->buf.tag & MBEDTLS_ASN1_TAG_VALUE_MASK : -1;
}

/* RFC 6125 6.4.3: the wildcard is the whole leftmost label, and stands for one label. "*.com" is nobody's: at least two
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
    return strlen(host) == len && strncasecmp(pattern, host, len) == 0;
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
        printable(text, size, p, san->buf.len);
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
        verdict(t, RANK_NAME, "is for no host, not for %s", t->host);
    else
        verdict(t, RANK_NAME, "is for %s%s, not %s", names, rest, t->host);
}

/* RFC 9110 4.3.4, RFC 6125: the subject's common name is no host name any more, although mbedTLS would take it. */
static uint32_t check_name(struct tls *t, const mbedtls_x509_crt *crt)
{
    if (!mbedtls_x509_crt_has_ext_type(crt, MBEDTLS_X509_EXT_SUBJECT_ALT_NAME)) {
        verdict(t, RANK_NAME, "certificate has no subject alternative name");
        return MBEDTLS_X509_BADCERT_CN_MISMATCH;
    }
    for (const mbedtls_x509_sequence *san = &crt->subject_alt_names; san; san = san->next)
        if (san_matches(t, san))
            return 0;
    name_verdict(t, &crt->subject_alt_names);
    return MBEDTLS_X509_BADCERT_CN_MISMATCH;
}

/* --- the chain --- */

static bool has_extension(const mbedtls_x509_crt *crt, const char *oid, size_t oid_len)
{
    unsigned char *p = crt->v3_ext.p;
    if (!p)
        return false;
    const unsigned char *end = p + crt->v3_ext.len;
    size_t len;
    if (mbedtls_asn1_get_tag(&p, end, &len, MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE) != 0)
        return false;
    while (p < end) {
        if (mbedtls_asn1_get_tag(&p, end, &len, MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE) != 0)
            return false;
        unsigned char *next = p + len;
        if (mbedtls_asn1_get_tag(&p, next, &len, MBEDTLS_ASN1_OID) == 0 && len == oid_len && memcmp(p, oid, len) == 0)
            return true;
        p = next;
    }
    return false;
}

static void date_verdict(struct tls *t, const char *who, const mbedtls_x509_crt *crt, uint32_t flags)
{
    if (flags & MBEDTLS_X509_BADCERT_EXPIRED) {
        const mbedtls_x509_time *to = &crt->valid_to;
        int64_t s = (int64_t)time(NULL) - seconds_of(to);
        char ago[40];
        verdict(t, RANK_DATE, "%sexpired %s ago (%04d-%02d-%02d)", who, span(ago, sizeof ago, s > 0 ? s : 0), to->year,
                to->mon, to->day);
    } else if (flags & MBEDTLS_X509_BADCERT_FUTURE) {
        const mbedtls_x509_time *from = &crt->valid_from;
        verdict(t, RANK_DATE, "%snot valid before %04d-%02d-%02d", who, from->year, from->mon, from->day);
    }
}

static bool self_issued(const mbedtls_x509_crt *crt)
{
    return crt->subject_raw.len > 0 && crt->subject_raw.len == crt->issuer_raw.len &&
           memcmp(crt->subject_raw.p, crt->issuer_raw.p, crt->subject_raw.len) == 0;
}

/* Words for mbedTLS's flags. who: "", or the subject of another certificate than the server's own. */
static void chain_verdict(struct tls *t, const char *who, const mbedtls_x509_crt *crt, int depth, uint32_t flags)
{
    char name[200];
    if (flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED) {
        if (depth == 0 && self_issued(crt))
            verdict(t, RANK_TRUST, "self-signed");
        else
            verdict(t, RANK_TRUST, "%sissuer unknown (%s)", who, dn(name, sizeof name, &crt->issuer));
    }
    if (flags & (MBEDTLS_X509_BADCERT_BAD_MD | MBEDTLS_X509_BADCERT_BAD_PK))
        verdict(t, RANK_WEAK, "%ssigned by an algorithm that is not safe", who);
    if (flags & MBEDTLS_X509_BADCERT_BAD_KEY)
        verdict(t, RANK_WEAK, "%sits key is too weak", who);
    date_verdict(t, who, crt, flags);
    if (flags & ~(uint32_t)MBEDTLS_X509_BADCERT_CN_MISMATCH)
        verdict(t, RANK_USAGE, "%snot made for this use", who);
}

/* Called from the top of the chain down to the server's certificate, depth 0. Only adds flags: what mbedTLS refuses
 * stays refused. */
int tls_verify(void *tls, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
    struct tls *t = tls;
    char who[220] = "", name[200];
    if (depth > 0)
        snprintf(who, sizeof who, "%s: ", dn(name, sizeof name, &crt->subject));
    if (has_extension(crt, MBEDTLS_OID_NAME_CONSTRAINTS, MBEDTLS_OID_SIZE(MBEDTLS_OID_NAME_CONSTRAINTS))) {
        /* mbedTLS ignores them (RFC 5280 4.2.1.10): such a chain would be good for names it must not be. */
        verdict(t, RANK_WEAK, "%shas name constraints, which cannot be checked", who);
        *flags |= MBEDTLS_X509_BADCERT_OTHER;
    }
    chain_verdict(t, who, crt, depth, *flags);
    if (depth == 0)
        *flags |= check_name(t, crt);
    if (*flags != 0)
        t->refused = true;
    int64_t not_after_s = seconds_of(&crt->valid_to);
    if (not_after_s < t->not_after_s)
        t->not_after_s = not_after_s;
    if (depth == 0)
        t->verified = !t->refused;
    return 0;
}
