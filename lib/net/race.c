#include "net/race.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { V6, V4, FAMILIES }; /* in the order of preference */

struct answer {
    struct lookup lookup;
    struct co hook;
    struct race *race;
    bool known;  /* the look-up has ended */
    size_t next; /* the address to try next */
};

struct attempt {
    struct io io;
    struct co hook;
    struct race *race;
    struct attempt *next;
    struct sock *sock; /* once it is connected */
    struct addr addr;
};

struct race_state {
    struct co_op news; /* what the race waits for: an end of anything below */
    struct timer timer;
    struct race *race;
    struct answer answers[FAMILIES];
    const struct addr *given; /* addresses that need no look-up, and how many of them are not tried yet */
    size_t given_left;
    struct addr literal;      /* which the only one may be */
    int turn;                 /* whose address is tried next, if it has one */
    struct attempt *attempts; /* newest first; the last is first_attempt */
    struct attempt first_attempt;
    size_t asking, trying; /* pending operations */
    size_t tried;
    uint64_t next_ns; /* when the next may be tried beside those that are pending */
    struct attempt *winner;
    int fatal;                    /* what ends the race whatever else happens */
    int sys;                      /* errno of the failure to tell */
    const struct attempt *failed; /* and whose it is */
};

/* ---- waiting for anything ----------------------------------------------------------------------------------------------- */

static void cancel_news(struct co_op *op, int reason)
{
    co_complete(op, reason);
}

static struct co_op *news(struct race *r)
{
    return co_op_begin(&r->state->news, cancel_news);
}

/* Nothing is lost if the race doesn't wait just now: it looks at everything before it waits. */
static void wake(struct race *r)
{
    if (r->state->news.status == CO_OP_PENDING)
        co_complete(&r->state->news, 0);
}

static void on_time(struct timer *timer)
{
    wake(((struct race_state *)(void *)((char *)timer - offsetof(struct race_state, timer)))->race);
}

/* ---- names ----------------------------------------------------------------------------------------------------------------- */

static void answer_ended(struct answer *a)
{
    struct race *r = a->race;
    a->known = true;
    r->state->asking--;
    if (a->lookup.op.rc > 0 && r->resolved_ns == 0)
        r->resolved_ns = engine_now_ns(r->engine);
}

static void on_answer(struct co *hook)
{
    struct answer *a = (struct answer *)(void *)((char *)hook - offsetof(struct answer, hook));
    answer_ended(a);
    wake(a->race);
}

/* The only one that is wanted; 0: there is none. */
static int family(const struct race *r)
{
    return r->overrides ? r->overrides->family : 0;
}

static void ask(struct race *r, int which)
{
    struct answer *a = &r->state->answers[which];
    int wanted = which == V6 ? AF_INET6 : AF_INET;
    a->race = r;
    a->known = family(r) && family(r) != wanted;
    if (a->known)
        return;
    r->state->asking++;
    struct co_op *op = names_lookup(&a->lookup, r->names, r->engine, r->host, wanted);
    if (op->status == CO_OP_PENDING)
        co_hook(op, &a->hook, &r->engine->sched, on_answer);
    else
        answer_ended(a);
}

static bool left(const struct answer *a)
{
    return a->known && a->lookup.found && a->next < a->lookup.found->count;
}

/* The next address to try; there is one. Families take turns (RFC 8305 section 4). */
static struct addr take_address(struct race_state *s)
{
    if (s->given_left) {
        s->given_left--;
        return *s->given++;
    }
    if (!left(&s->answers[s->turn]))
        s->turn = !s->turn;
    struct answer *a = &s->answers[s->turn];
    s->turn = !s->turn;
    return a->lookup.found->addrs[a->next++];
}

/* ---- attempts ---------------------------------------------------------------------------------------------------------------- */

/* Whether errno only says that this machine has no such network: of several failures another one tells more. */
static bool says_little(int sys)
{
    return sys == ENETUNREACH || sys == EADDRNOTAVAIL || sys == EAFNOSUPPORT;
}

static void attempt_ended(struct attempt *a)
{
    struct race_state *s = a->race->state;
    s->trying--;
    if (a->sock) {
        if (!s->winner)
            s->winner = a;
        return;
    }
    if (a->io.op.rc == ERR_MEMORY)
        s->fatal = ERR_MEMORY;
    if (!s->failed || !says_little(a->io.sys)) {
        s->sys = a->io.sys;
        s->failed = a;
    }
    s->next_ns = 0; /* the next need not wait */
}

static void on_attempt(struct co *hook)
{
    struct attempt *a = (struct attempt *)(void *)((char *)hook - offsetof(struct attempt, hook));
    attempt_ended(a);
    wake(a->race);
}

static uint64_t attempt_delay_ns(const struct race *r)
{
    return r->overrides && r->overrides->attempt_delay_ns ? r->overrides->attempt_delay_ns : RACE_ATTEMPT_DELAY_NS;
}

static void try_next(struct race *r)
{
    struct race_state *s = r->state;
    struct attempt *a = s->tried == 0 ? &s->first_attempt : calloc(1, sizeof *a);
    if (!a) {
        s->fatal = ERR_MEMORY;
        return;
    }
    a->race = r;
    a->addr = take_address(s);
    addr_set_port(&a->addr, r->port);
    a->next = s->attempts;
    s->attempts = a;
    s->tried++;
    s->trying++;
    s->next_ns = engine_now_ns(r->engine) + attempt_delay_ns(r);
    struct co_op *op = engine_connect(r->engine, &a->io, &a->addr, &a->sock);
    if (op->status == CO_OP_PENDING)
        co_hook(op, &a->hook, &r->engine->sched, on_attempt);
    else
        attempt_ended(a);
}

/* When the next attempt may begin; TIMER_NEVER: no address is left for now. */
static uint64_t due_ns(const struct race *r)
{
    const struct race_state *s = r->state;
    if (!s->given_left && !left(&s->answers[V6]) && !left(&s->answers[V4]))
        return TIMER_NEVER;
    if (s->tried == 0 && !s->given_left && !s->answers[V6].known)
        return r->resolved_ns + RACE_RESOLUTION_DELAY_NS;
    return s->trying ? s->next_ns : 0;
}

/* Begins what may begin now and sets the clock for what may later; false: the race is over. */
static bool advance(struct race *r)
{
    struct race_state *s = r->state;
    while (!s->winner && !s->fatal && due_ns(r) <= engine_now_ns(r->engine))
        try_next(r);
    if (s->winner || s->fatal || (s->asking == 0 && s->trying == 0))
        return false;
    uint64_t due = due_ns(r);
    if (due == TIMER_NEVER)
        timer_stop(&r->engine->timers, &s->timer);
    else if (timer_start(&r->engine->timers, &s->timer, due, on_time) < 0)
        s->fatal = ERR_MEMORY;
    return !s->fatal;
}

/* ---- how it ends ------------------------------------------------------------------------------------------------------------------ */

/* What ended the race, though neither the names nor the addresses are to blame: without the memory for a look-up nobody
 * knows whether its family would have done. */
static int find_fatal(const struct race_state *s)
{
    int fatal = s->fatal;
    for (int i = 0; i < FAMILIES; i++) {
        int rc = s->answers[i].lookup.op.rc;
        if (!fatal && rc < 0 && rc != ERR_RESOLVE)
            fatal = rc;
    }
    return fatal;
}

static int tell_unresolved(const struct race *r)
{
    const struct lookup *v4 = &r->state->answers[V4].lookup;
    const struct lookup *v6 = &r->state->answers[V6].lookup;
    const char *why = v4->op.rc < 0 ? v4->why : v6->why;
    const char *none = family(r) == AF_INET    ? "it has no IPv4 address"
                       : family(r) == AF_INET6 ? "it has no IPv6 address"
                                               : "it has no address";
    return error_set(r->err, r->to_proxy ? ERR_PROXY_RESOLVE : ERR_RESOLVE, 0, "%s (%s)", r->host, why ? why : none);
}

static int tell_unconnected(const struct race *r)
{
    const struct race_state *s = r->state;
    char text[ADDR_TEXT_MAX];
    addr_text(&s->failed->addr, text);
    if (s->tried > 1)
        return error_set(r->err, ERR_CONNECT, s->sys, "%s port %u, %zu addresses tried", r->host, r->port, s->tried);
    if (strcmp(text, r->host) == 0)
        return error_set(r->err, ERR_CONNECT, s->sys, "%s port %u", text, r->port);
    return error_set(r->err, ERR_CONNECT, s->sys, "%s (%s) port %u", r->host, text, r->port);
}

/* What the race ends with; hands the winner over. */
static int conclude(struct race *r)
{
    struct race_state *s = r->state;
    if (s->winner) {
        *r->sock = s->winner->sock;
        s->winner->sock = NULL;
        if (r->peer)
            *r->peer = s->winner->addr;
        return 0;
    }
    int fatal = find_fatal(s);
    if (fatal)
        return error_set(r->err, fatal, 0, NULL);
    return s->tried ? tell_unconnected(r) : tell_unresolved(r);
}

/* ---- begin and end ------------------------------------------------------------------------------------------------------------------ */

/* Addresses that the user has given, of whatever family, or the one that the host is. */
static bool find_given(struct race *r)
{
    struct race_state *s = r->state;
    if (r->overrides)
        s->given = overrides_addrs(r->overrides, r->host, r->port, engine_now_ns(r->engine), &s->given_left);
    if (!s->given && addr_parse(&s->literal, r->host, r->zone, 0)) {
        s->given = &s->literal;
        s->given_left = 1;
    }
    return s->given != NULL;
}

static int begin(struct race *r)
{
    struct race_state *s = calloc(1, sizeof *s);
    if (!s)
        return error_set(r->err, ERR_MEMORY, 0, NULL);
    r->state = s;
    s->race = r;
    bool given = find_given(r);
    if (!given && r->zone)
        return error_set(r->err, ERR_CONNECT, 0, "%s port %u: there is no interface \"%s\"", r->host, r->port, r->zone);
    if (s->given == &s->literal && family(r) && family(r) != addr_family(&s->literal))
        return error_set(r->err, ERR_CONNECT, 0, "%s is no IPv%c address", r->host, family(r) == AF_INET ? '4' : '6');
    if (!given) {
        ask(r, V6);
        ask(r, V4);
    }
    return 0;
}

static void cancel_all(struct race *r)
{
    struct race_state *s = r->state;
    timer_stop(&r->engine->timers, &s->timer);
    for (int i = 0; i < FAMILIES; i++)
        co_op_cancel(&s->answers[i].lookup.op, ERR_CANCELED);
    for (struct attempt *a = s->attempts; a; a = a->next)
        co_op_cancel(&a->io.op, ERR_CANCELED);
}

static bool pending(const struct race *r)
{
    return r->state && r->state->asking + r->state->trying > 0;
}

/* Closes what connected beside the winner. */
static void release(struct race *r)
{
    struct race_state *s = r->state;
    while (s->attempts) {
        struct attempt *a = s->attempts;
        s->attempts = a->next;
        engine_close(r->engine, a->sock);
        if (a != &s->first_attempt)
            free(a);
    }
    for (int i = 0; i < FAMILIES; i++)
        lookup_deinit(&s->answers[i].lookup);
    r->tried = s->tried;
    free(s);
    r->state = NULL;
}

void race_run(struct co *co)
{
    CO_BEGIN(struct race, r);
    if ((co->rc = begin(r)) < 0)
        CO_RETURN(co->rc);
    while (advance(r))
        if (r->state->tried == 0 && r->resolved_ns == 0)
            CO_AWAIT(resolving, news(r));
        else
            CO_AWAIT(connecting, news(r));
    CO_RETURN(conclude(r));
    CO_CLEANUP;
    if (r->state)
        cancel_all(r);
    while (pending(r))
        CO_AWAIT(reaping, news(r));
    if (r->state)
        release(r);
    CO_END;
}
