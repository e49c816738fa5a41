#include "report.h"
#include "reports.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { WHY_CUT = 1000 };

void report_init(struct report *r, bool silent, bool show_error)
{
    struct output out = r->out;
    *r = (struct report){.out = out, .quiet = silent, .errors = !silent || show_error, .lines = true};
}

void report_deinit(struct report *r)
{
    text_deinit(&r->line);
}

/* Standard error's line is complete. */
static void send_error(struct report *r)
{
    text_adds(&r->line, "\n");
    if (!r->line.failed)
        output_error(&r->out, r->line.data, r->line.len);
}

static struct text *begin(struct report *r, const char *start)
{
    text_clear(&r->line);
    text_adds(&r->line, start);
    return &r->line;
}

/* "afetch: ", with the mode that failed where there are several. */
static struct text *begin_error(struct report *r)
{
    struct text *t = begin(r, "afetch: ");
    if (r->mode)
        text_addf(t, "%s: ", r->mode);
    return t;
}

/* ---- inputs ----------------------------------------------------------------------------------------------------- */

void report_output_failed(struct report *r)
{
    if (r->out.broken || r->output_told)
        return;
    r->output_told = true;
    if (r->out.error == EBADF)
        report_run_failure(r, AFETCH_WRITE, "standard output is closed");
    else if (r->out.error == ETIMEDOUT)
        report_run_failure(r, AFETCH_WRITE, "standard output is not read; its last lines are lost");
    else
        report_run_failure(r, AFETCH_WRITE, "cannot write to standard output: %s", strerror(r->out.error));
}

bool report_check(struct report *r)
{
    if (output_check(&r->out))
        return true;
    report_output_failed(r);
    /* Who closed it from the start wants no lines, but may want the files. */
    return r->out.closed;
}

static void tell_success(struct report *r, const struct record *rec)
{
    r->bytes += rec->bytes;
    if (r->mode || !r->lines)
        return;
    struct text *t = begin(r, "");
    text_addf(t, "%llu bytes received from ", (unsigned long long)rec->bytes);
    text_add_shown(t, rec->url, strlen(rec->url), SIZE_MAX);
    text_adds(t, "\n");
    if (t->failed)
        report_run_failure(r, AFETCH_MEMORY, "out of memory");
    else
        output_write(&r->out, t->data, t->len);
}

static void count_code(struct report *r, int code)
{
    r->several = r->several || (r->code && r->code != code);
    r->code = r->code ? r->code : code;
}

/* So many have failed that the run is to end. */
static bool has_enough(const struct report *r)
{
    return r->max_fails && r->failed >= r->max_fails;
}

static void tell_failure(struct report *r, const struct record *rec)
{
    const char *url = rec->url;
    struct report_place place = rec->place;
    if (!has_enough(r)) /* what is cancelled for that has no say in the exit status */
        count_code(r, rec->code);
    r->failed++;
    if (!r->errors || r->out.broken)
        return;
    struct text *t = begin_error(r);
    bool bad_line = place.line && (!url || rec->code == AFETCH_URL || rec->code == AFETCH_SCHEME);
    if (bad_line) {
        text_addf(t, "line %llu", (unsigned long long)place.line);
        if (place.list) {
            text_adds(t, " of ");
            text_add_shown(t, place.list, strlen(place.list), TEXT_CUT);
        }
        text_adds(t, ": ");
    }
    if (url) {
        text_add_shown(t, url, strlen(url), bad_line ? (size_t)TEXT_CUT : SIZE_MAX);
        text_adds(t, ": ");
    }
    text_add_shown(t, rec->error, strlen(rec->error), WHY_CUT);
    send_error(r);
}

bool report_end(struct report *r, struct record *rec)
{
    r->inputs++;
    if (rec->code)
        tell_failure(r, rec);
    else if (!rec->skipped)
        tell_success(r, rec);
    r->skipped += rec->skipped;
    if (r->reports)
        reports_tell(r->reports, rec);
    return report_check(r) && !has_enough(r);
}

bool report_plan(struct report *r, struct record *rec)
{
    if (rec->code)
        return report_end(r, rec);
    r->inputs++;
    struct text *t = begin(r, "");
    text_addf(t, "%llu ", (unsigned long long)rec->n);
    text_add_shown(t, rec->url, strlen(rec->url), SIZE_MAX);
    if (rec->path) {
        text_adds(t, " -> ");
        text_add_shown(t, rec->path, strlen(rec->path), SIZE_MAX);
    }
    text_adds(t, "\n");
    if (t->failed)
        report_run_failure(r, AFETCH_MEMORY, "out of memory");
    else
        output_write(&r->out, t->data, t->len);
    return report_check(r);
}

/* ---- the run ---------------------------------------------------------------------------------------------------- */

static void add_formatted(struct text *t, const char *fmt, va_list args)
{
    char buf[1024];
    vsnprintf(buf, sizeof buf, fmt, args);
    text_add_shown(t, buf, strlen(buf), sizeof buf);
}

void report_note(struct report *r, const char *fmt, ...)
{
    if (r->quiet)
        return;
    va_list args;
    va_start(args, fmt);
    add_formatted(begin(r, ""), fmt, args);
    va_end(args);
    send_error(r);
}

void report_warning(struct report *r, const char *fmt, ...)
{
    if (r->quiet)
        return;
    struct text *t = begin_error(r);
    text_adds(t, "warning: ");
    va_list args;
    va_start(args, fmt);
    add_formatted(t, fmt, args);
    va_end(args);
    send_error(r);
}

void report_input_left(struct report *r, int code, const char *why)
{
    count_code(r, code);
    report_warning(r, "%s", why);
}

void report_run_failure(struct report *r, int code, const char *fmt, ...)
{
    r->run_code = r->run_code ? r->run_code : code;
    if (!r->errors)
        return;
    va_list args;
    va_start(args, fmt);
    add_formatted(begin_error(r), fmt, args);
    va_end(args);
    send_error(r);
}

void report_answer(struct report *r, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    add_formatted(begin(r, "afetch: "), fmt, args);
    va_end(args);
    send_error(r);
}

/* ---- the end ---------------------------------------------------------------------------------------------------- */

void report_total(struct report *r, uint64_t elapsed_ns, uint64_t waited_ns)
{
    if (r->quiet || r->mode || r->out.broken)
        return;
    struct text *t = begin(r, "");
    text_addf(t, "total: %llu bytes from %llu URLs in %.3f s", (unsigned long long)r->bytes,
              (unsigned long long)r->inputs, (double)elapsed_ns / 1e9);
    if (r->failed)
        text_addf(t, ", %llu failed", (unsigned long long)r->failed);
    if (r->skipped)
        text_addf(t, ", %llu skipped", (unsigned long long)r->skipped);
    if (waited_ns >= 50000000)
        text_addf(t, ", waited for a place %.1f s at most", (double)waited_ns / 1e9);
    send_error(r);
}

int report_exit_status(const struct report *r)
{
    if (r->out.broken)
        return EXIT_PIPE;
    if (r->run_code)
        return r->run_code;
    return r->several ? EXIT_SEVERAL : r->code;
}

void report_join(struct report *r, const struct report *other)
{
    r->inputs += other->inputs;
    r->failed += other->failed;
    r->skipped += other->skipped;
    r->bytes += other->bytes;
    r->several = r->several || other->several;
    if (other->code)
        count_code(r, other->code);
    r->run_code = r->run_code ? r->run_code : other->run_code;
}
