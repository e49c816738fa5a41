/* The bytes of one response. */
#include "sim/sim_world.h"

enum { RESPONSE_MAX = 4 * 1000 * 1000 };

struct maker {
    struct sim_world *w;
    const struct sim_served *s;
    const struct sim_page *page;
    struct buf *b;
    const char *eol;
};

static void must(struct maker *m, int rc)
{
    if (rc < 0)
        sim_fail(&m->w->sim, "a response is too long for its buffer");
}

static void add_informs(struct maker *m)
{
    for (unsigned i = 0; i < m->page->informs; i++)
        must(m, buf_addf(m->b, "HTTP/1.1 %s\r\n\r\n", i % 2 ? "100 Continue" : "103 Early Hints\r\nLink: </a>; rel=x"));
}

static void add_status(struct maker *m)
{
    const struct sim_page *page = m->page;
    if (page->defect == DEFECT_SWITCH)
        must(m, buf_addf(m->b, "HTTP/1.1 101 Switching Protocols%sUpgrade: x%sConnection: upgrade%s", m->eol, m->eol,
                         m->eol));
    else
        must(m, buf_addf(m->b, "HTTP/1.%d %d Reason%s", page->http10 ? 0 : 1, page->status, m->eol));
}

static void add_framing(struct maker *m)
{
    const struct sim_page *page = m->page;
    if (page->status == 204 || page->defect == DEFECT_SWITCH)
        return;
    if (page->framing == FRAME_CHUNKED)
        must(m, buf_addf(m->b, "Transfer-Encoding: %s%s", page->salt % 2 ? "chunked" : "Chunked", m->eol));
    if (page->framing == FRAME_LENGTH)
        must(m, buf_addf(m->b, "Content-Length: %zu%s", m->s->len, m->eol));
    if (page->framing == FRAME_LENGTH && page->repeated_length)
        must(m, buf_addf(m->b, "Content-Length: %zu%s", m->s->len, m->eol));
    if (page->defect == DEFECT_TWO_LENGTHS)
        must(m, buf_addf(m->b, "Content-Length: %zu%sContent-Length: %zu%s", m->s->len, m->eol, m->s->len + 1, m->eol));
}

static void add_features(struct maker *m)
{
    char field[160];
    if (sim_login_field(m->s, field, sizeof field))
        must(m, buf_addf(m->b, "%s%s", field, m->eol));
    if (!(m->w->features & SIM_RETRIES))
        return;
    if (sim_retry_after_field(m->s, field, sizeof field))
        must(m, buf_addf(m->b, "%s%s", field, m->eol));
    for (size_t i = 0; i < SIM_RANGES_FIELDS; i++)
        if (sim_ranges_field(m->s, i, field, sizeof field))
            must(m, buf_addf(m->b, "%s%s", field, m->eol));
}

static void add_fields(struct maker *m)
{
    const struct sim_page *page = m->page;
    char id[40], type[40], location[200];
    sim_served_id(m->s, id, sizeof id);
    must(m, buf_addf(m->b, "X-Id: %s%s", id, m->eol));
    sim_served_type(m->s, type, sizeof type);
    if (*type)
        must(m, buf_addf(m->b, "Content-Type: %s%s", type, m->eol));
    if (sim_redirect_location(m->s, location, sizeof location))
        must(m, buf_addf(m->b, "Location: %s%s", location, m->eol));
    add_features(m);
    if (page->folded)
        must(m, buf_addf(m->b, "X-Folded: a%s  b%s", m->eol, m->eol));
    if (page->close)
        must(m, buf_addf(m->b, "Connection: close%s", m->eol));
    else if (page->keep_alive)
        must(m, buf_addf(m->b, "Connection: Keep-Alive%s", m->eol));
    for (int i = 0; page->defect == DEFECT_LONG_HEAD && i < 3000; i++)
        must(m, buf_addf(m->b, "X-Long: %0100d%s", i, m->eol));
}

static void add_chunks(struct maker *m)
{
    const struct sim_page *page = m->page;
    struct rng *r = &m->w->sim.rng;
    const char *body = sim_body(page->salt) + m->s->from;
    size_t mean = m->s->len / 8 + 1;
    for (size_t done = 0, len; done < m->s->len; done += len) {
        len = rng_range(r, 1, 2 * mean);
        if (len > m->s->len - done)
            len = m->s->len - done;
        must(m, buf_addf(m->b, len % 2 ? "%zx%s\r\n" : "0%zX%s\r\n", len, len % 5 ? "" : ";a=b"));
        must(m, buf_add(m->b, body + done, len));
        must(m, buf_adds(m->b, "\r\n"));
    }
    if (page->defect == DEFECT_BAD_CHUNK)
        must(m, buf_adds(m->b, "no number\r\n"));
    must(m, buf_adds(m->b, page->trailers ? "0\r\nX-Trailer: 1\r\nContent-Length: 7\r\n\r\n" : "0\r\n\r\n"));
}

static void add_body(struct maker *m)
{
    if (!sim_served_has_body(m->s))
        return;
    if (m->page->framing == FRAME_CHUNKED)
        add_chunks(m);
    else
        must(m, buf_add(m->b, sim_body(m->page->salt) + m->s->from, m->s->len));
}

static void add_garbage(struct maker *m)
{
    static const char *const garbage[] = {"ICY 200 OK\r\n\r\n", "\r\n\r\nhello", "HTTX/1.1 200 OK\r\n\r\n",
                                          "HTTP/2.0 200 OK\r\n\r\n", "HTTP/1.1 abc\r\n\r\n"};
    must(m, buf_adds(m->b, garbage[rng_below(&m->w->sim.rng, sizeof garbage / sizeof garbage[0])]));
}

void sim_response_make(struct sim_world *w, const struct sim_served *s, struct sim_response *out)
{
    struct maker m = {.w = w, .s = s, .page = &s->page, .b = &out->bytes, .eol = s->page.bare_lf ? "\n" : "\r\n"};
    buf_init(&out->bytes, RESPONSE_MAX);
    if (s->page.defect == DEFECT_GARBAGE) {
        add_garbage(&m);
        out->head = out->message = out->bytes.len;
        return;
    }
    add_informs(&m);
    add_status(&m);
    add_fields(&m);
    add_framing(&m);
    must(&m, buf_adds(&out->bytes, m.eol));
    out->head = out->bytes.len;
    add_body(&m);
    out->message = out->bytes.len;
    if (w->plant == PLANT_BYTE && out->message > out->head && s->page.framing != FRAME_CHUNKED)
        out->bytes.data[out->message - 1] ^= 1;
    if (s->page.extra && (!sim_served_has_body(s) || s->page.framing != FRAME_CLOSE))
        must(&m, buf_adds(&out->bytes, "\1what nobody asked for\r\n\r\n"));
}
