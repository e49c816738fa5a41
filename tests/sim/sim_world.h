/* What one seed means: hosts and how they behave, URLs with what is served for each and what the client does with it,
 * limits; and what has happened so far, against which results are judged. Made by sim_plan.c; used by the simulated
 * server, names and client. */
#ifndef TESTS_SIM_WORLD_H
#define TESTS_SIM_WORLD_H

#include "afetch.h"
#include "base/buf.h"
#include "net/names.h"
#include "proto/tls.h"
#include "server/test_ca.h"
#include "sim/sim.h"
#include "sim/sim_engine.h"
#include "sim/sim_memory.h"

#define SIM_HOSTS_MAX 8
#define SIM_URLS_MAX 60
#define SIM_PAGES_MAX 8 /* of a URL */
#define SIM_BODY_MAX ((size_t)300 * 1000)
#define SIM_ADDRS_MAX 4
#define SIM_SALTS 4096
#define SIM_COUNTS 256
#define SIM_PROXY_NUMBER 200
/* From its place to its end: no URL takes longer, whatever its seed does to it. */
#define SIM_URL_BOUND_NS (2000 * SIM_SECOND)

/* ---- hosts -------------------------------------------------------------------------------------------------------- */

enum sim_answer { ANSWER_ADDRS, ANSWER_NONE, ANSWER_FAILURE, ANSWER_FLAKY };
enum sim_reach { REACH_GOOD, REACH_REFUSED, REACH_BLACK_HOLE, REACH_NO_ROUTE, REACH_FLAKY };

struct sim_family {
    enum sim_answer answer;
    enum sim_reach reach[SIM_ADDRS_MAX];
    size_t count;
    uint64_t delay_ns;
    bool at_once;
    uint32_t ttl_s;
};

/* What goes wrong with a TLS connection's ciphertext, on its way to the client. */
enum sim_tls_fault {
    TLS_FAULT_NONE,
    TLS_FAULT_CUT,     /* it ends, without close_notify */
    TLS_FAULT_RESET,   /* it is reset */
    TLS_FAULT_GARBAGE, /* something else comes */
    TLS_FAULT_FLIP,    /* one bit is another */
    TLS_FAULT_STALL,   /* nothing comes any more */
    TLS_FAULT_ALERT,   /* the server sends a fatal alert between two records */
};

struct sim_host {
    char name[48];      /* as it is looked up */
    char authority[64]; /* as it stands in a URL and in Host */
    uint16_t port;
    bool literal;
    struct sim_family v6, v4;
    bool tls;
    int tls_minor;             /* 2 or 3; 0: both */
    enum test_flavour flavour; /* of its certificate */
    bool tickets, alpn;
    bool notifies;            /* its close_notify comes before it closes */
    enum sim_tls_fault fault; /* of its connections, mostly in their handshakes */
    unsigned fault_chance;    /* of a thousand of them */
    size_t fault_within;      /* so many bytes */
    struct tls_config *tls_config;
    uint64_t codes; /* how reaching it may fail, a bit for each enum afetch_code */
    bool unreachable;
    size_t in_flight;      /* connections with a request that is not answered yet */
    size_t used;           /* open connections on which there has been a request */
    bool guarded, refuses; /* it asks who is there, and is content with nobody */
    unsigned long nonce;
    size_t counted[SIM_COUNTS];           /* by which URL with this nonce; 1 + its index */
    uint64_t held_from_ns, held_until_ns; /* it wanted to be left alone */
};

/* ---- features ------------------------------------------------------------------------------------------------------ */

/* Of the library, beside the plain fetch: each seed has some of them, by chances of their own, so that a seed without one
 * is the same run as before it was there. */
enum sim_feature {
    SIM_REDIRECTS = 1,
    SIM_RETRIES = 2,
    SIM_CANCELS = 4,
    SIM_SPEED = 8,
    SIM_UPLOADS = 16,
    SIM_PROXIES = 32,
    SIM_LOGINS = 64,
    SIM_FEATURES = 127
};

struct sim_world;

/* ---- URLs ---------------------------------------------------------------------------------------------------------- */

enum sim_framing { FRAME_LENGTH, FRAME_CHUNKED, FRAME_CLOSE };

/* How a response goes wrong. To add one: a name here, its chance in sim_plan.c (plan_defect), its bytes in
 * sim_response.c, and the codes that it may end with in sim_judge.c (codes_of). */
enum sim_defect {
    DEFECT_NONE,
    DEFECT_CUT,     /* the server closes within the message */
    DEFECT_RESET,   /* or resets */
    DEFECT_EMPTY,   /* closes without a byte */
    DEFECT_STALL,   /* stops, and keeps the connection (only with a time-out) */
    DEFECT_GARBAGE, /* this is not HTTP */
    DEFECT_BAD_CHUNK,
    DEFECT_TWO_LENGTHS,
    DEFECT_SWITCH,    /* 101, not asked for */
    DEFECT_LONG_HEAD, /* over the limit */
    DEFECT_TLS_CUT,   /* the rest is struct sim_tls_fault's within the response */
    DEFECT_TLS_RESET,
    DEFECT_TLS_GARBAGE,
    DEFECT_TLS_FLIP,
    DEFECT_TLS_ALERT,
    DEFECTS
};

/* How a Location field says where to go; or that it cannot be gone to. */
enum sim_location {
    LOCATION_NONE, /* no such field */
    LOCATION_ABSOLUTE,
    LOCATION_NETWORK,  /* "//host/u1/2" */
    LOCATION_PATH,     /* "/u1/2" */
    LOCATION_RELATIVE, /* "2" */
    LOCATION_DOTS,     /* "../x/./../u1/2" */
    LOCATION_USER,     /* absolute, with user info */
    LOCATION_EMPTY,
    LOCATION_BAD_PORT,
    LOCATION_BAD_HOST,
    LOCATION_FTP,
};

/* What a client is to do after a hop. */
enum sim_then {
    THEN_END,
    THEN_FOLLOW,
    THEN_LIMIT,
    THEN_BAD_URL,
    THEN_BAD_SCHEME,
    THEN_AGAIN,    /* the same once more, without a range */
    THEN_RETRY,    /* later */
    THEN_MAY_RETRY /* or not: its time is nearly up */
};

/* What a Retry-After field says. */
enum sim_after { AFTER_NONE, AFTER_SECONDS, AFTER_DATE, AFTER_GARBAGE };

/* By what one version of a page is known from another. */
enum sim_validator { VALIDATOR_NONE, VALIDATOR_STRONG, VALIDATOR_WEAK, VALIDATOR_DATE };

/* What a server makes of a Range field. */
enum sim_serving {
    SERVES_RANGES,
    SERVES_WHOLE,     /* knows none */
    SERVES_BLINDLY,   /* without a look at If-Range */
    SERVES_ELSEWHERE, /* one that begins before it */
    SERVES_UNTOLD,    /* without a Content-Range */
    SERVES_NOTHING,   /* 416, whatever is asked for */
};

/* What such an answer is to a client: nothing to it, the rest, of no use, or that it has all. */
enum sim_rest { REST_NONE, REST_GOOD, REST_AGAIN, REST_WHOLE };

/* What the receiver does when what it got is void. */
enum sim_undo {
    UNDO_DONE,
    UNDO_REFUSED,
    UNDO_NEVER /* it has no such callback */
};

/* When a single request is cancelled. */
enum sim_cancels { CANCELS_NEVER, CANCELS_LATER, CANCELS_IN_HEAD, CANCELS_IN_BODY, CANCELS_OTHER /* in its head */ };

/* Where a request's body comes from. */
enum sim_upload_kind { UPLOAD_NONE, UPLOAD_MEMORY, UPLOAD_FED, UPLOAD_FED_UNKNOWN /* its length */ };

/* What is served at one target: at /u12 for URL 12, and where it redirects, at /u12/1, /u12/2 … */
struct sim_page {
    struct sim_host *host;
    int status;
    enum sim_framing framing;
    enum sim_defect defect;
    size_t body_len, salt;
    unsigned informs;               /* 1xx before it */
    bool http10, close, keep_alive; /* the Connection field */
    bool bare_lf, folded, repeated_length, trailers;
    bool typed; /* has a Content-Type */
    bool extra; /* bytes behind the message that nobody asked for */
    uint64_t first_delay_ns, mid_delay_ns;
    enum sim_location location;
    size_t next;   /* the page that Location is of */
    bool query;    /* its target has one */
    bool fragment; /* Location has one */
    enum sim_after after;
    uint64_t after_s;
    enum sim_validator validator;
    unsigned version;
    enum sim_serving serving;
};

/* A request that a server got, and what it answers. */
struct sim_served {
    struct sim_url *url;
    size_t index; /* of the page */
    struct sim_page page;
    const char *method;
    size_t from, len; /* of the body that is sent, in the page's */
    bool ranged;      /* 206 or 416 */
    enum sim_rest rest;
    uint64_t until_ns; /* that Retry-After stands for */
    bool challenges, stale;
    unsigned long nonce;
};

/* Where a client that does all it should stands with its request. */
struct sim_trail {
    size_t page;
    const char *method;
    unsigned redirects, retries, logins;
    bool as_get;       /* the body was left behind */
    bool user;         /* the last Location had user info */
    uint64_t spent_ns; /* by the hops of this attempt that have ended */
    bool tried_again;  /* in the attempt a used connection failed */
    size_t got;        /* bytes of the body, before the next hop */
    size_t from;       /* it goes on there; 0: it begins from the start */
    bool goes_on;
    uint64_t first_ns, first_low_ns; /* when it first had its place, at most and at least */
    uint64_t low_ns, high_ns;        /* between these it comes back */
    uint64_t leapt_ns;               /* when that was decided */
};

/* What has happened in the hop that is under way. */
struct sim_hop {
    uint64_t seen; /* the codes that what the client was told stands for */
    bool tainted;  /* it was told what belongs to no request: it cannot know */
    bool answered; /* a server has answered: */
    struct sim_served served;
    bool tried_again; /* a used connection failed, */
    uint64_t spared;  /* which else stands for these */
    bool told;        /* bytes are for the receiver */
    bool feed_failed;
    bool uploaded; /* the server had the whole body before it answered */
    /* at its end */
    bool understood; /* the client has read the head of that answer */
    enum afetch_code code;
    enum sim_then then, by_status;
    uint64_t took_ns, done_ns;
};

struct sim_url {
    struct sim_world *world;
    size_t index;
    struct sim_page pages[SIM_PAGES_MAX];
    size_t page_count;
    const char *method;
    /* what the client does */
    unsigned pauses_left;
    bool counted_only; /* no body callback */
    bool credentials;  /* in the URL */
    bool secrets;      /* Authorization and Cookie, by hand */
    unsigned fields;   /* of its own in the request */
    enum sim_undo undo;
    enum sim_cancels cancels;
    enum sim_upload_kind upload;
    size_t up_len, up_salt, up_fails_at;
    bool up_once, up_expect;
    unsigned up_later; /* of a thousand times that more is wanted */
    uint64_t cancel_after_ns;
    size_t abort_at; /* SIZE_MAX: it doesn't */
    enum afetch_code abort_code;
    /* what has happened */
    struct afetch_request *request; /* NULL: not handed over, or done */
    bool given, done, paused;
    bool begun;             /* it has had a place */
    uint64_t leapt_ns;      /* before it was made */
    uint64_t memory_failed; /* allocations, before it was made */
    uint64_t resumed_ns;    /* when it last was */
    unsigned heads;         /* callbacks, since it began from the start */
    unsigned hops;
    size_t delivered;
    size_t salt, body_len;          /* of what is delivered */
    char validator[64];             /* a strong one of it, or "" */
    size_t validator_page;          /* whose that is */
    bool refused;                   /* to take it back */
    struct sim_trail trail, before; /* the latter: before it was to try again */
    struct sim_hop hop, last;       /* that is under way, and that ended last */
    struct sim_event resume, cancel, feed;
    bool up_begun, up_spent; /* its feeder */
    size_t up_given;
    bool unexpected; /* it was told not to expect 100 */
    bool canceled;
    uint64_t canceled_ns, canceled_leapt_ns;
};

/* Its Content-Type: "text/x-7", or nothing. */
void sim_served_type(const struct sim_served *s, char *out, size_t size);
/* Its X-Id: "7", and of the other pages "7/1". */
void sim_served_id(const struct sim_served *s, char *out, size_t size);
/* As its request is sent now. */
bool sim_url_idempotent(const struct sim_url *u);
bool sim_served_has_body(const struct sim_served *s);
/* The client must not use the connection again after this response, whole as it may be. */
bool sim_served_must_close(const struct sim_served *s);
/* The bytes that are served; of SIM_BODY_MAX at most. */
const char *sim_body(size_t salt);

/* ---- retries, sim_retry.c ------------------------------------------------------------------------------------------- */

void sim_retry_options(struct sim_world *w, struct rng *r);
void sim_retry_plan(struct sim_url *u, struct rng *r);
/* What is answered may be trouble instead. */
void sim_retry_trouble(struct sim_served *s);
bool sim_retry_after_field(const struct sim_served *s, char *out, size_t size);
/* The client has read the head of it. */
void sim_retry_told(const struct sim_served *s);
/* Whether nobody should have begun then to go there. */
bool sim_retry_held(const struct sim_host *h, uint64_t at_ns);
/* After a hop: whether its status is worth another try, and what a client is to do if it failed. */
enum sim_then sim_retry_by_status(const struct sim_url *u, const struct afetch_hop *hop);
void sim_retry_decide(struct sim_url *u, const struct afetch_hop *hop);
void sim_retry_check_begin(const struct sim_url *u, uint64_t begun_ns);

/* ---- ranges, sim_ranges.c ------------------------------------------------------------------------------------------- */

void sim_ranges_plan(struct sim_page *page, struct rng *r);
void sim_ranges_validator(const struct sim_served *s, char *out, size_t size);
enum { SIM_RANGES_FIELDS = 3 };
bool sim_ranges_field(const struct sim_served *s, size_t index, char *out, size_t size);
/* To a request with that head: what is served may have changed, and may be a part. */
void sim_ranges_answer(struct sim_served *s, const char *head);

/* ---- uploads, sim_upload.c ------------------------------------------------------------------------------------------- */

void sim_upload_plan(struct sim_url *u, struct rng *r);
/* Sets it to the request; false without memory. */
bool sim_upload_give(struct sim_url *u, struct afetch_request *r);
bool sim_upload_sends(const struct sim_url *u);
bool sim_upload_can_repeat(const struct sim_url *u);
/* After a 417: it is sent once more without Expect. */
bool sim_upload_unexpected(const struct sim_url *u);

/* A body as it is written, or as it arrives. */
struct sim_upload {
    const struct sim_url *url;
    bool chunked, expects, whole;
    size_t got;
    /* of the chunked coding */
    size_t left;
    char line[24];
    size_t line_len;
    bool behind, last; /* the end of a chunk's data is next; of all */
};
/* head: of its request; to be what it must be. */
void sim_upload_begin(struct sim_upload *up, const struct sim_url *u, const char *head);
/* How many of the bytes belong to it. */
size_t sim_upload_take(struct sim_upload *up, const char *data, size_t len);

/* ---- proxies, sim_proxy.c -------------------------------------------------------------------------------------------- */

void sim_proxy_plan(struct sim_world *w, struct rng *r);

/* A connection to it, until it is one to a server. */
struct sim_tunnel {
    char asked[1024];
    size_t asked_len;
    bool greeted;
    bool answered; /* to what counts */
    struct sim_host *target;
    char answer[256];
    size_t answer_len, sent, told;
    bool ends, resets; /* behind the answer */
};
/* What the client says arrives; there may be an answer to it. */
void sim_proxy_take(struct sim_world *w, struct sim_tunnel *t, const char *data, size_t len);

/* ---- logins, sim_login.c --------------------------------------------------------------------------------------------- */

void sim_login_plan(struct sim_world *w, struct rng *r);
/* To a request with that head: it may be asked who it is of. */
void sim_login_answer(struct sim_served *s, const char *head);
bool sim_login_field(const struct sim_served *s, char *out, size_t size);
/* After a hop that was asked. */
enum sim_then sim_login_then(struct sim_url *u, const struct afetch_hop *hop);

/* ---- cancels of single requests, sim_cancel.c ------------------------------------------------------------------------ */

void sim_cancel_plan(struct sim_url *u, struct rng *r);
/* Its request is made; it is within that callback; it has its result. */
void sim_cancel_given(struct sim_url *u);
void sim_cancel_within(struct sim_url *u, enum sim_cancels callback);
void sim_cancel_done(struct sim_url *u, const struct afetch_result *result);
/* Who was cancelled ends at once. */
void sim_cancel_check(struct sim_world *w);

/* ---- mistakes ------------------------------------------------------------------------------------------------------ */

/* Planted, so that it can be seen that they are found (afetch-sim --plant). */
enum sim_plant {
    PLANT_NONE,
    PLANT_BYTE,        /* a server sends one wrong byte in a body */
    PLANT_LIMIT,       /* the session's limit is above that which holds */
    PLANT_LOST_RESULT, /* the first URL's result is dropped */
    PLANT_HOST,        /* the session's limit of a host is above that which holds */
    PLANT_IDLE,        /* the pool keeps more idle connections than it may */
    PLANT_LATE,        /* timers fire too late */
    PLANT_MEMORY,      /* nobody is told that an allocation failed */
    PLANT_LEAK,        /* memory is left behind */
    PLANT_RANDOM,      /* randomness that is not the seed's */
    PLANT_CHAIN,       /* a host has another certificate than is thought */
    PLANT_CRASH,       /* the client aborts */
    PLANT_KIND,        /* one kind of fault never happens */
    PLANT_SECRET,      /* credentials go to other origins */
    PLANT_RATE,        /* the session's limit of rate is above that which holds */
    PLANT_PACE,        /* its transfers begin closer together than they should */
    PLANT_FOLLOW,      /* a redirect more than may be is followed */
    PLANT_HOLD,        /* Retry-After says half of what is meant */
    PLANT_BACKOFF,     /* retries come at once */
    PLANT_GIVE_UP,     /* there is a try less */
    PLANT_GLUE,        /* a server says of another version that it is the same */
    PLANT_CANCEL,      /* a cancel is not made */
    PLANT_TUNNEL,      /* a proxy connects to another server */
    PLANT_LOGIN,       /* the client has no password */
    PLANT_UPLOAD,      /* a feeder gives other bytes */
    PLANT_REST,        /* it is thought that who was redirected waits */
    PLANTS
};

/* ---- all of it ----------------------------------------------------------------------------------------------------- */

/* How servers are reached. */
enum sim_via { SIM_VIA_NOTHING, SIM_VIA_CONNECT, SIM_VIA_SOCKS };

struct sim_world {
    struct sim sim;
    enum sim_via via;
    struct sim_host proxy;
    unsigned proxy_trouble; /* of a thousand tunnels */
    bool logins;
    unsigned ages; /* of a thousand requests, with which a nonce becomes old */
    enum sim_plant plant;
    struct sim_engine_counts counts;
    struct sim_host hosts[SIM_HOSTS_MAX];
    size_t host_count;
    bool tls; /* some hosts are https */
    bool tiny;
    unsigned defective; /* of a thousand responses */
    unsigned trouble;   /* of a thousand, that fail for a while */
    unsigned changes;   /* of a thousand requests, before which what is served becomes another */
    unsigned features;  /* of enum sim_feature */
    struct sim_url urls[SIM_URLS_MAX];
    size_t url_count;
    struct afetch_options opt;
    size_t idle_max;    /* connections that the pool may keep */
    size_t added_first; /* URLs handed over before the run */
    bool source;        /* the others: by a source, else by the done of others */
    bool ticks;
    bool describes;
    bool traces;
    struct sim_memory_plan memory;
    /* what has happened */
    struct sim_remote remote;
    uint64_t conn_ids;
    size_t in_flight;
    size_t next_url, done, hops;
    uint64_t waits_ns; /* that servers asked for, and before retries */
    uint64_t busy_ns;  /* when somebody last waited for a place */
    bool was_busy;
    size_t canceling; /* URLs that were cancelled, and have no result yet */
    struct afetch_session *session;
    struct sim_event feed;
    bool source_ended;
    uint64_t points;
    bool canceled;                /* the run: afetch_session_cancel, or its root directly */
    uint64_t canceled_ns, end_ns; /* less what was leapt over */
    uint64_t begun_ns;            /* the run, on the clock */
    uint64_t rate_due_ns;         /* when bodies that came may have come at the earliest */
    uint64_t begun_last_ns;       /* the transfer that began last; 0: none */
};

static inline uint64_t sim_code(enum afetch_code code)
{
    unsigned n = (unsigned)code;
    return (uint64_t)1 << (n < 64 ? n : 9 + (n - 64) % 9); /* which no other has */
}

/* Decides everything that does not depend on the run. tiny: few URLs and small bodies, for the sweeps. tls: there are
 * https hosts, else in a few seeds only. */
void sim_plan(struct sim_world *w, bool tiny, bool tls, unsigned features);
/* How reaching it, and its TLS, may fail: added to its codes. */
void sim_plan_codes(struct sim_host *h);
void sim_plan_tls_codes(const struct sim_world *w, struct sim_host *h);
/* A response at page->host, with status, to a request of that method. */
void sim_plan_page(struct sim_world *w, struct sim_page *page, const char *method, struct rng *r);
/* Whether that result of u, and the end of that hop, are what plan and events explain; sim_judge.c. */
void sim_judge(const struct sim_url *u, const struct afetch_result *result);
void sim_judge_hop(const struct sim_url *u, const struct afetch_hop *hop);

/* The value of a field in a head, to its line's end, or NULL; and whether it is that one. sim_server.c. */
const char *sim_field(const char *head, const char *name);
bool sim_field_is(const char *value, const char *expected);

/* ---- the trail, sim_trail.c ------------------------------------------------------------------------------------------ */

/* The client's callbacks. id: the response's X-Id, or NULL. */
void sim_trail_head(struct sim_url *u, const struct afetch_head *head, const char *id);
bool sim_trail_restart(struct sim_url *u);
void sim_trail_hop(struct sim_url *u, const struct afetch_hop *hop, const char *id);
void sim_trail_end(struct sim_url *u, const struct afetch_result *result);

/* ---- redirects, sim_redirect.c -------------------------------------------------------------------------------------- */

/* Options of the session, and chains of pages behind the first of URLs. r: the feature's own chance. */
void sim_redirect_options(struct sim_world *w, struct rng *r);
void sim_redirect_plan(struct sim_url *u, struct rng *r);
/* What stands in a request's first line for a page of u: "/u1/2?a=%20b". */
void sim_redirect_target(const struct sim_url *u, size_t page, char *out, size_t size);
/* The Location field of an answer; false: none. */
bool sim_redirect_location(const struct sim_served *s, char *out, size_t size);
/* What a client is to do after that response. */
enum sim_then sim_redirect_then(const struct sim_url *u, const struct sim_served *served);
/* It does: u's trail goes on. */
void sim_redirect_follow(struct sim_url *u, const struct sim_served *served);
/* The head of a request: nothing secret may come to another origin, and to its own it must. */
void sim_redirect_check_secrets(const struct sim_url *u, const struct sim_host *at, const char *head);

/* ---- the parts ------------------------------------------------------------------------------------------------------ */

/* The other end of all connections; sim_server.c. */
void sim_server_init(struct sim_world *w);

/* The bytes of a response into out. message: where the message ends; head: where its (last) head does. */
struct sim_response {
    struct buf bytes;
    size_t head, message;
};
void sim_response_make(struct sim_world *w, const struct sim_served *s, struct sim_response *out);

/* Names with this world's answers; ERR_MEMORY. sim_names.c. */
int sim_names_new(struct names **out, struct sim_world *w, struct engine *e);

/* Whether the limits hold now; sim_limits.c. */
void sim_limits_check(struct sim_world *w);
/* The run's deadline has passed: all that is not done is to end, and what is handed over now is for another run. */
bool sim_late(const struct sim_world *w);
/* Bytes of a body come to the client. */
void sim_limits_delivered(struct sim_world *w, size_t bytes);

/* A whole run: requests, callbacks and the judgement of results; sim_client.c. */
void sim_client_run(struct sim_world *w);

#endif
