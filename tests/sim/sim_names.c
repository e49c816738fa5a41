/* Names as this world answers them: a back end of net/names.h. */
#include <string.h>

#include "sim/sim_memory.h"
#include "sim/sim_world.h"

struct ask {
    struct ask *prev, *next;
    struct sim_event answer;
    struct sim_names *self;
    void *query;
    struct sim_host *host;
    bool v6;
};

struct sim_names {
    struct sim_world *w;
    struct names *names;
    struct ask *asks;
};

/* As it stands in addresses. */
static unsigned char number(const struct sim_world *w, const struct sim_host *h)
{
    return h == &w->proxy ? SIM_PROXY_NUMBER : (unsigned char)(h - w->hosts);
}

static struct sim_host *find_host(struct sim_world *w, const char *name)
{
    for (size_t i = 0; i < w->host_count; i++)
        if (!w->hosts[i].literal && strcmp(w->hosts[i].name, name) == 0)
            return &w->hosts[i];
    if (w->via != SIM_VIA_NOTHING && strcmp(w->proxy.name, name) == 0)
        return &w->proxy;
    sim_fail(&w->sim, "a name was looked up that is in no URL: %s", name);
}

static struct addr address(const struct sim_world *w, const struct sim_host *h, bool v6, size_t i)
{
    struct addr a;
    unsigned char host = number(w, h);
    unsigned char four[4] = {10, 1, host, (unsigned char)(i + 1)};
    unsigned char six[16] = {0xfd, [13] = host, [15] = (unsigned char)(i + 1)};
    addr_from_bytes(&a, v6 ? AF_INET6 : AF_INET, v6 ? six : four, 0);
    return a;
}

static void answer(struct sim_names *self, void *query, const struct sim_host *h, bool v6)
{
    const struct sim_family *f = v6 ? &h->v6 : &h->v4;
    struct addr addrs[SIM_ADDRS_MAX];
    for (size_t i = 0; i < f->count; i++)
        addrs[i] = address(self->w, h, v6, i);
    bool fails = f->answer == ANSWER_FAILURE || (f->answer == ANSWER_FLAKY && rng_chance(&self->w->sim.rng, 500));
    size_t count = f->answer == ANSWER_NONE ? 0 : f->count;
    if (fails)
        sim_met(&self->w->sim, MET_NAME_FAILS);
    else if (count == 0)
        sim_met(&self->w->sim, MET_NAME_NONE);
    if (!f->at_once && f->delay_ns >= 3 * SIM_SECOND)
        sim_met(&self->w->sim, MET_NAME_SLOW);
    sim_note(&self->w->sim, "answer", number(self->w, h), fails ? 99 : count);
    bool library = sim_memory_library(true);
    names_answer(self->names, query, addrs, count, f->ttl_s, fails ? "no such name" : NULL);
    sim_memory_library(library);
}

static void drop(struct ask *a)
{
    if (a->prev)
        a->prev->next = a->next;
    else
        a->self->asks = a->next;
    if (a->next)
        a->next->prev = a->prev;
    sim_cancel(&a->self->w->sim, &a->answer);
    free(a);
}

static void on_answer(struct sim_event *event)
{
    struct ask *a = (struct ask *)(void *)((char *)event - offsetof(struct ask, answer));
    struct ask copy = *a;
    drop(a);
    answer(copy.self, copy.query, copy.host, copy.v6);
}

static int ask(void *arg, const char *name, int family, void *query)
{
    struct sim_names *self = arg;
    struct sim *sim = &self->w->sim;
    struct sim_host *h = find_host(self->w, name);
    bool v6 = family == AF_INET6;
    const struct sim_family *f = v6 ? &h->v6 : &h->v4;
    sim_note(sim, "ask", number(self->w, h), (uint64_t)v6);
    if (sim_memory_fails())
        return ERR_MEMORY;
    if (f->at_once) {
        answer(self, query, h, v6);
        return 0;
    }
    struct ask *a = sim_alloc(sim, sizeof *a);
    a->self = self;
    a->query = query;
    a->host = h;
    a->v6 = v6;
    a->next = self->asks;
    if (a->next)
        a->next->prev = a;
    self->asks = a;
    sim_after(sim, &a->answer, f->delay_ns + sim_latency(sim), on_answer);
    return 0;
}

static void forget(void *arg, void *query)
{
    struct sim_names *self = arg;
    for (struct ask *a = self->asks; a; a = a->next)
        if (a->query == query) {
            drop(a);
            return;
        }
    sim_fail(&self->w->sim, "a look-up was forgotten that was not asked, or is answered");
}

static void names_end(void *arg)
{
    struct sim_names *self = arg;
    if (self->asks)
        sim_fail(&self->w->sim, "a look-up is left at the end");
    free(self);
}

int sim_names_new(struct names **out, struct sim_world *w, struct engine *e)
{
    static const struct names_backend backend = {.ask = ask, .forget = forget, .free = names_end};
    struct sim_names *self = sim_alloc(&w->sim, sizeof *self);
    self->w = w;
    int rc = names_new_backend(&self->names, e, &backend, self);
    if (rc < 0)
        free(self);
    else
        *out = self->names;
    return rc;
}
