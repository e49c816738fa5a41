/* TLS tickets of a session, by origin: bounded, the newest of each origin; two origins that fall on one slot replace
 * each other, which costs a full handshake. Under the session's lock. */
#ifndef AFETCH_FETCH_TICKETS_H
#define AFETCH_FETCH_TICKETS_H

#include "proto/tls.h"

#define TICKETS_MAX 256

struct tickets {
    struct {
        char *origin;
        struct tls_session *session;
    } slots[TICKETS_MAX];
};

/* Takes out the ticket of an origin; the caller's, NULL if there is none. Each is offered once (RFC 8446 section C.4). */
struct tls_session *tickets_take(struct tickets *t, const char *origin);
/* Keeps session (NULL: nothing happens), which is the table's from now on. */
void tickets_put(struct tickets *t, const char *origin, struct tls_session *session);
void tickets_deinit(struct tickets *t);

#endif
