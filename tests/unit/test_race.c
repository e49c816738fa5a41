/* net/race.h. First in a laboratory: an engine with a clock that jumps, names and connections by a script, so that the
 * order and the time of each attempt are exact and the race can be cancelled at each of its steps. Then on both real
 * engines with real sockets. */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/race.h"

#define MS ((uint64_t)1000000)

/* ---- the laboratory ------------------------------------------------------------------------------------------------------ */

enum { NEVER = -1, AT_ONCE = -2, NAMED_MAX = 4, KNOWN_MAX = 12 };

/* What a look-up of one family brings. */
struct named {
    int after_ms; /* or NEVER, AT_ONCE */
    const char *why;
    const char *addrs[NAMED_MAX];
};

/* What connecting to an address brings. */
struct reached {
    const char *addr;
    int after_ms; /* or NEVER, AT_ONCE */
    int sys;      /* errno; 0: a connection */
};

struct lab_case {
    const char *name;
    const char *host; /* NULL: "a.example" */
    struct named v6, v4;
    struct reached reached[KNOWN_MAX];
    const char *log; /* "time:address" of each attempt */
    int rc;
    const char *peer;     /* the winner */
    const char *sentence; /* or why there is none */
    int ended_ms, resolved_ms;
};

/* The laboratory's sockets. */
struct sock {
    struct lab *lab;
};

struct lab {
    struct engine engine; /* first */
    const struct lab_case *script;
    struct names *names;
    uint64_t start_ns;
    char log[512];
    int open, connecting; /* sockets, operations */
    bool slow_cancel;     /* a cancelled connect completes a while later, and may have succeeded */
    struct lab_ask {
        struct timer timer; /* first */
        struct lab *lab;
        void *query;
        const struct named *named;
    } asks[2];
};

/* A pending connect; the engine's. */
struct dialing {
    struct timer timer; /* first */
    struct lab *lab;
    struct io *io;
    const struct reached *reached;
    int reason; /* why it was cancelled */
};

static const struct reached *find_reached(const struct lab *lab, const struct addr *to)
{
    char text[ADDR_TEXT_MAX];
    addr_text(to, text);
    assert_int_equal(addr_port(to), 443);
    for (size_t i = 0; i < KNOWN_MAX && lab->script->reached[i].addr; i++)
        if (strcmp(lab->script->reached[i].addr, text) == 0)
            return &lab->script->reached[i];
    fail_msg("%s is not in the script", text);
    return NULL;
}

static int arrive(struct lab *lab, struct io *io, struct sock **out, int sys)
{
    io->sys = sys;
    if (sys == ENOMEM)
        return ERR_MEMORY;
    if (sys)
        return ERR_CONNECT;
    *out = calloc(1, sizeof **out);
    assert_non_null(*out);
    (*out)->lab = lab;
    lab->open++;
    return 0;
}

static void dialed(struct timer *timer)
{
    struct dialing *d = (struct dialing *)timer;
    struct io *io = d->io;
    int rc = arrive(d->lab, io, io->out, d->reached->sys);
    if (rc < 0 && d->reason)
        rc = d->reason;
    d->lab->connecting--;
    free(d);
    co_complete(&io->op, rc);
}

static void cancel_dial(struct co_op *op, int reason)
{
    struct io *io = (struct io *)op;
    struct dialing *d = io->kept;
    struct lab *lab = d->lab;
    if (lab->slow_cancel) {
        d->reason = reason;
        assert_int_equal(timer_start(&lab->engine.timers, &d->timer, engine_now_ns(&lab->engine) + 5 * MS, dialed), 0);
        return;
    }
    timer_stop(&lab->engine.timers, &d->timer);
    lab->connecting--;
    free(d);
    co_complete(op, reason);
}

static struct co_op *lab_connect(struct engine *e, struct io *io, const struct addr *to, struct sock **out)
{
    struct lab *lab = (struct lab *)e;
    const struct reached *reached = find_reached(lab, to);
    size_t len = strlen(lab->log);
    snprintf(lab->log + len, sizeof lab->log - len, "%s%u:%s", len ? " " : "",
             (unsigned)((engine_now_ns(e) - lab->start_ns) / MS), reached->addr);
    if (reached->after_ms == AT_ONCE)
        return co_done(&io->op, arrive(lab, io, out, reached->sys));
    struct dialing *d = calloc(1, sizeof *d);
    assert_non_null(d);
    d->lab = lab;
    d->io = io;
    d->reached = reached;
    io->out = out;
    io->kept = d;
    lab->connecting++;
    if (reached->after_ms != NEVER)
        assert_int_equal(
            timer_start(&e->timers, &d->timer, engine_now_ns(e) + (uint64_t)reached->after_ms * MS, dialed), 0);
    return co_op_begin(&io->op, cancel_dial);
}

static void lab_close(struct sock *s)
{
    s->lab->open--;
    free(s);
}

static const struct engine_ops lab_ops = {.name = "lab", .connect = lab_connect, .close = lab_close};

static void lab_answer(struct timer *timer)
{
    struct lab_ask *ask = (struct lab_ask *)timer;
    struct addr addrs[NAMED_MAX];
    size_t count = 0;
    while (count < NAMED_MAX && ask->named->addrs[count]) {
        assert_true(addr_parse(&addrs[count], ask->named->addrs[count], NULL, 0));
        count++;
    }
    void *query = ask->query;
    ask->query = NULL;
    names_answer(ask->lab->names, query, addrs, count, 60, ask->named->why);
}

static int lab_ask(void *self, const char *host, int family, void *query)
{
    struct lab *lab = self;
    struct lab_ask *ask = &lab->asks[family == AF_INET];
    assert_string_equal(host, "a.example");
    assert_null(ask->query);
    ask->lab = lab;
    ask->query = query;
    ask->named = family == AF_INET ? &lab->script->v4 : &lab->script->v6;
    if (ask->named->after_ms == AT_ONCE)
        lab_answer(&ask->timer);
    else if (ask->named->after_ms != NEVER)
        return timer_start(&lab->engine.timers, &ask->timer,
                           engine_now_ns(&lab->engine) + (uint64_t)ask->named->after_ms * MS, lab_answer);
    return 0;
}

static void lab_forget(void *self, void *query)
{
    struct lab *lab = self;
    struct lab_ask *ask = &lab->asks[lab->asks[1].query == query];
    assert_ptr_equal(ask->query, query);
    timer_stop(&lab->engine.timers, &ask->timer);
    ask->query = NULL;
}

static void lab_free(void *self)
{
    struct lab *lab = self;
    assert_null(lab->asks[0].query);
    assert_null(lab->asks[1].query);
}

static const struct names_backend lab_names = {.ask = lab_ask, .forget = lab_forget, .free = lab_free};

static void lab_open(struct lab *lab, const struct lab_case *script)
{
    *lab = (struct lab){.script = script};
    assert_int_equal(engine_init(&lab->engine, &lab_ops), 0);
    lab->start_ns = engine_now_ns(&lab->engine);
    assert_int_equal(names_new_backend(&lab->names, &lab->engine, &lab_names, lab), 0);
}

static void lab_shut(struct lab *lab)
{
    names_free(lab->names);
    assert_int_equal(lab->open, 0);
    assert_int_equal(lab->connecting, 0);
    assert_null(lab->engine.sched.head);
    assert_true(timers_next(&lab->engine.timers) == TIMER_NEVER);
    engine_deinit(&lab->engine);
}

/* One step: the first who is ready runs, or else the clock jumps. */
static void lab_step(struct lab *lab)
{
    struct engine *e = &lab->engine;
    if (co_step(&e->sched))
        return;
    uint64_t next = timers_next(&e->timers);
    if (next == TIMER_NEVER)
        fail_msg("%s: stuck", lab->script->name);
    if (next > e->sched.now_ns)
        e->sched.now_ns = next;
    timers_run(&e->timers, e->sched.now_ns);
}

/* ---- whoever calls the race -------------------------------------------------------------------------------------------------- */

struct caller {
    struct co co;
    struct engine *engine;
    struct names *names;
    const char *host, *zone;
    uint16_t port;
    struct race race;
    struct error err;
    struct sock *sock;
    struct addr peer;
    uint64_t resolved_ns, ended_ns;
    bool won;
};

static struct co_op *begin_race(struct caller *c)
{
    c->race = (struct race){.engine = c->engine,
                            .names = c->names,
                            .host = c->host,
                            .zone = c->zone,
                            .port = c->port,
                            .err = &c->err,
                            .sock = &c->sock,
                            .peer = &c->peer};
    return co_call(&c->co, &c->race.co, race_run);
}

static void caller_run(struct co *co)
{
    CO_BEGIN(struct caller, c);
    CO_TRY(racing, begin_race(c));
    c->won = true;
    CO_CLEANUP;
    c->resolved_ns = c->race.resolved_ns;
    c->ended_ns = engine_now_ns(c->engine);
    assert_null(c->race.state);
    CO_END;
}

/* ---- cases ------------------------------------------------------------------------------------------------------------------------ */

#define SIX "2001:db8::1", "2001:db8::2", "2001:db8::3"
#define FOUR "192.0.2.1", "192.0.2.2", "192.0.2.3"

static const struct lab_case cases[] = {
    {.name = "both known, IPv6 first",
     .v6 = {.addrs = {"2001:db8::1"}},
     .v4 = {.addrs = {"192.0.2.1"}},
     .reached = {{"2001:db8::1", 10, 0}},
     .log = "0:2001:db8::1",
     .peer = "2001:db8::1",
     .ended_ms = 10},
    {.name = "all at once",
     .v6 = {.after_ms = AT_ONCE, .addrs = {"2001:db8::1"}},
     .v4 = {.after_ms = AT_ONCE, .addrs = {"192.0.2.1"}},
     .reached = {{"2001:db8::1", AT_ONCE, 0}},
     .log = "0:2001:db8::1",
     .peer = "2001:db8::1"},
    {.name = "no IPv6",
     .v6 = {.after_ms = 5},
     .v4 = {.after_ms = 2, .addrs = {"192.0.2.1"}},
     .reached = {{"192.0.2.1", 10, 0}},
     .log = "5:192.0.2.1",
     .peer = "192.0.2.1",
     .ended_ms = 15,
     .resolved_ms = 2},
    {.name = "no IPv4",
     .v6 = {.after_ms = 5, .addrs = {"2001:db8::1"}},
     .v4 = {.after_ms = 2},
     .reached = {{"2001:db8::1", 10, 0}},
     .log = "5:2001:db8::1",
     .peer = "2001:db8::1",
     .ended_ms = 15,
     .resolved_ms = 5},
    {.name = "AAAA first: no waiting for A",
     .v6 = {.after_ms = 5, .addrs = {"2001:db8::1"}},
     .v4 = {.after_ms = NEVER},
     .reached = {{"2001:db8::1", 10, 0}},
     .log = "5:2001:db8::1",
     .peer = "2001:db8::1",
     .ended_ms = 15,
     .resolved_ms = 5},
    {.name = "A first, AAAA within 50 ms",
     .v6 = {.after_ms = 40, .addrs = {"2001:db8::1"}},
     .v4 = {.after_ms = 1, .addrs = {"192.0.2.1"}},
     .reached = {{"2001:db8::1", 10, 0}},
     .log = "40:2001:db8::1",
     .peer = "2001:db8::1",
     .ended_ms = 50,
     .resolved_ms = 1},
    {.name = "A first, AAAA too late",
     .v6 = {.after_ms = 60, .addrs = {"2001:db8::1"}},
     .v4 = {.after_ms = 1, .addrs = {"192.0.2.1"}},
     .reached = {{"192.0.2.1", 20, 0}},
     .log = "51:192.0.2.1",
     .peer = "192.0.2.1",
     .ended_ms = 71,
     .resolved_ms = 1},
    {.name = "A first, AAAA never",
     .v6 = {.after_ms = NEVER},
     .v4 = {.after_ms = 1, .addrs = {"192.0.2.1"}},
     .reached = {{"192.0.2.1", 20, 0}},
     .log = "51:192.0.2.1",
     .peer = "192.0.2.1",
     .ended_ms = 71,
     .resolved_ms = 1},
    {.name = "A first, AAAA fails",
     .v6 = {.after_ms = 20, .why = "the DNS server failed"},
     .v4 = {.after_ms = 1, .addrs = {"192.0.2.1"}},
     .reached = {{"192.0.2.1", 20, 0}},
     .log = "20:192.0.2.1",
     .peer = "192.0.2.1",
     .ended_ms = 40,
     .resolved_ms = 1},
    {.name = "AAAA fails first",
     .v6 = {.after_ms = 2, .why = "the DNS server failed"},
     .v4 = {.after_ms = 10, .addrs = {"192.0.2.1"}},
     .reached = {{"192.0.2.1", 20, 0}},
     .log = "10:192.0.2.1",
     .peer = "192.0.2.1",
     .ended_ms = 30,
     .resolved_ms = 10},
    {.name = "a black hole",
     .v4 = {.addrs = {FOUR}},
     .reached = {{"192.0.2.1", NEVER, 0}, {"192.0.2.2", 30, 0}},
     .log = "0:192.0.2.1 250:192.0.2.2",
     .peer = "192.0.2.2",
     .ended_ms = 280},
    {.name = "families in turn",
     .v6 = {.addrs = {SIX}},
     .v4 = {.addrs = {FOUR}},
     .reached = {{"2001:db8::1", NEVER, 0},
                 {"192.0.2.1", NEVER, 0},
                 {"2001:db8::2", NEVER, 0},
                 {"192.0.2.2", NEVER, 0},
                 {"2001:db8::3", NEVER, 0},
                 {"192.0.2.3", 7, 0}},
     .log = "0:2001:db8::1 250:192.0.2.1 500:2001:db8::2 750:192.0.2.2 1000:2001:db8::3 1250:192.0.2.3",
     .peer = "192.0.2.3",
     .ended_ms = 1257},
    {.name = "one family longer",
     .v6 = {.addrs = {"2001:db8::1"}},
     .v4 = {.addrs = {FOUR}},
     .reached = {{"2001:db8::1", NEVER, 0}, {"192.0.2.1", NEVER, 0}, {"192.0.2.2", NEVER, 0}, {"192.0.2.3", 7, 0}},
     .log = "0:2001:db8::1 250:192.0.2.1 500:192.0.2.2 750:192.0.2.3",
     .peer = "192.0.2.3",
     .ended_ms = 757},
    {.name = "late AAAA joins",
     .v6 = {.after_ms = 300, .addrs = {SIX}},
     .v4 = {.addrs = {FOUR}},
     .reached = {{"192.0.2.1", NEVER, 0}, {"2001:db8::1", NEVER, 0}, {"192.0.2.2", 5, 0}},
     .log = "50:192.0.2.1 300:2001:db8::1 550:192.0.2.2",
     .peer = "192.0.2.2",
     .ended_ms = 555},
    {.name = "late AAAA after the last A failed",
     .v6 = {.after_ms = 900, .addrs = {"2001:db8::1"}},
     .v4 = {.addrs = {"192.0.2.1"}},
     .reached = {{"192.0.2.1", 10, ECONNREFUSED}, {"2001:db8::1", 10, 0}},
     .log = "50:192.0.2.1 900:2001:db8::1",
     .peer = "2001:db8::1",
     .ended_ms = 910},
    {.name = "a failure brings the next at once",
     .v6 = {.addrs = {"2001:db8::1"}},
     .v4 = {.addrs = {FOUR}},
     .reached = {{"2001:db8::1", AT_ONCE, ENETUNREACH}, {"192.0.2.1", 10, ECONNREFUSED}, {"192.0.2.2", 10, 0}},
     .log = "0:2001:db8::1 0:192.0.2.1 10:192.0.2.2",
     .peer = "192.0.2.2",
     .ended_ms = 20},
    {.name = "a failure beside one that pends",
     .v6 = {.addrs = {"2001:db8::1"}},
     .v4 = {.addrs = {FOUR}},
     .reached = {{"2001:db8::1", 290, 0}, {"192.0.2.1", 10, ECONNREFUSED}, {"192.0.2.2", NEVER, 0}},
     .log = "0:2001:db8::1 250:192.0.2.1 260:192.0.2.2",
     .peer = "2001:db8::1",
     .ended_ms = 290},
    {.name = "the slower one wins in the end",
     .v6 = {.addrs = {"2001:db8::1"}},
     .v4 = {.addrs = {"192.0.2.1"}},
     .reached = {{"2001:db8::1", 400, 0}, {"192.0.2.1", 300, 0}},
     .log = "0:2001:db8::1 250:192.0.2.1",
     .peer = "2001:db8::1",
     .ended_ms = 400},
    {.name = "two in the same moment: one is closed",
     .v6 = {.addrs = {"2001:db8::1"}},
     .v4 = {.addrs = {"192.0.2.1"}},
     .reached = {{"2001:db8::1", 300, 0}, {"192.0.2.1", 50, 0}},
     .log = "0:2001:db8::1 250:192.0.2.1",
     .peer = "2001:db8::1",
     .ended_ms = 300},
    {.name = "all refused",
     .v6 = {.addrs = {"2001:db8::1"}},
     .v4 = {.addrs = {"192.0.2.1", "192.0.2.2"}},
     .reached = {{"2001:db8::1", 5, EHOSTUNREACH}, {"192.0.2.1", 5, ECONNREFUSED}, {"192.0.2.2", 5, ETIMEDOUT}},
     .log = "0:2001:db8::1 5:192.0.2.1 10:192.0.2.2",
     .rc = ERR_CONNECT,
     .sentence = "could not connect: a.example port 443, 3 addresses tried (Connection timed out)",
     .ended_ms = 15},
    {.name = "no network says less than a refusal",
     .v6 = {.after_ms = 70, .addrs = {"2001:db8::1"}},
     .v4 = {.addrs = {"192.0.2.1"}},
     .reached = {{"192.0.2.1", 5, ECONNREFUSED}, {"2001:db8::1", AT_ONCE, ENETUNREACH}},
     .log = "50:192.0.2.1 70:2001:db8::1",
     .rc = ERR_CONNECT,
     .sentence = "could not connect: a.example port 443, 2 addresses tried (Connection refused)",
     .ended_ms = 70},
    {.name = "the only address refused",
     .v4 = {.addrs = {"192.0.2.1"}},
     .reached = {{"192.0.2.1", 5, ECONNREFUSED}},
     .log = "0:192.0.2.1",
     .rc = ERR_CONNECT,
     .sentence = "could not connect: a.example (192.0.2.1) port 443 (Connection refused)",
     .ended_ms = 5},
    {.name = "a literal",
     .host = "192.0.2.1",
     .reached = {{"192.0.2.1", 5, 0}},
     .log = "0:192.0.2.1",
     .peer = "192.0.2.1",
     .ended_ms = 5},
    {.name = "a literal of IPv6, refused",
     .host = "2001:db8::1",
     .reached = {{"2001:db8::1", 5, ECONNREFUSED}},
     .log = "0:2001:db8::1",
     .rc = ERR_CONNECT,
     .sentence = "could not connect: 2001:db8::1 port 443 (Connection refused)",
     .ended_ms = 5},
    {.name = "no such name",
     .v6 = {.after_ms = 3, .why = "no such name"},
     .v4 = {.after_ms = 7, .why = "no such name"},
     .log = "",
     .rc = ERR_RESOLVE,
     .sentence = "could not resolve host: a.example (no such name)",
     .ended_ms = 7},
    {.name = "a name without addresses",
     .v6 = {.after_ms = 3},
     .v4 = {.after_ms = AT_ONCE},
     .log = "",
     .rc = ERR_RESOLVE,
     .sentence = "could not resolve host: a.example (it has no address)",
     .ended_ms = 3},
    {.name = "one says none, the other fails",
     .v6 = {.after_ms = 3, .why = "the DNS server failed"},
     .v4 = {.after_ms = 4},
     .log = "",
     .rc = ERR_RESOLVE,
     .sentence = "could not resolve host: a.example (the DNS server failed)",
     .ended_ms = 4},
    {.name = "no memory",
     .v4 = {.addrs = {FOUR}},
     .reached = {{"192.0.2.1", NEVER, 0}, {"192.0.2.2", AT_ONCE, ENOMEM}},
     .log = "0:192.0.2.1 250:192.0.2.2",
     .rc = ERR_MEMORY,
     .sentence = "out of memory",
     .ended_ms = 250},
};

enum { CASES = sizeof cases / sizeof cases[0] };

static void lab_start(struct lab *lab, struct caller *c)
{
    *c = (struct caller){.engine = &lab->engine,
                         .names = lab->names,
                         .host = lab->script->host ? lab->script->host : "a.example",
                         .port = 443};
    co_start(&c->co, &lab->engine.sched, caller_run);
}

/* What is won is the caller's; nothing else is open. */
static void lab_check_socks(struct lab *lab, struct caller *c)
{
    char text[ADDR_TEXT_MAX];
    if (c->co.end.rc == 0 || c->sock) {
        assert_non_null(c->sock);
        assert_string_equal(addr_text(&c->peer, text), lab->script->peer);
        assert_int_equal(addr_port(&c->peer), 443);
    }
    engine_close(&lab->engine, c->sock);
}

static int rounded_ms(const struct lab *lab, uint64_t when_ns)
{
    return when_ns ? (int)((when_ns - lab->start_ns) / MS) : 0;
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        const struct lab_case *k = &cases[i];
        struct lab lab;
        struct caller c;
        lab_open(&lab, k);
        lab_start(&lab, &c);
        while (!co_ended(&c.co))
            lab_step(&lab);
        print_message("%s\n", k->name);
        assert_string_equal(lab.log, k->log);
        assert_int_equal(c.co.end.rc, k->rc);
        assert_int_equal(c.err.code, k->rc);
        assert_string_equal(k->rc ? error_text(&c.err) : "", k->rc ? k->sentence : "");
        assert_int_equal(rounded_ms(&lab, c.ended_ns), k->ended_ms);
        assert_int_equal(rounded_ms(&lab, c.resolved_ns), k->resolved_ms);
        assert_int_equal(c.resolved_ns == 0, k->host || k->rc == ERR_RESOLVE);
        assert_int_equal(c.sock != NULL, k->peer != NULL);
        lab_check_socks(&lab, &c);
        error_clear(&c.err);
        lab_shut(&lab);
    }
}

/* Cancels after so many steps; returns whether the race had ended before. */
static bool cancel_after(const struct lab_case *k, size_t steps, bool slow_cancel, size_t *arrived)
{
    struct lab lab;
    struct caller c;
    lab_open(&lab, k);
    lab.slow_cancel = slow_cancel;
    lab_start(&lab, &c);
    for (size_t i = 0; i < steps && !co_ended(&c.co); i++)
        lab_step(&lab);
    bool ended = co_ended(&c.co);
    co_cancel(&c.co, ERR_TIMEOUT);
    while (!co_ended(&c.co))
        lab_step(&lab);
    assert_int_equal(c.co.end.rc, ended ? k->rc : ERR_TIMEOUT);
    assert_false(c.won && !ended);
    *arrived += !ended;
    if (!ended && c.race.co.sched && c.race.co.reason)
        assert_true(c.sock == NULL || c.race.co.end.rc == 0);
    lab_check_socks(&lab, &c);
    error_clear(&c.err);
    lab_shut(&lab);
    return ended;
}

static void test_cancel(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASES; i++)
        for (int slow = 0; slow < 2; slow++) {
            size_t steps = 0, arrived = 0;
            while (!cancel_after(&cases[i], steps, slow, &arrived))
                steps++;
            assert_int_equal(arrived, steps);
            assert_true(arrived > 0);
        }
}

/* The names of its awaits, for whoever looks at a stuck one. */
static void test_awaits(void **state)
{
    (void)state;
    static const struct lab_case k = {.name = "awaits",
                                      .v6 = {.after_ms = 10},
                                      .v4 = {.after_ms = 10, .addrs = {"192.0.2.1"}},
                                      .reached = {{"192.0.2.1", 10, 0}},
                                      .peer = "192.0.2.1"};
    struct lab lab;
    struct caller c;
    lab_open(&lab, &k);
    lab_start(&lab, &c);
    lab_step(&lab);
    assert_string_equal(co_leaf(&c.co)->at, "resolving");
    while (!lab.log[0])
        lab_step(&lab);
    assert_string_equal(co_leaf(&c.co)->at, "connecting");
    while (!co_ended(&c.co))
        lab_step(&lab);
    lab_check_socks(&lab, &c);
    lab_shut(&lab);
}

static void test_zone(void **state)
{
    (void)state;
    static const struct lab_case k = {
        .name = "zone", .host = "fe80::1", .reached = {{"fe80::1", 1, 0}}, .peer = "fe80::1"};
    static const char *const zones[] = {"1", "no-such-interface"};
    for (int i = 0; i < 2; i++) {
        struct lab lab;
        struct caller c;
        lab_open(&lab, &k);
        lab_start(&lab, &c);
        c.zone = zones[i];
        while (!co_ended(&c.co))
            lab_step(&lab);
        assert_int_equal(c.co.end.rc, i == 0 ? 0 : ERR_CONNECT);
        if (i == 0)
            assert_int_equal(c.peer.u.in6.sin6_scope_id, 1);
        else
            assert_string_equal(error_text(&c.err), "could not connect: fe80::1 port 443: there is no interface "
                                                    "\"no-such-interface\"");
        lab_check_socks(&lab, &c);
        error_clear(&c.err);
        lab_shut(&lab);
    }
}

/* ---- real engines ------------------------------------------------------------------------------------------------------------------- */

typedef int engine_maker(struct engine **out, struct error *err);
static engine_maker *const makers[] = {engine_new_uv, engine_new_poll};

#define EACH_ENGINE(m) (engine_maker *const *m = makers; m < makers + sizeof makers / sizeof makers[0]; m++)

static const struct engine_ops *real_ops;

static void cancel_nothing(struct co_op *op, int reason)
{
    co_complete(op, reason);
}

/* 192.0.2.0/24 (TEST-NET-1) swallows all packets, whatever the machine's network makes of it. */
static struct co_op *hole_connect(struct engine *e, struct io *io, const struct addr *to, struct sock **out)
{
    if (addr_family(to) == AF_INET && ntohl(to->u.in4.sin_addr.s_addr) >> 8 == 0xc00002)
        return co_op_begin(&io->op, cancel_nothing);
    return real_ops->connect(e, io, to, out);
}

/* Answers at once. */
struct instant {
    struct names *names;
    const char *v6, *v4[4];
};

static int instant_ask(void *self, const char *host, int family, void *query)
{
    struct instant *in = self;
    struct addr addrs[4];
    size_t count = 0;
    (void)host;
    if (family == AF_INET6 && in->v6)
        assert_true(addr_parse(&addrs[count++], in->v6, NULL, 0));
    for (size_t i = 0; family == AF_INET && i < 4 && in->v4[i]; i++)
        assert_true(addr_parse(&addrs[count++], in->v4[i], NULL, 0));
    names_answer(in->names, query, addrs, count, 60, NULL);
    return 0;
}

static void instant_forget(void *self, void *query)
{
    (void)self;
    (void)query;
}

static void instant_free(void *self)
{
    (void)self;
}

static const struct names_backend instant_names = {.ask = instant_ask, .forget = instant_forget, .free = instant_free};

static struct sock *listen_at(struct engine *e, const char *at, uint16_t port)
{
    struct addr a;
    struct sock *s = NULL;
    int sys = 0;
    assert_true(addr_parse(&a, at, NULL, port));
    int rc = engine_listen(e, &a, 8, &s, &sys);
    assert_true(rc == 0 || sys != 0);
    return s;
}

static const struct real_case {
    const char *name;
    struct instant names;
    const char *host;
    const char *peer; /* NULL: it fails */
    const char *tried;
    int least_ms, most_ms;
} real_cases[] = {
    {"one address", {.v4 = {"127.0.0.1"}}, "a.example", "127.0.0.1", NULL, 0, 5000},
    {"a literal", {.v6 = NULL}, "127.0.0.1", "127.0.0.1", NULL, 0, 5000},
    {"the first a black hole", {.v4 = {"192.0.2.1", "127.0.0.1"}}, "a.example", "127.0.0.1", NULL, 249, 5000},
    {"the first two", {.v4 = {"192.0.2.1", "192.0.2.2", "127.0.0.1"}}, "a.example", "127.0.0.1", NULL, 499, 5000},
    {"the first refused", {.v4 = {"127.0.0.2", "127.0.0.1"}}, "a.example", "127.0.0.1", NULL, 0, 5000},
    {"IPv6 refused", {.v6 = "::1", .v4 = {"127.0.0.1"}}, "a.example", "127.0.0.1", NULL, 0, 5000},
    {"all refused",
     {.v4 = {"127.0.0.2", "127.0.0.3"}},
     "a.example",
     NULL,
     "a.example port %u, 2 addresses tried",
     0,
     5000},
    {"the only refused", {.v4 = {"127.0.0.2"}}, "a.example", NULL, "a.example (127.0.0.2) port %u", 0, 5000},
    {"a literal refused", {.v6 = NULL}, "127.0.0.2", NULL, "127.0.0.2 port %u", 0, 5000},
};

static void check_real(struct engine *e, const struct real_case *k, struct caller *c)
{
    char text[600];
    if (k->peer) {
        struct addr local;
        assert_int_equal(c->co.end.rc, 0);
        assert_string_equal(addr_text(&c->peer, text), k->peer);
        assert_int_equal(engine_address(e, c->sock, true, &local), 0);
        assert_int_equal(addr_port(&local), c->port);
        engine_close(e, c->sock);
        return;
    }
    assert_int_equal(c->co.end.rc, ERR_CONNECT);
    assert_null(c->sock);
    snprintf(text, sizeof text, "could not connect: ");
    size_t len = strlen(text);
    char tried[200];
    const char *percent = strstr(k->tried, "%u");
    snprintf(tried, sizeof tried, "%.*s%u%s", (int)(percent - k->tried), k->tried, c->port, percent + 2);
    snprintf(text + len, sizeof text - len, "%s (Connection refused)", tried);
    assert_string_equal(error_text(&c->err), text);
    assert_int_equal(c->err.sys, ECONNREFUSED);
}

static void test_real(void **state)
{
    (void)state;
    for
        EACH_ENGINE (make) {
            struct engine *e = NULL;
            struct addr at;
            assert_int_equal((*make)(&e, NULL), 0);
            real_ops = e->ops;
            struct engine_ops ops = *real_ops;
            ops.connect = hole_connect;
            e->ops = &ops;
            struct sock *listener = listen_at(e, "127.0.0.1", 0);
            assert_non_null(listener);
            assert_int_equal(engine_address(e, listener, false, &at), 0);
            for (size_t i = 0; i < sizeof real_cases / sizeof real_cases[0]; i++) {
                const struct real_case *k = &real_cases[i];
                struct instant names = k->names;
                print_message("%s: %s\n", e->ops->name, k->name);
                assert_int_equal(names_new_backend(&names.names, e, &instant_names, &names), 0);
                struct caller c = {.engine = e, .names = names.names, .host = k->host, .port = addr_port(&at)};
                uint64_t start_ns = engine_clock_ns();
                co_start(&c.co, &e->sched, caller_run);
                engine_run(e, &c.co);
                assert_in_range((engine_clock_ns() - start_ns) / MS, k->least_ms, k->most_ms);
                check_real(e, k, &c);
                error_clear(&c.err);
                names_free(names.names);
            }
            engine_close(e, listener);
            e->ops = real_ops;
            engine_free(e);
        }
}

/* localhost with both families, listened at by one of them only; its names are never asked for. */
static void test_localhost(void **state)
{
    (void)state;
    static const char *const at[] = {"127.0.0.1", "::1"};
    for
        EACH_ENGINE (make)
            for (int i = 0; i < 2; i++) {
                struct engine *e = NULL;
                struct names *names = NULL;
                struct addr bound;
                char text[ADDR_TEXT_MAX];
                assert_int_equal((*make)(&e, NULL), 0);
                assert_int_equal(names_new(&names, e, "127.0.0.1:9", "/no/such/file", NULL), 0);
                struct sock *listener = listen_at(e, at[i], 0);
                if (listener) { /* NULL: a machine without IPv6 */
                    assert_int_equal(engine_address(e, listener, false, &bound), 0);
                    struct caller c = {.engine = e, .names = names, .host = "localhost", .port = addr_port(&bound)};
                    co_start(&c.co, &e->sched, caller_run);
                    assert_int_equal(engine_run(e, &c.co), 0);
                    assert_string_equal(addr_text(&c.peer, text), at[i]);
                    engine_close(e, c.sock);
                    engine_close(e, listener);
                }
                struct caller c = {.engine = e, .names = names, .host = "nosuch.invalid", .port = 1};
                co_start(&c.co, &e->sched, caller_run);
                assert_int_equal(engine_run(e, &c.co), ERR_RESOLVE);
                assert_string_equal(error_text(&c.err), "could not resolve host: nosuch.invalid (no such name)");
                error_clear(&c.err);
                names_free(names);
                engine_free(e);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases), cmocka_unit_test(test_cancel), cmocka_unit_test(test_awaits),
        cmocka_unit_test(test_zone),  cmocka_unit_test(test_real),   cmocka_unit_test(test_localhost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
