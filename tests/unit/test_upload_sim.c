/* Uploads on the simulator's engine: thousands of seeds, each with bodies that come as they like and servers that answer
 * when they like. Every request has one result, in time; nothing is left open; what a server got is what was to be sent;
 * and where nothing was reset, no answer is hidden by what came of the rest of the body.
 * usage: test_upload_sim [SEED] */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fetch/session.h"
#include "sim/sim_engine.h"

enum { SEEDS = 2000, REQUESTS = 6, BODY_MAX = 100000, STEP_MAX = 9000, HEAD_MAX = 8192 };

/* ---- what a seed means --------------------------------------------------------------------------------------------- */

struct world;

struct item {
    struct world *w;
    size_t index;
    struct afetch_request *request;
    size_t len;
    bool fed, sized, once;
    char *bytes;
    /* its feeder */
    size_t at;
    unsigned begun, ended;
    struct sim_event later;
    bool waits;
    /* what the servers know */
    int status; /* of the last answer that was sent whole; 0: none since the last request */
    bool whole; /* that server had all of the body, */
    bool wants; /* or goes on reading it */
    /* its end */
    unsigned results;
};

struct world {
    struct sim sim;
    struct sim_remote remote;
    struct sim_engine_counts counts;
    struct afetch_session *session;
    struct item items[REQUESTS];
    size_t count;
    bool rough; /* connections may break without an answer */
    uint64_t points, cancel_at;
    bool canceled;
};

static char byte_of(const struct item *it, size_t at)
{
    return (char)(at * 31 + it->index * 7 + 1);
}

/* What all seeds together met. */
static struct {
    unsigned early, late, continued, unexpected, died, rewinds, canceled, again, kept;
} met;

/* ---- servers ------------------------------------------------------------------------------------------------------- */

enum then { THEN_READ_ON, THEN_END, THEN_RESET, THEN_SILENCE };

struct peer {
    struct world *w;
    struct sock *sock;
    struct sim_event answer, go_on;
    char in[HEAD_MAX + 4096];
    size_t len;
    struct item *it; /* whose body is read; NULL: a head */
    bool is_get, chunked, answered, over;
    size_t left; /* of the body, or of a chunk with its line end */
    size_t got;  /* of the body */
    unsigned requests;
    bool last_chunk;
    /* what it means to do */
    size_t answers_at; /* so many bytes of the body */
    bool dies;         /* in place of an answer */
    int status;
    enum then then;
};

static struct peer *peer_of(struct sim_event *e, size_t offset)
{
    return (struct peer *)(void *)((char *)e - offset);
}

static struct sim_fate fate(void *arg, const struct addr *to)
{
    struct world *w = arg;
    (void)to;
    return (struct sim_fate){.delay_ns = sim_latency(&w->sim)};
}

static void *opened(void *arg, struct sock *s, const struct addr *to)
{
    struct world *w = arg;
    struct peer *p = sim_alloc(&w->sim, sizeof *p);
    (void)to;
    p->w = w;
    p->sock = s;
    return p;
}

static void leave(struct peer *p, bool reset)
{
    p->over = true;
    sim_cancel(&p->w->sim, &p->answer);
    sim_cancel(&p->w->sim, &p->go_on);
    if (reset)
        sim_socket_reset(p->sock);
    else
        sim_socket_end(p->sock); /* last: both may lead to the close */
}

static void on_continue(struct sim_event *e)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct peer *p = peer_of(e, offsetof(struct peer, go_on));
    met.continued++;
    if (!p->answered)
        sim_socket_send(p->sock, text, sizeof text - 1);
}

static bool has_all(const struct peer *p)
{
    return p->got == p->it->len && (!p->chunked || (p->last_chunk && p->left == 0));
}

static void on_answer(struct sim_event *e)
{
    struct peer *p = peer_of(e, offsetof(struct peer, answer));
    char text[200];
    if (p->dies) {
        met.died++;
        leave(p, rng_chance(&p->w->sim.rng, 500));
        return;
    }
    p->answered = true;
    p->it->status = p->status;
    p->it->whole = has_all(p);
    p->it->wants = p->then == THEN_READ_ON && !p->is_get;
    *(p->it->whole ? &met.late : &met.early) += 1;
    met.unexpected += p->status == 417;
    int len = snprintf(text, sizeof text, "HTTP/1.1 %d So\r\nContent-Length: 2\r\n%s%s\r\nno", p->status,
                       p->status == 307 || p->status == 303 ? "Location: /there\r\n" : "",
                       p->then == THEN_READ_ON ? "" : "Connection: close\r\n");
    if (p->then == THEN_READ_ON && p->it->whole)
        p->it = NULL;
    p->over = p->then != THEN_READ_ON;
    sim_cancel(&p->w->sim, &p->go_on);
    sim_socket_send(p->sock, text, (size_t)len); /* last: the client may close */
}

/* Once the answer has had its time to arrive, what the server does is done. */
static void after_answer(struct sim_event *e)
{
    struct peer *p = peer_of(e, offsetof(struct peer, go_on));
    leave(p, p->then == THEN_RESET);
}

static void answer_if_due(struct peer *p)
{
    struct sim *sim = &p->w->sim;
    if (p->answered && has_all(p))
        p->it = NULL;
    else if (!p->answered && !p->answer.index && (p->got >= p->answers_at || has_all(p)))
        sim_after(sim, &p->answer, sim_latency(sim), on_answer);
}

static void plan(struct peer *p, bool expects)
{
    struct sim *sim = &p->w->sim;
    struct rng *r = &sim->rng;
    static const int statuses[] = {200, 200, 201, 413, 403, 307, 303, 417, 503};
    p->status = statuses[rng_below(r, sizeof statuses / sizeof statuses[0])];
    p->answers_at = rng_chance(r, 500) ? SIZE_MAX : rng_below(r, p->it->len + 1);
    if (p->answers_at == SIZE_MAX && rng_chance(r, 700))
        p->status = 200;
    p->then = rng_chance(r, 600) ? THEN_READ_ON : (enum then)rng_range(r, THEN_END, THEN_SILENCE);
    if (p->then == THEN_RESET && !p->w->rough)
        p->then = THEN_SILENCE;
    p->dies = p->w->rough && rng_chance(r, 150);
    p->answered = p->last_chunk = false;
    p->got = 0;
    if (expects && rng_chance(r, 600))
        sim_after(sim, &p->go_on, rng_chance(r, 800) ? sim_latency(sim) : 3 * SIM_SECOND, on_continue);
}

static void read_head(struct peer *p, size_t len)
{
    struct world *w = p->w;
    size_t index = SIZE_MAX, length = 0;
    p->in[len - 1] = '\0';
    const char *field = strstr(p->in, "Content-Length: "), *own = strstr(p->in, "X-Index: ");
    bool is_get = p->is_get = strncmp(p->in, "GET ", 4) == 0;
    if (own)
        index = (size_t)strtoul(own + 9, NULL, 10);
    if (index >= w->count || (!is_get && !field == !strstr(p->in, "Transfer-Encoding: chunked")))
        sim_fail(&w->sim, "a request that is none: %s", p->in);
    struct item *it = p->it = &w->items[index];
    if (field)
        length = (size_t)strtoul(field + 16, NULL, 10);
    p->chunked = !field && !is_get;
    if (field && length != it->len)
        sim_fail(&w->sim, "a length of %zu, not %zu", length, it->len);
    it->status = 0;
    met.kept += p->requests++ > 0;
    plan(p, strstr(p->in, "100-continue") != NULL);
    if (is_get) { /* where a 303 led */
        p->got = it->len;
        p->answers_at = 0;
    }
    p->left = p->chunked ? 0 : length;
}

static void check_bytes(struct peer *p, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (p->got + i >= p->it->len || data[i] != byte_of(p->it, p->got + i))
            sim_fail(&p->w->sim, "byte %zu of body %zu is not what it should be", p->got + i, p->it->index);
    p->got += len;
}

/* Uses up what it can; the number of bytes, 0 for none. */
static size_t use(struct peer *p)
{
    if (!p->it) {
        char *end = p->len >= 4 ? memmem(p->in, p->len, "\r\n\r\n", 4) : NULL;
        size_t len = end ? (size_t)(end - p->in) + 4 : 0;
        if (len)
            read_head(p, len);
        return len;
    }
    if (p->chunked && p->left == 0) {
        if (p->last_chunk)
            return 0;
        char *end = memmem(p->in, p->len, "\r\n", 2);
        if (!end)
            return 0;
        size_t size = (size_t)strtoul(p->in, NULL, 16);
        p->last_chunk = size == 0;
        p->left = size + 2;
        return (size_t)(end - p->in) + 2;
    }
    size_t ends = p->chunked ? 2 : 0; /* the line end of a chunk is no byte of it */
    size_t len = p->len < p->left ? p->len : p->left;
    size_t payload = p->left > ends ? p->left - ends : 0;
    check_bytes(p, p->in, len < payload ? len : payload);
    p->left -= len;
    return len;
}

static void arrived(void *peer, const char *data, size_t len)
{
    struct peer *p = peer;
    if (p->over)
        return;
    if (len > sizeof p->in - p->len)
        sim_fail(&p->w->sim, "a head that is too long");
    memcpy(p->in + p->len, data, len);
    p->len += len;
    for (size_t used = 1; used > 0 && p->len > 0;) {
        used = use(p);
        p->len -= used;
        memmove(p->in, p->in + used, p->len);
        if (p->it && used)
            answer_if_due(p);
    }
}

static void writing(void *peer, const char *data, size_t len)
{
    (void)peer;
    (void)data;
    (void)len;
}

/* The client has read the answer: a server that means to go does so now, or a little later. */
static void told(void *peer, enum sim_told what, size_t len)
{
    struct peer *p = peer;
    (void)len;
    if (what == SIM_TOLD_BYTES && p->answered && p->over && (p->then == THEN_END || p->then == THEN_RESET) &&
        !p->go_on.index)
        sim_after(&p->w->sim, &p->go_on, sim_latency(&p->w->sim), after_answer);
}

static void closed(void *peer)
{
    struct peer *p = peer;
    sim_cancel(&p->w->sim, &p->answer);
    sim_cancel(&p->w->sim, &p->go_on);
    free(p);
}

/* ---- the client ---------------------------------------------------------------------------------------------------- */

static void on_later(struct sim_event *e)
{
    struct item *it = (struct item *)(void *)((char *)e - offsetof(struct item, later));
    it->waits = false;
    afetch_request_feed(it->request);
}

static bool later(struct item *it)
{
    struct sim *sim = &it->w->sim;
    if (it->waits)
        return true;
    if (!rng_chance(&sim->rng, 300))
        return false;
    it->waits = true;
    sim_after(sim, &it->later, rng_below(&sim->rng, 400 * SIM_MS), on_later);
    return true;
}

static enum afetch_feed begin(void *arg, struct afetch_request *r, const char *name, struct afetch_feed_facts *facts)
{
    struct item *it = arg;
    (void)r;
    (void)name;
    if (later(it))
        return AFETCH_FEED_LATER;
    met.again += it->begun++ > 0;
    if (it->at > 0 && it->once)
        sim_fail(&it->w->sim, "request %zu: what can be read once is read again", it->index);
    it->at = 0;
    facts->length = it->sized ? (int64_t)it->len : -1;
    facts->once = it->once;
    return AFETCH_FEED_SOME;
}

static enum afetch_feed give(void *arg, struct afetch_request *r, const void **data, size_t *len)
{
    struct item *it = arg;
    (void)r;
    if (later(it))
        return AFETCH_FEED_LATER;
    if (it->at == it->len)
        return AFETCH_FEED_END;
    *data = it->bytes + it->at;
    *len = sim_portion(&it->w->sim, STEP_MAX, it->len - it->at);
    it->at += *len;
    return AFETCH_FEED_SOME;
}

static void end(void *arg, struct afetch_request *r)
{
    struct item *it = arg;
    (void)r;
    it->ended++;
    it->waits = false;
    sim_cancel(&it->w->sim, &it->later);
}

/* Without resets and without a limit of time, what the server said last is what the client is told. */
static void judge(const struct item *it, const struct afetch_result *result)
{
    struct sim *sim = &it->w->sim;
    enum afetch_code code = result->code;
    bool answered = code == AFETCH_OK || code == AFETCH_STATUS;
    bool broke = code == AFETCH_SEND || code == AFETCH_RECV || code == AFETCH_EMPTY || code == AFETCH_PARTIAL;
    met.rewinds += code == AFETCH_REWIND;
    met.canceled += code == AFETCH_CANCELED;
    bool explained = answered || (broke && it->w->rough) || (code == AFETCH_REWIND && it->once) ||
                     (code == AFETCH_CANCELED && it->w->canceled) || code == AFETCH_REDIRECTS;
    if (!explained)
        sim_fail(sim, "request %zu ended with %d: %s", it->index, (int)code, result->error);
    if (answered && !it->w->rough && result->status != it->status)
        sim_fail(sim, "request %zu has status %d, and the server's was %d", it->index, result->status, it->status);
    if (answered && (code == AFETCH_OK) != (result->status < 300))
        sim_fail(sim, "request %zu ended with %d, for status %d", it->index, (int)code, result->status);
    if (code == AFETCH_OK && it->wants && result->bytes_sent != it->len)
        sim_fail(sim, "request %zu: %" PRIu64 " bytes of %zu were sent", it->index, result->bytes_sent, it->len);
    if (it->ended < it->begun)
        sim_fail(sim, "request %zu: %u readings began and %u ended", it->index, it->begun, it->ended);
}

static void on_done(void *arg, struct afetch_request *r, const struct afetch_result *result)
{
    struct item *it = arg;
    (void)r;
    sim_note(&it->w->sim, "result", it->index, result->code);
    if (it->results++)
        sim_fail(&it->w->sim, "request %zu: a second result", it->index);
    judge(it, result);
}

static void add(struct world *w, size_t index)
{
    static const struct afetch_feeder feeder = {begin, give, end};
    struct rng *r = &w->sim.rng;
    struct item *it = &w->items[index];
    char header[40];
    *it = (struct item){.w = w, .index = index, .len = rng_chance(r, 300) ? rng_below(r, 50) : rng_below(r, BODY_MAX)};
    it->fed = rng_chance(r, 600);
    it->sized = rng_chance(r, 500);
    it->once = it->fed && rng_chance(r, 300);
    it->bytes = sim_alloc(&w->sim, it->len);
    for (size_t i = 0; i < it->len; i++)
        it->bytes[i] = byte_of(it, i);
    struct afetch_body *body = it->fed ? afetch_body_new_fed("it") : afetch_body_new(it->bytes, it->len);
    it->request = afetch_request_new("http://10.1.1.1/here", 20);
    afetch_request_set_body(it->request, body);
    afetch_body_free(body);
    afetch_request_set_feeder(it->request, &feeder, it);
    afetch_request_set_callbacks(it->request, &(struct afetch_callbacks){.done = on_done}, it);
    afetch_request_set_method(it->request, rng_chance(r, 500) ? "PUT" : "POST");
    snprintf(header, sizeof header, "X-Index: %zu", index);
    afetch_request_add_header(it->request, header);
    if (rng_chance(r, 150))
        afetch_request_add_header(it->request, "Expect: 100-continue");
    afetch_session_add(w->session, it->request);
}

/* ---- a run --------------------------------------------------------------------------------------------------------- */

static int ask(void *self, const char *host, int family, void *query)
{
    (void)self;
    (void)host;
    (void)family;
    (void)query;
    return ERR_RESOLVE;
}

static void forget(void *self, void *query)
{
    (void)self;
    (void)query;
}

static void free_names(void *self)
{
    (void)self;
}

static void on_point(void *arg)
{
    struct world *w = arg;
    if (w->points++ != w->cancel_at)
        return;
    w->canceled = true;
    afetch_session_cancel(w->session);
}

static void print_line(void *arg, const char *text)
{
    (void)arg;
    fprintf(stderr, "  %s\n", text);
}

static void describe(void *arg)
{
    struct world *w = arg;
    afetch_session_describe(w->session, print_line, NULL);
}

static void plan_net(struct sim *sim)
{
    struct rng *r = &sim->rng;
    sim->net.quantum_ns = PICK(r, 1, SIM_MS);
    sim->net.latency_min_ns = PICK(r, 0, SIM_MS, 20 * SIM_MS);
    sim->net.latency_max_ns = sim->net.latency_min_ns + PICK(r, 100000, 50 * SIM_MS);
    sim->net.segment_max = PICK(r, 500, 1460, 4096);
    sim->net.read_max = PICK(r, 1, 100, 65536);
    sim->net.sync_read = (unsigned)PICK(r, 0, 500);
    sim->net.late_write = (unsigned)PICK(r, 0, 300, 1000);
    sim->net.idle_watched = rng_chance(r, 600);
}

static void begin_run(struct world *w, uint64_t seed, struct sim_cover *cover)
{
    static const struct names_backend backend = {ask, forget, free_names};
    struct afetch_options opt;
    struct names *names = NULL;
    memset(w, 0, sizeof *w);
    sim_init(&w->sim, seed, cover, false);
    snprintf(w->sim.replay, sizeof w->sim.replay, " (no: test_upload_sim 0x%" PRIx64 ")", seed);
    struct rng *r = &w->sim.rng;
    plan_net(&w->sim);
    w->rough = rng_chance(r, 500);
    w->cancel_at = rng_chance(r, 200) ? rng_below(r, 3000) : UINT64_MAX;
    w->remote = (struct sim_remote){w, fate, opened, writing, arrived, told, closed};
    w->sim.on_point = on_point;
    w->sim.on_point_arg = w;
    w->sim.describe = describe;
    w->sim.describe_arg = w;
    afetch_options_init(&opt);
    opt.proxy = "";
    opt.parallel_max = (unsigned)rng_range(r, 1, 4);
    opt.parallel_max_host = (unsigned)rng_range(r, 0, 2);
    opt.retry_max = rng_chance(r, 300) ? 2 : 0;
    opt.retry_all_errors = w->rough;
    opt.accept_statuses = "200-299";
    opt.fail_with_body = rng_chance(r, 300);
    struct engine *e = sim_engine_new(&w->sim, &w->remote, &w->counts);
    assert_int_equal(names_new_backend(&names, e, &backend, NULL), 0);
    assert_int_equal(session_new(&w->session, e, names, &opt, NULL), 0);
}

static void run_seed(uint64_t seed, struct sim_cover *cover)
{
    static struct world w;
    begin_run(&w, seed, cover);
    w.count = rng_range(&w.sim.rng, 1, REQUESTS);
    for (size_t i = 0; i < w.count; i++)
        add(&w, i);
    afetch_session_run(w.session);
    uint64_t took_ns = *w.sim.now_ns;
    w.sim.describe = NULL;
    afetch_session_free(w.session);
    if (w.counts.open || w.counts.pending || w.sim.len)
        sim_fail(&w.sim, "%zu sockets, %zu operations and %zu events are left", w.counts.open, w.counts.pending,
                 w.sim.len);
    if (took_ns > 3000 * SIM_SECOND)
        sim_fail(&w.sim, "it took %.0f s", (double)took_ns / 1e9);
    for (size_t i = 0; i < w.count; i++) {
        if (w.items[i].results != 1)
            sim_fail(&w.sim, "request %zu has no result", i);
        free(w.items[i].bytes);
    }
    sim_deinit(&w.sim);
}

static uint64_t only; /* this seed; 0: all */

static void seeds(void **state)
{
    (void)state;
    static struct sim_cover cover;
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        if (!only || only == seed)
            run_seed(seed, &cover);
    if (only > SEEDS)
        run_seed(only, &cover);
    if (only)
        return;
    assert_true(met.early > 100 && met.late > 100 && met.continued > 100 && met.unexpected > 20 && met.died > 20);
    assert_true(met.rewinds > 20 && met.canceled > 20 && met.again > 20 && met.kept > 100);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(seeds)};
    only = argc > 1 ? strtoull(argv[1], NULL, 0) : 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
