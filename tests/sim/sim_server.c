/* The other end of every connection: servers that follow the plan of the URL they are asked for. It watches what the
 * client is told and does, and keeps what results are judged by. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sim/sim_tls.h"

enum { REQUEST_MAX = 64 * 1024 };

struct peer {
    struct sim_world *w;
    struct sim_host *host;
    struct sock *sock;
    struct sim_tunnel *tunnel; /* the proxy's; NULL: it is to a server */
    struct sim_tls *tls;       /* NULL: plain HTTP */
    struct sim_event step;     /* the next thing that this server does */
    struct buf request;        /* what has arrived of it */
    struct sim_url *asked;     /* whose request the client wrote last */
    unsigned asked_in;         /* which hop of it */
    size_t asks;               /* requests that it wrote */
    struct sim_served last;    /* whose response is under way, or was last; url NULL: none yet */
    struct sim_hop gone;       /* stands for hops that have ended */
    struct sim_response response;
    size_t served;       /* requests whose response was made */
    size_t sent, told;   /* bytes of the response, to the client and read by it */
    size_t end_at;       /* where the server ends, resets or stalls; SIZE_MAX: nowhere */
    bool resets, stalls; /* what it does there */
    bool in_flight;      /* the client waits for a response */
    bool used;           /* there was a request */
    bool failing;        /* it was told of a failure instead, which its URL will end with */
    bool over;           /* the server has ended or reset */
    bool said_unasked, middled;
    struct sim_upload out, in; /* the last request's body, as the client writes it and as it arrives */
    bool heard;                /* the head of a request, whose body is on its way */
    bool responded;
    size_t early_at;         /* the response comes with so many bytes of the body; SIZE_MAX: behind it */
    struct sim_event inform; /* 100 (Continue) */
    size_t informs_left;     /* bytes of it that were not told */
    bool informed, mute;     /* it was told; the client cannot write any more */
};

#define PEER_OF(event) ((struct peer *)(void *)((char *)(event)-offsetof(struct peer, step)))

/* What happens in the hop whose request it was. */
static struct sim_hop *hop_of(struct peer *p)
{
    return p->asked_in == p->asked->hops ? &p->asked->hop : &p->gone;
}

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

static void peer_writing(void *peer, const char *data, size_t len);
static void peer_arrived(void *peer, const char *data, size_t len);
static void peer_told(void *peer, enum sim_told what, size_t len);

static const struct sim_tls_up tls_up = {peer_writing, peer_arrived, peer_told};

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

/* ---- what the client does --------------------------------------------------------------------------------------- */

/* The URL of a request's first line. */
static struct sim_url *asked_url(struct sim_world *w, const char *data, size_t len)
{
    char line[32] = "";
    size_t index = SIZE_MAX;
    memcpy(line, data, len < sizeof line ? len : sizeof line - 1);
    sscanf(line, "%*s /u%zu", &index);
    if (index >= w->url_count)
        sim_fail(&w->sim, "a request that no URL stands for: %s", line);
    return &w->urls[index];
}

/* Bytes behind a response that the client has not seen yet cannot keep it from using the connection again; the next
 * response then begins with them. */
static void check_reuse(struct peer *p)
{
    struct sim_served last = p->last;
    if (p->served == 0)
        return;
    last.page.extra = false;
    if (sim_served_must_close(&last) || (p->last.page.extra && p->told > p->response.message))
        sim_fail(&p->w->sim, "a connection was used again after the response to URL %zu", last.url->index);
}

/* A request is written: its head, and perhaps a body. */
static void begin_body(struct peer *p, const char *data, size_t len)
{
    char head[4096];
    const char *at = memmem(data, len, "\r\n\r\n", 4);
    size_t head_len = at ? (size_t)(at + 4 - data) : 0;
    if (!at || head_len >= sizeof head)
        sim_fail(&p->w->sim, "a head that is not written at once");
    memcpy(head, data, head_len);
    head[head_len] = '\0';
    sim_upload_begin(&p->out, p->asked, head);
    if (sim_upload_take(&p->out, at + 4, len - head_len) != len - head_len)
        sim_fail(&p->w->sim, "URL %zu: bytes behind its request", p->asked->index);
}

static void peer_writing(void *peer, const char *data, size_t len)
{
    struct peer *p = peer;
    if (p->used && !p->out.whole) {
        if (sim_upload_take(&p->out, data, len) != len)
            sim_fail(&p->w->sim, "URL %zu: bytes behind its body", p->asked->index);
        return;
    }
    if (p->in_flight)
        sim_fail(&p->w->sim, "a request before the response to the last one was read");
    p->asked = asked_url(p->w, data, len);
    check_reuse(p);
    if (p->over)
        sim_met(&p->w->sim, MET_IDLE_END_MISSED);
    else
        sim_cancel(&p->w->sim, &p->step); /* it no longer waits for a request */
    if (!p->used)
        p->host->used++;
    p->used = true;
    p->asked_in = p->asked->hops;
    /* It waited for its feeder, or the client may not have read what asks for it. */
    bool late = p->w->opt.limit_rate > 0 || (p->asked->upload != UPLOAD_NONE && p->asked->upload != UPLOAD_MEMORY);
    if (p->asks > 0 && !late && p->asked->last.then != THEN_AGAIN && sim_retry_held(p->host, *p->w->sim.now_ns))
        sim_fail(&p->w->sim, "a request for URL %zu at host %s, which wanted to be left alone", p->asked->index,
                 p->host->name);
    p->asked->hop.tainted |= p->said_unasked || (p->served > 0 && p->last.page.extra);
    p->asks++;
    p->in_flight = true;
    p->sent = p->told = p->informs_left = 0;
    p->middled = p->failing = p->informed = p->mute = false;
    begin_body(p, data, len);
    p->host->in_flight++;
    p->w->in_flight++;
}

static void answered(struct peer *p)
{
    if (!p->in_flight)
        return;
    p->in_flight = false;
    p->host->in_flight--;
    p->w->in_flight--;
}

/* The client was told so before the response was whole. On a connection that was used before, nothing of the response
 * read, that means "try again" where the method allows it. */
static void failed(struct peer *p, uint64_t codes)
{
    struct sim_url *u = p->asked;
    bool tried_again = p->asks > 1 && p->told == 0 && !p->informed && sim_url_idempotent(u) && sim_upload_can_repeat(u);
    if (p->mute)
        codes |= sim_code(AFETCH_SEND);
    if (tried_again) {
        sim_met(&p->w->sim, MET_TRIED_AGAIN);
        u->trail.tried_again = hop_of(p)->tried_again = true;
        hop_of(p)->spared |= codes;
    } else {
        hop_of(p)->seen |= codes;
    }
    p->failing = !tried_again;
    answered(p);
}

static uint64_t codes_of_end(const struct peer *p)
{
    uint64_t codes = sim_code(p->told || p->informed ? AFETCH_PARTIAL : AFETCH_EMPTY);
    return (p->told && p->last.page.informs) || p->informed ? codes | sim_code(AFETCH_EMPTY) : codes;
}

static uint64_t codes_of_failure(const struct peer *p, enum sim_told what)
{
    switch (what) {
    case SIM_TOLD_READ_ERROR:
        return sim_code(AFETCH_RECV);
    case SIM_TOLD_WRITE_ERROR:
        return sim_code(AFETCH_SEND);
    case SIM_TOLD_BROKEN: /* at once, or when the connection ends in the midst of it */
        return sim_code(AFETCH_RECV) | sim_code(AFETCH_SEND) | sim_code(AFETCH_PARTIAL) | sim_code(AFETCH_EMPTY);
    default:
        return codes_of_end(p);
    }
}

/* The client has read the head of the response, which the last request was for. */
static void told_head(const struct peer *p)
{
    if (p->in_flight && p->asked == p->last.url && p->asked_in == p->asked->hops && !p->asked->hop.tainted)
        sim_retry_told(&p->last);
}

static void peer_told(void *peer, enum sim_told what, size_t len)
{
    struct peer *p = peer;
    bool open_ended = p->last.url && p->last.page.framing == FRAME_CLOSE && sim_served_has_body(&p->last);
    bool whole;
    size_t informs = len < p->informs_left ? len : p->informs_left;
    p->informs_left -= informs;
    p->informed |= informs > 0;
    len -= informs;
    if (what == SIM_TOLD_BYTES && len == 0)
        return;
    if (what == SIM_TOLD_WRITE_ERROR && p->in_flight) {
        p->mute = true; /* it still reads */
        return;
    }
    if (what == SIM_TOLD_BYTES && p->told < p->response.head && p->told + len >= p->response.head && p->sent)
        told_head(p);
    p->told += len;
    whole = p->sent && p->told >= p->response.message && p->end_at >= p->response.message;
    if (what == SIM_TOLD_BYTES) {
        if (whole && !open_ended)
            answered(p);
    } else if (p->in_flight) {
        if (what == SIM_TOLD_CUT && whole)
            sim_met(&p->w->sim, MET_TLS_NO_NOTIFY);
        if (what == SIM_TOLD_END && whole)
            answered(p);
        else
            failed(p, codes_of_failure(p, what));
    } else if (p->failing) {
        hop_of(p)->seen |= codes_of_failure(p, what);
    } else if (p->used && what != SIM_TOLD_WRITE_ERROR) {
        sim_met(&p->w->sim, MET_IDLE_END);
    }
}

static void closed(void *peer)
{
    struct peer *p = peer;
    answered(p);
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
        peer_writing(p, data, len);
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
        peer_told(p, what, len);
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
