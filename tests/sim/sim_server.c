/* The other end of every connection: servers that follow the plan of the URL they are asked for. sim_watch.c watches
 * what the client does meanwhile. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sim/sim_peer.h"

enum { REQUEST_MAX = 64 * 1024 };

/* ---- who is where ---------------------------------------------------------------------------------------------- */

/* sim_names.c's addresses: 10.1.HOST.I and fd00::HOST:I; a literal's are of the same form. */
static struct sim_host *host_at(struct sim_world *w, const struct addr *to, bool *v6, size_t *index)
{
    char text[ADDR_TEXT_MAX];
    unsigned host = 0, i = 0;
    addr_text(to, text);
    *v6 = addr_family(to) == AF_INET6;
    if (!*v6)
        sscanf(text, "10.1.%u.%u", &host, &i);
    else if (sscanf(text, "fd00::%x:%x", &host, &i) != 2) {
        host = 0; /* "fd00::1" */
        sscanf(text, "fd00::%x", &i);
    }
    if (w->via != SIM_VIA_NOTHING && host == SIM_PROXY_NUMBER && i > 0 && i <= SIM_ADDRS_MAX) {
        *index = i - 1;
        return &w->proxy;
    }
    if (host >= w->host_count || w->via != SIM_VIA_NOTHING || i == 0 || i > SIM_ADDRS_MAX)
        sim_fail(&w->sim, "a connect to %s, where nobody is", text);
    *index = i - 1;
    return &w->hosts[host];
}

static struct sim_fate fate(void *arg, const struct addr *to)
{
    struct sim_world *w = arg;
    struct sim *sim = &w->sim;
    bool v6;
    size_t index;
    const struct sim_host *h = host_at(w, to, &v6, &index);
    enum sim_reach reach = (v6 ? &h->v6 : &h->v4)->reach[index];
    if (reach == REACH_FLAKY)
        reach = rng_chance(&sim->rng, 500) ? REACH_GOOD : REACH_REFUSED;
    switch (reach) {
    case REACH_REFUSED:
        return (struct sim_fate){
            .sys = ECONNREFUSED, .delay_ns = sim_latency(sim), .at_once = rng_chance(&sim->rng, 100)};
    case REACH_BLACK_HOLE:
        return (struct sim_fate){.sys = ETIMEDOUT, .delay_ns = 130 * SIM_SECOND};
    case REACH_NO_ROUTE:
        return (struct sim_fate){
            .sys = EHOSTUNREACH, .delay_ns = sim_latency(sim), .at_once = rng_chance(&sim->rng, 500)};
    default:
        return (struct sim_fate){.delay_ns = sim_latency(sim), .at_once = rng_chance(&sim->rng, 50)};
    }
}

static void peer_arrived(void *peer, const char *data, size_t len);

static const struct sim_tls_up tls_up = {sim_peer_writing, peer_arrived, sim_peer_told};

static void *opened(void *arg, struct sock *s, const struct addr *to)
{
    struct sim_world *w = arg;
    struct peer *p = sim_alloc(&w->sim, sizeof *p);
    bool v6;
    size_t index;
    p->w = w;
    p->host = host_at(w, to, &v6, &index);
    p->sock = s;
    p->end_at = SIZE_MAX;
    buf_init(&p->request, REQUEST_MAX);
    if (p->host == &w->proxy)
        p->tunnel = sim_alloc(&w->sim, sizeof *p->tunnel);
    if (p->host->tls)
        p->tls = sim_tls_new(w, p->host, s, &tls_up, p);
    return p;
}

/* ---- what the server does --------------------------------------------------------------------------------------- */

static void serve(struct peer *p, const char *data, size_t len)
{
    if (p->tls)
        sim_tls_send(p->tls, data, len);
    else
        sim_socket_send(p->sock, data, len);
}

static void end(struct peer *p, bool reset)
{
    if (p->over)
        return;
    p->over = true;
    sim_cancel(&p->w->sim, &p->step);
    if (p->tls)
        sim_tls_close(p->tls, reset);
    else if (reset)
        sim_socket_reset(p->sock); /* last: both may lead to the connection's close */
    else
        sim_socket_end(p->sock);
}

static void on_idle_end(struct sim_event *event)
{
    struct peer *p = PEER_OF(event);
    end(p, rng_chance(&p->w->sim.rng, 300));
}

/* As servers say "you were too slow"; or what nobody can make sense of. */
static void on_unasked(struct sim_event *event)
{
    static const char timeout[] = "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    struct peer *p = PEER_OF(event);
    struct sim *sim = &p->w->sim;
    const char *text = p->w->opt.fail_on_status && rng_chance(&sim->rng, 500) ? timeout : "\1\2\3 what is this\r\n\r\n";
    p->said_unasked = true;
    sim_met(sim, MET_UNASKED);
    if (p->in_flight)
        hop_of(p)->tainted = true;
    sim_after(sim, &p->step, sim_latency(sim), on_idle_end);
    serve(p, text, strlen(text));
}

static void become_idle(struct peer *p)
{
    struct sim *sim = &p->w->sim;
    if (rng_chance(&sim->rng, sim->net.unasked))
        sim_after(sim, &p->step, rng_below(&sim->rng, SIM_SECOND), on_unasked);
    else if (sim->net.idle_max_ns)
        sim_after(sim, &p->step, rng_below(&sim->rng, sim->net.idle_max_ns), on_idle_end);
}

static void on_close(struct sim_event *event)
{
    end(PEER_OF(event), false);
}

static void on_send(struct sim_event *event);

static void plan_next(struct peer *p)
{
    struct sim *sim = &p->w->sim;
    if (p->sent == p->end_at && p->stalls)
        return;
    if (p->sent < p->response.bytes.len) {
        bool middle = !p->middled && p->sent >= p->response.bytes.len / 2;
        p->middled |= middle;
        sim_after(sim, &p->step, sim_latency(sim) / 16 + (middle ? p->last.page.mid_delay_ns : 0), on_send);
    } else if (sim_served_must_close(&p->last) || p->last.page.defect == DEFECT_SWITCH) {
        sim_after(sim, &p->step, sim_latency(sim), on_close);
    } else {
        become_idle(p);
    }
}

static void on_send(struct sim_event *event)
{
    struct peer *p = PEER_OF(event);
    struct sim *sim = &p->w->sim;
    if (p->sent == p->end_at && !p->stalls) {
        end(p, p->resets);
        return;
    }
    size_t stop = p->end_at < p->response.bytes.len ? p->end_at : p->response.bytes.len;
    size_t most = p->response.bytes.len / 300 + sim->net.segment_max;
    size_t len = sim_portion(sim, most, stop - p->sent);
    const char *at = p->response.bytes.data + p->sent;
    p->sent += len;
    plan_next(p);
    if (len > 0)
        serve(p, at, len); /* last: the client may close */
}

/* ---- a request -------------------------------------------------------------------------------------------------- */

/* Where the defect of the URL, or the network's, ends the response. */
static void plan_end(struct peer *p)
{
    struct sim *sim = &p->w->sim;
    const struct sim_page *page = &p->last.page;
    const struct sim_response *r = &p->response;
    p->end_at = SIZE_MAX;
    p->resets = page->defect == DEFECT_RESET;
    p->stalls = page->defect == DEFECT_STALL;
    /* A body that the end of the connection ends may end anywhere. */
    bool open_ended = page->framing == FRAME_CLOSE && sim_served_has_body(&p->last);
    size_t whole = open_ended && !p->resets && !p->stalls ? r->head : r->message;
    if (page->defect == DEFECT_CUT || p->resets || p->stalls)
        p->end_at = rng_range(&sim->rng, p->resets || p->stalls ? 0 : 1, whole - 1);
    else if (page->defect == DEFECT_EMPTY)
        p->end_at = 0;
    else if (rng_chance(&sim->rng, sim->net.reset)) {
        p->end_at = rng_below(&sim->rng, r->message);
        p->resets = true;
    }
}

/* The TLS beneath goes wrong somewhere in the response. */
static void plan_tls_fault(struct peer *p)
{
    enum sim_defect defect = p->last.page.defect;
    if (defect >= DEFECT_TLS_CUT && defect < DEFECT_TLS_ALERT)
        sim_tls_break(p->tls, TLS_FAULT_CUT + (defect - DEFECT_TLS_CUT), p->response.message);
    else if (defect == DEFECT_TLS_ALERT)
        sim_tls_break(p->tls, TLS_FAULT_ALERT, p->response.message);
}

const char *sim_field(const char *head, const char *name)
{
    size_t len = strlen(name);
    for (const char *line = strstr(head, "\r\n"); line; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, len) == 0 && strncmp(line + len, ": ", 2) == 0)
            return line + len + 2;
    }
    return NULL;
}

bool sim_field_is(const char *value, const char *expected)
{
    size_t len = strlen(expected);
    return value && strncmp(value, expected, len) == 0 && value[len] == '\r';
}

/* Whether it asks for what the client must ask for now. */
static void check_request(struct peer *p, const struct sim_url *u, const char *text)
{
    char method[8] = "", target[80] = "", host[80] = "", expected[80];
    const char *field = strstr(text, "\r\nHost: ");
    const struct sim_host *at = u->pages[u->trail.page].host;
    if (sscanf(text, "%7s %79s HTTP/1.1\r\n", method, target) != 2 || !field ||
        sscanf(field, "\r\nHost: %79s", host) != 1)
        sim_fail(&p->w->sim, "a request that is none: %s", text);
    sim_redirect_target(u, u->trail.page, expected, sizeof expected);
    if (at != p->host || strcmp(method, u->trail.method) != 0 || strcmp(target, expected) != 0 ||
        strcmp(host, at->authority) != 0)
        sim_fail(&p->w->sim, "a request that is not \"%s %s\", or at the wrong host: %s", u->trail.method, expected,
                 text);
    sim_redirect_check_secrets(u, p->host, text);
}

/* "GET /u12 HTTP/1.1", Host and all. */
static void read_request(struct peer *p)
{
    struct sim_world *w = p->w;
    size_t index = SIZE_MAX;
    sscanf(p->request.data, "%*s /u%zu", &index);
    struct sim_url *u = index < w->url_count ? &w->urls[index] : NULL;
    if (!u)
        sim_fail(&w->sim, "a request that no URL stands for: %s", p->request.data);
    if (u->done)
        sim_fail(&w->sim, "a request for URL %zu, which had its result", index);
    check_request(p, u, p->request.data);
    p->last = (struct sim_served){
        .url = u, .index = u->trail.page, .page = u->pages[u->trail.page], .method = u->trail.method};
    p->last.len = p->last.page.body_len;
    sim_retry_trouble(&p->last);
    sim_login_answer(&p->last, p->request.data);
    sim_ranges_answer(&p->last, p->request.data);
}

static void respond(struct peer *p)
{
    struct sim *sim = &p->w->sim;
    struct sim_url *u = p->last.url;
    p->responded = true;
    hop_of(p)->answered = true;
    hop_of(p)->served = p->last;
    buf_deinit(&p->response.bytes);
    sim_response_make(p->w, &p->last, &p->response);
    if (p->last.page.defect && p->last.page.defect < DEFECT_TLS_CUT)
        sim_met(sim, MET_DEFECT_CUT + (p->last.page.defect - DEFECT_CUT));
    plan_end(p);
    plan_tls_fault(p);
    sim_note(sim, "serve", u->index, p->end_at);
    sim_after(sim, &p->step, p->last.page.first_delay_ns + sim_latency(sim), on_send);
}

static void on_inform(struct sim_event *event)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct peer *p = (struct peer *)(void *)((char *)event - offsetof(struct peer, inform));
    if (p->over || p->responded)
        return;
    sim_met(&p->w->sim, MET_CONTINUE);
    p->informs_left = sizeof text - 1;
    serve(p, text, sizeof text - 1);
}

/* What a server makes of a body that is announced. */
static void await_body(struct peer *p)
{
    struct sim *sim = &p->w->sim;
    const struct sim_url *u = p->last.url;
    p->early_at = rng_chance(&sim->rng, 850) ? SIZE_MAX : rng_below(&sim->rng, u->up_len + 1);
    if (!p->in.expects)
        return;
    if (rng_chance(&sim->rng, 200)) {
        p->early_at = 0;
        p->last.page.status = rng_chance(&sim->rng, 500) ? 417 : p->last.page.status;
        p->last.page.location = LOCATION_NONE;
        p->last.page.after = AFTER_NONE;
    } else if (rng_chance(&sim->rng, 700)) {
        sim_after(sim, &p->inform, sim_latency(sim), on_inform);
    } else {
        sim_met(sim, MET_EXPECT_SILENT);
    }
}

/* The body goes on. */
static void hear(struct peer *p)
{
    struct sim *sim = &p->w->sim;
    if (p->in.whole) {
        p->heard = false;
        if (p->in.got > 0 && !p->responded) {
            sim_met(sim, MET_UPLOADED);
            hop_of(p)->uploaded = true;
        }
    }
    if (p->responded || (!p->in.whole && p->in.got < p->early_at))
        return;
    if (!p->in.whole)
        sim_met(sim, MET_EARLY);
    respond(p);
}

static void take_head(struct peer *p)
{
    struct sim *sim = &p->w->sim;
    read_request(p);
    struct sim_url *u = p->last.url;
    sim_upload_begin(&p->in, u, p->request.data);
    p->request.len = 0;
    if (p->said_unasked)
        u->hop.tainted = true;
    bool refuses = p->served > 0 && rng_chance(&sim->rng, sim->net.close_on_reuse);
    p->served++;
    if (refuses) {
        sim_note(sim, "refuse", u->index, 0);
        sim_met(sim, MET_REUSE_REFUSED);
        end(p, rng_chance(&sim->rng, 500));
        return;
    }
    p->heard = true;
    p->responded = false;
    p->early_at = SIZE_MAX;
    if (!p->in.whole)
        await_body(p);
    hear(p);
}

static void take_body(struct peer *p, const char *data, size_t len)
{
    struct sim *sim = &p->w->sim;
    size_t n = sim_upload_take(&p->in, data, len);
    if (rng_chance(&sim->rng, sim->net.reset_request / 8)) {
        sim_met(sim, MET_UPLOAD_RESET);
        end(p, true);
        return;
    }
    hear(p);
    if (n < len)
        peer_arrived(p, data + n, len - n);
}

/* To the end of the head: how many bytes. */
static size_t add_head(struct peer *p, const char *data, size_t len)
{
    size_t before = p->request.len;
    if (buf_add(&p->request, data, len) < 0)
        sim_fail(&p->w->sim, "a request that is too long");
    const char *at = memmem(p->request.data, p->request.len, "\r\n\r\n", 4);
    if (!at)
        return len;
    p->request.len = (size_t)(at + 4 - p->request.data);
    p->request.data[p->request.len] = '\0';
    return p->request.len - before;
}

static void peer_arrived(void *peer, const char *data, size_t len)
{
    struct peer *p = peer;
    if (p->over)
        return;
    if (p->heard) {
        take_body(p, data, len);
        return;
    }
    size_t n = add_head(p, data, len);
    if (rng_chance(&p->w->sim.rng, p->w->sim.net.reset_request)) {
        end(p, true);
        return;
    }
    if (p->request.len >= 4 && memcmp(p->request.data + p->request.len - 4, "\r\n\r\n", 4) == 0)
        take_head(p);
    if (n < len)
        peer_arrived(p, data + n, len - n);
}

static void closed(void *peer)
{
    struct peer *p = peer;
    sim_peer_answered(p);
    if (p->used)
        p->host->used--;
    sim_cancel(&p->w->sim, &p->step);
    sim_cancel(&p->w->sim, &p->inform);
    sim_tls_free(p->tls);
    free(p->tunnel);
    buf_deinit(&p->response.bytes);
    buf_deinit(&p->request);
    free(p);
}

/* ---- a proxy ----------------------------------------------------------------------------------------------------- */

static void on_tunnel(struct sim_event *event)
{
    struct peer *p = PEER_OF(event);
    struct sim *sim = &p->w->sim;
    struct sim_tunnel *t = p->tunnel;
    const char *at = t->answer + t->sent;
    size_t len = sim_portion(sim, sim->net.segment_max, t->answer_len - t->sent);
    if (len == 0 && t->ends) {
        end(p, t->resets);
        return;
    }
    t->sent += len;
    if (t->sent < t->answer_len || t->ends)
        sim_after(sim, &p->step, sim_latency(sim), on_tunnel);
    if (len > 0)
        sim_socket_send(p->sock, at, len);
}

static void tunnel_arrived(struct peer *p, const char *data, size_t len)
{
    if (p->over)
        return;
    sim_proxy_take(p->w, p->tunnel, data, len);
    if (p->tunnel->sent < p->tunnel->answer_len || p->tunnel->ends)
        sim_after(&p->w->sim, &p->step, sim_latency(&p->w->sim), on_tunnel);
}

/* The client has read that it is through: from now on it speaks with the server. */
static void tunnel_told(struct peer *p, enum sim_told what, size_t len)
{
    struct sim_world *w = p->w;
    struct sim_tunnel *t = p->tunnel;
    t->told += what == SIM_TOLD_BYTES ? len : 0;
    if (!t->answered || t->ends || t->answer_len == 0 || t->told < t->answer_len)
        return;
    sim_met(&w->sim, w->via == SIM_VIA_SOCKS ? MET_TUNNEL_SOCKS : MET_TUNNEL_CONNECT);
    p->host = t->target;
    p->tunnel = NULL;
    free(t);
    if (p->host->tls)
        p->tls = sim_tls_new(w, p->host, p->sock, &tls_up, p);
}

/* ---- the wire ------------------------------------------------------------------------------------------------------ */

static void writing(void *peer, const char *data, size_t len)
{
    struct peer *p = peer;
    if (p->tunnel)
        return;
    if (p->tls)
        sim_tls_writing(p->tls, data, len);
    else
        sim_peer_writing(p, data, len);
}

static void arrived(void *peer, const char *data, size_t len)
{
    struct peer *p = peer;
    if (p->tunnel)
        tunnel_arrived(p, data, len);
    else if (p->tls)
        sim_tls_arrived(p->tls, len);
    else
        peer_arrived(p, data, len);
}

static void told(void *peer, enum sim_told what, size_t len)
{
    struct peer *p = peer;
    if (p->tunnel)
        tunnel_told(p, what, len);
    else if (p->tls)
        sim_tls_told(p->tls, what, len);
    else
        sim_peer_told(p, what, len);
}

void sim_server_init(struct sim_world *w)
{
    w->remote = (struct sim_remote){.arg = w,
                                    .fate = fate,
                                    .opened = opened,
                                    .writing = writing,
                                    .arrived = arrived,
                                    .told = told,
                                    .closed = closed};
}
