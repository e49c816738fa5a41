#include "proto/auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/base64.h>

#include "proto/auth_impl.h"

/* ---- Basic and Bearer -------------------------------------------------------------------------------------------- */

static char *encode(const unsigned char *data, size_t len)
{
    static const char scheme[] = "Basic ";
    size_t size = (len + 2) / 3 * 4 + 1, used;
    char *text = malloc(sizeof scheme - 1 + size);
    if (!text)
        return NULL;
    memcpy(text, scheme, sizeof scheme);
    if (mbedtls_base64_encode((unsigned char *)text + sizeof scheme - 1, size, &used, data, len) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

char *auth_basic(const char *user, const char *password)
{
    user = user ? user : "";
    password = password ? password : "";
    size_t size = strlen(user) + strlen(password) + sizeof ":";
    char *pair = malloc(size);
    if (!pair)
        return NULL;
    snprintf(pair, size, "%s:%s", user, password);
    char *value = encode((const unsigned char *)pair, size - 1);
    free(pair);
    return value;
}

static int bearer(const char *token, char **value, struct error *err)
{
    for (const char *c = token; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return error_set(err, ERR_USAGE, 0, "the bearer token has a control character in it");
    size_t size = sizeof "Bearer " + strlen(token);
    char *text = malloc(size);
    if (!text)
        return ERR_MEMORY;
    snprintf(text, size, "Bearer %s", token);
    *value = text;
    return 0;
}

/* ---- which scheme ------------------------------------------------------------------------------------------------ */

void auth_space_deinit(struct auth_space *s)
{
    auth_digest_deinit(&s->digest);
    *s = (struct auth_space){0};
}

void auth_init(struct auth *a, unsigned allowed, const char *user, const char *password, const char *token, bool body)
{
    *a = (struct auth){.user = user, .password = password, .token = token, .allowed = allowed, .body = body};
}

/* Those of the schemes that there is something to show for. d: the challenge that Digest would answer. */
static unsigned usable(const struct auth *a, const struct auth_digest *d, unsigned schemes)
{
    schemes &= a->allowed;
    if (a->body && d->qop == AUTH_QOP_INT)
        schemes &= ~(unsigned)AUTH_DIGEST;
    if (!a->user && !a->password)
        schemes &= ~(unsigned)(AUTH_BASIC | AUTH_DIGEST);
    if (!a->token)
        schemes &= ~(unsigned)AUTH_BEARER;
    return schemes;
}

static unsigned strongest(unsigned schemes)
{
    static const unsigned order[] = {AUTH_BEARER, AUTH_DIGEST, AUTH_BASIC};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        if (schemes & order[i])
            return order[i];
    return AUTH_NONE;
}

/* The scheme of the next try: what was picked at this origin, or the only one that may be used. */
static unsigned scheme_now(const struct auth *a, const struct auth_space *s)
{
    bool single = (a->allowed & (a->allowed - 1)) == 0;
    unsigned scheme = usable(a, &s->digest, single ? a->allowed : s->picked);
    return scheme == AUTH_DIGEST && !s->digest.nonce ? AUTH_NONE : scheme;
}

bool auth_awaits_challenge(const struct auth *a, const struct auth_space *s)
{
    return !a->unchallenged && a->allowed == AUTH_DIGEST && (a->user || a->password) && scheme_now(a, s) == AUTH_NONE;
}

void auth_unchallenged(struct auth *a)
{
    a->unchallenged = true;
}

int auth_value(struct auth *a, struct auth_space *s, const char *method, const char *uri, char **value,
               struct error *err)
{
    unsigned scheme = scheme_now(a, s);
    char *text = NULL;
    int rc = 0;
    if (scheme == AUTH_BASIC)
        rc = (text = auth_basic(a->user, a->password)) ? 0 : ERR_MEMORY;
    else if (scheme == AUTH_BEARER)
        rc = bearer(a->token, &text, err);
    else if (scheme == AUTH_DIGEST)
        rc = auth_digest_value(&s->digest, a->user, a->password, method, uri, &text);
    if (rc != 0)
        return rc;
    a->sent = scheme;
    a->challenge = s->challenge;
    *value = text;
    return 0;
}

/* Whether to offer the same scheme again is of no use. A Digest made from what the origin's space remembered says
 * nothing of the password where the server has forgotten that nonce, whether or not it calls it stale. */
static bool is_refusal(const struct auth *a, const struct auth_offer *o, unsigned scheme)
{
    if (scheme != a->sent)
        return false;
    return scheme != AUTH_DIGEST || (a->answered && !o->digest.stale);
}

/* The challenge of another request was taken while this one was under way without an answer, or with one to a challenge
 * that was old. To go back to this one's could mean to count one nonce twice. */
static bool has_newer(const struct auth *a, const struct auth_space *s, const struct auth_offer *o)
{
    const char *ours = s->digest.realm, *theirs = o->digest.realm;
    bool overtaken = a->sent == AUTH_NONE || (o->digest.stale && a->challenge != s->challenge);
    return overtaken && s->picked == AUTH_DIGEST && s->digest.nonce && s->digest.qop == o->digest.qop &&
           strcmp(ours ? ours : "", theirs ? theirs : "") == 0;
}

/* A nonce that is given again is counted on (RFC 7616 section 3.4). */
static void take_challenge(struct auth *a, struct auth_space *s, struct auth_offer *o, const unsigned char *random)
{
    bool same = s->digest.nonce && strcmp(s->digest.nonce, o->digest.nonce) == 0;
    uint32_t count = same ? s->digest.count : 0;
    a->answered = true;
    auth_digest_deinit(&s->digest);
    s->digest = o->digest;
    s->digest.count = count;
    s->challenge++;
    o->digest = (struct auth_digest){0};
    for (size_t i = 0; i < AUTH_RANDOM; i++)
        snprintf(s->digest.cnonce + 2 * i, 3, "%02x", random[i]);
}

enum auth_answer auth_challenged(struct auth *a, struct auth_space *s, struct auth_offer *o, const void *random)
{
    a->rounds++;
    unsigned scheme = strongest(usable(a, &o->digest, o->schemes));
    if (scheme == AUTH_NONE || is_refusal(a, o, scheme) || a->rounds > AUTH_ROUNDS_MAX)
        return AUTH_REFUSED;
    if (scheme == AUTH_DIGEST && !has_newer(a, s, o))
        take_challenge(a, s, o, random);
    s->picked = scheme;
    return AUTH_AGAIN;
}
