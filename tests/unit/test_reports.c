/* What reports are made of: a hop's phases, the parts of a URL, times of day, a waterfall as text. */
#include "../../cmd/phases.c"
#include "../../cmd/text.c"
#include "../../cmd/urlparts.c"
#include "../../cmd/walltime.c"
#include "../../cmd/waterfall_draw.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* "queue 0-5, look-up 5-9" */
static const char *told(const struct afetch_hop *hop, uint64_t free_ns)
{
    static char out[400];
    struct phase_span spans[HOP_SPANS];
    size_t count = phases_of_hop(hop, free_ns, spans), len = 0;
    assert_true(count <= HOP_SPANS);
    *out = '\0';
    for (size_t i = 0; i < count; i++) {
        assert_true(spans[i].begin_ns < spans[i].end_ns);
        assert_true(i == 0 || spans[i].begin_ns == spans[i - 1].end_ns);
        len += (size_t)snprintf(out + len, sizeof out - len, "%s%s %d-%d", i ? ", " : "", phase_names[spans[i].phase],
                                (int)spans[i].begin_ns, (int)spans[i].end_ns);
    }
    return out;
}

static void hops(void **state)
{
    (void)state;
    static const struct {
        uint64_t free_ns, begun, resolved, connected, secured, sent, first, done, conn;
        const char *url, *told;
    } cases[] = {
        {0, 5, 9, 20, 30, 31, 50, 60, 1, "https://h/",
         "queue 0-5, look-up 5-9, connect 9-20, TLS 20-30, send 30-31, wait 31-50, receive 50-60"},
        /* a connection that was there; its own queue alone */
        {70, 75, 0, 0, 0, 75, 90, 90, 1, "https://h/", "queue 70-75, wait 75-90"},
        {0, 1, 0, 20, 0, 20, 50, 60, 1, "http://1.2.3.4:80/", "queue 0-1, connect 1-20, wait 20-50, receive 50-60"},
        /* what it was at when it failed */
        {0, 1, 0, 0, 0, 0, 0, 9, 0, "http://h/", "queue 0-1, look-up 1-9"},
        {0, 1, 0, 0, 0, 0, 0, 9, 0, "http://127.0.0.1/", "queue 0-1, connect 1-9"},
        {0, 1, 0, 0, 0, 0, 0, 9, 0, "http://[::1]/", "queue 0-1, connect 1-9"},
        {0, 1, 0, 0, 0, 0, 0, 9, 0, "http://1.2.3.4.example/", "queue 0-1, look-up 1-9"},
        {0, 1, 2, 0, 0, 0, 0, 9, 0, "http://h/", "queue 0-1, look-up 1-2, connect 2-9"},
        {0, 1, 2, 3, 0, 0, 0, 9, 0, "https://h/", "queue 0-1, look-up 1-2, connect 2-3, TLS 3-9"},
        {0, 1, 2, 3, 4, 0, 0, 9, 1, "https://h/", "queue 0-1, look-up 1-2, connect 2-3, TLS 3-4, send 4-9"},
        {0, 1, 2, 3, 4, 5, 0, 9, 1, "https://h/", "queue 0-1, look-up 1-2, connect 2-3, TLS 3-4, send 4-5, wait 5-9"},
        {0, 0, 0, 0, 0, 0, 0, 0, 0, "http://h/", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct afetch_hop hop = {.url = cases[i].url,
                                 .begun_ns = cases[i].begun,
                                 .resolved_ns = cases[i].resolved,
                                 .connected_ns = cases[i].connected,
                                 .secured_ns = cases[i].secured,
                                 .sent_ns = cases[i].sent,
                                 .first_byte_ns = cases[i].first,
                                 .done_ns = cases[i].done,
                                 .conn_id = cases[i].conn};
        assert_string_equal(told(&hop, cases[i].free_ns), cases[i].told);
    }
}

static const char *or_none(const char *s)
{
    return s ? s : "-";
}

static void urls(void **state)
{
    (void)state;
    static const struct {
        const char *url, *parts; /* scheme host port path query fragment zone */
    } cases[] = {
        {"http://h", "http h 80 / - - -"},
        {"HTTPS://me:pw@H.x:8443/a/b?c=d&e#f?g", "https H.x 8443 /a/b c=d&e f?g -"},
        {"h/x", "http h 80 /x - - -"},
        {"h?q", "http h 80 / q - -"},
        {"h#f", "http h 80 / - f -"},
        {"h?", "http h 80 /  - -"},
        {"h:81/http://x", "http h 81 /http://x - - -"},
        {"http://[::1]:5/x", "http [::1] 5 /x - - -"},
        {"http://[fe80::1%25eth0]:5/", "http [fe80::1] 5 / - - eth0"},
        {"http://[fe80::1%eth0]/", "http [fe80::1] 80 / - - eth0"},
        {"http://a@b@h/", "http h 80 / - - -"},
        {"http://h:/", "http h 80 / - - -"},
        {"http://[", "http [ 80 / - - -"},
        {"http://[%", "http [% 80 / - - -"},
        {"", "http  80 / - - -"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char got[200];
        struct urlparts p;
        urlparts_init(&p, cases[i].url, "http");
        snprintf(got, sizeof got, "%s %s %s %s %s %s %s", or_none(p.scheme), or_none(p.host), or_none(p.port),
                 or_none(p.path), or_none(p.query), or_none(p.fragment), or_none(p.zoneid));
        urlparts_deinit(&p);
        assert_string_equal(got, cases[i].parts);
    }
}

static void times_of_day(void **state)
{
    (void)state;
    char out[WALLTIME_SIZE];
    assert_string_equal(walltime_text(0, out), "1970-01-01T00:00:00.000Z");
    assert_string_equal(walltime_text(1795592259723777000, out), "2026-11-25T07:37:39.723Z");
}

static struct waterfall_row row(const char *label, uint64_t n, uint64_t start_ms, uint64_t wait_ms, uint64_t receive_ms)
{
    struct waterfall_row r = {.n = n, .start_ns = start_ms * 1000000, .took_ns = (wait_ms + receive_ms) * 1000000};
    snprintf(r.label, sizeof r.label, "%s", label);
    r.status = 200;
    r.span_count = 2;
    r.spans[0] = (struct phase_span){PHASE_WAIT, 0, wait_ms * 1000000};
    r.spans[1] = (struct phase_span){PHASE_RECEIVE, wait_ms * 1000000, r.took_ns};
    return r;
}

static void a_picture(void **state)
{
    (void)state;
    static struct waterfall w;
    const struct waterfall *list[] = {&w};
    const char *const names[] = {NULL};
    struct text out = {0};
    w = (struct waterfall){.begin_ns = 100000000, .end_ns = 500000000, .count = 3};
    w.rows[0] = row("second", 2, 200, 100, 0);
    w.rows[1] = row("first/of/a/long/name", 1, 100, 200, 200);
    w.rows[2] = row("h\xc3\xa4", 3, 300, 1, 0);
    w.rows[0].code = 7;
    w.rows[0].status = 0;
    w.rows[0].span_count = 1;
    waterfall_draw(&out, list, names, 1, (struct waterfall_style){.width = 51});
    assert_string_equal(out.data, "1 first~a/long/name --------#######   0.400 s 200\n"
                                  "2 second               -----          0.100 s e7\n"
                                  "3 h?                       #          0.001 s 200\n"
                                  "                    |0 s\n"
                                  ".. queue  ?? look-up  ++ connect  == TLS  -- wait  ## receive\n");
    text_deinit(&out);
}

/* However it is cut, a line is no wider than it may be, and no glyph of a transfer lies outside of its time. */
static void any_width(void **state)
{
    (void)state;
    static struct waterfall w;
    const struct waterfall *list[] = {&w, &w};
    const char *const names[] = {"one", "two"};
    w = (struct waterfall){
        .begin_ns = 1, .end_ns = 1000000001, .count = 2, .others = 3, .others_ns = 9, .others_max_ns = 4};
    w.rows[0] = row("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 1, 0, 0, 1000);
    w.rows[1] = row("\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4",
                    12345, 1, 300, 9);
    w.rows[0].start_ns = w.rows[1].start_ns = 1;
    for (size_t width = 40; width < 140; width++) {
        for (int utf8 = 0; utf8 < 2; utf8++) {
            struct text out = {0};
            waterfall_draw(&out, list, names, 2, (struct waterfall_style){.width = width, .utf8 = utf8});
            assert_false(out.failed);
            for (char *line = out.data, *end; (end = strchr(line, '\n')); line = end + 1) {
                *end = '\0';
                if (strstr(line, " s 200"))
                    assert_true(characters(line) <= width);
            }
            text_deinit(&out);
        }
    }
    w.count = 0; /* nothing at all is no picture */
    struct text out = {0};
    waterfall_draw(&out, list, names, 2, (struct waterfall_style){.width = 80});
    assert_int_equal(out.len, 0);
    text_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hops),      cmocka_unit_test(urls),      cmocka_unit_test(times_of_day),
        cmocka_unit_test(a_picture), cmocka_unit_test(any_width),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
