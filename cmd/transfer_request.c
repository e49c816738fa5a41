#include "transfer_parts.h"
#include "date.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum afetch_flow refuse(struct afetch_request *r, enum afetch_code code, const char *why)
{
    afetch_request_fail(r, code, why);
    return AFETCH_ABORT;
}

static bool keep_etag(struct transfer *t, const struct afetch_request *r)
{
    const char *etag = t->options->etag_save || t->keyed ? afetch_request_header(r, "ETag") : NULL;
    const char *modified = t->keyed ? afetch_request_header(r, "Last-Modified") : NULL;
    free(t->etag);
    free(t->modified);
    t->etag = etag ? strdup(etag) : NULL;
    t->modified = modified ? strdup(modified) : NULL;
    return (!etag || t->etag) && (!modified || t->modified);
}

/* Its file cannot tell its body's digest: it holds more (-i), or is not known before the body comes. */
static bool is_no_body(const struct transfer *t)
{
    return t->late || (t->all->heads && t->all->heads->include);
}

/* Whether its digest is made as the body comes, as no file can be read again for it. */
static bool sums_as_it_comes(const struct transfer *t)
{
    return t->sum && (!t->filed || is_no_body(t) || (t->file && filework_is_direct(t->file)));
}

/* How its file is made. */
static struct outfile_ways ways(const struct transfer *t)
{
    const struct options *o = t->options;
    struct outfile_ways w = {.create_dirs = o->create_dirs,
                             .sync = o->sync_files,
                             .has_mode = o->create_file_mode > 0,
                             .mode = (mode_t)o->create_file_mode,
                             .sum = t->sum && !is_no_body(t)};
    if (t->sum)
        memcpy(w.expected, t->sum->expected, sizeof w.expected);
    if (o->skip_existing)
        w.there = OUTFILE_SKIP;
    else if (o->clobber == CLOBBER_DEFAULT)
        w.there = t->late ? OUTFILE_REFUSE : OUTFILE_REPLACE;
    else
        w.there = o->clobber == CLOBBER_NEVER ? OUTFILE_NUMBER : OUTFILE_REPLACE;
    return w;
}

/* Has the name of its file looked up; path is owned. false: no memory. */
bool transfer_begin_file(struct transfer *t, char *path, struct resume *resume)
{
    struct transfers *ts = t->all;
    const struct outfile_ways how = ways(t);
    record_log_path(t->log, path);
    if (!ts->files)
        ts->files = files_new(ts->parallel, ts->owner.wake, ts->owner.arg);
    if (!ts->files) {
        free(path);
        resume_free(resume);
        return false;
    }
    t->file = filework_new(ts->files, path, &how, resume, t);
    return t->file != NULL;
}

/* -J: the head has come that names the file, or does not. */
static bool name_file(struct transfer *t, const struct afetch_request *r, char *why, size_t why_size)
{
    const struct target target = {
        .folder = t->options->output_dir, .output = TARGET_REMOTE, .url = afetch_request_url(r), .n = t->n};
    char *path = target_named(&target, afetch_request_header(r, "Content-Disposition"), t->redirect, why, why_size);
    if (path && transfer_begin_file(t, path, NULL))
        return true;
    if (path)
        snprintf(why, why_size, "out of memory");
    return false;
}

static void set_time(struct transfer *t, const struct afetch_request *r)
{
    int64_t modified_s;
    const char *modified = t->options->remote_time ? afetch_request_header(r, "Last-Modified") : NULL;
    if (modified && date_parse(modified, &modified_s))
        filework_set_time(t->file, modified_s);
}

/* A head goes where the body does. What may pause a body does not hold up heads, which are bounded. */
static void show_head(struct transfer *t, const char *text, size_t len)
{
    if (t->to_stdout)
        stdout_body_write(t->body, text, len);
    else if (t->file && t->descriptor >= 0)
        output_write(&t->all->report->out, text, len);
    else if (t->file)
        filework_write(t->file, text, len);
}

static void on_raw_head(void *arg, struct afetch_request *r, const struct afetch_raw_head *head)
{
    struct transfer *t = arg;
    const struct heads *heads = t->all->heads;
    (void)r;
    if (!heads_take(heads, &t->heads, head))
        return;
    if (heads->dump_stdout)
        stdout_body_write(t->body, head->text, head->len);
    if (!heads->include)
        return;
    /* In a file, those of a try that failed are void, too. */
    if (head->retries > t->heads.retries && t->file && !t->heads.body_begun)
        filework_restart(t->file);
    t->heads.retries = head->retries;
    text_clear(&t->heads.late);
    if (!t->heads.body_begun)
        show_head(t, head->text, head->len);
    else
        text_add(&t->heads.late, head->text, head->len); /* of a body that goes on, unless it begins anew */
}

/* The head came, and then it turned out that what came before it is void. */
static void show_late_head(struct transfer *t)
{
    if (!t->heads.body_begun && t->heads.late.len)
        show_head(t, t->heads.late.data, t->heads.late.len);
    text_clear(&t->heads.late);
}

static enum afetch_flow on_head(void *arg, struct afetch_request *r, const struct afetch_head *head)
{
    struct transfer *t = arg;
    t->status = head->status;
    if (!keep_etag(t, r))
        return refuse(r, AFETCH_MEMORY, "for an ETag");
    t->begun = t->to_stdout;
    show_late_head(t);
    char why_unnamed[OUTFILE_WHY] = "";
    if (sums_as_it_comes(t) && head->status != 304 && !sum_begin(t->sum))
        return refuse(r, AFETCH_MEMORY, "for a digest");
    if (!t->filed || head->status == 304) /* what is there stays as it is */
        return AFETCH_GO;
    if (!t->file && !name_file(t, r, why_unnamed, sizeof why_unnamed))
        return refuse(r, AFETCH_WRITE, why_unnamed);
    set_time(t, r);
    const struct resume *resume = filework_resume(t->file);
    const char *why = resume ? resume_refuses(resume, head) : NULL;
    if (why)
        return refuse(r, AFETCH_RANGE, why);
    if (head->complete && !t->sum && !(resume && resume->source == RESUME_OF_PART)) /* likewise */
        return AFETCH_GO;
    t->begun = true;
    if (t->descriptor < 0)
        filework_begin(t->file, head);
    return AFETCH_GO;
}

/* A body for standard output or standard error goes the way of the lines, and waits when they do. */
static enum afetch_flow print(struct transfer *t, struct afetch_request *r, const void *data, size_t len)
{
    struct output *out = &t->all->report->out;
    t->printed = true;
    if (t->descriptor == STDERR_FILENO)
        output_error(out, data, len);
    else if (!out->closed && !output_write(out, data, len))
        return refuse(r, AFETCH_WRITE, "standard output takes no more");
    if (!output_full(out))
        return AFETCH_GO;
    t->paused = true;
    t->other = t->all->paused;
    t->all->paused = t;
    return AFETCH_PAUSE;
}

static enum afetch_flow to_stdout(struct transfer *t, struct afetch_request *r, const void *data, size_t len)
{
    switch (stdout_body_write(t->body, data, len)) {
    case STDOUT_GO:
        return AFETCH_GO;
    case STDOUT_FULL:
        t->paused = true;
        return AFETCH_PAUSE;
    default:
        return refuse(r, AFETCH_WRITE,
                      t->all->report->out.closed ? "standard output is closed" : "standard output takes no more");
    }
}

static enum afetch_flow on_body(void *arg, struct afetch_request *r, const void *data, size_t len)
{
    struct transfer *t = arg;
    t->heads.body_begun = true;
    if (t->sum)
        sum_add(t->sum, data, len);
    if (t->to_stdout)
        return to_stdout(t, r, data, len);
    if (!t->filed)
        return AFETCH_GO;
    if (t->descriptor >= 0)
        return print(t, r, data, len);
    switch (filework_write(t->file, data, len)) {
    case FILEWORK_GO:
        return AFETCH_GO;
    case FILEWORK_FULL:
        t->paused = true;
        return AFETCH_PAUSE;
    default:
        return refuse(r, AFETCH_WRITE, filework_problem(t->file));
    }
}

/* A try failed: the next begins from the start. */
static enum afetch_flow on_restart(void *arg, struct afetch_request *r)
{
    struct transfer *t = arg;
    (void)r;
    bool undone = t->to_stdout
                      ? stdout_body_restart(t->body)
                      : !t->filed || (t->descriptor >= 0 ? !t->printed : !t->file || filework_restart(t->file));
    if (undone)
        t->begun = t->heads.body_begun = false;
    return undone ? AFETCH_GO : AFETCH_ABORT;
}

/* Whether there is a body to be kept: of a success, or of a status that fails with its body. */
static bool is_whole(const struct transfer *t, const struct afetch_result *result)
{
    return result->code == AFETCH_OK || (result->code == AFETCH_STATUS && t->begun && t->status == result->status);
}

/* The body is whole; its file may not be yet. */
static void finish_file(struct transfer *t, const char *url, const struct afetch_result *result)
{
    t->code = result->code;
    if ((t->code && !(t->why = strdup(result->error))) || !(t->url = strdup(url))) {
        transfer_finish(t, url, AFETCH_MEMORY, afetch_code_text(AFETCH_MEMORY));
    } else if (!t->begun || t->descriptor >= 0) {
        transfer_succeed(t);
    } else if (filework_commit(t->file)) {
        t->state = FINISHING;
        t->all->finishing++;
    } else {
        transfer_finish_unwritten(t, url, filework_problem(t->file));
    }
}

static void on_hop(void *arg, struct afetch_request *r, const struct afetch_hop *hop)
{
    struct transfer *t = arg;
    record_log_hop(t->log, r, hop);
    if (!t->late || hop->status < 300 || hop->status > 399 || !*hop->redirect_url)
        return;
    free(t->redirect);
    t->redirect = strdup(hop->redirect_url);
}

static void finish_different(struct transfer *t, const char *url, const char *why)
{
    char sentence[SUM_WHY + 40];
    snprintf(sentence, sizeof sentence, "%s: %s", afetch_code_text(AFETCH_CHECKSUM), why);
    t->kept = false;
    transfer_finish(t, url, AFETCH_CHECKSUM, sentence);
}

static void on_done(void *arg, struct afetch_request *r, const struct afetch_result *result)
{
    struct transfer *t = arg;
    record_log_result(t->log, result);
    struct transfers *ts = t->all;
    bool next_turn = t->filed && ts->one_at_a_time;
    t->request = NULL;
    t->number = afetch_request_number(r);
    t->paused = false;
    t->bytes = result->bytes;
    t->kept = is_whole(t, result);
    char why_sum[SUM_WHY];
    if (result->code == AFETCH_CANCELED)
        transfer_finish_canceled(t, afetch_request_url(r), result->error);
    else if (t->file && filework_skips(t->file))
        transfer_finish_skipped(t, afetch_request_url(r));
    else if (result->code == AFETCH_OK && t->sum && !sum_end(t->sum, why_sum))
        finish_different(t, afetch_request_url(r), why_sum);
    else if (t->filed && t->kept)
        finish_file(t, afetch_request_url(r), result);
    else
        transfer_finish(t, afetch_request_url(r), result->code, result->error);
    transfers_finish_done(ts);
    if (next_turn)
        ts->owner.wake(ts->owner.arg);
}

void transfer_set_callbacks(struct transfer *t, bool filed)
{
    struct afetch_callbacks callbacks = {.done = on_done};
    bool takes_body = filed || t->to_stdout || t->sum;
    if (t->log || (filed && t->options->remote_header_name))
        callbacks.hop = on_hop;
    if (takes_body || t->keyed || t->options->etag_save)
        callbacks.head = on_head;
    if (takes_body) {
        callbacks.body = on_body;
        callbacks.restart = on_restart;
    }
    if (t->all->heads)
        callbacks.raw_head = on_raw_head;
    afetch_request_set_callbacks(t->request, &callbacks, t);
}
