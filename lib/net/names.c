#include "net/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "net/hosts.h"
#include "net/names_ares.h"

enum { HOST_MAX = 255 };

#define SECOND_NS ((uint64_t)1000000000)

enum stage { WAITING, ASKED, KNOWN, STAGES };

/* One name and family; in the list of its stage. */
struct question {
    struct table_entry entry;
    struct names *names;
    struct question *prev, *next;
    enum stage stage;
    int family;
    struct lookup *first, *last; /* who waits for the answer */
    struct name_addrs *addrs;    /* the answer; NULL: none of that family, or a failure */
    const char *why;
    uint64_t until_ns; /* how long it holds */
    char key[];        /* "4" or "6", then the host */
};

struct names {
    struct lock *lock; /* of all that follows but the back end, which is its engine's */
    struct lock alone; /* the lock where nobody shares */
    struct engine *engine;
    const struct names_backend *backend;
    void *self;
    struct hosts hosts;
    struct table table;
    struct line {
        struct question *first, *last; /* oldest first */
        size_t count;
    } lines[STAGES];
    bool asking;      /* ask_more is at work, with the lock held */
    struct post poke; /* another thread has something to ask */
    struct co poked;
    bool poking;
};

/* ---- addresses, shared by their takers -------------------------------------------------------------------------------- */

static struct name_addrs *addrs_new(const struct addr *addrs, size_t count)
{
    if (count > NAMES_ADDRS_MAX)
        count = NAMES_ADDRS_MAX;
    struct name_addrs *a = malloc(sizeof *a + count * sizeof a->addrs[0]);
    if (!a)
        return NULL;
    atomic_init(&a->refs, 1);
    a->count = count;
    memcpy(a->addrs, addrs, count * sizeof a->addrs[0]);
    return a;
}

static void addrs_release(struct name_addrs *a)
{
    if (a && atomic_fetch_sub(&a->refs, 1) == 1)
        free(a);
}

void lookup_deinit(struct lookup *l)
{
    addrs_release(l->found);
    l->found = NULL;
}

/* Hands an answer out; returns what the look-up completes with. */
static int give(struct lookup *l, struct name_addrs *addrs, const char *why)
{
    l->why = why;
    if (why)
        return ERR_RESOLVE;
    if (!addrs)
        return 0;
    atomic_fetch_add(&addrs->refs, 1);
    l->found = addrs;
    return (int)addrs->count;
}

/* ---- names that are not asked for --------------------------------------------------------------------------------------- */

/* Whether host is domain, or below it. */
static bool within(const char *host, const char *domain)
{
    size_t len = strlen(host);
    size_t domain_len = strlen(domain);
    if (len < domain_len || strcmp(host + len - domain_len, domain) != 0)
        return false;
    return len == domain_len || host[len - domain_len - 1] == '.';
}

static int give_local(struct lookup *l, const struct addr *addrs, size_t count)
{
    if (count == 0)
        return give(l, NULL, NULL);
    struct name_addrs *found = addrs_new(addrs, count);
    if (!found)
        return ERR_MEMORY;
    int rc = give(l, found, NULL);
    addrs_release(found);
    return rc;
}

/* False if host must be asked for; else *rc is what the look-up completes with. host: without the dot at its end. */
static bool find_local(struct lookup *l, const struct names *n, const char *host, int family, int *rc)
{
    struct addr addrs[NAMES_ADDRS_MAX];
    size_t count = 1;
    if (within(host, "localhost")) {
        addr_parse(&addrs[0], family == AF_INET ? "127.0.0.1" : "::1", NULL, 0);
        *rc = give_local(l, addrs, count);
    } else if (hosts_find(&n->hosts, host, family, addrs, NAMES_ADDRS_MAX, &count)) {
        *rc = give_local(l, addrs, count);
    } else if (within(host, "invalid")) {
        *rc = give(l, NULL, "no such name");
    } else if (within(host, "onion")) {
        *rc = give(l, NULL, "names in .onion are not asked for by DNS"); /* RFC 7686 section 2 */
    } else {
        return false;
    }
    return true;
}

/* ---- questions ------------------------------------------------------------------------------------------------------------ */

static void line_leave(struct question *q)
{
    struct line *line = &q->names->lines[q->stage];
    if (q->prev)
        q->prev->next = q->next;
    else
        line->first = q->next;
    if (q->next)
        q->next->prev = q->prev;
    else
        line->last = q->prev;
    line->count--;
}

static void line_enter(struct question *q, enum stage stage)
{
    struct line *line = &q->names->lines[stage];
    q->stage = stage;
    q->next = NULL;
    q->prev = line->last;
    if (line->last)
        line->last->next = q;
    else
        line->first = q;
    line->last = q;
    line->count++;
}

static struct question *question_new(struct names *n, const char *key, int family)
{
    size_t size = strlen(key) + 1;
    struct question *q = calloc(1, sizeof *q + size);
    if (!q)
        return NULL;
    memcpy(q->key, key, size);
    q->names = n;
    q->family = family;
    q->entry.key = q->key;
    if (table_add(&n->table, &q->entry) < 0) {
        free(q);
        return NULL;
    }
    line_enter(q, WAITING);
    return q;
}

static void question_free(struct question *q)
{
    line_leave(q);
    addrs_release(q->addrs);
    free(q);
}

static void question_drop(struct question *q)
{
    table_remove(&q->names->table, &q->entry);
    question_free(q);
}

static struct question *question_find(struct names *n, const char *key, uint64_t now_ns)
{
    struct question *q = (struct question *)(void *)table_find(&n->table, key);
    if (!q || q->stage != KNOWN || now_ns < q->until_ns)
        return q;
    question_drop(q);
    return NULL;
}

/* ---- who waits for them ----------------------------------------------------------------------------------------------------- */

static void leave(struct lookup *l)
{
    struct question *q = l->query;
    if (l->prev)
        l->prev->next = l->next;
    else
        q->first = l->next;
    if (l->next)
        l->next->prev = l->prev;
    else
        q->last = l->prev;
    l->query = NULL;
}

/* One that another thread has answered just now will hear of it. */
static void cancel_lookup(struct co_op *op, int reason)
{
    struct lookup *l = (struct lookup *)(void *)op;
    struct lock *lock = l->names->lock;
    lock_take(lock);
    struct question *q = l->query;
    if (q) {
        leave(l);
        if (!q->first && q->stage == WAITING)
            question_drop(q);
    }
    lock_drop(lock);
    if (q)
        co_complete(op, reason);
}

static struct co_op *join(struct lookup *l, struct question *q)
{
    l->query = q;
    l->prev = q->last;
    l->next = NULL;
    if (q->last)
        q->last->next = l;
    else
        q->first = l;
    q->last = l;
    return co_op_begin(&l->op, cancel_lookup);
}

/* Completes all who wait, with rc or, if that is 0, with the answer. */
static void tell(struct question *q, int rc)
{
    while (q->first) {
        struct lookup *l = q->first;
        leave(l);
        engine_post(q->names->engine, &l->post, rc < 0 ? rc : give(l, q->addrs, q->why));
    }
}

/* ---- asking -------------------------------------------------------------------------------------------------------------------- */

/* With the lock, on the thread of the back end. */
static void ask_more(struct names *n)
{
    n->asking = true;
    while (n->lines[WAITING].first && n->lines[ASKED].count < NAMES_IN_FLIGHT_MAX) {
        struct question *q = n->lines[WAITING].first;
        line_leave(q);
        line_enter(q, ASKED);
        int rc = n->backend->ask(n->self, q->key + 1, q->family, q);
        if (rc < 0) {
            tell(q, rc);
            question_drop(q);
        }
    }
    n->asking = false;
}

static void cancel_poke(struct co_op *op, int reason)
{
    co_complete(op, reason);
}

static void on_poke(struct co *hook)
{
    struct names *n = (struct names *)(void *)((char *)hook - offsetof(struct names, poked));
    lock_take(n->lock);
    n->poking = false;
    ask_more(n);
    lock_drop(n->lock);
}

/* There is something to ask; with the lock, from any thread. */
static void want_answers(struct names *n, struct engine *here)
{
    if (here == n->engine) {
        if (!n->asking)
            ask_more(n);
    } else if (!n->poking) {
        n->poking = true;
        n->poke.engine = n->engine;
        co_op_begin(&n->poke.op, cancel_poke);
        co_hook(&n->poke.op, &n->poked, &n->engine->sched, on_poke);
        engine_post(here, &n->poke, 0);
    }
}

/* Keeps an answer for ttl_s, or drops it. */
static void keep(struct names *n, struct question *q, uint32_t ttl_s)
{
    uint32_t max_s = q->addrs ? NAMES_TTL_MAX_S : NAMES_NEGATIVE_MAX_S;
    if (ttl_s == 0 && q->addrs)
        ttl_s = 1; /* a run's resolution: who asks in the same moment shares the answer */
    if (ttl_s == 0) {
        question_drop(q);
        return;
    }
    q->until_ns = engine_now_ns(n->engine) + (ttl_s < max_s ? ttl_s : max_s) * SECOND_NS;
    line_leave(q);
    line_enter(q, KNOWN);
    if (n->lines[KNOWN].count > NAMES_CACHE_MAX)
        question_drop(n->lines[KNOWN].first);
}

static void take_answer(struct names *n, struct question *q, const struct addr *addrs, size_t count, uint32_t ttl_s,
                        const char *why)
{
    bool found = !why && count > 0;
    q->why = why;
    if (found)
        q->addrs = addrs_new(addrs, count);
    if (found && !q->addrs) {
        tell(q, ERR_MEMORY);
        question_drop(q);
    } else {
        tell(q, 0);
        keep(n, q, ttl_s);
    }
}

void names_answer(struct names *n, void *query, const struct addr *addrs, size_t count, uint32_t ttl_s, const char *why)
{
    if (n->asking) { /* an answer that came at once, from within ask: its loop goes on */
        take_answer(n, query, addrs, count, ttl_s, why);
        return;
    }
    lock_take(n->lock);
    take_answer(n, query, addrs, count, ttl_s, why);
    ask_more(n);
    lock_drop(n->lock);
}

/* Answers from the cache, or lines up for the answer. With the lock. */
static struct co_op *ask_or_join(struct lookup *l, const char *key, int family)
{
    struct names *n = l->names;
    struct engine *here = l->post.engine;
    struct question *q = question_find(n, key, engine_now_ns(here));
    if (q && q->stage == KNOWN)
        return co_done(&l->op, give(l, q->addrs, q->why));
    if (!q && !(q = question_new(n, key, family)))
        return co_done(&l->op, ERR_MEMORY);
    struct co_op *op = join(l, q);
    want_answers(n, here);
    return op;
}

struct co_op *names_lookup(struct lookup *l, struct names *n, struct engine *e, const char *host, int family)
{
    char key[1 + HOST_MAX + 1];
    size_t len = strlen(host);
    *l = (struct lookup){.names = n};
    l->post.engine = e;
    if (len == 0 || len > HOST_MAX)
        return co_done(&l->op, give(l, NULL, "not a valid name"));
    key[0] = family == AF_INET ? '4' : '6';
    memcpy(key + 1, host, len + 1);
    if (host[len - 1] == '.')
        key[len] = '\0';
    int rc;
    if (find_local(l, n, key + 1, family, &rc))
        return co_done(&l->op, rc);
    key[len] = host[len - 1]; /* asked for with its dot: no search domains */
    lock_take(n->lock);
    struct co_op *op = ask_or_join(l, key, family);
    lock_drop(n->lock);
    return op;
}

/* ---- life -------------------------------------------------------------------------------------------------------------------------- */

int names_new_backend(struct names **out, struct engine *e, const struct names_backend *backend, void *self)
{
    struct names *n = calloc(1, sizeof *n);
    if (!n)
        return ERR_MEMORY;
    n->lock = &n->alone;
    n->engine = e;
    n->backend = backend;
    n->self = self;
    *out = n;
    return 0;
}

void names_share(struct names *n, struct lock *lock)
{
    n->lock = lock;
}

int names_new(struct names **out, struct engine *e, const char *servers, const char *hosts_file, struct error *err)
{
    struct names *n = NULL;
    int rc = names_new_backend(&n, e, NULL, NULL);
    if (rc == 0)
        rc = hosts_load(&n->hosts, hosts_file ? hosts_file : "/etc/hosts");
    if (rc < 0)
        error_set(err, rc, 0, NULL);
    else
        rc = names_ares_new(&n->self, n, e, servers, err);
    if (rc < 0) {
        names_free(n);
        return rc;
    }
    n->backend = &names_ares;
    *out = n;
    return 0;
}

void names_free(struct names *n)
{
    if (!n)
        return;
    for (struct question *q = n->lines[ASKED].first; q; q = q->next)
        n->backend->forget(n->self, q);
    if (n->backend)
        n->backend->free(n->self);
    for (int stage = 0; stage < STAGES; stage++)
        while (n->lines[stage].first)
            question_free(n->lines[stage].first);
    table_deinit(&n->table);
    hosts_deinit(&n->hosts);
    free(n);
}
