#include "heads.h"

#include <string.h>

bool heads_open(struct heads *h, const struct options *o, struct report *report)
{
    *h = (struct heads){.report = report,
                        .file.fd = -1,
                        .include = o->include || o->head,
                        .dump_stdout = o->dump_header && strcmp(o->dump_header, "-") == 0,
                        .without_connect = o->suppress_connect_headers};
    if (!o->dump_header || h->dump_stdout)
        return true;
    return report_file_open(&h->file, report, "dump-header", o->dump_header);
}

void heads_begin(struct heads *h, void (*wake)(void *arg), void *arg)
{
    report_file_begin(&h->file, wake, arg);
}

bool heads_full(const struct heads *h)
{
    return report_file_full(&h->file);
}

void heads_end(struct heads *h)
{
    if (h->report)
        report_file_end(&h->file, h->report);
}

bool heads_any(const struct heads *h)
{
    return h->include || h->dump_stdout || h->file.path;
}

bool heads_take(const struct heads *h, struct heads_kept *kept, const struct afetch_raw_head *head)
{
    if (h->without_connect && head->kind == AFETCH_HEAD_CONNECT)
        return false;
    if (h->file.path)
        text_add(&kept->dumped, head->text, head->len);
    return true;
}

void heads_finish(struct heads *h, struct heads_kept *kept)
{
    if (kept->dumped.failed || kept->late.failed)
        report_run_failure(h->report, AFETCH_MEMORY, "out of memory for heads");
    if (kept->dumped.len)
        report_file_write(&h->file, h->report, kept->dumped.data, kept->dumped.len);
    text_deinit(&kept->dumped);
    text_deinit(&kept->late);
}
