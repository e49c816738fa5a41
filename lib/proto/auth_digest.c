/* The answer to a Digest challenge (RFC 7616 section 3.4). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "proto/auth_impl.h"
#include "proto/hash.h"

enum { VALUE_MAX = 1 << 20 };

static const char *const qops[] = {[AUTH_QOP_AUTH] = "auth", [AUTH_QOP_INT] = "auth-int"};

void auth_digest_deinit(struct auth_digest *d)
{
    free(d->nonce);
    free(d->realm);
    free(d->opaque);
    free(d->algorithm);
    *d = (struct auth_digest){0};
}

/* ---- digests ----------------------------------------------------------------------------------------------------- */

/* H(parts[0] ":" parts[1] ":" …) */
static int digest(struct hash *h, char hex[HASH_HEX_SIZE], size_t count, const char *const *parts)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            hash_add(h, ":", 1);
        hash_adds(h, parts[i]);
    }
    return hash_hex(h, hex);
}

#define DIGEST(h, hex, ...)                                                                                            \
    digest(h, hex, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *), (const char *[]){__VA_ARGS__})

struct answer {
    char user[HASH_HEX_SIZE];     /* for userhash */
    char response[HASH_HEX_SIZE]; /* the proof */
    char count[9];
};

static int compute(struct answer *answer, const struct auth_digest *d, const char *user, const char *password,
                   const char *method, const char *uri)
{
    const char *realm = d->realm ? d->realm : "";
    char a1[HASH_HEX_SIZE], a2[HASH_HEX_SIZE], body[HASH_HEX_SIZE];
    struct hash *h = hash_new(d->hash);
    if (!h)
        return ERR_MEMORY;
    int rc = DIGEST(h, answer->user, user, realm);
    if (rc == 0)
        rc = DIGEST(h, a1, user, realm, password);
    if (rc == 0 && d->session)
        rc = DIGEST(h, a1, a1, d->nonce, d->cnonce);
    if (rc == 0 && d->qop == AUTH_QOP_INT) {
        rc = hash_hex(h, body);
        if (rc == 0)
            rc = DIGEST(h, a2, method, uri, body);
    } else if (rc == 0) {
        rc = DIGEST(h, a2, method, uri);
    }
    if (rc == 0)
        rc = d->qop ? DIGEST(h, answer->response, a1, d->nonce, answer->count, d->cnonce, qops[d->qop], a2)
                    : DIGEST(h, answer->response, a1, d->nonce, a2);
    hash_free(h);
    return rc;
}

/* ---- the field's value ------------------------------------------------------------------------------------------- */

/* A quoted string. A control character, which must not stand there and could end the line, is percent-encoded as curl
 * does (the digest is of the name as it is, so that such a name is refused). */
static int add_quoted(struct buf *b, const char *text)
{
    int rc = buf_addc(b, '"');
    for (const char *c = text; rc == 0 && *c; c++) {
        if (*c == '"' || *c == '\\')
            rc = buf_addf(b, "\\%c", *c);
        else if ((unsigned char)*c < 0x20 || *c == 0x7f)
            rc = buf_addf(b, "%%%02X", (unsigned)(unsigned char)*c);
        else
            rc = buf_addc(b, *c);
    }
    return rc == 0 ? buf_addc(b, '"') : rc;
}

static int add_param(struct buf *b, const char *name, const char *text)
{
    int rc = buf_addf(b, ", %s=", name);
    return rc == 0 ? add_quoted(b, text) : rc;
}

static bool is_ascii(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text >= 0x80)
            return false;
    return true;
}

static bool is_attr_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("!#$&+-.^_`|~", c);
}

/* username*, the extended notation of RFC 8187, for a server that says charset=UTF-8 (RFC 7616 section 3.4). */
static int add_extended(struct buf *b, const char *user)
{
    int rc = buf_adds(b, "username*=UTF-8''");
    for (const char *c = user; rc == 0 && *c; c++)
        rc = is_attr_char(*c) ? buf_addc(b, *c) : buf_addf(b, "%%%02X", (unsigned)(unsigned char)*c);
    return rc;
}

static int add_user(struct buf *b, const struct auth_digest *d, const char *user, const char *hashed)
{
    if (!d->userhash && d->utf8 && !is_ascii(user))
        return add_extended(b, user);
    int rc = buf_adds(b, "username=");
    return rc == 0 ? add_quoted(b, d->userhash ? hashed : user) : rc;
}

/* In curl's order, so that what one server takes from it the next takes from us. */
static int write_value(struct buf *b, const struct auth_digest *d, const struct answer *answer, const char *user,
                       const char *uri)
{
    int rc = buf_adds(b, "Digest ");
    if (rc == 0)
        rc = add_user(b, d, user, answer->user);
    if (rc == 0)
        rc = add_param(b, "realm", d->realm ? d->realm : "");
    if (rc == 0)
        rc = add_param(b, "nonce", d->nonce);
    if (rc == 0)
        rc = add_param(b, "uri", uri);
    if (rc == 0 && d->qop)
        rc = buf_addf(b, ", cnonce=\"%s\", nc=%s, qop=%s", d->cnonce, answer->count, qops[d->qop]);
    if (rc == 0)
        rc = buf_addf(b, ", response=\"%s\"", answer->response);
    if (rc == 0 && d->opaque)
        rc = add_param(b, "opaque", d->opaque);
    if (rc == 0 && d->algorithm)
        rc = buf_addf(b, ", algorithm=%s", d->algorithm);
    if (rc == 0 && d->userhash)
        rc = buf_adds(b, ", userhash=true");
    return rc;
}

int auth_digest_value(struct auth_digest *d, const char *user, const char *password, const char *method,
                      const char *uri, char **value)
{
    struct answer answer;
    struct buf b;
    buf_init(&b, VALUE_MAX);
    user = user ? user : "";
    d->count++;
    snprintf(answer.count, sizeof answer.count, "%08x", (unsigned)d->count);
    int rc = compute(&answer, d, user, password ? password : "", method, uri);
    if (rc == 0)
        rc = write_value(&b, d, &answer, user, uri);
    if (rc == 0)
        *value = buf_take(&b);
    buf_deinit(&b);
    return rc;
}
