#include "transfer_parts.h"
#include "etag.h"
#include "signals.h"
#include "thread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t transfer_number(const struct transfer *t)
{
    return t->request ? afetch_request_number(t->request) : t->number;
}

const char *transfer_url(const struct transfer *t)
{
    return t->request ? afetch_request_url(t->request) : t->url;
}

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
    t->number = transfer_number(t);
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
                         .number = transfer_number(t),
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

void transfer_recorded(void *owner, int error)
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

void transfer_finish(struct transfer *t, const char *url, int code, const char *why)
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
void transfer_finish_skipped(struct transfer *t, const char *url)
{
    t->skipped = true;
    transfer_finish(t, url, AFETCH_OK, NULL);
}

/* Nothing is left to be done for its body. */
static void finish_whole(struct transfer *t)
{
    transfer_finish(t, transfer_url(t), t->code, t->why);
}

void transfer_finish_unwritten(struct transfer *t, const char *url, const char *why)
{
    char sentence[OUTFILE_WHY + 40];
    enum afetch_code code = t->file && filework_differs(t->file) ? AFETCH_CHECKSUM : AFETCH_WRITE;
    snprintf(sentence, sizeof sentence, "%s: %s", afetch_code_text(code), why);
    transfer_finish(t, url, code, sentence);
}

void transfer_finish_canceled(struct transfer *t, const char *url, const char *why)
{
    char stopped[40];
    if (signals_caught()) {
        snprintf(stopped, sizeof stopped, "stopped by %s", signals_name(signals_caught()));
        why = stopped;
    }
    transfer_finish(t, url, AFETCH_CANCELED, why);
}

/* The run has ended with code, and t is not done. */
void transfer_finish_stopped(struct transfer *t, const char *url, enum afetch_code code)
{
    char why[60];
    snprintf(why, sizeof why, "%s (--deadline)", afetch_code_text(code));
    if (code == AFETCH_TIMEOUT && !signals_caught())
        transfer_finish(t, url, code, why);
    else
        transfer_finish_canceled(t, url, afetch_code_text(AFETCH_CANCELED));
}

/* The file of t is whole. */
void transfer_succeed(struct transfer *t)
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
void transfers_finish_done(struct transfers *ts)
{
    while (ts->first && ts->first->state == DONE)
        finish_whole(ts->first);
}
