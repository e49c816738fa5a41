/* --report FILE: a page that shows a run, in one file without any other: page.html, with the transfers as JSON in place of
 * its mark. */
#include "bytes.h"
#include "json.h"
#include "phases.h"
#include "reports.h"
#include "walltime.h"

#include <stdlib.h>
#include <string.h>

#define MARK "@DATA@"

/* page.html with a NUL behind it, made by CMakeLists.txt. */
extern const unsigned char page_html[];

struct page {
    struct sink sink; /* first */
    const char *mode;
    uint64_t zero_ns; /* CLOCK_MONOTONIC, when the run began */
    int64_t wall_ns;
    struct bytes transfers; /* JSON, separated by commas */
    uint64_t end_ns;        /* of the last transfer */
    bool failed;
};

static double ms(uint64_t ns)
{
    uint64_t us = ns / 1000;
    return (double)us / 1e3;
}

/* ---- a transfer ----------------------------------------------------------------------------------------------------------- */

static void add_phases(struct json *j, struct yyjson_mut_val *list, const struct record *rec)
{
    uint64_t free_ns = 0;
    for (const struct record_hop *hop = rec->hops; hop; hop = hop->next) {
        struct phase_span spans[HOP_SPANS];
        size_t count = phases_of_hop(&hop->told, free_ns, spans);
        for (size_t i = 0; i < count; i++) {
            struct yyjson_mut_val *span = json_array(j);
            json_add_number(j, span, NULL, spans[i].phase);
            json_add_real(j, span, NULL, ms(spans[i].begin_ns));
            json_add_real(j, span, NULL, ms(spans[i].end_ns));
            json_add(j, list, NULL, span);
        }
        free_ns = hop->told.done_ns;
    }
}

static void add_connections(struct json *j, struct yyjson_mut_val *list, const struct record *rec)
{
    for (const struct record_hop *hop = rec->hops; hop; hop = hop->next)
        if (hop->told.conn_id)
            json_add_number(j, list, NULL, (int64_t)hop->told.conn_id);
}

static void add_label(struct json *j, struct yyjson_mut_val *to, const struct record *rec)
{
    struct text label = {0};
    if (rec->url)
        text_adds(&label, rec->url);
    else
        text_addf(&label, "line %llu", (unsigned long long)rec->place.line);
    json_add_text(j, to, "url", label.failed ? "" : label.data);
    text_deinit(&label);
}

static char *make_transfer(struct page *p, struct json *j, const struct record *rec)
{
    const struct afetch_result *result = rec->result;
    uint64_t start_ns = result && result->start_ns > p->zero_ns ? result->start_ns - p->zero_ns : 0;
    struct yyjson_mut_val *transfer = json_object(j), *phases = json_array(j), *connections = json_array(j);
    json_add_number(j, transfer, "n", (int64_t)rec->n);
    add_label(j, transfer, rec);
    json_add_number(j, transfer, "code", rec->code);
    json_add_text(j, transfer, "error", rec->code ? rec->error : NULL);
    json_add_number(j, transfer, "status", result ? result->status : 0);
    json_add_number(j, transfer, "bytes", (int64_t)rec->bytes);
    json_add_number(j, transfer, "redirects", result ? result->redirects : 0);
    json_add_number(j, transfer, "retries", result ? result->retries : 0);
    json_add_real(j, transfer, "start", ms(start_ns));
    if (result)
        json_add_real(j, transfer, "took", ms(result->done_ns));
    else
        json_add_null(j, transfer, "took");
    add_phases(j, phases, rec);
    json_add(j, transfer, "phases", phases);
    add_connections(j, connections, rec);
    json_add(j, transfer, "connections", connections);
    if (result && start_ns + result->done_ns > p->end_ns)
        p->end_ns = start_ns + result->done_ns;
    return json_write(j, transfer, NULL);
}

/* JSON within HTML: "<" could end the script that it stands in. */
static bool add_escaped(struct bytes *out, const char *text)
{
    while (*text) {
        size_t len = strcspn(text, "<");
        if (!bytes_add(out, text, len) || (text[len] && !bytes_add(out, "\\u003c", 6)))
            return false;
        text += len + (text[len] != '\0');
    }
    return true;
}

static void tell(struct sink *s, const struct record *rec)
{
    struct page *p = (struct page *)s;
    struct json *j = json_new();
    char *text = j ? make_transfer(p, j, rec) : NULL;
    json_free(j);
    bool ok = text && (p->transfers.len == 0 || bytes_add(&p->transfers, ",\n", 2)) && add_escaped(&p->transfers, text);
    p->failed = p->failed || !ok;
    free(text);
}

/* ---- the page ----------------------------------------------------------------------------------------------------------------- */

static void write_bytes(struct sink *s, const char *data, size_t len)
{
    report_file_write(&s->file, s->report, data, len);
}

/* What is said of the run as a whole; the transfers follow. */
static void write_run(struct page *p)
{
    char started[WALLTIME_SIZE];
    struct text text = {0};
    text_addf(&text, "{\"version\":\"%s\",\"mode\":\"%s\",\"started\":\"%s\",\"elapsed_ms\":%.3f,\"transfers\":[\n",
              afetch_version(), p->mode, walltime_text((int64_t)p->zero_ns + p->wall_ns, started), ms(p->end_ns));
    if (!text.failed)
        write_bytes(&p->sink, text.data, text.len);
    text_deinit(&text);
}

static void end(struct sink *s)
{
    struct page *p = (struct page *)s;
    const char *html = (const char *)page_html;
    const char *mark = strstr(html, MARK);
    write_bytes(s, html, (size_t)(mark - html));
    write_run(p);
    if (p->transfers.len)
        write_bytes(s, p->transfers.data, p->transfers.len);
    write_bytes(s, "]}", 2);
    write_bytes(s, mark + sizeof MARK - 1, strlen(mark + sizeof MARK - 1));
    if (p->failed)
        report_run_failure(s->report, AFETCH_MEMORY, "--report: out of memory, some transfers are missing");
}

static void page_free(struct sink *s)
{
    bytes_deinit(&((struct page *)s)->transfers);
    free(s);
}

struct sink *page_new(const struct options *o, uint64_t zero_ns, int64_t wall_ns)
{
    static const char *const modes[] = {[AFETCH_ASYNC] = "all at once on one thread",
                                        [AFETCH_SYNC] = "one after another",
                                        [AFETCH_THREADS] = "by threads"};
    struct page *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->sink = (struct sink){.want = RECORD_HOPS, .tell = tell, .end = end, .free = page_free};
    p->mode = modes[o->mode];
    p->zero_ns = zero_ns;
    p->wall_ns = wall_ns;
    return &p->sink;
}
