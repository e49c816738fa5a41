/* --jsonl: a JSON object a line for each input (NDJSON). */
#include "figures.h"
#include "json.h"
#include "reports.h"
#include "walltime.h"

#include <stdlib.h>

struct jsonl {
    struct sink sink; /* first */
    const char *default_scheme;
};

/* What curl has no name for. */
static void add_ours(struct json *j, struct yyjson_mut_val *line, const struct record *rec)
{
    const struct record_hop *last = record_last_hop(rec);
    char started[WALLTIME_SIZE];
    json_add_number(j, line, "n", (int64_t)rec->n);
    if (rec->id)
        json_add_raw(j, line, "id", rec->id);
    else
        json_add_null(j, line, "id");
    json_add_bool(j, line, "skipped", rec->skipped);
    json_add_text(j, line, "started",
                  rec->result ? walltime_text((int64_t)rec->result->start_ns + rec->wall_ns, started) : NULL);
    json_add_text(j, line, "tls", last && *last->told.tls_version ? last->told.tls_version : NULL);
    if (rec->sha256)
        json_add_text(j, line, "sha256", rec->sha256);
    if (rec->place.line)
        json_add_number(j, line, "line", (int64_t)rec->place.line);
    if (rec->place.list)
        json_add_text(j, line, "list", rec->place.list);
}

static void write_line(struct jsonl *l, const struct record *rec, struct json *j)
{
    struct figures figures;
    struct yyjson_mut_val *line = json_object(j);
    figures_init(&figures, rec, l->default_scheme);
    add_ours(j, line, rec);
    figures_add(j, line, &figures, true);
    figures_deinit(&figures);

    size_t len;
    char *text = json_write(j, line, &len);
    if (!text) {
        report_run_failure(l->sink.report, AFETCH_MEMORY, "--jsonl: out of memory");
        return;
    }
    text[len] = '\n'; /* in place of the NUL */
    report_file_write(&l->sink.file, l->sink.report, text, len + 1);
    free(text);
}

static void tell(struct sink *s, const struct record *rec)
{
    struct json *j = json_new();
    if (j)
        write_line((struct jsonl *)s, rec, j);
    else
        report_run_failure(s->report, AFETCH_MEMORY, "--jsonl: out of memory");
    json_free(j);
}

static void jsonl_free(struct sink *s)
{
    free(s);
}

struct sink *jsonl_new(const struct options *o)
{
    struct jsonl *l = calloc(1, sizeof *l);
    if (!l)
        return NULL;
    l->sink = (struct sink){.want = RECORD_HOPS, .skipped_too = true, .tell = tell, .free = jsonl_free};
    l->default_scheme = o->proto_default;
    return &l->sink;
}
