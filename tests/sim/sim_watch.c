/* What the client does on a connection, and what it is told there, and what results are judged by. */
#include <stdio.h>
#include <string.h>

#include "sim/sim_peer.h"

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

void sim_peer_writing(void *peer, const char *data, size_t len)
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

void sim_peer_answered(struct peer *p)
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
    sim_peer_answered(p);
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

void sim_peer_told(void *peer, enum sim_told what, size_t len)
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
            sim_peer_answered(p);
    } else if (p->in_flight) {
        if (what == SIM_TOLD_CUT && whole)
            sim_met(&p->w->sim, MET_TLS_NO_NOTIFY);
        if (what == SIM_TOLD_END && whole)
            sim_peer_answered(p);
        else
            failed(p, codes_of_failure(p, what));
    } else if (p->failing) {
        hop_of(p)->seen |= codes_of_failure(p, what);
    } else if (p->used && what != SIM_TOLD_WRITE_ERROR) {
        sim_met(&p->w->sim, MET_IDLE_END);
    }
}
