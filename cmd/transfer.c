#include "transfer_parts.h"
#include "asked.h"
#include "fields.h"
#include "reports.h"
#include "spool.h"
#include "thread.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    AHEAD_MAX = 1024, /* whose names are looked up before they begin: a folder that stalls leaves the others be */
    END_WAIT_MS = 500 /* what a file may take once the run was stopped, if no other is done meanwhile */
};

/* ---- the beginning ------------------------------------------------------------------------------------------------- */

static void make_ready(struct transfer *t)
{
    struct transfers *ts = t->all;
    t->state = READY;
    if (t->filed && ts->one_at_a_time) /* it is found when its turn comes */
        return;
    t->other = NULL;
    *ts->ready_end = t;
    ts->ready_end = &t->other;
}

static void list_filed(struct transfer *t)
{
    struct transfers *ts = t->all;
    t->filed = true;
    t->prev = ts->last;
    if (t->prev)
        t->prev->next = t;
    else
        ts->first = t;
    ts->last = t;
    ts->ahead++;
}

static bool has_file(const struct transfer_start *start)
{
    return start->output || (start->own && start->own->out);
}

struct target transfers_target(const struct transfer_start *start, const char *url)
{
    return (struct target){.folder = start->options->output_dir,
                           .output = start->output,
                           .out = start->own ? start->own->out : NULL,
                           .url = url,
                           .glob = start->glob,
                           .n = start->n};
}

/* t has an -o: its name is looked up. */
static void claim(struct transfer *t, const struct transfer_start *start)
{
    const char *url = afetch_request_url(t->request);
    const struct target target = transfers_target(start, url);
    char why[OUTFILE_WHY] = "";
    bool failed = false;
    t->late = t->options->remote_header_name && target_is_remote(&target);
    if (t->late) {
        list_filed(t);
        make_ready(t);
        return;
    }
    char *path = target_path(&target, why, sizeof why);
    struct resume *resume = path ? resume_new(start->options, url, &failed) : NULL;
    if (path && !failed && transfer_begin_file(t, path, resume)) {
        list_filed(t);
        return;
    }
    if (failed)
        free(path);
    struct afetch_request *request = t->request;
    transfer_finish_unwritten(t, url, *why ? why : "out of memory");
    afetch_request_free(request);
}

/* false: no memory. */
static bool set_body(struct transfer *t, struct afetch_request *request, const struct transfer_start *start)
{
    struct transfers *ts = t->all;
    const struct fields *own = start->own;
    bool given = start->upload || (own && (own->body || own->body_file)); /* to this one alone */
    struct afetch_body *body = !given             ? start->body
                               : own && own->body ? afetch_body_new(own->body, own->body_len)
                                                  : afetch_body_new_fed(start->upload ? start->upload : own->body_file);
    if (body && !ts->infiles)
        ts->infiles = infiles_new();
    bool ok = ts->infiles || (!body && !given);
    if (ok && (body || !given)) {
        t->feed.all = ts->infiles;
        afetch_request_set_body(request, body);
        afetch_request_set_feeder(request, &infile_feeder, &t->feed);
    }
    if (given)
        afetch_body_free(body);
    return ok && (body || !given);
}

/* NULL without memory. */
static struct afetch_request *make_request(struct transfer *t, const struct transfer_start *start, const char *url,
                                           size_t len)
{
    struct afetch_request *request = asked_request(start->options, start->own, start->upload != NULL, url, len);
    if (request && set_body(t, request, start))
        return request;
    afetch_request_free(request);
    return NULL;
}

struct record transfers_record(const struct transfer_start *start)
{
    return (struct record){.place = start->place,
                           .n = start->n,
                           .urlnum = start->urlnum,
                           .id = start->own ? start->own->id : NULL,
                           .text = start->text,
                           .text_len = start->text_len,
                           .error = ""};
}

static bool goes_to_stdout(const struct transfers *ts, const struct transfer_start *start)
{
    if (!has_file(start))
        return ts->heads && ts->heads->include;
    return !(start->own && start->own->out) && strcmp(start->output, "-") == 0;
}

static unsigned wanted(const struct transfers *ts)
{
    return ts->report->reports ? ts->report->reports->want : 0;
}

/* What the input itself says that is needed later. false: no memory. */
static bool take_own(struct transfer *t, const struct fields *own)
{
    const char *expected = own ? own->sha256 : NULL;
    if ((expected || t->options->sha256) && !(t->sum = sum_new(expected)))
        return false;
    return !own || !own->id || (t->id = strdup(own->id)) != NULL;
}

/* Before anything of it was told. */
static void drop_transfer(struct transfer *t)
{
    stdout_body_free(t->body);
    record_log_free(t->log);
    sum_free(t->sum);
    free(t->id);
    free(t);
}

/* NULL without memory. */
static struct transfer *new_transfer(struct transfers *ts, const struct transfer_start *start)
{
    struct transfer *t = malloc(sizeof *t);
    if (!t)
        return NULL;
    *t =
        (struct transfer){.all = ts, .options = start->options, .place = start->place, .n = start->n, .descriptor = -1};
    t->keyed = start->key != NULL;
    if (start->key)
        t->key = *start->key;
    t->to_stdout = goes_to_stdout(ts, start);
    bool dumps = ts->heads && ts->heads->dump_stdout;
    bool lines_up = ts->sink && (ts->all_in_line || t->to_stdout || dumps);
    if ((lines_up && !(t->body = stdout_sink_add(ts->sink, t))) || !take_own(t, start->own)) {
        drop_transfer(t);
        return NULL;
    }
    if (wanted(ts))
        t->log = record_log_new(wanted(ts), start->n, start->urlnum);
    record_log_text(t->log, start->text, start->text_len);
    return t;
}

void transfers_refuse(struct transfers *ts, const struct transfer_start *start, const char *url, int code,
                      const char *why)
{
    struct transfer *t = ts->all_in_line ? new_transfer(ts, start) : NULL;
    if (t) {
        t->url_is_none = !url;
        transfer_finish(t, url, code, why);
        return;
    }
    struct record rec = transfers_record(start);
    rec.url = url;
    rec.code = code;
    rec.error = why;
    if (!report_end(ts->report, &rec))
        ts->owner.end_run(ts->owner.arg);
}

bool transfers_skip(struct transfers *ts, const struct transfer_start *start, const char *url)
{
    struct transfer *t = ts->all_in_line ? new_transfer(ts, start) : NULL;
    if (t)
        transfer_finish_skipped(t, url);
    return t != NULL;
}

void transfers_out_of_memory(struct transfers *ts, const struct transfer_start *start)
{
    transfers_refuse(ts, start, NULL, AFETCH_MEMORY, afetch_code_text(AFETCH_MEMORY));
}

void transfers_begin(struct transfers *ts, const struct transfer_start *start, const char *url, size_t len)
{
    struct transfer *t = new_transfer(ts, start);
    if (t)
        t->request = make_request(t, start, url, len);
    if (!t || !t->request) {
        if (t)
            drop_transfer(t);
        transfers_out_of_memory(ts, start);
        return;
    }
    bool filed = has_file(start) && !t->to_stdout;
    transfer_set_callbacks(t, filed);
    if (filed)
        claim(t, start);
    else
        make_ready(t);
}

/* The one whose turn it is where there is one at a time. */
static struct transfer *whose_turn(const struct transfers *ts)
{
    struct transfer *t = ts->first;
    while (t && (t->state == FINISHING || t->state == DONE || t->state == IN_LINE))
        t = t->next;
    return t && t->state == READY ? t : NULL;
}

struct afetch_request *transfers_ready(struct transfers *ts)
{
    struct transfer *t = ts->ready_first;
    if (t) {
        ts->ready_first = t->other;
        if (!ts->ready_first)
            ts->ready_end = &ts->ready_first;
    } else if (ts->one_at_a_time) {
        t = ts->finishing < ts->parallel ? whose_turn(ts) : NULL;
    }
    if (!t)
        return NULL;
    ts->ahead -= t->filed;
    t->state = RUNNING;
    return t->request;
}

/* ---- news of their files ------------------------------------------------------------------------------------------- */

static void end_claimed(struct transfer *t, const char *why)
{
    struct afetch_request *request = t->request;
    transfer_finish_unwritten(t, afetch_request_url(request), why);
    afetch_request_free(request);
}

static void end_skipped(struct transfer *t)
{
    struct afetch_request *request = t->request;
    transfer_finish_skipped(t, afetch_request_url(request));
    afetch_request_free(request);
}

static void on_claimed(struct transfer *t)
{
    if (!filework_problem(t->file))
        record_log_path(t->log, filework_path(t->file));
    if (t->late) /* it is on its way: what cannot be written fails with its next bytes, or its end */
        return;
    if (filework_skips(t->file)) {
        end_skipped(t);
        return;
    }
    if (filework_problem(t->file)) {
        end_claimed(t, filework_problem(t->file));
        return;
    }
    const struct resume *resume = filework_resume(t->file);
    if (resume && !resume_ask(resume, t->request)) {
        end_claimed(t, "out of memory");
        return;
    }
    int descriptor = filework_descriptor(t->file);
    if (descriptor == STDOUT_FILENO || descriptor == STDERR_FILENO)
        t->descriptor = descriptor;
    make_ready(t);
}

static void go_on(struct transfer *t)
{
    if (!t->paused)
        return;
    t->paused = false;
    afetch_request_resume(t->request);
}

/* ---- standard output's line ---------------------------------------------------------------------------------------- */

void transfers_show_heads(struct transfers *ts, struct heads *heads)
{
    ts->heads = heads;
}

static void on_room(void *owner)
{
    go_on(owner);
}

static void on_turn(void *owner)
{
    struct transfer *t = owner;
    transfer_finish(t, t->url_is_none ? NULL : t->url, t->code, t->why);
}

static void on_waiting(void *arg, size_t count)
{
    struct transfers *ts = arg;
    ts->owner.keep_places(ts->owner.arg, count);
}

static void on_no_file(void *arg, int error)
{
    struct transfers *ts = arg;
    report_warning(ts->report,
                   "bodies that wait for their turn on standard output find no room in %.200s (%s); they pause instead",
                   spool_folder(), strerror(error));
}

static void on_wanted(void *arg)
{
    struct transfers *ts = arg;
    ts->owner.wake(ts->owner.arg);
}

bool transfers_print(struct transfers *ts, bool ordered, bool tells)
{
    const struct stdout_sink_owner owner = {
        .wake = on_wanted, .hold = on_waiting, .warn = on_no_file, .resume = on_room, .finish = on_turn, .arg = ts};
    ts->all_in_line = ordered || tells;
    ts->sink = stdout_sink_new(&ts->report->out, ordered, tells, &owner);
    return ts->sink != NULL;
}

static void on_news(void *owner, unsigned news)
{
    struct transfer *t = owner;
    struct transfers *ts = t->all;
    bool early = news & FILEWORK_CLAIMED && !t->late;
    if (news & FILEWORK_CLAIMED)
        on_claimed(t);
    if (early)
        ;
    else if (news & FILEWORK_FINISHED && filework_skips(t->file))
        transfer_finish_skipped(t, t->url);
    else if (news & FILEWORK_FINISHED && filework_problem(t->file))
        transfer_finish_unwritten(t, t->url, filework_problem(t->file));
    else if (news & FILEWORK_FINISHED)
        transfer_succeed(t);
    else
        go_on(t);
    transfers_finish_done(ts);
}

void transfers_woken(struct transfers *ts)
{
    if (ts->journal)
        journal_collect(ts->journal, transfer_recorded);
    if (ts->files)
        files_collect(ts->files, on_news);
    if (ts->sink)
        stdout_sink_pump(ts->sink);
    while (ts->paused && !output_full(&ts->report->out)) {
        struct transfer *t = ts->paused;
        ts->paused = t->other;
        go_on(t);
    }
}

/* ---- all of them --------------------------------------------------------------------------------------------------- */

void transfers_init(struct transfers *ts, struct report *report, const struct transfers_owner *owner, unsigned parallel,
                    bool one_at_a_time)
{
    *ts = (struct transfers){.report = report, .owner = *owner, .parallel = parallel, .one_at_a_time = one_at_a_time};
    ts->ready_end = &ts->ready_first;
}

bool transfers_room(const struct transfers *ts)
{
    return ts->ahead < AHEAD_MAX && ts->finishing < ts->parallel && ts->recording < JOURNAL_FULL &&
           (!ts->sink || stdout_sink_waiting(ts->sink) < AHEAD_MAX + (size_t)ts->parallel);
}

bool transfers_busy(const struct transfers *ts)
{
    return ts->first || ts->recording || (ts->sink && stdout_sink_any(ts->sink));
}

/* What the lines of transfers_describe go to. */
struct describing {
    void (*line)(void *arg, const char *text);
    void *arg;
};

static void describe_in_line(void *arg, void *owner)
{
    const struct describing *d = arg;
    const struct transfer *t = owner;
    struct text text = {0};
    text_addf(&text, "%llu %.300s waiting for its turn on standard output %.1f s",
              (unsigned long long)transfer_number(t), t->url, (double)(thread_now_ns() - t->in_line_ns) / 1e9);
    if (!text.failed)
        d->line(d->arg, text.data);
    text_deinit(&text);
}

void transfers_describe(struct transfers *ts, void (*line)(void *arg, const char *text), void *arg)
{
    struct text text = {0};
    const char *at, *path;
    uint64_t since_ns;
    for (const struct transfer *t = ts->first; t; t = t->next) {
        if (!t->file || !filework_describe(t->file, &at, &path, &since_ns))
            continue;
        text_clear(&text);
        if (transfer_number(t))
            text_addf(&text, "%llu ", (unsigned long long)transfer_number(t));
        text_addf(&text, "%.300s %s ", transfer_url(t), at);
        text_add_shown(&text, path, strlen(path), TEXT_CUT);
        text_addf(&text, " %.1f s", (double)(thread_now_ns() - since_ns) / 1e9);
        if (!text.failed)
            line(arg, text.data);
    }
    text_deinit(&text);
    struct describing describing = {line, arg};
    if (ts->sink)
        stdout_sink_each_waiting(ts->sink, describe_in_line, &describing);
}

bool transfers_waits(const struct transfers *ts, uint64_t number)
{
    for (const struct transfer *t = ts->first; t; t = t->next)
        if (t->paused && t->descriptor < 0 && transfer_number(t) == number)
            return true;
    return false;
}

/* ---- the end of all ------------------------------------------------------------------------------------------------ */

static void tell_left(void *arg, const char *path)
{
    struct report *report = arg;
    report_warning(report, "%s is left behind: its file system does not answer", path);
}

/* Those that the session was not given. */
static void end_unstarted(struct transfers *ts, enum afetch_code code)
{
    struct transfer *t, *next;
    for (t = ts->first; t; t = next) {
        next = t->next;
        if (t->state != CLAIMING && t->state != READY)
            continue;
        struct afetch_request *request = t->request;
        transfer_finish_stopped(t, afetch_request_url(request), code);
        afetch_request_free(request);
    }
}

static void end_files(struct transfers *ts, enum afetch_code code)
{
    do
        files_collect(ts->files, on_news);
    while (files_count(ts->files) && files_wait(ts->files, END_WAIT_MS));
    for (; ts->first; transfers_finish_done(ts))
        transfer_finish_stopped(ts->first, transfer_url(ts->first), code);
    files_give_up(ts->files, tell_left, ts->report);
    files_drop(ts->files);
}

/* What is whole is recorded, unless the disk does not answer. */
static void end_records(struct transfers *ts)
{
    while (ts->recording && journal_wait(ts->journal, END_WAIT_MS))
        journal_collect(ts->journal, transfer_recorded);
    while (ts->recorded)
        transfer_recorded(ts->recorded, ETIMEDOUT);
}

/* Those whose turn on standard output does not come any more. */
static void end_line(struct transfers *ts, enum afetch_code code)
{
    struct transfer *t;
    while ((t = stdout_sink_any(ts->sink))) {
        transfer_finish_stopped(t, t->url_is_none ? NULL : transfer_url(t), code);
        end_records(ts);
    }
    stdout_sink_free(ts->sink);
}

void transfers_end(struct transfers *ts, enum afetch_code code)
{
    infiles_drop(ts->infiles);
    end_unstarted(ts, code);
    if (ts->files)
        end_files(ts, code);
    end_records(ts);
    if (ts->sink)
        end_line(ts, code);
}
