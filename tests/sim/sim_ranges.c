/* Versions of what is served, by what a client knows them apart, and what servers make of a Range field. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "sim/sim_machine.h"
#include "sim/sim_world.h"

void sim_ranges_plan(struct sim_page *page, struct rng *r)
{
    page->validator = (enum sim_validator)rng_range(r, VALIDATOR_NONE, VALIDATOR_DATE);
    page->serving = rng_chance(r, 600) ? SERVES_RANGES : (enum sim_serving)rng_range(r, SERVES_RANGES, SERVES_NOTHING);
}

/* The same place has other bytes from now on. */
static void change(struct sim_page *page, struct rng *r)
{
    page->version++;
    page->salt = rng_below(r, SIM_SALTS);
    page->body_len = rng_chance(r, 500) ? page->body_len : rng_below(r, page->body_len + 100);
}

static bool is_versioned(const struct sim_served *s)
{
    return s->page.status == 200 && s->page.validator != VALIDATOR_NONE;
}

static void write_date(char *out, size_t size, int64_t at_s)
{
    struct tm tm;
    time_t t = (time_t)at_s;
    gmtime_r(&t, &tm);
    strftime(out, size, "%a, %d %b %Y %H:%M:%S GMT", &tm);
}

void sim_ranges_validator(const struct sim_served *s, char *out, size_t size)
{
    if (s->page.validator == VALIDATOR_DATE)
        write_date(out, size, SIM_EPOCH_S - 100000 + (int64_t)s->page.version);
    else
        snprintf(out, size, "%s\"u%zu-%zu-%u\"", s->page.validator == VALIDATOR_WEAK ? "W/" : "", s->url->index,
                 s->index, s->page.version);
}

bool sim_ranges_field(const struct sim_served *s, size_t index, char *out, size_t size)
{
    const struct sim_page *page = &s->page;
    char text[64];
    bool told = page->status == 200 || s->ranged;
    switch (index) {
    case 0:
        sim_ranges_validator(s, text, sizeof text);
        if (page->validator != VALIDATOR_NONE && told)
            snprintf(out, size, "%s: %s", page->validator == VALIDATOR_DATE ? "Last-Modified" : "ETag", text);
        return page->validator != VALIDATOR_NONE && told;
    case 1:
        write_date(text, sizeof text, sim_machine_wall_s());
        snprintf(out, size, "Date: %s", text);
        return page->validator == VALIDATOR_DATE && told;
    default:
        if (page->status == 416 && page->serving != SERVES_NOTHING)
            snprintf(out, size, "Content-Range: bytes */%zu", page->body_len);
        else
            snprintf(out, size, "Content-Range: bytes %zu-%zu/%zu", s->from, page->body_len - 1, page->body_len);
        return s->ranged && page->serving != (page->status == 416 ? SERVES_NOTHING : SERVES_UNTOLD);
    }
}

/* The request must ask for what the client is to ask for. */
static void check_request(const struct sim_url *u, const char *head)
{
    struct sim *sim = &u->world->sim;
    char wanted[40];
    const char *range = sim_field(head, "Range"), *condition = sim_field(head, "If-Range");
    bool asks = u->trail.from > 0 && strcmp(u->trail.method, "GET") == 0 && u->trail.page == u->validator_page;
    snprintf(wanted, sizeof wanted, "bytes=%zu-", u->trail.from);
    if (!range != !asks || !condition != !asks)
        sim_fail(sim, "URL %zu: a request with%s a range, at byte %zu", u->index, range ? "" : "out", u->trail.from);
    if (asks && (!sim_field_is(range, wanted) || !sim_field_is(condition, u->validator)))
        sim_fail(sim, "URL %zu: a request for another range than \"%s\", if it is still %s", u->index, wanted,
                 u->validator);
}

static void answer_416(struct sim_served *s, bool same)
{
    s->page.status = 416;
    s->from = s->len = 0;
    s->ranged = true;
    s->rest =
        same && s->page.serving != SERVES_NOTHING && s->page.body_len == s->url->trail.from ? REST_WHOLE : REST_AGAIN;
}

static void answer_206(struct sim_served *s, size_t from, bool good)
{
    s->page.status = 206;
    s->ranged = true;
    s->from = from;
    s->len = s->page.body_len - from;
    s->rest = good ? REST_GOOD : REST_AGAIN;
}

static void answer_range(struct sim_served *s)
{
    struct sim_url *u = s->url;
    size_t from = u->trail.from, len = s->page.body_len;
    char validator[64];
    sim_ranges_validator(s, validator, sizeof validator);
    bool same = strcmp(validator, u->validator) == 0;
    if (u->world->plant == PLANT_GLUE && !same) {
        s->page.version--;
        same = true;
    }
    enum sim_serving serving = s->page.serving;
    if (serving == SERVES_NOTHING)
        answer_416(s, same);
    else if (serving == SERVES_WHOLE || (serving == SERVES_RANGES && !same))
        s->rest = same && s->page.framing == FRAME_LENGTH && len == from ? REST_WHOLE : REST_NONE;
    else if (from >= len)
        answer_416(s, same);
    else if (serving == SERVES_ELSEWHERE)
        answer_206(s, from / 2, false);
    else
        answer_206(s, from, same && serving != SERVES_UNTOLD);
}

void sim_ranges_answer(struct sim_served *s, const char *head)
{
    struct sim_url *u = s->url;
    struct sim_world *w = u->world;
    check_request(u, head);
    if (!is_versioned(s))
        return;
    if (rng_chance(&w->sim.rng, w->changes)) {
        change(&u->pages[s->index], &w->sim.rng);
        s->page = u->pages[s->index];
        s->len = s->page.body_len;
    }
    if (sim_field(head, "Range"))
        answer_range(s);
}
