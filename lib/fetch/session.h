/* What all transfers of a session share, behind its lock, and the coroutine that admits them. */
#ifndef AFETCH_FETCH_SESSION_H
#define AFETCH_FETCH_SESSION_H

#include <stdatomic.h>

#include "afetch.h"
#include "fetch/credentials.h"
#include "fetch/crew.h"
#include "fetch/defaults.h"
#include "fetch/holds.h"
#include "fetch/jar.h"
#include "fetch/login.h"
#include "fetch/pace.h"
#include "fetch/rate.h"
#include "fetch/route.h"
#include "fetch/security.h"
#include "fetch/statuses.h"
#include "fetch/texts.h"
#include "fetch/tickets.h"
#include "fetch/worker.h"
#include "net/gate.h"
#include "net/names.h"
#include "net/overrides.h"
#include "proto/http1.h"
#include "proto/tls.h"

#define SESSION_HANDSHAKES_MAX 128 /* TLS handshakes under way at once: each is milliseconds of CPU */

/* The coroutine that admits and reaps. */
struct session_root {
    struct co co; /* first */
    struct afetch_session *session;
    struct deadline deadline;
};

struct afetch_session {
    struct lock lock; /* of what threads share: all below but what is set once, and the run's */
    struct engine *engine;
    struct worker main; /* the one that the run's thread is; where there is no crew it runs everything */
    struct crew crew;
    struct names *names;
    struct pool pool;
    struct gate gate;
    struct pace pace;
    struct rate receiving, sending;
    struct tickets tickets;
    struct holds holds;
    struct security security;
    struct credentials_known known;
    struct jar jar;
    struct routes routes;

    /* options */
    struct defaults defaults;
    struct login login;
    char *default_scheme, *user_agent;
    struct texts_lines headers;
    uint64_t connect_timeout_ns, timeout_ms, expect_timeout_ns;
    uint64_t deadline_ns;                /* 0: none */
    uint64_t speed_limit, speed_time_ns; /* speed_limit 0: none */
    /* What leads a request elsewhere does so for its origin: pool and tickets need not know. */
    struct overrides overrides;
    unsigned keep_alive_s, keep_alive_count;
    size_t look_ahead;
    bool threads;
    bool follow, location_trusted;
    int redirects_max;
    unsigned post_keep, proto_redir;
    unsigned retry_max;
    uint64_t retry_delay_ns, retry_max_time_ns;
    bool retry_connrefused, retry_all_errors;
    struct statuses retry_statuses;
    bool compressed;
    uint64_t filesize_max; /* bytes, as delivered; 0: no limit */
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
    size_t live;      /* fetches */
    struct post news; /* the root waits: for room, the last fetch's end, or a wake-up */
    bool news_wanted, news_missed;
    size_t news_at; /* so few fetches are news */
    atomic_bool cancel;
    int ending; /* why the run cancels what is under way: ERR_CANCELED, ERR_TIMEOUT */
    void (*describe_line)(void *arg, const char *text);
    void *describe_arg;
    struct afetch_request *_Atomic wishers; /* of whom other threads wish something (wish.h) */
    uint64_t numbers;                       /* given so far */
    uint64_t random;
    uint64_t conn_ids;
    uint64_t reused;

    void (*tick)(void *arg);
    void *tick_arg;
    uint64_t tick_ns;
    struct timer tick_timer;
    bool tick_changed; /* by a callback: the timer is the session's thread's to start */
};

/* Builds on an engine and names of the caller's, which the session then owns (the simulator's way in); what
 * afetch_session_new does with those of the mode. ERR_MEMORY, and security_init's. */
int session_new(struct afetch_session **out, struct engine *e, struct names *n, const struct afetch_options *opt,
                struct error *err);

/* Copies what the session needs of opt, at now_ns of its engine; what it made is freed by afetch_session_free, in any case. ERR_MEMORY, ERR_USAGE,
 * and security_init's. */
int session_copy_options(struct afetch_session *s, const struct afetch_options *opt, uint64_t now_ns,
                         struct error *err);

/* The TLS configuration with its trust. 0, or the error in err. */
int session_tls(struct afetch_session *s, struct tls_config **out, struct error *err);
/* Likewise towards proxies. */
int session_proxy_tls(struct afetch_session *s, struct tls_config **out, struct error *err);

/* With the lock: makes what the run's end means to a request its error, if that is no cancel. */
void session_tell_ending(const struct afetch_session *s, struct afetch_request *r);

/* What follows may be called on any worker's thread. */

/* f's last step: its result is told, its request freed; it is freed itself when it has ended. */
void session_end_fetch(struct afetch_session *s, struct fetch *f);
/* The main worker's engine was woken. */
void session_woken(struct afetch_session *s);

/* A new connection's id: 1, 2, … */
uint64_t session_count_conn(struct afetch_session *s);
void session_count_reuse(struct afetch_session *s);
/* Nobody is to go to origin for so long from now_ns on; and until when that is (0: it is free). */
void session_hold(struct afetch_session *s, const char *origin, uint64_t wait_ns, uint64_t now_ns);
uint64_t session_held_until(struct afetch_session *s, const char *origin, uint64_t now_ns);
/* For jitter; no secret. */
uint64_t session_random(struct afetch_session *s);
struct tls_session *session_take_ticket(struct afetch_session *s, const char *origin);
void session_keep_ticket(struct afetch_session *s, const char *origin, struct tls_session *ticket);

void session_trace(struct afetch_session *s, const struct afetch_request *r, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void session_trace_request(struct afetch_session *s, const struct afetch_request *r, const char *head, size_t len);
void session_trace_data(struct afetch_session *s, const struct afetch_request *r, bool out, const void *data,
                        size_t len);
void session_trace_response(struct afetch_session *s, const struct afetch_request *r, const char *head, size_t len);

#endif
