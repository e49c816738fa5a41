/* What requests send: bodies from memory and from a feeder that pauses, and what a server reads of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/sim_world.h"

enum { LINE_MAX = 24 };

/* ---- the plan --------------------------------------------------------------------------------------------------- */

void sim_upload_plan(struct sim_url *u, struct rng *r)
{
    const struct sim_world *w = u->world;
    if (strcmp(u->method, "HEAD") == 0 || !rng_chance(r, 500))
        return;
    u->upload = rng_chance(r, 400) ? UPLOAD_MEMORY : rng_chance(r, 500) ? UPLOAD_FED : UPLOAD_FED_UNKNOWN;
    u->method = u->trail.method = rng_chance(r, 500) ? "POST" : "PUT";
    u->up_len = rng_chance(r, 800) || w->tiny || w->tls ? rng_below(r, 3000) : rng_below(r, 70000);
    u->up_salt = rng_below(r, SIM_SALTS);
    u->up_once = u->upload != UPLOAD_MEMORY && rng_chance(r, 200);
    u->up_expect = rng_chance(r, 250);
    u->up_later = (unsigned)PICK(r, 0, 100, 500);
    u->up_fails_at = rng_chance(r, 950) || u->upload == UPLOAD_MEMORY ? SIZE_MAX : rng_below(r, u->up_len + 1);
}

bool sim_upload_sends(const struct sim_url *u)
{
    return u->upload != UPLOAD_NONE && !u->trail.as_get;
}

static bool expects(const struct sim_url *u)
{
    return sim_upload_sends(u) && (u->up_expect || (u->upload == UPLOAD_FED_UNKNOWN && !u->unexpected));
}

bool sim_upload_can_repeat(const struct sim_url *u)
{
    return !u->up_spent || !sim_upload_sends(u);
}

bool sim_upload_unexpected(const struct sim_url *u)
{
    return expects(u) && !u->unexpected && sim_upload_can_repeat(u);
}

/* ---- the feeder ------------------------------------------------------------------------------------------------- */

static void on_feed(struct sim_event *event)
{
    struct sim_url *u = (struct sim_url *)(void *)((char *)event - offsetof(struct sim_url, feed));
    afetch_request_feed(u->request);
}

static bool comes_later(struct sim_url *u)
{
    struct sim *sim = &u->world->sim;
    if (!rng_chance(&sim->rng, u->up_later))
        return false;
    sim_met(sim, MET_FEED_LATER);
    sim_after(sim, &u->feed, rng_below(&sim->rng, 300 * SIM_MS), on_feed);
    return true;
}

static enum afetch_feed begin(void *arg, struct afetch_request *r, const char *name, struct afetch_feed_facts *facts)
{
    struct sim_url *u = arg;
    if (u->done || u->request != r || u->canceled || strcmp(name, "a name") != 0)
        sim_fail(&u->world->sim, "URL %zu: its body is wanted, in vain", u->index);
    if (u->up_spent)
        sim_fail(&u->world->sim, "URL %zu: its body is wanted once more, which cannot be", u->index);
    u->up_begun = true;
    u->up_given = 0;
    if (comes_later(u))
        return AFETCH_FEED_LATER;
    facts->length = u->upload == UPLOAD_FED ? (int64_t)u->up_len : -1;
    facts->once = u->up_once;
    return AFETCH_FEED_SOME;
}

static enum afetch_feed read(void *arg, struct afetch_request *r, const void **data, size_t *len)
{
    struct sim_url *u = arg;
    (void)r;
    if (!u->up_begun || u->done || u->canceled)
        sim_fail(&u->world->sim, "URL %zu: its body is read, which was not begun", u->index);
    u->up_spent = u->up_once;
    if (comes_later(u))
        return AFETCH_FEED_LATER;
    if (u->up_given >= u->up_fails_at) {
        sim_met(&u->world->sim, MET_FEED_FAILS);
        u->hop.feed_failed = true;
        return AFETCH_FEED_FAILED;
    }
    if (u->up_given == u->up_len)
        return AFETCH_FEED_END;
    *len = sim_portion(&u->world->sim, 20000, u->up_len - u->up_given);
    *data = sim_body(u->up_salt) + u->up_given + (u->world->plant == PLANT_UPLOAD);
    u->up_given += *len;
    return AFETCH_FEED_SOME;
}

static void end(void *arg, struct afetch_request *r)
{
    struct sim_url *u = arg;
    (void)r;
    if (!u->up_begun || u->done)
        sim_fail(&u->world->sim, "URL %zu: the end of a body that was not begun", u->index);
    u->up_begun = false;
    sim_cancel(&u->world->sim, &u->feed);
}

bool sim_upload_give(struct sim_url *u, struct afetch_request *r)
{
    static const struct afetch_feeder feeder = {.begin = begin, .read = read, .end = end};
    if (u->upload == UPLOAD_NONE)
        return true;
    struct afetch_body *body =
        u->upload == UPLOAD_MEMORY ? afetch_body_new(sim_body(u->up_salt), u->up_len) : afetch_body_new_fed("a name");
    if (!body)
        return false;
    afetch_request_set_body(r, body);
    afetch_body_free(body);
    afetch_request_set_feeder(r, &feeder, u);
    return !u->up_expect || afetch_request_add_header(r, "Expect: 100-continue") == AFETCH_OK;
}

/* ---- what a server reads ---------------------------------------------------------------------------------------- */

void sim_upload_begin(struct sim_upload *up, const struct sim_url *u, const char *head)
{
    struct sim *sim = &u->world->sim;
    const char *length = sim_field(head, "Content-Length");
    bool chunked = sim_field_is(sim_field(head, "Transfer-Encoding"), "chunked");
    bool sends = sim_upload_sends(u);
    char wanted[24];
    *up = (struct sim_upload){.url = u, .chunked = chunked, .whole = !sends, .expects = sim_field(head, "Expect")};
    if (!sends && (length || chunked || up->expects))
        sim_fail(sim, "URL %zu: a body that should be left behind", u->index);
    if (!sends)
        return;
    snprintf(wanted, sizeof wanted, "%zu", u->up_len);
    if (u->upload == UPLOAD_FED_UNKNOWN ? length || !chunked : chunked || !sim_field_is(length, wanted))
        sim_fail(sim, "URL %zu: its body is not announced as it is", u->index);
    if (up->expects != expects(u))
        sim_fail(sim, "URL %zu: it expects%s 100", u->index, up->expects ? "" : " no");
    up->whole = !chunked && u->up_len == 0;
}

static void take_bytes(struct sim_upload *up, const char *data, size_t len)
{
    const struct sim_url *u = up->url;
    if (len > u->up_len - up->got || memcmp(data, sim_body(u->up_salt) + up->got, len) != 0)
        sim_fail(&u->world->sim, "URL %zu: %zu bytes from %zu on are not those of its body", u->index, len, up->got);
    up->got += len;
}

/* A line of the chunked coding is whole. */
static void take_line(struct sim_upload *up)
{
    const struct sim_url *u = up->url;
    up->line[up->line_len] = '\0';
    if (up->last) {
        if (strcmp(up->line, "\r\n") != 0 || up->got != u->up_len)
            sim_fail(&u->world->sim, "URL %zu: its body ends after %zu of %zu bytes", u->index, up->got, u->up_len);
        up->whole = true;
    } else if (strcmp(up->line, "\r\n") == 0) {
        if (!up->behind)
            sim_fail(&u->world->sim, "URL %zu: an empty line for a chunk's size", u->index);
        up->behind = false;
    } else {
        up->left = strtoul(up->line, NULL, 16);
        up->last = up->left == 0;
        up->behind = true;
    }
    up->line_len = 0;
}

static size_t take_chunked(struct sim_upload *up, const char *data, size_t len)
{
    if (up->left > 0) {
        size_t n = len < up->left ? len : up->left;
        take_bytes(up, data, n);
        up->left -= n;
        return n;
    }
    if (up->line_len + 2 > LINE_MAX)
        sim_fail(&up->url->world->sim, "URL %zu: a chunk's size that is none", up->url->index);
    up->line[up->line_len++] = *data;
    if (*data == '\n')
        take_line(up);
    return 1;
}

size_t sim_upload_take(struct sim_upload *up, const char *data, size_t len)
{
    size_t done = 0;
    while (!up->whole && done < len)
        if (up->chunked) {
            done += take_chunked(up, data + done, len - done);
        } else {
            size_t left = up->url->up_len - up->got, n = len - done < left ? len - done : left;
            take_bytes(up, data + done, n);
            done += n;
            up->whole = up->got == up->url->up_len;
        }
    return done;
}
