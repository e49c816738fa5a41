/* Where a request stands, hop by hop, by what a client is to do. */
#include <string.h>

#include "sim/sim_world.h"

/* Perhaps a nanosecond late: a time of 0 is told as 1. */
static uint64_t begun_at(const struct sim_url *u, const struct afetch_hop *hop)
{
    return *u->world->sim.now_ns - (hop->done_ns - hop->begun_ns);
}

/* The client has read the head of what was answered, and not something that nobody asked for. */
static bool understood(const struct sim_hop *h, const struct afetch_hop *hop, const char *id)
{
    char wanted[40];
    if (!h->answered || !hop->status || !id)
        return false;
    sim_served_id(&h->served, wanted, sizeof wanted);
    return strcmp(id, wanted) == 0;
}

static void check_begin(struct sim_url *u, const struct afetch_hop *hop)
{
    struct sim_trail *t = &u->trail;
    uint64_t begun_ns = begun_at(u, hop);
    if (u->hops > 0 && u->last.then != THEN_FOLLOW && u->last.then != THEN_AGAIN && u->last.then != THEN_RETRY &&
        u->last.then != THEN_MAY_RETRY)
        sim_fail(&u->world->sim, "URL %zu: it went on after a hop that ended with %d", u->index, (int)u->last.code);
    if (u->hops == 0) {
        t->first_ns = begun_ns;
        t->first_low_ns = u->hop.tried_again ? 0 : begun_ns;
    }
    sim_retry_check_begin(u, begun_ns);
}

/* Without a callback nobody is told that what was counted is void. */
static void begin_anew(struct sim_url *u)
{
    u->trail.from = 0;
    u->heads = 0;
}

static void decide(struct sim_url *u, const struct afetch_hop *hop)
{
    struct sim_hop *h = &u->hop;
    h->then = h->understood ? sim_redirect_then(u, &h->served) : THEN_END;
    if (h->understood && h->served.page.status == 417 && sim_upload_unexpected(u))
        h->then = THEN_AGAIN;
    if (h->understood && h->served.challenges)
        h->then = sim_login_then(u, hop);
    h->by_status = h->then == THEN_END ? sim_retry_by_status(u, hop) : THEN_END;
    if (h->then == THEN_END && h->by_status == THEN_END && h->understood && h->served.rest == REST_AGAIN)
        h->then = THEN_AGAIN;
}

static void go_on(struct sim_url *u, const struct afetch_hop *hop)
{
    struct sim_hop *h = &u->hop;
    u->trail.spent_ns += h->took_ns;
    u->unexpected |= h->then == THEN_AGAIN && h->served.page.status == 417;
    if (h->then == THEN_AGAIN && h->served.rest == REST_AGAIN && u->counted_only && u->undo == UNDO_NEVER)
        begin_anew(u);
    u->trail.got = u->trail.from + (h->told ? (size_t)hop->body_bytes : 0);
    if (hop->code == AFETCH_REDIRECTS)
        sim_met(&u->world->sim, MET_REDIRECT_LIMIT);
    if (hop->code != AFETCH_OK) {
        sim_retry_decide(u, hop);
    } else if (h->then == THEN_FOLLOW) {
        sim_redirect_follow(u, &h->served);
    } else if (h->then == THEN_AGAIN) {
        if (!h->served.challenges)
            sim_met(&u->world->sim, h->served.page.status == 417 ? MET_UNEXPECTED : MET_RANGE_AGAIN);
    }
}

void sim_trail_hop(struct sim_url *u, const struct afetch_hop *hop, const char *id)
{
    struct sim_hop *h = &u->hop;
    h->code = hop->code;
    h->took_ns = hop->done_ns - hop->begun_ns;
    h->done_ns = *u->world->sim.now_ns;
    h->understood = understood(h, hop, id);
    h->told |= h->understood && h->served.rest == REST_GOOD;
    check_begin(u, hop);
    if (h->uploaded && h->understood && hop->bytes_sent != u->up_len)
        sim_fail(&u->world->sim, "URL %zu: %zu bytes were sent of %zu", u->index, (size_t)hop->bytes_sent, u->up_len);
    decide(u, hop);
    sim_judge_hop(u, hop);
    go_on(u, hop);
    sim_note(&u->world->sim, "hop", u->index, (uint64_t)h->code << 8 | h->then);
    u->last = u->hop;
    u->hop = (struct sim_hop){0};
    u->hops++;
    u->world->hops++;
}

void sim_trail_head(struct sim_url *u, const struct afetch_head *head, const char *id)
{
    struct sim_hop *h = &u->hop;
    const struct sim_page *page = &h->served.page;
    struct sim *sim = &u->world->sim;
    char wanted[40] = "";
    bool whole = h->answered && h->served.rest == REST_WHOLE;
    if (u->trail.from > 0 && !whole)
        begin_anew(u); /* only its bytes were counted: else restart has been called */
    u->heads++;
    h->told = true;
    sim_note(sim, "head", u->index, (uint64_t)head->status);
    if (h->answered)
        sim_served_id(&h->served, wanted, sizeof wanted);
    if (!h->tainted && (u->heads != (whole ? 2 : 1) || head->status != page->status || !id || strcmp(id, wanted) != 0))
        sim_fail(sim, "URL %zu: head %u has status %d and is of URL %s", u->index, u->heads, head->status,
                 id ? id : "?");
    if (!h->tainted && (sim_redirect_then(u, &h->served) != THEN_END || head->complete != whole))
        sim_fail(sim, "URL %zu: the head of what is to be read past", u->index);
    if (whole) {
        sim_met(sim, MET_RANGE_WHOLE);
        return;
    }
    u->salt = page->salt;
    u->body_len = page->body_len;
    *u->validator = '\0';
    u->validator_page = u->trail.page;
    if (page->status == 200 && (page->validator == VALIDATOR_STRONG || page->validator == VALIDATOR_DATE))
        sim_ranges_validator(&h->served, u->validator, sizeof u->validator);
}

bool sim_trail_restart(struct sim_url *u)
{
    struct sim *sim = &u->world->sim;
    if (u->heads == 0)
        sim_fail(sim, "URL %zu: a restart of what was not begun", u->index);
    if (u->undo == UNDO_REFUSED) {
        sim_met(sim, MET_RESTART_REFUSED);
        u->refused = true;
        return false;
    }
    sim_met(sim, u->trail.from ? MET_RESTART_CHANGED : MET_RESTART);
    u->delivered = 0;
    begin_anew(u);
    return true;
}

/* It ended where it might, or would, have tried again. */
void sim_trail_end(struct sim_url *u, const struct afetch_result *result)
{
    bool waits = u->hops > 0 && (u->last.then == THEN_RETRY || u->last.then == THEN_MAY_RETRY);
    if (!waits || u->trail.retries == result->retries)
        return;
    bool stopped = u->world->canceled || u->canceled || sim_late(u->world);
    if (!stopped && !u->refused && u->last.then == THEN_RETRY)
        sim_fail(&u->world->sim, "URL %zu: ended with %d, where it should have tried again", u->index,
                 (int)result->code);
    u->trail = u->before;
    if (result->code != AFETCH_CANCELED && !sim_late(u->world))
        u->last.then = THEN_END;
}
