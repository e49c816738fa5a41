/* Servers that ask who is there, by Digest, with nonces that become old. That the answer is the right one is for
 * tests/unit/test_login.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/sim_world.h"

enum { ROUNDS_MAX = 6 }; /* the library's limit, and one that was not answered */

void sim_login_plan(struct sim_world *w, struct rng *r)
{
    w->logins = true;
    w->opt.user = "me";
    w->opt.password = "secret";
    w->opt.auth = (unsigned)PICK(r, AFETCH_AUTH_DIGEST, AFETCH_AUTH_BASIC | AFETCH_AUTH_DIGEST);
    w->ages = (unsigned)PICK(r, 0, 50, 300);
    for (size_t i = 0; i < w->host_count; i++) {
        w->hosts[i].guarded = rng_chance(r, 700);
        w->hosts[i].refuses = rng_chance(r, 100);
        w->hosts[i].nonce = 1;
    }
    for (size_t i = 0; i < w->url_count; i++)
        w->urls[i].secrets = w->urls[i].credentials = false;
}

static unsigned long number_behind(const char *text, const char *name)
{
    const char *end = strchr(text, '\r'), *at = strstr(text, name);
    return at && at < end ? strtoul(at + strlen(name), NULL, at[strlen(name) - 1] == '"' ? 10 : 16) : 0;
}

/* Nobody else may have used that count with the nonce (RFC 7616 section 3.4); but a request that was sent again. */
static void check_count(struct sim_host *h, const struct sim_url *u, unsigned long count)
{
    struct sim *sim = &u->world->sim;
    if (count == 0)
        sim_fail(sim, "URL %zu: a Digest without a count", u->index);
    if (count < SIM_COUNTS && h->counted[count] && h->counted[count] != u->index + 1)
        sim_fail(sim, "URL %zu: the count of another request, %lu", u->index, count);
    if (count < SIM_COUNTS)
        h->counted[count] = u->index + 1;
}

static void grow_old(struct sim_host *h)
{
    h->nonce++;
    memset(h->counted, 0, sizeof h->counted);
}

void sim_login_answer(struct sim_served *s, const char *head)
{
    struct sim_world *w = s->url->world;
    struct sim_host *h = s->page.host;
    const char *authorization = sim_field(head, "Authorization");
    bool digest = authorization && strncmp(authorization, "Digest ", 7) == 0;
    if (!w->logins || !h->guarded)
        return;
    unsigned long nonce = digest ? number_behind(authorization, "nonce=\"") : 0;
    unsigned long count = digest ? number_behind(authorization, "nc=") : 0;
    sim_note(&w->sim, "login", s->url->index * 100 + (size_t)(h - w->hosts), nonce * 1000 + count);
    bool fresh = digest && nonce == h->nonce;
    if (fresh && !h->refuses)
        check_count(h, s->url, count);
    if (rng_chance(&w->sim.rng, w->ages))
        grow_old(h);
    if (fresh && !h->refuses) {
        sim_met(&w->sim, MET_LOGGED_IN);
        return;
    }
    s->page.status = 401;
    s->page.location = LOCATION_NONE;
    s->page.defect = DEFECT_NONE;
    s->page.validator = VALIDATOR_NONE;
    s->page.after = AFTER_NONE;
    s->len = s->page.body_len = rng_below(&w->sim.rng, 100);
    s->challenges = true;
    s->nonce = h->nonce;
    s->stale = digest && !fresh;
}

bool sim_login_field(const struct sim_served *s, char *out, size_t size)
{
    if (s->challenges)
        snprintf(out, size, "WWW-Authenticate: Digest realm=\"r\", nonce=\"%lu\", qop=\"auth\", algorithm=MD5%s",
                 s->nonce, s->stale ? ", stale=true" : "");
    return s->challenges;
}

/* Whether the client has logged in, may be seen; whether it had to, or must not have, is checked. */
enum sim_then sim_login_then(struct sim_url *u, const struct afetch_hop *hop)
{
    struct sim_hop *h = &u->hop;
    struct sim *sim = &u->world->sim;
    bool again = hop->code == AFETCH_OK && !h->told;
    bool failed = hop->code != AFETCH_OK && hop->code != AFETCH_STATUS;
    bool own = u->pages[u->trail.page].host == u->pages[0].host && !u->trail.user;
    if (!again && !failed && own && u->trail.logins == 0)
        sim_fail(sim, "URL %zu: it should have logged in", u->index);
    if (again && ++u->trail.logins > ROUNDS_MAX)
        sim_fail(sim, "URL %zu: it logs in for ever", u->index);
    sim_met(sim, again ? h->served.stale ? MET_LOGIN_STALE : MET_LOGIN_AGAIN : MET_LOGIN_REFUSED);
    return again ? THEN_AGAIN : THEN_END;
}
