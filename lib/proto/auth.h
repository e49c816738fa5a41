/* What a request says of who asks (RFC 9110 section 11): Basic (RFC 7617), Digest (RFC 7616, and 2069's form), Bearer
 * (RFC 6750), to a server or to a proxy. Sans-IO; includes base/ and proto/hash.h. Any thread, one at a time.
 *
 *     auth_init(&a, allowed, user, password, token, body);        once for a URL, and again after a redirect
 *     auth_value(&a, space, method, uri, &value, err);            for each try: what [Proxy-]Authorization says
 *     401 or 407: auth_offer_add(&offer, each [WWW|Proxy]-Authenticate value)
 *                 auth_challenged(&a, space, &offer, random)      AUTH_AGAIN: another try; AUTH_REFUSED: that is all
 *
 * space is what is known of the server or proxy, kept for later requests to it: a nonce serves many. */
#ifndef AFETCH_PROTO_AUTH_H
#define AFETCH_PROTO_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "proto/hash.h"

enum auth_scheme { AUTH_NONE = 0, AUTH_BASIC = 1, AUTH_DIGEST = 2, AUTH_BEARER = 4 };
#define AUTH_ANY ((unsigned)(AUTH_BASIC | AUTH_DIGEST | AUTH_BEARER)) /* --anyauth */

#define AUTH_RANDOM 24    /* bytes of randomness for a challenge: the client's nonce */
#define AUTH_ROUNDS_MAX 5 /* challenges one request answers: a server that calls every nonce stale would never end */

enum auth_qop {
    AUTH_QOP_NONE, /* RFC 2069 */
    AUTH_QOP_AUTH,
    AUTH_QOP_INT /* auth-int: answered for a request without a body alone */
};

/* A Digest challenge that can be answered: MD5 or SHA-256, each with -sess (mbedTLS has no SHA-512/256). The strings
 * are owned. */
struct auth_digest {
    char *nonce;                      /* NULL: there is no challenge */
    char *realm, *opaque, *algorithm; /* NULL: not given */
    enum hash_kind hash;
    enum auth_qop qop;
    bool session;   /* -sess */
    bool userhash;  /* the name goes as a digest */
    bool utf8;      /* charset=UTF-8 */
    bool stale;     /* the nonce that the request had was too old, its password is not in question */
    uint32_t count; /* requests made with this nonce */
    char cnonce[2 * AUTH_RANDOM + 1];
};

/* What is known of one origin or proxy: kept by the caller, who lets no two threads at it. All zero: nothing. */
struct auth_space {
    unsigned picked;    /* the scheme of the last challenge that was answered, or AUTH_NONE */
    unsigned challenge; /* of how many Digest challenges the one below is the last */
    struct auth_digest digest;
};
void auth_space_deinit(struct auth_space *s);

/* What one response asks for. All zero: nothing yet. */
struct auth_offer {
    unsigned schemes;          /* of enum auth_scheme */
    struct auth_digest digest; /* the first one that can be answered (RFC 7616 section 3.7) */
};
/* One field value, which may hold several challenges (RFC 9110 section 11.6.1). What is malformed or unknown is passed
 * over. ERR_MEMORY. */
int auth_offer_add(struct auth_offer *o, const char *value);
void auth_offer_deinit(struct auth_offer *o);

/* What a request has to show, and what became of it so far. */
struct auth {
    const char *user, *password, *token; /* lent */
    unsigned allowed;                    /* mask of enum auth_scheme */
    unsigned sent;                       /* the scheme of the last value; AUTH_NONE: no value was sent */
    unsigned challenge;                  /* of its space, that the last value was made from */
    unsigned rounds;                     /* challenges got */
    bool answered;                       /* one of its own Digest challenges was taken */
    bool body;                           /* the request has one */
    bool unchallenged;                   /* auth_unchallenged was called */
};

/* allowed: the schemes to choose from; a single one but Digest is sent without being asked for, and so is one that
 * space remembers. user, password: decoded, NULL: none. token: for Bearer, NULL: none. The strings must outlive a.
 * body: whether the request has one. */
void auth_init(struct auth *a, unsigned allowed, const char *user, const char *password, const char *token, bool body);

/* Whether the next try says nothing yet, in sure expectation of a challenge, as Digest is all that is allowed: as curl
 * does, a request with a body is then sent with an empty one (Content-Length: 0). If it is not challenged after all, auth_unchallenged makes the answer
 * false, for the request is to be sent again as it is. */
bool auth_awaits_challenge(const struct auth *a, const struct auth_space *s);
void auth_unchallenged(struct auth *a);

/* The value for the next try: allocated, the caller's; NULL for none. method: of the request; uri: its target as sent,
 * but path and query alone where a proxy gets an absolute one (curl's way), "host:port" for CONNECT. ERR_MEMORY,
 * ERR_USAGE (a control character in the token; particulars in err, which may be NULL), ERR_INTERNAL. */
int auth_value(struct auth *a, struct auth_space *s, const char *method, const char *uri, char **value,
               struct error *err);

/* Takes in what a 401 (or 407) asked for; the offer's Digest challenge passes to space. Of what is allowed, offered and
 * can be answered the strongest is taken: Bearer, Digest, Basic. Of those who were challenged together the first one's
 * nonce serves all. random: AUTH_RANDOM bytes. */
enum auth_answer {
    AUTH_REFUSED, /* what we have was refused, or nothing we have is asked for: the response is the result */
    AUTH_AGAIN    /* auth_value has an answer */
};
enum auth_answer auth_challenged(struct auth *a, struct auth_space *s, struct auth_offer *o, const void *random);

/* The value by the Basic scheme, "Basic dXNlcjpwYXNz", allocated: the caller's. user, password: decoded; NULL counts as
 * empty. NULL without memory. */
char *auth_basic(const char *user, const char *password);

#endif
