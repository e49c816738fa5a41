/* What a server's certificates must be beyond what mbedTLS demands, and the words for what is wrong with them. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <mbedtls/asn1.h>
#include <mbedtls/oid.h>

#include "proto/tls_impl.h"

/* One certificate of the chain as mbedTLS shows it. */
struct link {
    mbedtls_x509_crt *crt;
    const mbedtls_x509_crt *issuer; /* the one above it in the chain; NULL at the top */
    int depth;                      /* 0: the server's own */
    uint32_t flags;                 /* what is wrong with it: MBEDTLS_X509_BADCERT_… */
    char who[220];                  /* "", or the name of another certificate than the server's own and ": " */
};

static bool same_raw(const mbedtls_x509_buf *a, const mbedtls_x509_buf *b)
{
    return a->len > 0 && a->len == b->len && memcmp(a->p, b->p, a->len) == 0;
}

static bool self_issued(const mbedtls_x509_crt *crt)
{
    return same_raw(&crt->subject_raw, &crt->issuer_raw);
}

/* ---- a chain that ends nowhere ------------------------------------------------------------------------------------- */

/* Why mbedTLS did not take a certificate with the issuer's name for the issuer. */
static void passed_over(struct tls *t, const struct link *l, const mbedtls_x509_crt *candidate, bool trusted)
{
    char name[200];
    tls_dn(name, sizeof name, &candidate->subject);
    /* It keeps the length plus one, 0 for none. */
    int below = candidate->MBEDTLS_PRIVATE(max_pathlen) - 1;
    if (!candidate->MBEDTLS_PRIVATE(ca_istrue))
        tls_verdict(t, TLS_RANK_TRUST, "%sits issuer (%s) is no certificate authority", l->who, name);
    else if (mbedtls_x509_crt_check_key_usage(candidate, MBEDTLS_X509_KU_KEY_CERT_SIGN) != 0)
        tls_verdict(t, TLS_RANK_TRUST, "%sits issuer (%s) may not sign certificates", l->who, name);
    else if (below >= 0 && below < l->depth)
        tls_verdict(t, TLS_RANK_TRUST,
                    "%sits issuer (%s) allows %d authorities below it, and there are more (path length)", l->who, name,
                    below);
    else if (trusted)
        tls_verdict(t, TLS_RANK_TRUST, "%snot signed by the %s that is trusted", l->who, name);
}

/* mbedTLS looks for the issuer among the trusted, then behind the certificate in what the server sent. */
static void no_issuer(struct tls *t, const struct link *l)
{
    char name[200];
    for (const mbedtls_x509_crt *c = &t->config->trust; c && c->version; c = c->next)
        if (same_raw(&c->subject_raw, &l->crt->issuer_raw))
            passed_over(t, l, c, true);
    for (const mbedtls_x509_crt *c = l->crt->next; c; c = c->next)
        if (same_raw(&c->subject_raw, &l->crt->issuer_raw))
            passed_over(t, l, c, false);
    if (!self_issued(l->crt))
        tls_verdict(t, TLS_RANK_TRUST, "%sissuer unknown (%s)", l->who, tls_dn(name, sizeof name, &l->crt->issuer));
    else if (l->depth == 0)
        tls_verdict(t, TLS_RANK_TRUST, "self-signed");
    else
        tls_verdict(t, TLS_RANK_TRUST, "%sa root that is not trusted", l->who);
}

static void check_trust(struct tls *t, const struct link *l)
{
    char name[200];
    if (!(l->flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED))
        return;
    if (l->issuer)
        tls_verdict(t, TLS_RANK_TRUST, "%sits signature is not that of its issuer (%s)", l->who,
                    tls_dn(name, sizeof name, &l->crt->issuer));
    else
        no_issuer(t, l);
}

/* ---- weak, out of date, not made for this --------------------------------------------------------------------------- */

static bool weak_key(const mbedtls_x509_crt *crt)
{
    const mbedtls_x509_crt_profile *profile = &mbedtls_x509_crt_profile_default;
    mbedtls_pk_type_t type = mbedtls_pk_get_type(&crt->pk);
    if (type == MBEDTLS_PK_RSA || type == MBEDTLS_PK_RSASSA_PSS)
        return mbedtls_pk_get_bitlen(&crt->pk) < profile->rsa_min_bitlen;
    mbedtls_ecp_group_id id = mbedtls_pk_ec(crt->pk)->MBEDTLS_PRIVATE(grp).id;
    return (profile->allowed_curves & MBEDTLS_X509_ID_FLAG(id)) == 0;
}

/* mbedTLS says BAD_KEY of the certificate that the weak key has signed; at the server's own, also of its own key. */
static void check_key(struct tls *t, const struct link *l)
{
    char name[200], who[220] = "";
    if (!(l->flags & MBEDTLS_X509_BADCERT_BAD_KEY))
        return;
    const mbedtls_x509_crt *weak = l->issuer && !(l->depth == 0 && weak_key(l->crt)) ? l->issuer : l->crt;
    if (weak == l->issuer || l->depth > 0)
        snprintf(who, sizeof who, "%s: ", tls_dn(name, sizeof name, &weak->subject));
    tls_verdict(t, TLS_RANK_WEAK, "%sits %s key of %zu bits is too weak", who,
                mbedtls_pk_can_do(&weak->pk, MBEDTLS_PK_RSA) ? "RSA" : "EC", mbedtls_pk_get_bitlen(&weak->pk));
}

static void check_algorithm(struct tls *t, const struct link *l)
{
    if (!(l->flags & (MBEDTLS_X509_BADCERT_BAD_MD | MBEDTLS_X509_BADCERT_BAD_PK)))
        return;
    const mbedtls_md_info_t *md = mbedtls_md_info_from_type(l->crt->MBEDTLS_PRIVATE(sig_md));
    tls_verdict(t, TLS_RANK_WEAK, "%ssigned with %s, which is not safe", l->who,
                md ? mbedtls_md_get_name(md) : "an algorithm");
}

static void check_dates(struct tls *t, const struct link *l)
{
    char ago[40], date[TLS_DATE_MAX];
    int64_t now_s = (int64_t)time(NULL);
    if (l->flags & MBEDTLS_X509_BADCERT_EXPIRED) {
        int64_t s = now_s - tls_seconds(&l->crt->valid_to);
        tls_verdict(t, TLS_RANK_DATE, "%sexpired %s ago (%s)", l->who, tls_span(ago, sizeof ago, s > 0 ? s : 0),
                    tls_date(date, &l->crt->valid_to));
    } else if (l->flags & MBEDTLS_X509_BADCERT_FUTURE) {
        tls_verdict(t, TLS_RANK_DATE, "%snot valid before %s", l->who, tls_date(date, &l->crt->valid_from));
    }
}

/* What the certificate is for by its extended key usage, the first one. */
static const char *purpose(const mbedtls_x509_crt *crt)
{
    const char *text = NULL;
    const mbedtls_x509_sequence *use = &crt->ext_key_usage;
    if (use->buf.p && mbedtls_oid_get_extended_key_usage(&use->buf, &text) == 0)
        return text;
    return "another use";
}

/* An authority that may vouch for other things alone vouches for no server, to OpenSSL neither; mbedTLS looks at the
 * server's own certificate alone, and only after tls_verify. */
static void check_purpose(struct tls *t, struct link *l)
{
    if (mbedtls_x509_crt_check_extended_key_usage(l->crt, MBEDTLS_OID_SERVER_AUTH,
                                                  MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH)) == 0)
        return;
    l->flags |= MBEDTLS_X509_BADCERT_EXT_KEY_USAGE;
    tls_verdict(t, TLS_RANK_USAGE, "%snot made for servers (but for %s)", l->who, purpose(l->crt));
}

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

/* mbedTLS ignores them (RFC 5280 4.2.1.10): such a chain would be good for names it must not be. */
static void check_constraints(struct tls *t, struct link *l)
{
    if (!has_extension(l->crt, MBEDTLS_OID_NAME_CONSTRAINTS, MBEDTLS_OID_SIZE(MBEDTLS_OID_NAME_CONSTRAINTS)))
        return;
    l->flags |= MBEDTLS_X509_BADCERT_OTHER;
    tls_verdict(t, TLS_RANK_WEAK, "%shas name constraints, which cannot be checked", l->who);
}

/* ---- revoked ---------------------------------------------------------------------------------------------------------- */

static const mbedtls_x509_crl *list_of(const mbedtls_x509_crl *lists, const mbedtls_x509_buf *issuer)
{
    for (; lists && lists->version; lists = lists->next)
        if (same_raw(&lists->issuer_raw, issuer))
            return lists;
    return NULL;
}

static const mbedtls_x509_crl_entry *entry_of(const mbedtls_x509_crl *list, const mbedtls_x509_buf *serial)
{
    for (const mbedtls_x509_crl_entry *e = &list->entry; e && e->serial.len; e = e->next)
        if (same_raw(&e->serial, serial))
            return e;
    return NULL;
}

static void revoked(struct tls *t, const struct link *l, const char *issuer)
{
    char when[TLS_DATE_MAX], made[TLS_DATE_MAX];
    const mbedtls_x509_crl *list = list_of(t->config->crl, &l->crt->issuer_raw);
    for (; list; list = list_of(list->next, &l->crt->issuer_raw)) {
        const mbedtls_x509_crl_entry *e = entry_of(list, &l->crt->serial);
        if (e)
            tls_verdict(t, TLS_RANK_REVOKED, "%srevoked on %s, says the list of %s of %s", l->who,
                        tls_date(when, &e->revocation_date), issuer, tls_date(made, &list->this_update));
    }
    tls_verdict(t, TLS_RANK_REVOKED, "%srevoked by %s", l->who, issuer);
}

/* As curl with OpenSSL has it: where there are lists, each certificate below the root must be looked up in one. */
static void check_lists(struct tls *t, struct link *l)
{
    if (!t->config->crl || !l->issuer)
        return;
    char issuer[200], date[TLS_DATE_MAX];
    tls_dn(issuer, sizeof issuer, &l->crt->issuer);
    const mbedtls_x509_crl *list = list_of(t->config->crl, &l->crt->issuer_raw);
    if (!list) {
        l->flags |= MBEDTLS_X509_BADCERT_OTHER;
        tls_verdict(t, TLS_RANK_LIST, "%sno revocation list of its issuer (%s) was given", l->who, issuer);
        return;
    }
    if (l->flags & MBEDTLS_X509_BADCERT_REVOKED)
        revoked(t, l, issuer);
    if (l->flags & (MBEDTLS_X509_BADCRL_NOT_TRUSTED | MBEDTLS_X509_BADCRL_BAD_MD | MBEDTLS_X509_BADCRL_BAD_PK |
                    MBEDTLS_X509_BADCRL_BAD_KEY))
        tls_verdict(t, TLS_RANK_LIST, "%sthe revocation list of %s is not signed by it, or not safely", l->who, issuer);
    else if (l->flags & MBEDTLS_X509_BADCRL_EXPIRED)
        tls_verdict(t, TLS_RANK_LIST, "%sthe revocation list of %s is out of date (since %s)", l->who, issuer,
                    tls_date(date, &list->next_update));
    else if (l->flags & MBEDTLS_X509_BADCRL_FUTURE)
        tls_verdict(t, TLS_RANK_LIST, "%sthe revocation list of %s is not valid before %s", l->who, issuer,
                    tls_date(date, &list->this_update));
}

/* ---- all of it -------------------------------------------------------------------------------------------------------- */

/* Called from the top of the chain down to the server's certificate, depth 0. Only adds flags: what mbedTLS refuses
 * stays refused. */
int tls_verify(void *tls, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
    struct tls *t = tls;
    struct link l = {.crt = crt, .issuer = t->issuer, .depth = depth, .flags = *flags};
    char name[200];
    if (depth > 0)
        snprintf(l.who, sizeof l.who, "%s: ", tls_dn(name, sizeof name, &crt->subject));
    check_trust(t, &l);
    check_lists(t, &l);
    check_key(t, &l);
    check_algorithm(t, &l);
    check_constraints(t, &l);
    check_dates(t, &l);
    check_purpose(t, &l);
    if (depth == 0)
        l.flags |= tls_check_name(t, crt);
    if (l.flags & ~(uint32_t)MBEDTLS_X509_BADCERT_CN_MISMATCH)
        tls_verdict(t, TLS_RANK_USAGE, "%snot made for this use", l.who);
    *flags = l.flags;
    if (*flags != 0)
        t->refused = true;
    int64_t not_after_s = tls_seconds(&crt->valid_to);
    if (not_after_s < t->not_after_s)
        t->not_after_s = not_after_s;
    t->issuer = depth > 0 ? crt : NULL;
    if (depth == 0)
        t->verified = !t->refused;
    return 0;
}
