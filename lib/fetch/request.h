/* A request: what was asked for, its callbacks, and what has become of it. On the heap, so that it outlives its hops.
 */
#ifndef AFETCH_FETCH_REQUEST_H
#define AFETCH_FETCH_REQUEST_H

#include <stdatomic.h>

#include "afetch.h"
#include "base/co.h"
#include "fetch/condition.h"
#include "fetch/credentials.h"
#include "fetch/ranges.h"
#include "fetch/route.h"
#include "fetch/wish.h"
#include "fetch/worker.h"
#include "net/dial.h"
#include "proto/decode.h"
#include "proto/http1.h"
#include "proto/url.h"

/* What a response leads to, beside its end. */
enum request_then {
    REQUEST_END,
    REQUEST_AGAIN, /* at once, in its place */
    REQUEST_REDIRECT,
    REQUEST_RETRY
};

struct afetch_request {
    struct afetch_session *session; /* NULL until it begins */
    struct worker *worker;       /* who runs it: another one after placing, where there are threads; NULL until then */
    struct fetch *fetch;         /* NULL until then, and for one that is refused */
    struct afetch_request *next; /* in the session's queue */
    char *text;                  /* the URL as it was given */
    size_t text_len;
    char *shown;                           /* less its user info */
    struct url url;                        /* of this hop */
    struct url *first_url;                 /* the one asked for, once a redirect was followed; else NULL */
    char *origin;                          /* "https://[host]:port" of this hop */
    struct credentials *credentials;       /* for that origin; NULL: none */
    struct credentials *proxy_credentials; /* for the proxy on the way; NULL: none */
    int connect_status;                    /* of the last answer to a CONNECT in this hop; 0: none */
    struct route route;                    /* to it */
    char *method;                          /* NULL: by whether there is a body */
    bool parsed, head_only, timeout_set;
    char **headers;
    size_t header_count;
    char *user, *password; /* given by hand for this request; NULL: not */
    uint64_t timeout_ms;
    struct condition condition;
    struct ranges ranges; /* asked for, and what the receiver has */
    struct afetch_callbacks callbacks;
    void *arg;
    uint64_t number;

    struct error err;     /* the first failure */
    struct error refusal; /* of a status whose body is delivered all the same: it fails in the end */
    uint64_t start_ns, queued_ns, sent_ns, first_byte_ns; /* the engine's clock; 0: not yet */
    struct dial_times times;
    struct addr peer;
    bool have_peer, reused;
    bool discard, satisfied; /* the body is only read past; and without it all is well */
    bool decoding;           /* what decode was fed is not used up */
    struct decode *decode;   /* takes content codings off; NULL: there are none */
    uint64_t discarded;      /* bytes of a body that is only read past */
    uint64_t wire_bytes;     /* of the body, as it came */
    uint32_t header_bytes;   /* of the response's heads */
    unsigned connects;
    int status, http_minor;
    uint64_t bytes;          /* of the body that the receiver has */
    const char *tls_version; /* a constant, or NULL */
    char *content_type;
    /* redirects and tries */
    bool as_get; /* a redirect has made a GET of it, without a body */
    enum request_then then;
    char *location;
    char *referer; /* where the last redirect came from, if it is to be told; else NULL */
    unsigned redirects, retries;
    uint64_t not_before_ns, retry_after_ns;
    uint64_t wait_ns;             /* before the try that a status leads to */
    uint64_t first_ns;            /* when it first had its place */
    uint64_t spent_ns;            /* of its time-out, by hops before this one */
    bool delivering;              /* the receiver was told of a response */
    const struct http1 *response; /* within the head and hop callbacks */

    /* what it sends */
    struct afetch_body *body; /* held; NULL: none */
    struct afetch_feeder feeder;
    void *feeder_arg;
    struct upload *upload; /* in a hop that sends a body; else NULL */
    bool body_spent;       /* something of it was read that cannot be read again */
    bool send_empty;       /* this attempt has an empty body: it waits for a challenge */
    bool no_expect;        /* the server does not care for Expect */
    uint64_t bytes_sent;
    uint64_t conn_id;    /* of the connection that it has in this attempt; 0: none */
    struct speed *speed; /* brake.c's, in a hop; NULL: it may be as slow as it is */

    struct pause resume; /* after AFETCH_PAUSE */
    struct pause feed;   /* after AFETCH_FEED_LATER */

    struct wishes wishes; /* of other threads */
    bool canceled;        /* one of them, granted; under the session's lock */
};

/* With the session's lock held: it may be by the callback that ran just before. */
bool request_is_canceled(struct afetch_request *r);
/* A callback said AFETCH_ABORT: the error, in r->err, unless afetch_request_fail told why. */
int request_stop(struct afetch_request *r);
/* As it is sent in this hop. */
const char *request_method(const struct afetch_request *r);
bool request_is_head(const struct afetch_request *r);
/* No body of the response is wanted; but for HEAD there may be one. */
bool request_ends_at_head(const struct afetch_request *r);
/* RFC 9110 section 9.2.2: it may be sent again where nobody knows whether it arrived. */
bool request_is_idempotent(const struct afetch_request *r);
/* Parses the URL, makes the origin, and what it is shown of who asks. 0, or an error that is in r->err: ERR_URL,
 * ERR_SCHEME, ERR_MEMORY, those of login_prepare. */
int request_prepare(struct afetch_request *r);
/* *to becomes a copy of value, or NULL. ERR_MEMORY. */
int request_copy_field(char **to, const char *value);
/* The error that a callback names. */
int request_code_of(enum afetch_code public_code);
/* Completes when afetch_request_resume was called. */
struct co_op *request_pause(struct afetch_request *r);
/* Nanoseconds from r's beginning to a time on the engine's clock, for results: 0 is for what did not happen, which is 0
 * there, and what happened at once is 1. */
uint64_t request_since_start(const struct afetch_request *r, uint64_t at_ns);
/* Calls done, with the session's lock held; the request is its caller's to free, and no longer among the cancelled ones. rc: what the fetch
 * ended with. */
void request_done(struct afetch_request *r, int rc);

#endif
