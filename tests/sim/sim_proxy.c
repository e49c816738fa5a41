/* A proxy before all servers: what it is asked for, how it answers, and how it fails. */
#include <stdio.h>
#include <string.h>

#include "sim/sim_world.h"

/* ---- the plan --------------------------------------------------------------------------------------------------- */

/* The servers are reached by the proxy, if that is. */
static void lead_hosts(struct sim_world *w)
{
    uint64_t codes = w->proxy.codes & ~sim_code(AFETCH_RESOLVE);
    if (w->proxy.codes & sim_code(AFETCH_RESOLVE))
        codes |= sim_code(AFETCH_PROXY_RESOLVE);
    /* What comes behind the answer is the server's, by all that a client can know. */
    if (w->proxy_trouble && w->via == SIM_VIA_CONNECT)
        codes |=
            sim_code(AFETCH_WEIRD_REPLY) | sim_code(AFETCH_EMPTY) | sim_code(AFETCH_PARTIAL) | sim_code(AFETCH_TLS);
    if (w->proxy_trouble)
        codes |= w->via == SIM_VIA_SOCKS ? sim_code(AFETCH_PROXY)
                                         : sim_code(AFETCH_RECV) | sim_code(AFETCH_SEND) | sim_code(AFETCH_CONNECT);
    for (size_t i = 0; i < w->host_count; i++) {
        struct sim_host *h = &w->hosts[i];
        h->codes = codes;
        h->unreachable = w->proxy.unreachable;
        sim_plan_tls_codes(w, h);
    }
}

void sim_proxy_plan(struct sim_world *w, struct rng *r)
{
    struct sim_host *h = &w->proxy;
    w->via = rng_chance(r, 500) ? SIM_VIA_CONNECT : SIM_VIA_SOCKS;
    w->proxy_trouble = (unsigned)PICK(r, 0, 50, 300);
    snprintf(h->name, sizeof h->name, "proxy.example");
    h->v4 = (struct sim_family){
        .answer = ANSWER_ADDRS, .count = rng_range(r, 1, 2), .delay_ns = PICK(r, 0, SIM_MS, 40 * SIM_MS)};
    h->v6 = (struct sim_family){.answer = ANSWER_NONE};
    for (size_t i = 0; i < h->v4.count; i++)
        h->v4.reach[i] = rng_chance(r, 900) ? REACH_GOOD : REACH_FLAKY;
    if (rng_chance(r, 100))
        h->v4.answer = ANSWER_FLAKY;
    sim_plan_codes(h);
    lead_hosts(w);
    w->opt.proxy = w->via == SIM_VIA_CONNECT ? "http://proxy.example:3128" : "socks5h://proxy.example:1080";
    w->opt.proxy_tunnel = true;
}

/* ---- what it is asked for --------------------------------------------------------------------------------------- */

static struct sim_host *find_target(struct sim_world *w, const char *name, unsigned port)
{
    for (size_t i = 0; i < w->host_count; i++)
        if (w->hosts[i].port == port && strcmp(w->hosts[i].name, name) == 0)
            return &w->hosts[(i + (w->plant == PLANT_TUNNEL)) % w->host_count];
    sim_fail(&w->sim, "a tunnel to %s:%u, where nobody is", name, port);
}

static void add_answer(struct sim_tunnel *t, const void *data, size_t len)
{
    memcpy(t->answer + t->answer_len, data, len);
    t->answer_len += len;
}

static void say(struct sim_tunnel *t, const char *text)
{
    add_answer(t, text, strlen(text));
}

/* It answers with something else than it should, or not. */
static bool fails(struct sim_world *w, struct sim_tunnel *t)
{
    static const char *const refusals[] = {
        "HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\nno\n",
        "HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\n\r\nwho?\n",
        "HTTP/1.1 503 Busy\r\nRetry-After: 100\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 Yes\r\n\r\n\1what nobody asked for",
        "what is this?\r\n\r\n",
        "HTTP/1.1 200 Yes\r\nbroken",
    };
    struct rng *r = &w->sim.rng;
    bool patient = !w->opt.timeout_ms && !w->opt.connect_timeout_ms;
    if (!rng_chance(r, w->proxy_trouble))
        return false;
    sim_met(&w->sim, MET_TUNNEL_FAILS);
    t->ends = true;
    switch (rng_below(r, 4)) {
    case 0:
        t->resets = true;
        return true;
    case 1:
        t->ends = patient; /* else it stalls */
        return true;
    case 2:
        return true;
    default:
        if (w->via == SIM_VIA_CONNECT)
            say(t, refusals[rng_below(r, sizeof refusals / sizeof refusals[0])]);
        else
            add_answer(t, "\5\4\0\1\0\0\0\0\0\0", 10);
        return true;
    }
}

static void take_connect(struct sim_world *w, struct sim_tunnel *t)
{
    char target[64] = "", host[64] = "";
    unsigned port = 0;
    const char *field = sim_field(t->asked, "Host");
    if (!strstr(t->asked, "\r\n\r\n"))
        return;
    if (sscanf(t->asked, "CONNECT %63s HTTP/1.1\r\n", target) != 1 || !sim_field_is(field, target))
        sim_fail(&w->sim, "a CONNECT that is none: %s", t->asked);
    if (sim_field(t->asked, "Authorization") || sim_field(t->asked, "Cookie") || sim_field(t->asked, "Content-Length"))
        sim_fail(&w->sim, "what is for a server came to its proxy: %s", t->asked);
    char *colon = strrchr(target, ':');
    if (!colon || sscanf(colon, ":%u", &port) != 1)
        sim_fail(&w->sim, "a CONNECT without a port: %s", target);
    snprintf(host, sizeof host, "%.*s", (int)(colon - target), target);
    t->target = find_target(w, host, port);
    t->answered = true;
    if (!fails(w, t))
        say(t, rng_chance(&w->sim.rng, 500) ? "HTTP/1.1 200 Connection established\r\n\r\n"
                                            : "HTTP/1.0 200 OK\r\nContent-Length: 7\r\n\r\n");
}

static void take_socks(struct sim_world *w, struct sim_tunnel *t)
{
    const unsigned char *b = (const unsigned char *)t->asked;
    char name[64] = "";
    size_t at = 0;
    if (!t->greeted && t->asked_len >= 2 && t->asked_len >= 2 + (size_t)b[1]) {
        if (b[0] != 5 || t->asked_len != 2 + (size_t)b[1])
            sim_fail(&w->sim, "a greeting of SOCKS that is none");
        t->greeted = true;
        t->asked_len = 0;
        if (!fails(w, t))
            add_answer(t, "\5\0", 2);
        return;
    }
    if (!t->greeted || t->asked_len < 5)
        return;
    at = b[3] == 1 ? 8 : b[3] == 4 ? 20 : 5 + (size_t)b[4];
    if (t->asked_len < at + 2)
        return;
    if (b[0] != 5 || b[1] != 1 || t->asked_len != at + 2)
        sim_fail(&w->sim, "a request of SOCKS that is none");
    if (b[3] == 3) {
        snprintf(name, sizeof name, "%.*s", (int)b[4], (const char *)b + 5);
    } else {
        struct addr a;
        char text[ADDR_TEXT_MAX];
        addr_from_bytes(&a, b[3] == 1 ? AF_INET : AF_INET6, b + 4, 0);
        snprintf(name, sizeof name, b[3] == 1 ? "%s" : "[%s]", addr_text(&a, text));
    }
    t->target = find_target(w, name, (unsigned)b[at] << 8 | b[at + 1]);
    t->answered = true;
    if (!fails(w, t))
        add_answer(t, "\5\0\0\1\0\0\0\0\0\0", 10);
}

void sim_proxy_take(struct sim_world *w, struct sim_tunnel *t, const char *data, size_t len)
{
    if (t->answered && t->ends) /* it was taken for a tunnel that is open */
        return;
    if (len >= sizeof t->asked - t->asked_len || t->answered)
        sim_fail(&w->sim, "a proxy is told too much");
    memcpy(t->asked + t->asked_len, data, len);
    t->asked_len += len;
    t->asked[t->asked_len] = '\0';
    if (w->via == SIM_VIA_CONNECT)
        take_connect(w, t);
    else
        take_socks(w, t);
}
