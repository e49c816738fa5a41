/* What a request shows of who asks, to its server or to a proxy, and whether it can answer what they ask for (RFC 9110
 * section 11). What is known of each of them, such as a nonce, serves all requests of the session: here it is kept,
 * behind the session's lock. */
#ifndef AFETCH_FETCH_CREDENTIALS_H
#define AFETCH_FETCH_CREDENTIALS_H

#include "base/table.h"
#include "proto/auth.h"
#include "proto/http1.h"

#define CREDENTIALS_PEERS_MAX 1024 /* of whom something is known; of others what they ask for is asked anew */

struct afetch_session;

enum credentials_role {
    CREDENTIALS_SERVER, /* 401, WWW-Authenticate, Authorization */
    CREDENTIALS_PROXY   /* 407, Proxy-Authenticate, Proxy-Authorization */
};

/* What there is to show; lent. */
struct credentials_given {
    const char *user, *password; /* decoded; NULL: none */
    const char *token;           /* for Bearer; NULL: none */
    unsigned schemes;            /* of enum auth_scheme, to choose from; AUTH_NONE: Bearer with a token, else Basic */
};

struct credentials; /* of one request, towards one peer; opaque */

/* *out: for the tries of a request to one peer (not for where a redirect leads); NULL where there is nothing to show, as
 * all that follows takes it. peer: who that is ("https://[host]:443"), for each role apart. body: whether the request has
 * one. ERR_MEMORY. */
int credentials_new(struct credentials **out, enum credentials_role role, const char *peer,
                    const struct credentials_given *given, bool body);
void credentials_free(struct credentials *c);

/* The value of its field for the next try: allocated, the caller's; NULL: none is to be sent. method, uri: as for
 * auth_value. An error is in err. */
int credentials_value(struct credentials *c, struct afetch_session *s, const char *method, const char *uri,
                      char **value, struct error *err);
/* At the head of a response: 1 if it asks for what the next try then shows; 0 if not, be it asked for or not; ERR_MEMORY,
 * ERR_INTERNAL. */
int credentials_challenged(struct credentials *c, struct afetch_session *s, const struct http1 *response);
/* Whether the next try shows nothing yet as it expects to be asked: one with a body is better sent with an empty one.
 * Where that was not asked for anything, credentials_unchallenged makes the answer false. */
bool credentials_await_challenge(const struct credentials *c, struct afetch_session *s);
void credentials_unchallenged(struct credentials *c);

/* What is known of a session's servers and proxies; all zero: nothing. Behind its lock. */
struct credentials_known {
    struct table peers[2]; /* by role */
};
void credentials_known_deinit(struct credentials_known *k);

#endif
