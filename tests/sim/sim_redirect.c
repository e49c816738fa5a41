/* Redirects: which pages lead to which, how a server says so, and what a client is to make of it. */
#include <stdio.h>
#include <string.h>

#include "sim/sim_world.h"

enum { READ_PAST = 64 * 1024 }; /* of a redirect's body; of a longer one the connection is dropped */

#define AUTHORIZATION_OF_URL "Basic bWU6c2VjcmV0"      /* "me:secret" */
#define AUTHORIZATION_OF_LOCATION "Basic eW91Om90aGVy" /* "you:other" */

/* ---- the plan --------------------------------------------------------------------------------------------------- */

void sim_redirect_options(struct sim_world *w, struct rng *r)
{
    w->opt.follow = !rng_chance(r, 50);
    w->opt.redirects_max = rng_chance(r, 100) ? -1 : (int)PICK(r, 0, 1, 2, 4, 10, 10);
    w->opt.post_keep = (unsigned)rng_below(r, 8);
    w->opt.proto_redir = rng_chance(r, 700) ? 0 : (unsigned)rng_range(r, 1, 3);
    w->opt.location_trusted = rng_chance(r, 150);
    w->opt.referer_auto = rng_chance(r, 300);
}

static enum sim_location plan_location(const struct sim_page *from, const struct sim_page *to, struct rng *r)
{
    if (rng_chance(r, 100))
        return LOCATION_USER;
    if (from->host == to->host)
        return (enum sim_location)rng_range(r, LOCATION_ABSOLUTE, LOCATION_DOTS);
    return from->host->tls == to->host->tls && rng_chance(r, 300) ? LOCATION_NETWORK : LOCATION_ABSOLUTE;
}

static void plan_redirect(struct sim_page *page, struct rng *r)
{
    page->status = (int)PICK(r, 301, 302, 303, 307, 308);
    page->fragment = rng_chance(r, 100);
}

/* Pages that redirect, each to the one behind it. */
static void plan_page(struct sim_url *u, size_t index, struct rng *r)
{
    struct sim_world *w = u->world;
    struct sim_page *page = &u->pages[index];
    struct sim_host *host = index == 0 ? page->host : u->pages[index - 1].host;
    *page = (struct sim_page){.host = index == 0 || rng_chance(r, 500) ? host : &w->hosts[rng_below(r, w->host_count)],
                              .next = index + 1,
                              .query = index > 0 && rng_chance(r, 150)};
    plan_redirect(page, r);
    sim_plan_page(w, page, u->method, r);
    if (!w->tiny && !page->host->tls && rng_chance(r, 20))
        page->body_len = READ_PAST + rng_below(r, 20000);
}

/* The last page is what was planned for the URL, or goes round, or nowhere. */
static void plan_last(struct sim_url *u, struct sim_page page, struct rng *r)
{
    struct sim_page *last = &u->pages[u->page_count - 1];
    *last = page;
    last->host = rng_chance(r, 500) ? last[-1].host : &u->world->hosts[rng_below(r, u->world->host_count)];
    last->query = rng_chance(r, 150);
    if (last->host->tls && last->body_len > 60000)
        last->body_len = 60000;
    if (!last->host->tls && last->defect >= DEFECT_TLS_CUT)
        last->defect = DEFECT_NONE;
    if (rng_chance(r, 100)) {
        plan_redirect(last, r);
        last->location =
            rng_chance(r, 200) ? LOCATION_NONE : (enum sim_location)rng_range(r, LOCATION_EMPTY, LOCATION_FTP);
    } else if (u->world->opt.redirects_max >= 0 && rng_chance(r, 100)) {
        plan_redirect(last, r);
        last->next = rng_below(r, u->page_count);
        last->location = plan_location(last, &u->pages[last->next], r);
    }
}

void sim_redirect_plan(struct sim_url *u, struct rng *r)
{
    struct sim_page page = u->pages[0];
    u->secrets = !u->credentials && rng_chance(r, 400);
    if (rng_chance(r, 500))
        return;
    u->page_count = rng_chance(r, 600) ? 2 : rng_range(r, 2, SIM_PAGES_MAX);
    for (size_t i = 0; i + 1 < u->page_count; i++)
        plan_page(u, i, r);
    plan_last(u, page, r);
    for (size_t i = 0; i + 1 < u->page_count; i++)
        u->pages[i].location = plan_location(&u->pages[i], &u->pages[i + 1], r);
}

/* ---- what is sent ----------------------------------------------------------------------------------------------- */

static void write_path(const struct sim_url *u, size_t page, char *out, size_t size)
{
    if (page)
        snprintf(out, size, "u%zu/%zu", u->index, page);
    else
        snprintf(out, size, "u%zu", u->index);
}

void sim_redirect_target(const struct sim_url *u, size_t page, char *out, size_t size)
{
    char path[40];
    write_path(u, page, path, sizeof path);
    snprintf(out, size, "/%s%s", path, u->pages[page].query ? "?a=%20b" : "");
}

static void write_relative(const struct sim_url *u, size_t from, size_t to, char *out, size_t size)
{
    char path[40];
    write_path(u, to, path, sizeof path);
    if (from && to)
        snprintf(out, size, "%zu", to);
    else
        snprintf(out, size, "%s%s", from ? "../" : "", path);
}

bool sim_redirect_location(const struct sim_served *s, char *out, size_t size)
{
    const struct sim_url *u = s->url;
    const struct sim_page *page = &s->page, *to = &u->pages[page->next];
    const char *scheme = to->host ? to->host->tls ? "https" : "http" : "";
    const char *host = to->host ? to->host->authority : "";
    const char *rest = to->query && page->fragment ? "?a= b#f" : to->query ? "?a= b" : page->fragment ? "#f" : "";
    char path[60];
    write_path(u, page->next, path, sizeof path);
    switch (page->location) {
    case LOCATION_NONE:
        return false;
    case LOCATION_ABSOLUTE:
        snprintf(out, size, "%s://%s/%s%s", scheme, host, path, rest);
        return true;
    case LOCATION_NETWORK:
        snprintf(out, size, "//%s/%s%s", host, path, rest);
        return true;
    case LOCATION_PATH:
        snprintf(out, size, "/%s%s", path, rest);
        return true;
    case LOCATION_RELATIVE:
        write_relative(u, s->index, page->next, path, sizeof path);
        snprintf(out, size, "%s%s", path, rest);
        return true;
    case LOCATION_DOTS:
        snprintf(out, size, "/x/.././%s%s", path, rest);
        return true;
    case LOCATION_USER:
        snprintf(out, size, "%s://you:other@%s/%s%s", scheme, host, path, rest);
        return true;
    case LOCATION_EMPTY:
        *out = '\0';
        return true;
    case LOCATION_BAD_PORT:
        snprintf(out, size, "http://h0.example:99999/");
        return true;
    case LOCATION_BAD_HOST:
        snprintf(out, size, "http://[fd00::1/");
        return true;
    case LOCATION_FTP:
        snprintf(out, size, "ftp://h0.example/%s", path);
        return true;
    }
    return false;
}

/* ---- what a client is to do ------------------------------------------------------------------------------------- */

enum sim_then sim_redirect_then(const struct sim_url *u, const struct sim_served *served)
{
    const struct afetch_options *opt = &u->world->opt;
    const struct sim_page *page = &served->page;
    bool redirects =
        page->status == 301 || page->status == 302 || page->status == 303 || page->status == 307 || page->status == 308;
    if (!opt->follow || !redirects || page->location == LOCATION_NONE || page->location == LOCATION_EMPTY)
        return THEN_END;
    if (opt->redirects_max >= 0 && u->trail.redirects >= (unsigned)opt->redirects_max)
        return THEN_LIMIT;
    if (page->location == LOCATION_BAD_PORT || page->location == LOCATION_BAD_HOST)
        return THEN_BAD_URL;
    bool tls = u->pages[page->next].host->tls;
    unsigned scheme = tls ? AFETCH_SCHEME_HTTPS : AFETCH_SCHEME_HTTP;
    bool allowed = opt->proto_redir ? opt->proto_redir & scheme : tls || !page->host->tls;
    return page->location == LOCATION_FTP || !allowed ? THEN_BAD_SCHEME : THEN_FOLLOW;
}

/* As browsers do; RFC 9110 sections 15.4.2 to 15.4.4. */
static const char *method_after(const struct sim_url *u, int status)
{
    const char *method = u->trail.method;
    unsigned keep = status == 301 ? AFETCH_POST301 : status == 302 ? AFETCH_POST302 : AFETCH_POST303;
    bool post = strcmp(method, "POST") == 0 || (u->upload == UPLOAD_MEMORY && !u->trail.as_get);
    if (status == 307 || status == 308 || strcmp(method, "HEAD") == 0)
        return method;
    if (post ? u->world->opt.post_keep & keep : status != 303)
        return method;
    return "GET";
}

static void meet(const struct sim_url *u, const struct sim_served *served)
{
    struct sim *sim = &u->world->sim;
    const struct sim_host *from = served->page.host, *to = u->pages[served->page.next].host;
    sim_met(sim, MET_REDIRECT);
    if (from != to)
        sim_met(sim, MET_REDIRECT_ORIGIN);
    if (to->tls && !from->tls)
        sim_met(sim, MET_TLS_REDIRECT);
    if (u->hop.seen)
        sim_met(sim, MET_REDIRECT_BROKEN);
    if (sim_served_has_body(served) && served->page.body_len > READ_PAST)
        sim_met(sim, MET_REDIRECT_DROPPED);
    if (method_after(u, served->page.status) != u->trail.method)
        sim_met(sim, MET_REDIRECT_METHOD);
}

void sim_redirect_follow(struct sim_url *u, const struct sim_served *served)
{
    struct sim_trail *t = &u->trail;
    meet(u, served);
    const char *method = method_after(u, served->page.status);
    t->as_get |= strcmp(method, t->method) != 0;
    t->method = method;
    t->user = served->page.location == LOCATION_USER;
    t->page = served->page.next;
    t->redirects++;
    t->logins = 0;
}

/* ---- secrets ---------------------------------------------------------------------------------------------------- */

void sim_redirect_check_secrets(const struct sim_url *u, const struct sim_host *at, const char *head)
{
    struct sim *sim = &u->world->sim;
    const char *authorization = sim_field(head, "Authorization"), *cookie = sim_field(head, "Cookie");
    bool own = at == u->pages[0].host;
    bool of_location = u->trail.user && sim_field_is(authorization, AUTHORIZATION_OF_LOCATION);
    if (!own && !u->world->opt.location_trusted && (cookie || (authorization && !of_location)))
        sim_fail(sim, "URL %zu: credentials came to another origin", u->index);
    if (u->secrets && own && !u->trail.user && (!authorization || !cookie))
        sim_fail(sim, "URL %zu: its own origin was not given its credentials", u->index);
    if (u->credentials && u->trail.redirects == 0 && !sim_field_is(authorization, AUTHORIZATION_OF_URL))
        sim_fail(sim, "URL %zu: the user info of the URL was not sent", u->index);
    if (!own && u->secrets)
        sim_met(sim, MET_REDIRECT_SECRETS);
}
