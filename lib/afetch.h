/* afetch: many HTTP transfers at once in one thread.
 *
 *     struct afetch_session *session;
 *     if (afetch_session_new(&session, NULL, NULL) != AFETCH_OK) …
 *     struct afetch_request *request = afetch_request_new("https://example.com/", 20);
 *     afetch_request_set_callbacks(request, &(struct afetch_callbacks){.body = on_body, .done = on_done}, NULL);
 *     afetch_session_add(session, request);
 *     afetch_session_run(session);
 *     afetch_session_free(session);
 *
 * Threads: a session and its requests belong to the thread that calls afetch_session_run, and every callback runs on
 * it; what may be called from another thread, or from a signal handler, says so. With AFETCH_THREADS the callbacks of a
 * request, and trace, run on the transfer's thread, but never two at once, and with all that they did before seen by
 * those that come after: they need no lock against each other, and may call what belongs to the session's thread. A
 * callback that waits holds up the others. It may call everything but afetch_session_run and afetch_session_free.
 *
 * Nothing here exits, prints, or keeps global state. Strings given are copied unless said otherwise; strings that
 * callbacks are given are valid during the call: copy what is to stay. */
#ifndef AFETCH_H
#define AFETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define AFETCH_API __attribute__((visibility("default")))
#else
#define AFETCH_API
#endif

/* How a transfer ended; the values are curl's exit codes. */
enum afetch_code {
    AFETCH_OK = 0,
    AFETCH_SCHEME = 1,        /* scheme not supported */
    AFETCH_INTERNAL = 2,      /* an argument is wrong, or the library failed */
    AFETCH_URL = 3,           /* malformed URL */
    AFETCH_PROXY_RESOLVE = 5, /* the proxy's look-up failed, or its URL is none */
    AFETCH_RESOLVE = 6,       /* look-up failed */
    AFETCH_CONNECT = 7,       /* no connection, or no tunnel through a proxy */
    AFETCH_WEIRD_REPLY = 8,   /* the server does not speak HTTP */
    AFETCH_PARTIAL = 18,      /* the body ended early */
    AFETCH_STATUS = 22,       /* status 400 and over */
    AFETCH_WRITE = 23,        /* the body callback failed */
    AFETCH_UPLOAD = 25,       /* a body that cannot be sent in this way */
    AFETCH_READ = 26,         /* input failed */
    AFETCH_MEMORY = 27,       /* out of memory */
    AFETCH_TIMEOUT = 28,      /* timed out */
    AFETCH_CHECKSUM = 32,     /* not the bytes that were expected; no function here fails with it by itself */
    AFETCH_RANGE = 33,        /* not the range that was asked for */
    AFETCH_TLS = 35,          /* TLS handshake failed */
    AFETCH_CANCELED = 42,     /* cancelled by the caller */
    AFETCH_REDIRECTS = 47,    /* too many redirects */
    AFETCH_EMPTY = 52,        /* empty reply */
    AFETCH_SEND = 55,         /* sending failed */
    AFETCH_RECV = 56,         /* receiving failed */
    AFETCH_CLIENT_CERT = 58,  /* client certificate or its key */
    AFETCH_CIPHER = 59,       /* unknown cipher suites or curves */
    AFETCH_CERT = 60,         /* certificate not accepted */
    AFETCH_ENCODING = 61,     /* bad content encoding */
    AFETCH_FILESIZE = 63,     /* over the size that is allowed */
    AFETCH_REWIND = 65,       /* a body that cannot be sent again */
    AFETCH_LOGIN = 67,        /* user name or password not accepted */
    AFETCH_TRUST = 77,        /* trust store */
    AFETCH_CRL = 82,          /* revocation lists */
    AFETCH_PIN = 90,          /* the server's public key is none of the pinned ones */
    AFETCH_PROXY = 97         /* proxy handshake failed */
};

struct afetch_session;
struct afetch_request;

/* ---- sessions -------------------------------------------------------------------------------------------------- */

enum afetch_mode {
    AFETCH_ASYNC,  /* every transfer at once on an event loop */
    AFETCH_SYNC,   /* one after another, blocking in poll(2) */
    AFETCH_THREADS /* each transfer on a thread of its own, blocking in poll(2) */
};

#define AFETCH_THREADS_MAX 1024 /* transfers at once by AFETCH_THREADS, whatever parallel_max */

/* A bit for each scheme. */
enum afetch_scheme { AFETCH_SCHEME_HTTP = 1, AFETCH_SCHEME_HTTPS = 2 };

/* Redirects whose POST stays one; else it becomes a GET, as in browsers. */
enum afetch_post { AFETCH_POST301 = 1, AFETCH_POST302 = 2, AFETCH_POST303 = 4 };

/* Ways to say who asks: a bit for each. */
enum afetch_auth { AFETCH_AUTH_BASIC = 1, AFETCH_AUTH_DIGEST = 2, AFETCH_AUTH_BEARER = 4 };

/* Of a URL: whose name is shown there. */
struct afetch_login {
    const char *user,
        *password;   /* in: its user info, NULL: it has none; out: what is to be shown, until the next call */
    bool found;      /* out: that is this host's own, and no secret of where a redirect came from */
    const char *why; /* out: particulars of a failure */
};

/* What a trace callback is given. */
enum afetch_trace {
    AFETCH_TRACE_INFO,     /* one line of text about what happens */
    AFETCH_TRACE_HEAD_OUT, /* one line of the request's head, without its line end */
    AFETCH_TRACE_HEAD_IN,  /* one line of a response's head */
    AFETCH_TRACE_REQUEST,  /* the request's head as a whole, with its line ends, before its lines */
    AFETCH_TRACE_DATA_OUT, /* bytes of the request's body, with the lines around chunks */
    AFETCH_TRACE_DATA_IN   /* bytes of a response's body, as they came */
};

enum afetch_ip { AFETCH_IP_ANY, AFETCH_IP_V4, AFETCH_IP_V6 };

enum afetch_tls_version { AFETCH_TLS_DEFAULT, AFETCH_TLS_1_2, AFETCH_TLS_1_3 };

/* TLS towards servers; all zero is the default. A file that is named is read, and a list of names understood, when the
 * session is made, so that a mistake shows there (AFETCH_CLIENT_CERT, AFETCH_CIPHER, AFETCH_CRL, AFETCH_PIN); but what
 * trust is made of is read with the first https URL. */
struct afetch_tls {
    bool insecure; /* accept any certificate; pinned_key holds all the same */
    /* Trusted certificates: a PEM file, and folders of such files, separated by colons. Where a folder has names as
     * "openssl rehash" makes them, these alone are read. Both NULL: the first that is set of CURL_CA_BUNDLE,
     * SSL_CERT_DIR with SSL_CERT_FILE; else the system's. */
    const char *ca_file, *ca_path;
    const char *crl_file;             /* revocation lists: one by each issuer in a chain is needed, up to date */
    const char *pinned_key;           /* a file with a public key, or "sha256//BASE64;sha256//BASE64..." */
    enum afetch_tls_version min, max; /* default: 1.2 to 1.3 */
    /* Cipher suites of TLS 1.2, and of 1.3, by IANA's or OpenSSL's names, separated by colons, preferred first. What is
     * not known is passed over as long as anything is. */
    const char *ciphers, *tls13_ciphers;
    const char *curves; /* "X25519:P-256", preferred first */
    /* The client's certificate, its issuers behind it, and its key (NULL: in the same file), PEM or DER. */
    const char *cert_file, *key_file, *key_password;
    bool cert_is_der, key_is_der;
    /* A file to which the secrets of connections are appended, in NSS's format. NULL: what SSLKEYLOGFILE names; "":
     * none. One that cannot be opened is passed over. */
    const char *key_log;
};

/* Set by afetch_options_init to the defaults; strings must stay until afetch_session_new returns. */
struct afetch_options {
    enum afetch_mode mode;
    unsigned parallel_max;       /* transfers at once, 1 to 65535; default 64 */
    unsigned parallel_max_host;  /* connections to one scheme, host and port; 0: no limit of its own */
    uint64_t connect_timeout_ms; /* look-up, connection and TLS together, of each attempt; 0: none; default 30,000 */
    uint64_t timeout_ms;         /* an attempt as a whole; waiting for a place does not count; 0: none (default) */
    uint64_t deadline_ms;        /* a run as a whole; 0: none (default) */
    uint64_t speed_limit;        /* bytes a second; a transfer that is slower for speed_time_ms times out; 0: none */
    uint64_t speed_time_ms;      /* 0: 30 s */
    uint64_t limit_rate;         /* bytes a second of all transfers together, received, and likewise sent; 0: none */
    uint64_t start_interval_us;  /* between the beginnings of two transfers, at least; 0: none */
    const char *user_agent;      /* NULL: "afetch/VERSION"; "": none */
    uint64_t expect_timeout_ms;  /* a large body waits so long for the server's 100 (Continue); default 1,000 */
    const char *const *headers;  /* "Name: value" for every request; curl's meaning of "Name:" and "Name;" */
    size_t header_count;
    const char *referer;        /* a Referer field; NULL: none */
    bool referer_auto;          /* a request that a redirect leads to names the URL before it, as browsers do */
    const char *request_target; /* sent as it is, in place of each URL's path and query; NULL: those */
    bool http10;                /* send HTTP/1.0 */
    bool path_as_is;            /* "." and ".." stay in paths */
    bool disallow_user;         /* a URL with user info fails with AFETCH_LOGIN, a redirect's too */
    unsigned proto;             /* AFETCH_SCHEME_…: which URLs may be fetched, a redirect's too; 0 (default): all */
    const char *default_scheme; /* of a URL without one: "http" (default) or "https" */
    /* Who asks. It is shown to the origin of the URL that was asked for, not to others that redirects lead to (but see
     * location_trusted). */
    const char *user, *password; /* for all requests, in place of their URLs' user info; user NULL: that */
    const char *bearer;          /* a token (RFC 6750); NULL: none */
    unsigned auth; /* AFETCH_AUTH_…, to choose from. A single one but Digest is used at once, else what is asked for
                      tells; 0 (default): Bearer where there is a token, else Basic */
    /* Asked for each host that a URL or a redirect leads to, where no user is given for the request or the session: 0 with
     * login as it is to be, or a code that the request fails with. NULL: a URL's user info holds. */
    enum afetch_code (*login)(void *arg, const char *host, struct afetch_login *login);
    void *login_arg;
    bool cookies; /* keep what responses set, and send it where it belongs (RFC 6265bis) */
    const char
        *cookie; /* "a=1; b=2": sent as it is, behind what is kept, to the origin that was asked for; NULL: none */
    struct afetch_tls tls;
    const char *dns_servers; /* "127.0.0.1:5353,…"; NULL: the system's */
    /* Where hosts are reached; in curl's syntax, see afetch(1). */
    const char *const *resolve; /* "HOST:PORT:ADDRESS[,ADDRESS]…" each; also "+…" and "-HOST:PORT" */
    size_t resolve_count;
    const char *const *connect_to; /* "HOST1:PORT1:HOST2:PORT2" each */
    size_t connect_to_count;
    const char *unix_socket;    /* the path of a socket that everything connects to; NULL: none */
    enum afetch_ip ip;          /* of which addresses names are asked */
    uint64_t happy_eyeballs_ms; /* between two addresses of a host that are tried; default 250 */
    unsigned keepalive_s;       /* an idle connection is probed after, and every, so many seconds; 0: not; default 60 */
    unsigned keepalive_count;   /* so many probes in vain end it; 0: as many as the system wants (default) */
    bool fail_on_status;        /* a status that is no success is a failure (default) */
    bool fail_with_body;        /* then too the callbacks get head and body */
    const char *accept_statuses; /* "200-299,404": what success is; NULL: below 400 */
    bool compressed;             /* ask for content codings, and take them off the body */
    bool raw;                    /* bodies as they come: no content coding is taken off, nor chunks' lines */
    bool ignore_content_length;  /* a body that is not chunked goes on until the server closes */
    uint64_t filesize_max;       /* bytes of a body, as delivered; more fails with AFETCH_FILESIZE; 0: no limit */
    /* Redirects. */
    bool follow;          /* they are followed (default) */
    int redirects_max;    /* of one request; -1: no limit; default 10 */
    unsigned post_keep;   /* AFETCH_POST301 … */
    unsigned proto_redir; /* AFETCH_SCHEME_…: where they may lead; 0 (default): wherever, but not from https to http */
    bool location_trusted; /* Authorization, Cookie and Host given by hand, and user info, go to other origins too */
    /* Trying again after a failure that may pass: a time-out, a failed look-up, status 408 429 500 502 503 504 522 524. */
    unsigned retry_max;         /* tries beside the first; default 0 */
    uint64_t retry_delay_ms;    /* between them; 0: 1 s, doubled each time, at most 10 minutes, up to a quarter less */
    uint64_t retry_max_time_ms; /* none begins so long after the request first had its place; 0: no limit */
    bool retry_connrefused;     /* a refused connection, too */
    bool retry_all_errors;      /* any failure of the transfer, and any status of 500 and over */
    const char *retry_on_statuses; /* "404,420-423": these, too; NULL: none */
    /* Proxies. */
    /* "[KIND://][USER[:PASSWORD]@]HOST[:PORT]" for every URL; KIND: http (default), https, socks4, socks4a, socks5,
     * socks5h; PORT: 1080, for https 443. "": none. NULL (default): what http_proxy (for http), https_proxy, HTTPS_PROXY
     * (for https), all_proxy, ALL_PROXY are when the session is made. */
    const char *proxy;
    const char *noproxy; /* hosts, domains, networks that are reached without one; "*": all; NULL: no_proxy, NO_PROXY */
    const char *proxy_user, *proxy_password; /* shown to a proxy whose URL has neither */
    unsigned proxy_auth;                     /* AFETCH_AUTH_…, as auth, for HTTP proxies; 0 (default): Basic */
    bool proxy_tunnel;                       /* CONNECT to HTTP proxies for http URLs, too */
    const char *const *proxy_headers;        /* as headers, for HTTP proxies alone; no server sees them in a tunnel */
    size_t proxy_header_count;
    struct afetch_tls proxy_tls; /* towards https proxies */
    /* Called with what happens to a request (NULL: not). text is valid during the call. */
    void (*trace)(void *arg, const struct afetch_request *r, enum afetch_trace kind, const char *text, size_t len);
    void *trace_arg;
};

AFETCH_API void afetch_options_init(struct afetch_options *opt);

/* A session: limits, trust, look-ups, connections. opt NULL: the defaults. AFETCH_MEMORY; AFETCH_TRUST for a ca_file
 * that holds no certificate; AFETCH_RESOLVE for dns_servers that are none; AFETCH_PROXY_RESOLVE or AFETCH_CONNECT for a
 * proxy that is none; AFETCH_INTERNAL for a header with a line end in it, for what resolve, connect_to or unix_socket
 * cannot be, or where there is no event loop. On failure *out is untouched and *error, where error is not NULL, is an
 * allocated sentence (free it) or NULL. */
AFETCH_API enum afetch_code afetch_session_new(struct afetch_session **out, const struct afetch_options *opt,
                                               char **error);
/* Frees the session, its connections, and the requests it still owns (their done is not called). Not within a run. */
AFETCH_API void afetch_session_free(struct afetch_session *s);

/* Hands a request over; the session owns it from now on, and frees it after its done callback. On the session's thread,
 * before a run or within it. */
AFETCH_API void afetch_session_add(struct afetch_session *s, struct afetch_request *r);

/* Where further requests come from: pulled when there is room for more (max(4 parallel_max, 1024) are looked ahead).
 * next gives one in *out (ownership passes), or says that there is none yet (it is asked again after
 * afetch_session_wake) or none any more (it is asked no more, until set again). */
enum afetch_next { AFETCH_NEXT_END, AFETCH_NEXT_ONE, AFETCH_NEXT_LATER };
AFETCH_API void afetch_session_set_source(struct afetch_session *s,
                                          enum afetch_next (*next)(void *arg, struct afetch_request **out), void *arg);

/* Calls tick every interval_ms (1 or more) while the session runs; tick NULL: no more. */
AFETCH_API void afetch_session_set_tick(struct afetch_session *s, uint64_t interval_ms, void (*tick)(void *arg),
                                        void *arg);

/* Runs until every request is done and the source has ended. AFETCH_OK, whatever became of the requests;
 * AFETCH_CANCELED after afetch_session_cancel; AFETCH_TIMEOUT when deadline_ms have passed: all that was not done failed
 * so; AFETCH_MEMORY; AFETCH_INTERNAL from within a callback. May be run again afterwards, with the connections that are
 * left. */
AFETCH_API enum afetch_code afetch_session_run(struct afetch_session *s);

/* The source may have something. From any thread, and from a signal handler. */
AFETCH_API void afetch_session_wake(struct afetch_session *s);
/* Calls woken on the session's thread soon after afetch_session_wake, and before the source is asked again; several
 * wakes may become one call, and there may be calls that nobody asked for. NULL: no more. It is the way back from other
 * threads: what they have ready is taken up there (afetch_request_resume, afetch_session_add, …). */
AFETCH_API void afetch_session_set_on_wake(struct afetch_session *s, void (*woken)(void *arg), void *arg);
/* From now on so many of the parallel_max places are the caller's, who is not done with what transfers brought: fewer
 * transfers begin, but at least one at a time. What has begun goes on. On the session's thread (a callback). */
AFETCH_API void afetch_session_keep_places(struct afetch_session *s, unsigned places);
/* Ends the run soon: what is under way ends with AFETCH_CANCELED, requests that wait for their turn end likewise, and
 * the source is asked no more. Called while nothing runs, it ends the next run. From any thread, and from a signal
 * handler. */
AFETCH_API void afetch_session_cancel(struct afetch_session *s);

/* Tells for each transfer what it waits for and since when: calls line with text for each ("3 https://… receiving
 * 1.2 s"). On the session's thread (a callback). With AFETCH_THREADS line is called soon, on the threads of the transfers,
 * but not after the run has ended; arg must stay until then. */
AFETCH_API void afetch_session_describe(struct afetch_session *s, void (*line)(void *arg, const char *text), void *arg);

/* The cookies that are kept, as a file of them. On the session's thread, before a run, between two, or within one.
 * read takes such a file's text in (of Netscape's format, or heads with Set-Cookie fields), in place of those that are
 * there already; drop_session: less what has no expiry. write gives them all in Netscape's format: *text is allocated (free
 * it) and NUL-terminated. AFETCH_MEMORY; AFETCH_INTERNAL for a session that keeps none. */
AFETCH_API enum afetch_code afetch_session_read_cookies(struct afetch_session *s, const char *text, size_t len,
                                                        bool drop_session);
AFETCH_API enum afetch_code afetch_session_write_cookies(struct afetch_session *s, char **text, size_t *len);

struct afetch_stats {
    uint64_t connections;     /* made */
    uint64_t reused;          /* requests on a connection that was there */
    uint64_t longest_wait_ns; /* for a place, where a limit held a transfer back */
    size_t running, waiting;  /* now: with a place; for one, for their next try, or for their turn at a host */
};
AFETCH_API void afetch_session_stats(const struct afetch_session *s, struct afetch_stats *out);

/* ---- requests --------------------------------------------------------------------------------------------------- */

struct afetch_head {
    int status;
    const char *reason;
    int http_minor;         /* 0 or 1 for HTTP/1.x */
    int64_t content_length; /* -1: unknown */
    /* Of afetch_request_set_resume. */
    uint64_t offset;       /* the body goes on there, behind what the receiver has; 0: it begins from the start */
    bool complete;         /* the receiver has it all, and no body follows */
    bool resumable;        /* what is delivered could be gone on with by a later request */
    uint64_t size;         /* of the whole, where resumable; 0: unknown */
    const char *validator; /* of that later request; NULL: none */
};

/* Times are nanoseconds since the session began with the request; 0: it did not happen. */
struct afetch_result {
    uint64_t start_ns; /* when that was, on CLOCK_MONOTONIC */
    enum afetch_code code;
    const char *error;   /* one sentence, or "" for success */
    int status;          /* 0: no response */
    uint64_t bytes;      /* of the body, delivered */
    uint64_t bytes_sent; /* of the request's body, in the last attempt, less its framing */
    uint64_t queued_ns, resolved_ns, connected_ns, secured_ns, sent_ns, first_byte_ns, done_ns;
    const char *remote_ip; /* "" if never connected */
    uint16_t remote_port;
    const char *tls_version;  /* "" for plain */
    const char *http_version; /* "1.1", "1.0", "" */
    const char *content_type; /* "" if none */
    unsigned connects;        /* connections made for it */
    unsigned redirects;       /* followed */
    unsigned retries;
    const char *effective_url; /* where the last redirect led; else the URL that was asked for; without user info */
    bool reused;               /* the last attempt used a connection that was there */
};

/* One exchange with a server, or what came of it: a request has one, and one more for each redirect that was followed and
 * each retry. Times are as in struct afetch_result. The URL and method are those of this hop, the connection is the last
 * it had, and the heads are as they went: they hold credentials. */
struct afetch_hop {
    const char *url;             /* whole, less user info and fragment */
    const char *method;          /* as it was sent */
    enum afetch_code code;       /* AFETCH_OK also where a redirect is followed */
    const char *error;           /* as in struct afetch_result */
    unsigned redirects, retries; /* before it */
    int status;                  /* 0: no response, and what is of one is 0, -1 or "" */
    const char *reason;          /* "Not Found" */
    int http_minor;              /* of HTTP/1.x */
    int64_t content_length;      /* -1: unknown */
    const char *request_head;
    size_t request_head_len;  /* 0: nothing was sent */
    uint64_t bytes_sent;      /* of the request's body, less its framing */
    uint64_t header_bytes;    /* of the response's heads */
    uint64_t body_bytes;      /* of the body, as it came, less transfer codings */
    const char *redirect_url; /* where a status 3xx leads, followed or not; "" */
    int connect_status;       /* of a proxy's last answer to CONNECT; 0: there was none */
    uint64_t conn_id;         /* 1, 2, … in a session; 0: no connection */
    bool reused;
    bool proxied;                     /* by a proxy, whose address the remote one then is */
    const char *remote_ip, *local_ip; /* "" */
    uint16_t remote_port, local_port;
    const char *tls_version, *tls_cipher; /* "" for plain */
    uint64_t begun_ns, resolved_ns, connected_ns, secured_ns, sent_ns, first_byte_ns, done_ns;
};

enum afetch_flow {
    AFETCH_GO,    /* more, please */
    AFETCH_PAUSE, /* the bytes are taken, but no more until afetch_request_resume */
    AFETCH_ABORT  /* this transfer fails with AFETCH_WRITE; the reason by afetch_request_fail, if it was called */
};

enum afetch_head_kind {
    AFETCH_HEAD_RESPONSE, /* a server's answer, also one that is redirected, tried again, or fails by its status */
    AFETCH_HEAD_INFORM,   /* a 1xx before it */
    AFETCH_HEAD_CONNECT   /* a proxy's answer to CONNECT */
};

/* A head as it came, with its line ends and the empty line behind. */
struct afetch_raw_head {
    enum afetch_head_kind kind;
    int status;
    const char *text;
    size_t len;
    unsigned redirects, retries; /* before it */
};

struct afetch_callbacks {
    /* Each head that came, before what comes of it; may be NULL. */
    void (*raw_head)(void *arg, struct afetch_request *r, const struct afetch_raw_head *head);
    /* The final response's head; may be NULL. afetch_request_header gives its fields during the call. AFETCH_PAUSE is
     * AFETCH_GO here. Not called for a response that fails by its status, but with fail_with_body. */
    enum afetch_flow (*head)(void *arg, struct afetch_request *r, const struct afetch_head *head);
    /* Bytes of the body, valid during the call; may be NULL: they are counted alone. */
    enum afetch_flow (*body)(void *arg, struct afetch_request *r, const void *data, size_t len);
    /* What was delivered of the body is void: a try failed, and the next begins from the start, or where the receiver was
     * at first; head will be called again. AFETCH_PAUSE holds on over it. AFETCH_ABORT: it cannot be undone, and the
     * request fails with what went wrong. NULL: where there is a body callback, it cannot. */
    enum afetch_flow (*restart)(void *arg, struct afetch_request *r);
    /* A hop has ended. afetch_request_header and afetch_request_header_at give the fields of its response during the
     * call. */
    void (*hop)(void *arg, struct afetch_request *r, const struct afetch_hop *hop);
    /* The end, exactly once, as the last callback; the request is freed when it returns. */
    void (*done)(void *arg, struct afetch_request *r, const struct afetch_result *result);
};

/* A request for a URL of any form: one that is malformed fails when it runs. NULL without memory. Until it is handed to
 * a session it is the caller's and may be freed. */
AFETCH_API struct afetch_request *afetch_request_new(const char *url, size_t len);
AFETCH_API void afetch_request_free(struct afetch_request *r);
/* callbacks is copied; arg is what they are given. */
AFETCH_API void afetch_request_set_callbacks(struct afetch_request *r, const struct afetch_callbacks *callbacks,
                                             void *arg);
/* "GET" unless set; HEAD has no body. AFETCH_MEMORY, AFETCH_INTERNAL for a method that is no token. */
AFETCH_API enum afetch_code afetch_request_set_method(struct afetch_request *r, const char *method);
/* Of the response the head alone is wanted, whatever the method: the transfer ends with it, and a body that would follow
 * goes with its connection. */
AFETCH_API void afetch_request_set_head_only(struct afetch_request *r);
/* One more "Name: value", after the session's. AFETCH_MEMORY, AFETCH_INTERNAL for a line end in it. */
AFETCH_API enum afetch_code afetch_request_add_header(struct afetch_request *r, const char *line);
/* As the session's user and password, for this one. password may be NULL. AFETCH_MEMORY. */
AFETCH_API enum afetch_code afetch_request_set_user(struct afetch_request *r, const char *user, const char *password);
/* As the session's timeout_ms, for this one. */
AFETCH_API void afetch_request_set_timeout(struct afetch_request *r, uint64_t timeout_ms);

/* Asks for a part of the body: ranges is what follows "bytes=" in the Range field ("0-99", "100-", "-500", "0-9,20-29").
 * A server may send the whole all the same; one range that is not the one asked for fails with AFETCH_RANGE.
 * AFETCH_MEMORY, AFETCH_INTERNAL for a control character in it. */
AFETCH_API enum afetch_code afetch_request_set_range(struct afetch_request *r, const char *ranges);

/* What the receiver has of the body already. */
struct afetch_resume {
    uint64_t offset;       /* so many bytes of its beginning */
    uint64_t size;         /* of the whole, if it is known; else 0 */
    const char *validator; /* what tells whether the server has the same still, of afetch_head; NULL: not known */
    int64_t since_s;       /* when they were fetched, in seconds since the epoch; 0: not known */
    bool exact;            /* as curl's -C N: a server that does not go on there is a failure, AFETCH_RANGE */
};
/* A GET goes on where the receiver is: head says whether it does (offset), or begins from the start. What is put
 * together is always of one version: by the validator; without one, by the server's copy being older than since_s; with
 * exact and neither, by the caller's word. Not beside a range. AFETCH_MEMORY, AFETCH_INTERNAL for a control character. */
AFETCH_API enum afetch_code afetch_request_set_resume(struct afetch_request *r, const struct afetch_resume *resume);

enum afetch_condition { AFETCH_ALWAYS, AFETCH_IF_MODIFIED_SINCE, AFETCH_IF_UNMODIFIED_SINCE, AFETCH_LAST_MODIFIED };
/* Only what was modified after a time, in seconds since the epoch, or not after it; what is not so is a success without
 * a body, with status 304. AFETCH_LAST_MODIFIED is the former, asked by that field, for servers that know it.
 * AFETCH_INTERNAL for a time beyond the year 9999. */
AFETCH_API enum afetch_code afetch_request_set_condition(struct afetch_request *r, enum afetch_condition kind,
                                                         int64_t time_s);

/* The URL that was asked for, less its user info, control characters shown as \xNN. Lives as long as the request. */
AFETCH_API const char *afetch_request_url(const struct afetch_request *r);
/* 1, 2, 3… in the order in which requests came to the session. 0 before. */
AFETCH_API uint64_t afetch_request_number(const struct afetch_request *r);
/* Which connection it has or had last: 1, 2, … in a session; 0: none in this attempt. Within callbacks and trace. */
AFETCH_API uint64_t afetch_request_connection(const struct afetch_request *r);
/* The arg of afetch_request_set_callbacks; NULL without. */
AFETCH_API void *afetch_request_arg(const struct afetch_request *r);
/* The first field of that name (in any case) in the response, within head and hop; NULL if there is none. */
AFETCH_API const char *afetch_request_header(const struct afetch_request *r, const char *name);
/* The fields in the order in which they came, index from 0, within head and hop; false behind the last, and outside of
 * these. */
AFETCH_API bool afetch_request_header_at(const struct afetch_request *r, size_t index, const char **name,
                                         const char **value);
/* Goes on after AFETCH_PAUSE. From any thread, while the request lives; once for each AFETCH_PAUSE. */
AFETCH_API void afetch_request_resume(struct afetch_request *r);
/* Ends this request soon with AFETCH_CANCELED, or with the failure that came first; never with AFETCH_OK, unless its
 * done has begun. Called within a callback, its own or another's, it lets no head or body of it come any more. One that
 * was not handed over yet, or that the session has not begun with, ends when its turn comes. From any thread, while the
 * request lives. */
AFETCH_API void afetch_request_cancel(struct afetch_request *r);
/* Within head, body or a feeder's function: says why AFETCH_ABORT or AFETCH_FEED_FAILED will be returned: a code, and the
 * particulars of its sentence. */
AFETCH_API void afetch_request_fail(struct afetch_request *r, enum afetch_code code, const char *why);

/* ---- what requests send ----------------------------------------------------------------------------------------- */

/* A body. Made once and then set to any number of requests, which share it: it goes with the last of its holders. */
struct afetch_body;

/* len bytes, copied. NULL without memory. */
AFETCH_API struct afetch_body *afetch_body_new(const void *data, size_t len);
/* The same, not copied: data stays the caller's, and must stay put until no request with this body is left. */
AFETCH_API struct afetch_body *afetch_body_new_lent(const void *data, size_t len);
/* What the feeder of a request (afetch_request_set_feeder) gives under this name. NULL without memory. */
AFETCH_API struct afetch_body *afetch_body_new_fed(const char *name);
/* The caller holds it no more. NULL is allowed. From any thread. */
AFETCH_API void afetch_body_free(struct afetch_body *b);

/* A part of a form. What is NULL is left out. */
struct afetch_part {
    const char *name, *filename;
    const char *type;           /* NULL: guessed from filename and fed, if either is there */
    const char *const *headers; /* "Name: value", further fields of the part */
    size_t header_count;
    const char *encoder; /* "binary", "8bit", "7bit", "base64", "quoted-printable" */
    const void *data;    /* what it holds, */
    size_t len;
    const char *fed;    /* or the name under which the request's feeder has it; NULL: data counts */
    int64_t fed_length; /* bytes of that; -1: not known. No more is sent; less is a failure */
};

/* A form, multipart/form-data (RFC 7578) as curl makes it, that is filled by the functions below and then finished, before
 * it is set to requests. type: in place of multipart/form-data, or NULL; it has precedence over a Content-Type among the
 * headers. backslash: names are escaped by backslashes, not percent-encoded. NULL without memory or randomness,
 * and for a line end in type. */
AFETCH_API struct afetch_body *afetch_body_new_form(const char *type, bool backslash);
/* Adds a part; everything is copied. AFETCH_MEMORY; AFETCH_INTERNAL for a line end where there may be none, an encoder
 * that is none, or a form that is finished; AFETCH_READ for 7bit data that is not. *error, if error is not NULL, is then
 * an allocated sentence (free it) or NULL. */
AFETCH_API enum afetch_code afetch_body_add_part(struct afetch_body *b, const struct afetch_part *part, char **error);
/* What is added until afetch_body_end_parts are parts of this one, whose content does not count. */
AFETCH_API enum afetch_code afetch_body_begin_parts(struct afetch_body *b, const struct afetch_part *part,
                                                    char **error);
AFETCH_API enum afetch_code afetch_body_end_parts(struct afetch_body *b);
/* Ends what is open, and the form. AFETCH_MEMORY. */
AFETCH_API enum afetch_code afetch_body_finish(struct afetch_body *b);

/* Makes r send a body (NULL: none), before it is handed over; by POST, unless a method is set. A body of over 1 MiB,
 * or of a length that is not known, is announced by Expect: 100-continue; the latter goes in chunks. Fields of the same
 * name among the headers take the place of Content-Length, Content-Type, Transfer-Encoding and Expect. */
AFETCH_API void afetch_request_set_body(struct afetch_request *r, struct afetch_body *body);

enum afetch_feed {
    AFETCH_FEED_SOME,   /* here it is */
    AFETCH_FEED_END,    /* there is no more */
    AFETCH_FEED_LATER,  /* not yet: asked again after afetch_request_feed */
    AFETCH_FEED_FAILED, /* the transfer fails with AFETCH_READ, or as afetch_request_fail said */
};

struct afetch_feed_facts {
    int64_t length; /* bytes; -1 (as it is set before): not known. What is over that is not asked for */
    bool once;      /* bytes that were given cannot be given again: no redirect or try repeats them */
};

/* Where the bytes of bodies come from that do not lie in memory: files, pipes, what is being made. Nothing here may
 * block: what is not there is told by AFETCH_FEED_LATER. One name is read at a time for a request. */
struct afetch_feeder {
    /* What has this name is wanted from its first byte on; each attempt begins anew. AFETCH_FEED_SOME: go on, with
     * facts filled in; LATER, FAILED. */
    enum afetch_feed (*begin)(void *arg, struct afetch_request *r, const char *name, struct afetch_feed_facts *facts);
    /* Bytes, which stay put until the next call for r. */
    enum afetch_feed (*read)(void *arg, struct afetch_request *r, const void **data, size_t *len);
    /* What was begun is not wanted any more; always called, before done. */
    void (*end)(void *arg, struct afetch_request *r);
};

/* feeder is copied; arg is what its functions are given. */
AFETCH_API void afetch_request_set_feeder(struct afetch_request *r, const struct afetch_feeder *feeder, void *arg);
/* The feeder has more after AFETCH_FEED_LATER, or an answer. From any thread, while the request lives. */
AFETCH_API void afetch_request_feed(struct afetch_request *r);

#define AFETCH_HOST_SIZE 256

/* The host of a URL as it would be asked for: in lower case and A-labels, an IPv6 address without brackets.
 * default_scheme: as in the options; NULL: "http". AFETCH_URL, AFETCH_SCHEME, AFETCH_MEMORY. From any thread. */
AFETCH_API enum afetch_code afetch_url_host(const char *url, size_t len, const char *default_scheme,
                                            char host[AFETCH_HOST_SIZE]);

/* ---- digests ---------------------------------------------------------------------------------------------------- */

/* SHA-256 of bytes as they come, for those who have no library of their own for it. Depends on no session; used by one
 * thread at a time. */
struct afetch_sha256;

#define AFETCH_SHA256_SIZE 65 /* bytes for a digest in hexadecimal, NUL included */

/* Ready for bytes. NULL without memory. */
AFETCH_API struct afetch_sha256 *afetch_sha256_new(void);
/* NULL is allowed. */
AFETCH_API void afetch_sha256_free(struct afetch_sha256 *h);
AFETCH_API void afetch_sha256_add(struct afetch_sha256 *h, const void *data, size_t len);
/* The digest of what was added since the beginning or the last digest, in lower case. AFETCH_INTERNAL where the crypto
 * library failed; hex is "" then. */
AFETCH_API enum afetch_code afetch_sha256_hex(struct afetch_sha256 *h, char hex[AFETCH_SHA256_SIZE]);

/* ---- about the library ------------------------------------------------------------------------------------------ */

AFETCH_API const char *afetch_version(void);   /* "0.1.0" */
AFETCH_API const char *afetch_libraries(void); /* "libuv/1.44.2 llhttp/9.2.1 …" */
AFETCH_API const char *afetch_code_text(enum afetch_code code);

#ifdef __cplusplus
}
#endif

#endif
