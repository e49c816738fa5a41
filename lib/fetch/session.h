/* What all transfers of a session share, and the coroutine that admits them. */
#ifndef AFETCH_FETCH_SESSION_H
#define AFETCH_FETCH_SESSION_H

#include <stdatomic.h>

#include "afetch.h"
#include "fetch/pool.h"
#include "fetch/tickets.h"
#include "net/gate.h"
#include "net/names.h"
#include "proto/http1.h"
#include "proto/tls.h"

#define SESSION_HANDSHAKES_MAX 128 /* TLS handshakes under way at once: each is milliseconds of CPU */

/* The coroutine that admits and reaps. */
struct session_root {
    struct co co; /* first */
    struct afetch_session *session;
};

struct afetch_session {
    struct engine *engine;
    struct names *names;
    struct pool pool;
    struct gate gate;
    struct tickets tickets;
    struct tls_config *tls; /* made when the first https URL needs it */
    struct error tls_error; /* why it could not be made */

    /* options */
    char *default_scheme, *user_agent, *ca_file;
    char **headers;
    size_t header_count;
    uint64_t connect_timeout_ns, timeout_ms;
    size_t look_ahead;
    bool insecure, fail_on_status;
    void (*trace)(void *arg, const struct afetch_request *r, enum afetch_trace kind, const char *text, size_t len);
    void *trace_arg;

    /* input */
    struct afetch_request *queue_first, *queue_last;
    enum afetch_next (*next)(void *arg, struct afetch_request **out);
    void *next_arg;
    bool source_ended, source_later;
    void (*woken)(void *arg);
    void *woken_arg;

    /* the run */
    struct session_root root;
    struct co_group fetches;
    struct co_op idle; /* waited for while no transfer runs */
    atomic_bool cancel;
    struct afetch_request *paused;
    uint64_t numbers; /* given so far */
    uint64_t conn_ids;
    uint64_t reused;

    void (*tick)(void *arg);
    void *tick_arg;
    uint64_t tick_ns;
    struct timer tick_timer;
};

/* Builds on an engine and names of the caller's, which the session then owns (the simulator's way in); what
 * afetch_session_new does with those of the mode. ERR_MEMORY, ERR_TRUST. */
int session_new(struct afetch_session **out, struct engine *e, struct names *n, const struct afetch_options *opt,
                struct error *err);

/* The TLS configuration with its trust. 0, or the error in err. */
int session_tls(struct afetch_session *s, struct tls_config **out, struct error *err);

void session_add_paused(struct afetch_session *s, struct afetch_request *r);
void session_forget_paused(struct afetch_session *s, struct afetch_request *r);

void session_trace(struct afetch_session *s, const struct afetch_request *r, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void session_trace_request(struct afetch_session *s, const struct afetch_request *r, const char *head, size_t len);
void session_trace_response(struct afetch_session *s, const struct afetch_request *r, const struct http1 *response);

#endif
