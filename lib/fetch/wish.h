/* What other threads wish of a request: that it, or its body's feeder, goes on, or that it ends. A wish is put into the session's list without a
 * lock, and granted by the session's threads under theirs. Nothing of it shows before it is listed, and its maker does
 * not touch the request after that: it may be gone at once. */
#ifndef AFETCH_FETCH_WISH_H
#define AFETCH_FETCH_WISH_H

#include <stdatomic.h>

struct afetch_request;
struct afetch_session;
struct worker;

enum {
    WISH_RESUME = 1,
    WISH_CANCEL = 2,
    WISH_LISTED = 4,  /* it is in the list, or about to be */
    WISH_UNBEGUN = 8, /* no session has begun with the request: its wishes wait for that */
    WISH_FEED = 16,
};

/* Of a request. */
struct wishes {
    atomic_uint made;
    struct afetch_request *next; /* in the session's list */
};

void wishes_init(struct wishes *w);
/* From any thread and with any lock held, while the request lives; its session must live until this returns. */
void wish_make(struct afetch_request *r, unsigned wish);
/* The session, which r knows by now, begins with it. Returns what was wished before. */
unsigned wishes_begin(struct afetch_request *r);
/* With the session's lock: grants all that is listed. here: the worker whose thread calls. */
void wishes_grant(struct afetch_session *s, struct worker *here);

#endif
