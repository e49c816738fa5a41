#include "transfer.h"
#include "asked.h"
#include "date.h"
#include "etag.h"
#include "fields.h"
#include "filework.h"
#include "heads.h"
#include "infile.h"
#include "journal.h"
#include "reports.h"
#include "signals.h"
#include "spool.h"
#include "stdout_sink.h"
#include "target.h"
#include "thread.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    AHEAD_MAX = 1024, /* whose names are looked up before they begin: a folder that stalls leaves the others be */
    END_WAIT_MS = 500 /* what a file may take once the run was stopped, if no other is done meanwhile */
};

enum transfer_state {
    CLAIMING, /* its name is looked up */
    READY,
    RUNNING,
    FINISHING, /* its file is not whole yet */
    DONE,      /* it is, but that of one before it is not (--sync) */
    IN_LINE    /* it has ended, and waits for its turn on standard output */
};

struct transfer {
    struct transfers *all;
    const struct options *options;
    struct report_place place;
    enum transfer_state state;
    struct afetch_request *request; /* the session's while it runs; NULL once it is done */
    uint64_t number;                /* these two are the request's, once it is done */
    char *url;
    uint64_t bytes; /* of the body */
    int code;       /* of a failure whose body is kept all the same (--fail-with-body) */
    char *why;
    struct record_log *log; /* for reports; NULL: none wants it */
    char *id;               /* as the input has it; or NULL */
    struct sum *sum;        /* of a body that no file can be read again for; NULL: not wanted */
    char *etag;             /* of the response that was told last; NULL: none */

    struct stdout_body *body; /* what it has in standard output's line; NULL: nothing */
    bool to_stdout;           /* its body goes there */
    uint64_t in_line_ns;      /* since when it waits for its turn */
    bool kept;                /* and is one of a success */
    struct heads_kept heads;
    bool url_is_none;             /* what was asked for is no URL at all */
    bool skipped;                 /* its file is there, and stays (--skip-existing) */
    bool filed;                   /* it is to have a file */
    bool late;                    /* whose name is not known before the head has come (-J) */
    uint64_t n;                   /* of such a one: which input, */
    bool keyed;                   /* it is to be recorded */
    struct journal_key key;       /* under this */
    char *modified;               /* Last-Modified, for its record; or NULL */
    char *redirect;               /* and where the last redirect led; NULL: there was none */
    struct filework *file;        /* NULL: it has none, or not yet */
    int descriptor;               /* what the file is, if it is standard output or standard error; else -1 */
    int status;                   /* of the response that was told last */
    bool begun;                   /* there is a body for the file */
    bool printed;                 /* bytes of it went to standard output or standard error */
    bool paused;                  /* it has returned AFETCH_PAUSE */
    struct infile_feed feed;      /* what it sends */
    struct transfer *prev, *next; /* in all->first */
    struct transfer *other;       /* in all->ready_first or all->paused */
};

static uint64_t number_of(const struct transfer *t)
{
    return t->request ? afetch_request_number(t->request) : t->number;
}

static const char *url_of(const struct transfer *t)
{
    return t->request ? afetch_request_url(t->request) : t->url;
}

/* ---- the end of one ---------------------------------------------------------------------------------------------- */

static void unlist(struct transfer *t)
{
    struct transfers *ts = t->all;
    struct transfer **p = &ts->paused;
    while (*p && *p != t)
        p = &(*p)->other;
    if (*p)
        *p = t->other;
    if (t->prev)
        t->prev->next = t->next;
    else
        ts->first = t->next;
    if (t->next)
        t->next->prev = t->prev;
    else
        ts->last = t->prev;
}

static void say_unwritten(char *sentence, size_t size, const char *why)
{
    snprintf(sentence, size, "%s: %s", afetch_code_text(AFETCH_WRITE), why);
}

/* Only now that its body is whole: else a later --etag-compare would be told that nothing is new. */
static bool save_etag(const struct transfer *t, char *sentence, size_t size)
{
    char why[OUTFILE_WHY];
    const char *path = t->options->etag_save;
    if (!path || t->status >= 400 || etag_save(path, t->etag, why))
        return true;
    say_unwritten(sentence, size, why);
    return false;
}

static void tell_end(struct transfer *t, struct record *rec)
{
    struct transfers *ts = t->all;
    if (ts->heads)
        heads_finish(ts->heads, &t->heads);
    record_log_fill(t->log, rec);
    rec->id = t->id;
    if (t->sum && *t->sum->got)
        rec->sha256 = t->sum->got;
    if (!report_end(ts->report, rec))
        ts->owner.end_run(ts->owner.arg);
    bool in_line = t->body != NULL;
    stdout_body_free(t->body);
    record_log_free(t->log);
    free(t->url);
    free(t->why);
    free(t->etag);
    free(t->redirect);
    free(t->modified);
    free(t->id);
    sum_free(t->sum);
    free(t);
    if (in_line && !transfers_busy(ts)) /* there may be nothing more to wait for */
        ts->owner.wake(ts->owner.arg);
}

/* It has ended, and is told when its turn has come: what is to be told then is kept. */
static void get_in_line(struct transfer *t, const char *url, int code, const char *why)
{
    struct transfers *ts = t->all;
    char *url_copy = strdup(url ? url : ""), *why_copy = why ? strdup(why) : NULL;
    if (t->filed) {
        ts->ahead -= t->state == CLAIMING || t->state == READY;
        ts->finishing -= t->state == FINISHING || t->state == DONE;
    }
    t->state = IN_LINE;
    t->in_line_ns = thread_now_ns();
    t->number = number_of(t);
    t->request = NULL;
    free(t->url);
    free(t->why);
    t->url = url_copy;
    t->why = why_copy;
    t->code = url_copy ? code : AFETCH_MEMORY;
    bool shows_heads = ts->heads && (ts->heads->dump_stdout || (ts->heads->include && t->to_stdout));
    stdout_body_end(t->body, url_copy && (t->kept || shows_heads));
}

static void end_file(struct transfer *t)
{
    struct transfers *ts = t->all;
    const char *sum = t->file ? filework_sum(t->file) : NULL;
    if (sum)
        snprintf(t->sum->got, sizeof t->sum->got, "%s", sum);
    if (t->filed) {
        ts->ahead -= t->state == CLAIMING || t->state == READY;
        ts->finishing -= t->state == FINISHING || t->state == DONE;
        unlist(t);
        filework_free(t->file);
        t->file = NULL;
        t->filed = false;
        if (!ts->first) /* there may be nothing more to wait for */
            ts->owner.wake(ts->owner.arg);
    }
}

static void tell_result(struct transfer *t, const char *url, int code, const char *why)
{
    struct record rec = {.place = t->place,
                         .number = number_of(t),
                         .url = url,
                         .code = code,
                         .error = why ? why : "",
                         .bytes = t->skipped ? 0 : t->bytes,
                         .skipped = t->skipped};
    tell_end(t, &rec);
}

/* A success is recorded before anything is told of it. false: there is no journal. */
static bool record_it(struct transfer *t, const char *url)
{
    struct transfers *ts = t->all;
    const struct journal_record record = {.key = &t->key,
                                          .url = url,
                                          .status = t->status,
                                          .bytes = t->bytes,
                                          .etag = t->etag,
                                          .modified = t->modified,
                                          .sha256 = t->sum && *t->sum->got ? t->sum->got : NULL};
    if (!t->keyed || !url || (!t->url && !(t->url = strdup(url))) || !journal_add(ts->journal, &record, t))
        return false;
    ts->recording++;
    t->prev = NULL;
    t->next = ts->recorded;
    if (t->next)
        t->next->prev = t;
    ts->recorded = t;
    return true;
}

static void on_recorded(void *owner, int error)
{
    struct transfer *t = owner;
    struct transfers *ts = t->all;
    ts->recording--;
    if (t->prev)
        t->prev->next = t->next;
    else
        ts->recorded = t->next;
    if (t->next)
        t->next->prev = t->prev;
    if (error && !ts->journal_failed)
        report_run_failure(ts->report, AFETCH_WRITE, "--journal: %.300s cannot be written: %s", t->options->journal,
                           strerror(error));
    ts->journal_failed = ts->journal_failed || error;
    tell_result(t, t->url, t->code, t->why);
    if (!ts->recording) /* there may be nothing more to wait for */
        ts->owner.wake(ts->owner.arg);
}

static void finish(struct transfer *t, const char *url, int code, const char *why)
{
    char sentence[OUTFILE_WHY + 40];
    if (t->body && !stdout_body_ended(t->body)) {
        get_in_line(t, url, code, why);
        return;
    }
    end_file(t);
    if (!code && !t->skipped && !save_etag(t, sentence, sizeof sentence)) {
        code = AFETCH_WRITE;
        why = sentence;
    }
    if (code || t->skipped || !record_it(t, url))
        tell_result(t, url, code, why);
}

/* Its file is there, and stays (--skip-existing). */
static void finish_skipped(struct transfer *t, const char *url)
{
    t->skipped = true;
    finish(t, url, AFETCH_OK, NULL);
}

/* Nothing is left to be done for its body. */
static void finish_whole(struct transfer *t)
{
    finish(t, url_of(t), t->code, t->why);
}

static void finish_unwritten(struct transfer *t, const char *url, const char *why)
{
    char sentence[OUTFILE_WHY + 40];
    enum afetch_code code = t->file && filework_differs(t->file) ? AFETCH_CHECKSUM : AFETCH_WRITE;
    snprintf(sentence, sizeof sentence, "%s: %s", afetch_code_text(code), why);
    finish(t, url, code, sentence);
}

static void finish_canceled(struct transfer *t, const char *url, const char *why)
{
    char stopped[40];
    if (signals_caught()) {
        snprintf(stopped, sizeof stopped, "stopped by %s", signals_name(signals_caught()));
        why = stopped;
    }
    finish(t, url, AFETCH_CANCELED, why);
}

/* The run has ended with code, and t is not done. */
static void finish_stopped(struct transfer *t, const char *url, enum afetch_code code)
{
    char why[60];
    snprintf(why, sizeof why, "%s (--deadline)", afetch_code_text(code));
    if (code == AFETCH_TIMEOUT && !signals_caught())
        finish(t, url, code, why);
    else
        finish_canceled(t, url, afetch_code_text(AFETCH_CANCELED));
}

/* The file of t is whole. */
static void succeed(struct transfer *t)
{
    struct transfers *ts = t->all;
    if (!ts->one_at_a_time) {
        finish_whole(t);
        return;
    }
    ts->finishing += t->state == RUNNING;
    t->state = DONE;
}

/* Those whose turn it is to be reported. */
static void finish_done(struct transfers *ts)
{
    while (ts->first && ts->first->state == DONE)
        finish_whole(ts->first);
}

/* ---- callbacks of its request ------------------------------------------------------------------------------------- */

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

/* How its file is made. */
static struct outfile_ways ways(const struct transfer *t)
{
    const struct options *o = t->options;
    struct outfile_ways w = {.create_dirs = o->create_dirs,
                             .sync = o->sync_files,
                             .has_mode = o->create_file_mode > 0,
                             .mode = (mode_t)o->create_file_mode,
                             .sum = t->sum != NULL};
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
static bool begin_file(struct transfer *t, char *path, struct resume *resume)
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
    if (path && begin_file(t, path, NULL))
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
    bool streamed = t->sum && (!t->filed || (t->file && filework_is_direct(t->file)));
    if (streamed && head->status != 304 && !sum_begin(t->sum))
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
        finish(t, url, AFETCH_MEMORY, afetch_code_text(AFETCH_MEMORY));
    } else if (!t->begun || t->descriptor >= 0) {
        succeed(t);
    } else if (filework_commit(t->file)) {
        t->state = FINISHING;
        t->all->finishing++;
    } else {
        finish_unwritten(t, url, filework_problem(t->file));
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
    finish(t, url, AFETCH_CHECKSUM, sentence);
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
        finish_canceled(t, afetch_request_url(r), result->error);
    else if (t->file && filework_skips(t->file))
        finish_skipped(t, afetch_request_url(r));
    else if (result->code == AFETCH_OK && t->sum && !sum_end(t->sum, why_sum))
        finish_different(t, afetch_request_url(r), why_sum);
    else if (t->filed && t->kept)
        finish_file(t, afetch_request_url(r), result);
    else
        finish(t, afetch_request_url(r), result->code, result->error);
    finish_done(ts);
    if (next_turn)
        ts->owner.wake(ts->owner.arg);
}

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
    if (path && !failed && begin_file(t, path, resume)) {
        list_filed(t);
        return;
    }
    if (failed)
        free(path);
    struct afetch_request *request = t->request;
    finish_unwritten(t, url, *why ? why : "out of memory");
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
        finish(t, url, code, why);
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
        finish_skipped(t, url);
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
    struct afetch_callbacks callbacks = {.done = on_done};
    bool filed = has_file(start) && !t->to_stdout;
    bool takes_body = filed || t->to_stdout || t->sum;
    if (t->log || (filed && t->options->remote_header_name))
        callbacks.hop = on_hop;
    if (takes_body || t->keyed || t->options->etag_save)
        callbacks.head = on_head;
    if (takes_body) {
        callbacks.body = on_body;
        callbacks.restart = on_restart;
    }
    if (ts->heads)
        callbacks.raw_head = on_raw_head;
    afetch_request_set_callbacks(t->request, &callbacks, t);
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
    finish_unwritten(t, afetch_request_url(request), why);
    afetch_request_free(request);
}

static void end_skipped(struct transfer *t)
{
    struct afetch_request *request = t->request;
    finish_skipped(t, afetch_request_url(request));
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
    finish(t, t->url_is_none ? NULL : t->url, t->code, t->why);
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
        finish_skipped(t, t->url);
    else if (news & FILEWORK_FINISHED && filework_problem(t->file))
        finish_unwritten(t, t->url, filework_problem(t->file));
    else if (news & FILEWORK_FINISHED)
        succeed(t);
    else
        go_on(t);
    finish_done(ts);
}

void transfers_woken(struct transfers *ts)
{
    if (ts->journal)
        journal_collect(ts->journal, on_recorded);
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
    text_addf(&text, "%llu %.300s waiting for its turn on standard output %.1f s", (unsigned long long)number_of(t),
              t->url, (double)(thread_now_ns() - t->in_line_ns) / 1e9);
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
        if (number_of(t))
            text_addf(&text, "%llu ", (unsigned long long)number_of(t));
        text_addf(&text, "%.300s %s ", url_of(t), at);
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
        if (t->paused && t->descriptor < 0 && number_of(t) == number)
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
        finish_stopped(t, afetch_request_url(request), code);
        afetch_request_free(request);
    }
}

static void end_files(struct transfers *ts, enum afetch_code code)
{
    do
        files_collect(ts->files, on_news);
    while (files_count(ts->files) && files_wait(ts->files, END_WAIT_MS));
    for (; ts->first; finish_done(ts))
        finish_stopped(ts->first, url_of(ts->first), code);
    files_give_up(ts->files, tell_left, ts->report);
    files_drop(ts->files);
}

/* What is whole is recorded, unless the disk does not answer. */
static void end_records(struct transfers *ts)
{
    while (ts->recording && journal_wait(ts->journal, END_WAIT_MS))
        journal_collect(ts->journal, on_recorded);
    while (ts->recorded)
        on_recorded(ts->recorded, ETIMEDOUT);
}

/* Those whose turn on standard output does not come any more. */
static void end_line(struct transfers *ts, enum afetch_code code)
{
    struct transfer *t;
    while ((t = stdout_sink_any(ts->sink))) {
        finish_stopped(t, t->url_is_none ? NULL : url_of(t), code);
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
