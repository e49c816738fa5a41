#include "reports.h"

#include <time.h>

static int64_t clock_ns(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void add(struct reports *rs, struct report *report, const char *option, const char *path, struct sink *s)
{
    if (!s) {
        report_run_failure(report, AFETCH_MEMORY, "out of memory");
        rs->failed = true;
        return;
    }
    s->report = report;
    rs->sink[rs->count++] = s;
    rs->want |= s->want;
    rs->failed = !report_file_open(&s->file, report, option, path) || rs->failed;
}

bool reports_open(struct reports *rs, const struct options *o, struct report *report)
{
    *rs = (struct reports){.wall_ns = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_MONOTONIC)};
    if (o->jsonl)
        add(rs, report, "jsonl", *o->jsonl ? o->jsonl : NULL, jsonl_new(o));
    if (o->waterfall)
        add(rs, report, "waterfall", NULL, waterfall_new());
    uint64_t zero_ns = (uint64_t)clock_ns(CLOCK_MONOTONIC);
    if (o->har)
        add(rs, report, "har", o->har, har_new());
    if (o->perfetto)
        add(rs, report, "perfetto", o->perfetto, perfetto_new(zero_ns));
    if (o->report)
        add(rs, report, "report", o->report, page_new(o, zero_ns, rs->wall_ns));
    if (o->write_out) {
        add(rs, report, "write-out", NULL, writeout_new(o));
        writeout_check(o, report);
    }
    if (o->failed) {
        bool opened;
        add(rs, report, "failed", NULL, failed_new(o->failed, report, &opened));
        rs->failed = rs->failed || !opened;
    }
    return !rs->failed;
}

void reports_begin(struct reports *rs, void (*wake)(void *arg), void *arg)
{
    for (size_t i = 0; i < rs->count; i++) {
        report_file_begin(&rs->sink[i]->file, wake, arg);
        if (rs->sink[i]->begin)
            rs->sink[i]->begin(rs->sink[i], wake, arg);
    }
}

void reports_tell(struct reports *rs, struct record *rec)
{
    rec->wall_ns = rs->wall_ns;
    for (size_t i = 0; i < rs->count; i++)
        if (!rec->skipped || rs->sink[i]->skipped_too)
            rs->sink[i]->tell(rs->sink[i], rec);
}

bool reports_full(const struct reports *rs)
{
    bool full = false;
    for (size_t i = 0; i < rs->count; i++)
        full = report_file_full(&rs->sink[i]->file) || (rs->sink[i]->full && rs->sink[i]->full(rs->sink[i])) || full;
    return full;
}

void reports_end(struct reports *rs)
{
    for (size_t i = 0; i < rs->count; i++) {
        struct sink *s = rs->sink[i];
        s->file.ending = true;
        if (s->end)
            s->end(s);
    }
    for (size_t i = 0; i < rs->count; i++)
        report_file_end(&rs->sink[i]->file, rs->sink[i]->report);
}

void reports_close(struct reports *rs)
{
    for (size_t i = 0; i < rs->count; i++) {
        report_file_end(&rs->sink[i]->file, rs->sink[i]->report);
        rs->sink[i]->free(rs->sink[i]);
    }
    rs->count = 0;
}
