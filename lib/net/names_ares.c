#include "net/names_ares.h"

#include <ares.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

enum {
    TIMEOUT_MS = 2000, /* of the first try; c-ares doubles it each round */
    TRIES = 3,
    ANSWERS_BYTES = 1024 * 1024, /* room in the kernel for answers that come all at once, as far as it lets us */
    PORT_QUESTIONS = 64,         /* then another port: harder to guess */
    FAILURE_S = 1,               /* how long a failure that is the server's is kept */
};

/* However many servers there are, and whatever c-ares makes of time-outs. */
#define PATIENCE_NS ((uint64_t)10 * 1000 * 1000 * 1000)

/* A descriptor of c-ares's. */
struct watched {
    struct resolver *resolver;
    struct watched *next;
    ares_socket_t fd;
    int events;
    bool armed; /* hook waits for io, or is about to run */
    struct io io;
    struct co hook;
};

struct resolver {
    struct engine *engine;
    struct names *names;
    struct resolver *alone; /* one that gives each question a socket of its own, or NULL */
    ares_channel channel;
    struct timer timer;
    struct watched *watched;
    struct ask *asks;
    bool busy; /* within ares_process_fd */
};

/* One question that c-ares works at. */
struct ask {
    struct timer patience; /* first */
    struct resolver *resolver;
    struct ask *prev, *next;
    void *query; /* NULL: nobody wants the answer any more */
    int family;
    char host[];
};

/* ---- descriptors and time ------------------------------------------------------------------------------------------------ */

static void settle(struct resolver *r);

static void process(struct resolver *r, ares_socket_t readable, ares_socket_t writable)
{
    r->busy = true;
    ares_process_fd(r->channel, readable, writable);
    r->busy = false;
    settle(r);
}

static void on_ready(struct co *hook)
{
    struct watched *w = (struct watched *)(void *)((char *)hook - offsetof(struct watched, hook));
    ares_socket_t fd = w->fd;
    int events = w->io.op.rc < 0 ? 0 : w->io.op.rc;
    w->armed = false;
    /* w may be freed within: c-ares closes descriptors as it likes. */
    process(w->resolver, events & ENGINE_READABLE ? fd : ARES_SOCKET_BAD,
            events & ENGINE_WRITABLE ? fd : ARES_SOCKET_BAD);
}

static void on_timer(struct timer *timer)
{
    struct resolver *r = (struct resolver *)(void *)((char *)timer - offsetof(struct resolver, timer));
    process(r, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

static void arm(struct watched *w)
{
    struct engine *e = w->resolver->engine;
    struct co_op *op = engine_watch(e, &w->io, w->fd, w->events);
    w->armed = op->status == CO_OP_PENDING; /* else no memory: settle tries again */
    if (w->armed)
        co_hook(op, &w->hook, &e->sched, on_ready);
}

static void disarm(struct watched *w)
{
    co_abandon(&w->hook);
    co_op_cancel(&w->io.op, ERR_CANCELED);
    w->armed = false;
}

/* After every call that may have changed what c-ares waits for. */
static void settle(struct resolver *r)
{
    for (struct watched *w = r->watched; w; w = w->next)
        if (!w->armed)
            arm(w);
    struct timeval tv;
    if (!ares_timeout(r->channel, NULL, &tv)) {
        timer_stop(&r->engine->timers, &r->timer);
        return;
    }
    /* A millisecond more: c-ares counts in these, and one fired too early would only come again. */
    uint64_t wait_ns = (uint64_t)tv.tv_sec * 1000000000u + ((uint64_t)tv.tv_usec + 1000) * 1000;
    /* Without memory the questions still end, by their patience's timers. */
    timer_start(&r->engine->timers, &r->timer, engine_now_ns(r->engine) + wait_ns, on_timer);
}

static void unwatch(struct resolver *r, struct watched **link)
{
    struct watched *w = *link;
    *link = w->next;
    disarm(w);
    engine_unwatch(r->engine, w->fd); /* now: c-ares closes the descriptor right after */
    free(w);
}

/* c-ares tells what it waits for on a descriptor; nothing: it is about to close it. */
static void on_sock_state(void *arg, ares_socket_t fd, int readable, int writable)
{
    struct resolver *r = arg;
    int events = (readable ? ENGINE_READABLE : 0) | (writable ? ENGINE_WRITABLE : 0);
    struct watched **link = &r->watched;
    while (*link && (*link)->fd != fd)
        link = &(*link)->next;
    if (!events) {
        if (*link)
            unwatch(r, link);
        return;
    }
    if (!*link) {
        *link = calloc(1, sizeof **link);
        if (!*link)
            return; /* its questions end by their patience's timers */
        (*link)->resolver = r;
        (*link)->fd = fd;
    }
    struct watched *w = *link;
    if (w->armed && w->io.op.status == CO_OP_PENDING && events != w->events)
        disarm(w);
    w->events = events; /* settle arms it */
}

/* ---- answers ----------------------------------------------------------------------------------------------------------------- */

static const struct failure {
    int status;
    uint32_t keep_s;
    const char *why;
} failures[] = {
    {ARES_ENOTFOUND, NAMES_NEGATIVE_MAX_S, "no such name"},
    {ARES_EBADNAME, NAMES_NEGATIVE_MAX_S, "not a valid name"},
    {ARES_ETIMEOUT, FAILURE_S, "the DNS server did not answer"},
    {ARES_ESERVFAIL, FAILURE_S, "the DNS server failed"},
    {ARES_EREFUSED, FAILURE_S, "the DNS server refused to answer"},
    /* With one server, c-ares 1.18 says this for a failure and a refusal as well. */
    {ARES_ECONNREFUSED, FAILURE_S, "no DNS server could answer"},
    {ARES_EFORMERR, FAILURE_S, "the DNS server did not understand"},
    {ARES_EBADRESP, FAILURE_S, "the DNS server's answer makes no sense"},
    {ARES_ENOMEM, 0, "out of memory"},
    {0, FAILURE_S, "the name service failed"}, /* anything else */
};

static const struct failure *find_failure(int status)
{
    const struct failure *f = failures;
    while (f->status != status && f->status != 0)
        f++;
    return f;
}

static uint32_t least(uint32_t ttl_s, int other_s)
{
    uint32_t other = other_s > 0 ? (uint32_t)other_s : 0; /* negative is 0: RFC 2181 section 8 */
    return other < ttl_s ? other : ttl_s;
}

static void tell_found(struct resolver *r, const struct ask *ask, const struct ares_addrinfo *found)
{
    struct addr addrs[NAMES_ADDRS_MAX];
    size_t count = 0;
    uint32_t ttl_s = NAMES_TTL_MAX_S;
    for (const struct ares_addrinfo_cname *c = found->cnames; c; c = c->next)
        ttl_s = least(ttl_s, c->ttl);
    for (const struct ares_addrinfo_node *node = found->nodes; node && count < NAMES_ADDRS_MAX; node = node->ai_next) {
        const void *sa = node->ai_addr;
        if (node->ai_family != ask->family)
            continue;
        const void *bytes = ask->family == AF_INET ? (const void *)&((const struct sockaddr_in *)sa)->sin_addr
                                                   : &((const struct sockaddr_in6 *)sa)->sin6_addr;
        addr_from_bytes(&addrs[count++], ask->family, bytes, 0);
        ttl_s = least(ttl_s, node->ai_ttl);
    }
    if (count == 0)
        ttl_s = NAMES_NEGATIVE_MAX_S;
    names_answer(r->names, ask->query, addrs, count, ttl_s, NULL);
}

static void ask_free(struct ask *ask)
{
    if (ask->prev)
        ask->prev->next = ask->next;
    else
        ask->resolver->asks = ask->next;
    if (ask->next)
        ask->next->prev = ask->prev;
    timer_stop(&ask->resolver->engine->timers, &ask->patience);
    free(ask);
}

static int op_ask(void *self, const char *host, int family, void *query);

/* c-ares 1.34 closes a socket on which an answer came that makes no sense, and whoever else waits for one on it has
 * failed with it after a few rounds: each is asked for once more, apart. */
static bool ask_alone(const struct ask *ask)
{
    struct resolver *alone = ask->resolver->alone;
    return alone && op_ask(alone, ask->host, ask->family, ask->query) == 0;
}

static void on_answer(void *arg, int status, int timeouts, struct ares_addrinfo *found)
{
    struct ask *ask = arg;
    struct resolver *r = ask->resolver;
    (void)timeouts;
    if (!ask->query)
        ;
    else if (status == ARES_SUCCESS && found)
        tell_found(r, ask, found);
    else if (status == ARES_ENODATA)
        names_answer(r->names, ask->query, NULL, 0, NAMES_NEGATIVE_MAX_S, NULL);
    else if (status != ARES_EBADRESP || !ask_alone(ask))
        names_answer(r->names, ask->query, NULL, 0, find_failure(status)->keep_s, find_failure(status)->why);
    ares_freeaddrinfo(found);
    ask_free(ask);
}

static void out_of_patience(struct timer *timer)
{
    struct ask *ask = (struct ask *)(void *)timer;
    const struct failure *f = find_failure(ARES_ETIMEOUT);
    void *query = ask->query;
    ask->query = NULL; /* c-ares goes on a while */
    if (query)
        names_answer(ask->resolver->names, query, NULL, 0, f->keep_s, f->why);
}

/* ---- the back end ------------------------------------------------------------------------------------------------------------- */

static int op_ask(void *self, const char *host, int family, void *query)
{
    struct resolver *r = self;
    size_t host_size = strlen(host) + 1;
    struct ask *ask = calloc(1, sizeof *ask + host_size);
    if (!ask)
        return ERR_MEMORY;
    memcpy(ask->host, host, host_size);
    uint64_t until_ns = engine_now_ns(r->engine) + PATIENCE_NS;
    if (timer_start(&r->engine->timers, &ask->patience, until_ns, out_of_patience) < 0) {
        free(ask);
        return ERR_MEMORY;
    }
    ask->resolver = r;
    ask->query = query;
    ask->family = family;
    ask->next = r->asks;
    if (ask->next)
        ask->next->prev = ask;
    r->asks = ask;
    /* Sorting would open a socket for each address, and who races them does not need it. */
    struct ares_addrinfo_hints hints = {.ai_family = family, .ai_flags = ARES_AI_NOSORT};
    ares_getaddrinfo(r->channel, host, NULL, &hints, on_answer, ask);
    if (!r->busy)
        settle(r);
    return 0;
}

static void op_forget(void *self, void *query)
{
    struct resolver *r = self;
    struct ask *ask = r->asks;
    while (ask && ask->query != query)
        ask = ask->next;
    if (ask)
        ask->query = NULL;
    else if (r->alone)
        op_forget(r->alone, query);
}

static void op_free(void *self)
{
    struct resolver *r = self;
    if (r->alone)
        op_free(r->alone);
    r->alone = NULL; /* what is left below is asked for no more */
    if (r->channel)
        ares_destroy(r->channel); /* answers what is left, and closes its descriptors */
    while (r->watched)
        unwatch(r, &r->watched);
    timer_stop(&r->engine->timers, &r->timer);
    free(r);
}

const struct names_backend names_ares = {.ask = op_ask, .forget = op_forget, .free = op_free};

/* ---- life ------------------------------------------------------------------------------------------------------------------------ */

static pthread_once_t library_once = PTHREAD_ONCE_INIT;
static int library_status;

static void init_library(void)
{
    library_status = ares_library_init(ARES_LIB_INIT_ALL);
}

/* port_questions: how many questions leave by one port before another is taken; c-ares 1.18 has no such option. */
static int open_channel(struct resolver *r, int port_questions)
{
    char dns_only[] = "b"; /* the hosts file is names.c's */
    struct ares_options options = {.timeout = TIMEOUT_MS,
                                   .tries = TRIES,
                                   .lookups = dns_only,
                                   .socket_receive_buffer_size = ANSWERS_BYTES,
                                   .sock_state_cb = on_sock_state,
                                   .sock_state_cb_data = r};
    int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB | ARES_OPT_SOCK_RCVBUF;
#ifdef ARES_OPT_UDP_MAX_QUERIES
    options.udp_max_queries = port_questions;
    mask |= ARES_OPT_UDP_MAX_QUERIES;
#else
    (void)port_questions;
#endif
#ifdef ARES_OPT_QUERY_CACHE
    options.qcache_max_ttl = 0; /* names.c keeps the answers */
    mask |= ARES_OPT_QUERY_CACHE;
#endif
    return ares_init_options(&r->channel, &options, mask);
}

static int fail(struct error *err, int status, const char *what)
{
    int rc = status == ARES_ENOMEM ? ERR_MEMORY : ERR_RESOLVE;
    return error_set(err, rc, 0, "%s: %s", what, ares_strerror(status));
}

static int not_servers(struct error *err, const char *servers)
{
    return error_set(err, ERR_RESOLVE, 0,
                     "\"%.100s\" is no list of name servers' addresses, such as 127.0.0.1:5353 (--dns-servers)",
                     servers);
}

static int resolver_new(struct resolver **out, struct names *n, struct engine *e, const char *servers,
                        int port_questions, struct error *err)
{
    struct resolver *r = calloc(1, sizeof *r);
    if (!r)
        return error_set(err, ERR_MEMORY, 0, NULL);
    r->engine = e;
    r->names = n;
    int status = open_channel(r, port_questions);
    if (status != ARES_SUCCESS) {
        r->channel = NULL;
    } else if (servers) {
        status = ares_set_servers_ports_csv(r->channel, servers);
    }
    if (status != ARES_SUCCESS) {
        bool bad = r->channel && status != ARES_ENOMEM;
        int rc = bad ? not_servers(err, servers) : fail(err, status, "the name service cannot be used");
        op_free(r);
        return rc;
    }
    *out = r;
    return 0;
}

int names_ares_new(void **self, struct names *n, struct engine *e, const char *servers, struct error *err)
{
    pthread_once(&library_once, init_library);
    if (library_status != ARES_SUCCESS)
        return fail(err, library_status, "the name service cannot be used");
    struct resolver *r = NULL;
    int rc = resolver_new(&r, n, e, servers, PORT_QUESTIONS, err);
#ifdef ARES_OPT_UDP_MAX_QUERIES
    if (rc == 0 && (rc = resolver_new(&r->alone, n, e, servers, 1, err)) < 0)
        op_free(r);
#endif
    if (rc == 0)
        *self = r;
    return rc;
}

static pthread_once_t version_once = PTHREAD_ONCE_INIT;
static char version[40];

static void write_version(void)
{
    snprintf(version, sizeof version, "c-ares/%s", ares_version(NULL));
}

const char *names_library(void)
{
    pthread_once(&version_once, write_version);
    return version;
}
