/* The challenges of a WWW-Authenticate or Proxy-Authenticate field (RFC 9110 section 11.6.1), read with curl's
 * leniency: commas may be missing or too many, values unquoted, parameters given twice (the last one holds). */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "proto/auth_impl.h"

/* Of one parameter: a nonce this long is a server's mistake, or meant to make us send as much with every request. */
enum { PARAM_MAX = 4096 };

static const char *skip_blanks(const char *p)
{
    return p + strspn(p, " \t");
}

/* RFC 9110 section 5.6.2 */
static bool is_token_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

static const char *skip_token(const char *p)
{
    while (is_token_char(*p))
        p++;
    return p;
}

static bool is(const char *at, size_t len, const char *word)
{
    return strlen(word) == len && strncasecmp(at, word, len) == 0;
}

/* Over credentials in one piece ("Negotiate YII="), which would else look like a parameter; where there are none, p. */
static const char *skip_token68(const char *p)
{
    const char *end = p;
    while (is_token_char(*end) || *end == '/')
        end++;
    end += strspn(end, "=");
    const char *after = skip_blanks(end);
    return end > p && (*after == ',' || *after == '\0') ? after : p;
}

/* Reads a value at p, quoted or not, without its quotes. A quote that is not closed ends with the field. Returns where
 * it ends; NULL without memory. What is longer than PARAM_MAX becomes empty. */
static const char *read_value(const char *p, struct buf *value)
{
    bool quoted = *p == '"', whole = true;
    p += quoted;
    buf_clear(value);
    while (*p && (quoted ? *p != '"' : *p != ',' && *p != ' ' && *p != '\t')) {
        if (quoted && *p == '\\' && p[1])
            p++;
        whole = whole && !buf_full(value, 1);
        if (whole && buf_addc(value, *p) != 0)
            return NULL;
        p++;
    }
    if (!whole)
        buf_clear(value);
    return quoted && *p == '"' ? p + 1 : p;
}

/* ---- Digest ------------------------------------------------------------------------------------------------------ */

struct draft {
    struct auth_digest d;
    bool useless; /* it asks for what we lack */
};

static int set(char **field, const char *value)
{
    char *copy = strdup(value);
    if (!copy)
        return ERR_MEMORY;
    free(*field);
    *field = copy;
    return 0;
}

static int set_algorithm(struct draft *draft, const char *value)
{
    static const struct {
        const char *name;
        enum hash_kind hash;
        bool session;
    } known[] = {
        {"MD5", HASH_MD5, false},
        {"MD5-sess", HASH_MD5, true},
        {"SHA-256", HASH_SHA256, false},
        {"SHA-256-sess", HASH_SHA256, true},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcasecmp(value, known[i].name) == 0) {
            draft->d.hash = known[i].hash;
            draft->d.session = known[i].session;
            return set(&draft->d.algorithm, value);
        }
    draft->useless = true;
    return 0;
}

/* The least that is offered, for auth-int wants a digest of the body before the head is sent. An empty list is RFC
 * 2069's. */
static void set_qop(struct draft *draft, const char *value)
{
    const char *p = value + strspn(value, ", \t");
    bool auth = false, integrity = false, any = false;
    while (*p) {
        size_t len = strcspn(p, ", \t");
        auth = auth || is(p, len, "auth");
        integrity = integrity || is(p, len, "auth-int");
        any = true;
        p += len;
        p += strspn(p, ", \t");
    }
    draft->d.qop = auth ? AUTH_QOP_AUTH : integrity ? AUTH_QOP_INT : AUTH_QOP_NONE;
    draft->useless = draft->useless || (any && !draft->d.qop);
}

static int set_param(struct draft *draft, const char *name, size_t len, const char *value)
{
    bool yes = strcasecmp(value, "true") == 0;
    if (is(name, len, "nonce"))
        return set(&draft->d.nonce, value);
    if (is(name, len, "realm"))
        return set(&draft->d.realm, value);
    if (is(name, len, "opaque"))
        return set(&draft->d.opaque, value);
    if (is(name, len, "algorithm"))
        return set_algorithm(draft, value);
    if (is(name, len, "qop"))
        set_qop(draft, value);
    else if (is(name, len, "stale"))
        draft->d.stale = yes;
    else if (is(name, len, "userhash"))
        draft->d.userhash = yes;
    else if (is(name, len, "charset"))
        draft->d.utf8 = strcasecmp(value, "UTF-8") == 0;
    return 0;
}

/* The challenge is over: it is taken if it can be answered and none was before. */
static void finish(struct auth_offer *o, struct draft *draft)
{
    bool useful = draft->d.nonce && *draft->d.nonce && !draft->useless && (draft->d.qop || !draft->d.session);
    if (useful && !o->digest.nonce) {
        o->digest = draft->d;
        o->schemes |= AUTH_DIGEST;
    } else {
        auth_digest_deinit(&draft->d);
    }
    *draft = (struct draft){0};
}

/* ---- the list ---------------------------------------------------------------------------------------------------- */

/* A scheme's name begins a challenge. Returns whether its parameters matter. */
static bool begin(struct auth_offer *o, const char *name, size_t len)
{
    if (is(name, len, "Basic"))
        o->schemes |= AUTH_BASIC;
    else if (is(name, len, "Bearer"))
        o->schemes |= AUTH_BEARER;
    return is(name, len, "Digest");
}

int auth_offer_add(struct auth_offer *o, const char *value)
{
    struct draft draft = {0};
    struct buf text;
    bool digest = false;
    int rc = 0;
    buf_init(&text, PARAM_MAX);
    for (const char *p = value + strspn(value, ", \t"); *p && rc == 0; p += strspn(p, ", \t")) {
        const char *end = skip_token(p), *after = skip_blanks(end);
        if (end == p) { /* nothing that belongs here */
            p = read_value(*p == '"' ? p : p + 1, &text);
            rc = p ? 0 : ERR_MEMORY;
        } else if (*after == '=') {
            const char *next = read_value(skip_blanks(after + 1), &text);
            rc = next ? 0 : ERR_MEMORY;
            if (rc == 0 && digest)
                rc = set_param(&draft, p, (size_t)(end - p), text.data ? text.data : "");
            p = next;
        } else {
            finish(o, &draft);
            digest = begin(o, p, (size_t)(end - p));
            p = skip_token68(after);
        }
        if (rc != 0)
            break;
    }
    if (rc == 0)
        finish(o, &draft);
    auth_digest_deinit(&draft.d);
    buf_deinit(&text);
    return rc;
}

void auth_offer_deinit(struct auth_offer *o)
{
    auth_digest_deinit(&o->digest);
    *o = (struct auth_offer){0};
}
