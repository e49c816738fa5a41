/* --perfetto FILE: trace events (the format that chrome://tracing and Perfetto read), each transfer a slice with its
 * phases in it. Slices on one track may nest and not overlap: so there is a track for each transfer at once. */
#include "json.h"
#include "phases.h"
#include "reports.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLES = 2000 }; /* of the counter at most */

struct perfetto {
    struct sink sink;      /* first */
    uint64_t zero_ns;      /* CLOCK_MONOTONIC, when the run began */
    uint64_t *lane_end_ns; /* of the last slice on each track */
    size_t lane_count, lane_size;
    uint64_t *begin_ns, *end_ns; /* of each transfer, for the counter */
    size_t count, size;
    bool begun, failed;
};

/* ---- events -------------------------------------------------------------------------------------------------------------- */

static void write_text(struct perfetto *p, const char *text)
{
    report_file_write(&p->sink.file, p->sink.report, text, strlen(text));
}

static void write_event(struct perfetto *p, struct json *j, struct yyjson_mut_val *event)
{
    char *text = json_write(j, event, NULL);
    p->failed = p->failed || !text;
    if (!text)
        return;
    write_text(p, p->begun ? ",\n" : "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n");
    p->begun = true;
    write_text(p, text);
    free(text);
}

/* Whole microseconds: readers add the two up as floating point numbers, and a slice must not end after the next begins. */
static int64_t us(uint64_t ns)
{
    return (int64_t)(ns / 1000);
}

static struct yyjson_mut_val *make_event(struct json *j, const char *kind, const char *name, uint64_t at_ns,
                                         size_t track)
{
    struct yyjson_mut_val *event = json_object(j);
    json_add_text(j, event, "ph", kind);
    json_add_text(j, event, "cat", "fetch");
    json_add_text(j, event, "name", name);
    json_add_number(j, event, "ts", us(at_ns));
    json_add_number(j, event, "pid", 1);
    json_add_number(j, event, "tid", (int64_t)track);
    return event;
}

/* process_name, thread_name */
static void write_name(struct perfetto *p, const char *what, size_t track, const char *name)
{
    struct json *j = json_new();
    if (!j)
        return;
    struct yyjson_mut_val *event = make_event(j, "M", what, 0, track), *args = json_object(j);
    json_add_text(j, args, "name", name);
    json_add(j, event, "args", args);
    write_event(p, j, event);
    json_free(j);
}

static void write_slice(struct perfetto *p, const char *name, uint64_t begin_ns, uint64_t end_ns, size_t track,
                        void (*add_args)(struct json *j, struct yyjson_mut_val *args, const void *of), const void *of)
{
    struct json *j = json_new();
    if (!j) {
        p->failed = true;
        return;
    }
    struct yyjson_mut_val *event = make_event(j, "X", name, begin_ns, track), *args = json_object(j);
    json_add_number(j, event, "dur", us(end_ns) - us(begin_ns));
    if (add_args)
        add_args(j, args, of);
    json_add(j, event, "args", args);
    write_event(p, j, event);
    json_free(j);
}

/* ---- transfers ------------------------------------------------------------------------------------------------------------ */

static void add_transfer_args(struct json *j, struct yyjson_mut_val *args, const void *of)
{
    const struct record *rec = of;
    json_add_number(j, args, "n", (int64_t)rec->n);
    json_add_text(j, args, "url", rec->url);
    json_add_number(j, args, "status", rec->result->status);
    json_add_number(j, args, "bytes", (int64_t)rec->bytes);
    json_add_number(j, args, "exitcode", rec->code);
    json_add_real(j, args, "queued_ms", (double)us(rec->hops->told.begun_ns) / 1e3);
    if (rec->code)
        json_add_text(j, args, "error", rec->error);
}

static void add_hop_args(struct json *j, struct yyjson_mut_val *args, const void *of)
{
    const struct afetch_hop *hop = of;
    json_add_text(j, args, "url", hop->url);
    json_add_number(j, args, "status", hop->status);
    json_add_number(j, args, "connection", (int64_t)hop->conn_id);
    if (hop->code)
        json_add_text(j, args, "error", hop->error);
}

/* The track that was left last before begin_ns, so that few are used; or a new one. Tracks count from 1; 0: no memory. */
static size_t take_lane(struct perfetto *p, uint64_t begin_ns, uint64_t end_ns)
{
    size_t best = p->lane_count;
    for (size_t i = 0; i < p->lane_count; i++)
        if (p->lane_end_ns[i] <= begin_ns && (best == p->lane_count || p->lane_end_ns[i] > p->lane_end_ns[best]))
            best = i;
    if (best == p->lane_size) {
        size_t size = p->lane_size ? p->lane_size * 2 : 64;
        uint64_t *ends = realloc(p->lane_end_ns, size * sizeof *ends);
        if (!ends)
            return 0;
        p->lane_end_ns = ends;
        p->lane_size = size;
    }
    if (best == p->lane_count) {
        char name[40];
        p->lane_count++;
        snprintf(name, sizeof name, "transfers %zu", p->lane_count);
        write_name(p, "thread_name", p->lane_count, name);
    }
    p->lane_end_ns[best] = end_ns;
    return best + 1;
}

static bool note_interval(struct perfetto *p, uint64_t begin_ns, uint64_t end_ns)
{
    if (p->count == p->size) {
        size_t size = p->size ? p->size * 2 : 256;
        uint64_t *begins = realloc(p->begin_ns, size * sizeof *begins);
        if (begins)
            p->begin_ns = begins;
        uint64_t *ends = realloc(p->end_ns, size * sizeof *ends);
        if (ends)
            p->end_ns = ends;
        if (!begins || !ends)
            return false;
        p->size = size;
    }
    p->begin_ns[p->count] = begin_ns;
    p->end_ns[p->count++] = end_ns;
    return true;
}

static void write_hop(struct perfetto *p, const struct record_hop *hop, uint64_t start_ns, uint64_t free_ns,
                      size_t track)
{
    struct phase_span spans[HOP_SPANS];
    size_t count = phases_of_hop(&hop->told, free_ns, spans);
    for (size_t i = 0; i < count; i++)
        if (us(start_ns + spans[i].end_ns) > us(start_ns + spans[i].begin_ns))
            write_slice(p, phase_names[spans[i].phase], start_ns + spans[i].begin_ns, start_ns + spans[i].end_ns, track,
                        spans[i].phase == PHASE_QUEUE ? NULL : add_hop_args, &hop->told);
}

static void tell(struct sink *s, const struct record *rec)
{
    struct perfetto *p = (struct perfetto *)s;
    if (!rec->result || !rec->hops)
        return;
    const struct record_hop *last = record_last_hop(rec);
    uint64_t start_ns = rec->result->start_ns > p->zero_ns ? rec->result->start_ns - p->zero_ns : 0;
    uint64_t begin_ns = start_ns + rec->hops->told.begun_ns, end_ns = start_ns + last->told.done_ns;
    if (!p->begun)
        write_name(p, "process_name", 0, "afetch");
    size_t track = take_lane(p, begin_ns, end_ns);
    if (!track || !note_interval(p, begin_ns, end_ns)) {
        p->failed = true;
        return;
    }
    struct text name = {0};
    text_addf(&name, "%s %s", rec->hops->told.method, rec->url);
    write_slice(p, name.failed ? "transfer" : name.data, begin_ns, end_ns, track, add_transfer_args, rec);
    text_deinit(&name);
    uint64_t free_ns = rec->hops->told.begun_ns;
    for (const struct record_hop *hop = rec->hops; hop; hop = hop->next) {
        write_hop(p, hop, start_ns, free_ns, track);
        free_ns = hop->told.done_ns;
    }
}

/* ---- the counter ------------------------------------------------------------------------------------------------------------ */

static int by_time(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void write_count(struct perfetto *p, uint64_t at_ns, size_t n)
{
    struct json *j = json_new();
    if (!j)
        return;
    struct yyjson_mut_val *event = make_event(j, "C", "transfers at once", at_ns, 0), *args = json_object(j);
    json_add_number(j, args, "transfers", (int64_t)n);
    json_add(j, event, "args", args);
    write_event(p, j, event);
    json_free(j);
}

/* Where there are many, not each change. */
static void write_counts(struct perfetto *p)
{
    if (!p->count)
        return;
    qsort(p->begin_ns, p->count, sizeof *p->begin_ns, by_time);
    qsort(p->end_ns, p->count, sizeof *p->end_ns, by_time);
    size_t begun = 0, ended = 0;
    uint64_t step_ns = p->count * 2 > SAMPLES ? p->end_ns[p->count - 1] / SAMPLES : 0, next_ns = 0;
    while (ended < p->count) {
        bool end = begun == p->count || (ended < begun && p->end_ns[ended] <= p->begin_ns[begun]);
        uint64_t at_ns = end ? p->end_ns[ended++] : p->begin_ns[begun++];
        if (at_ns < next_ns && ended < p->count)
            continue;
        write_count(p, at_ns, begun - ended);
        next_ns = at_ns + step_ns;
    }
}

/* ---- the sink ----------------------------------------------------------------------------------------------------------------- */

static void end(struct sink *s)
{
    struct perfetto *p = (struct perfetto *)s;
    if (!p->begun)
        write_name(p, "process_name", 0, "afetch");
    write_counts(p);
    write_text(p, "\n]}\n");
    if (p->failed)
        report_run_failure(s->report, AFETCH_MEMORY, "--perfetto: out of memory, some events are missing");
}

static void perfetto_free(struct sink *s)
{
    struct perfetto *p = (struct perfetto *)s;
    free(p->lane_end_ns);
    free(p->begin_ns);
    free(p->end_ns);
    free(p);
}

struct sink *perfetto_new(uint64_t zero_ns)
{
    struct perfetto *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->sink = (struct sink){.want = RECORD_HOPS, .tell = tell, .end = end, .free = perfetto_free};
    p->zero_ns = zero_ns;
    return &p->sink;
}
