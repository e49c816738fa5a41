#include "transfer.h"
#include "signals.h"
#include "template.h"

#include <stdio.h>
#include <stdlib.h>

struct transfer {
    struct transfer_start start;
    struct outfile file;
};

static void finish(struct transfer *t, const char *url, int code, const char *why, uint64_t bytes)
{
    const struct transfer_start *s = &t->start;
    if (code)
        report_failure(s->report, s->place, url, code, why);
    else if (!report_success(s->report, url, bytes))
        s->end_run(s->arg);
    outfile_deinit(&t->file);
    free(t);
}

static void finish_unwritten(struct transfer *t, const char *url, const char *why)
{
    char sentence[OUTFILE_WHY + 40];
    snprintf(sentence, sizeof sentence, "%s: %s", afetch_code_text(AFETCH_WRITE), why);
    finish(t, url, AFETCH_WRITE, sentence, 0);
}

/* ---- callbacks -------------------------------------------------------------------------------------------------- */

static enum afetch_flow on_head(void *arg, struct afetch_request *r, const struct afetch_head *head)
{
    struct transfer *t = arg;
    char why[OUTFILE_WHY];
    if (head->status == 304) /* what is there stays as it is */
        return AFETCH_GO;
    if (outfile_open(&t->file, t->start.names, why) == 0)
        return AFETCH_GO;
    afetch_request_fail(r, AFETCH_WRITE, why);
    return AFETCH_ABORT;
}

static enum afetch_flow on_body(void *arg, struct afetch_request *r, const void *data, size_t len)
{
    struct transfer *t = arg;
    char why[OUTFILE_WHY];
    if (outfile_write(&t->file, t->start.names, data, len, why) == 0)
        return AFETCH_GO;
    afetch_request_fail(r, AFETCH_WRITE, why);
    return AFETCH_ABORT;
}

static void on_done(void *arg, struct afetch_request *r, const struct afetch_result *result)
{
    struct transfer *t = arg;
    char why[OUTFILE_WHY] = "";
    enum afetch_code code = result->code;
    const char *error = result->error;
    if (code == AFETCH_OK && outfile_commit(&t->file, why) < 0) {
        finish_unwritten(t, afetch_request_url(r), why);
        return;
    }
    if (code == AFETCH_CANCELED && signals_caught()) {
        snprintf(why, sizeof why, "stopped by %s", signals_name(signals_caught()));
        error = why;
    }
    finish(t, afetch_request_url(r), code, error, result->bytes);
}

/* ---- the beginning ---------------------------------------------------------------------------------------------- */

static int claim_file(struct transfer *t, const char *url, char *why)
{
    char *path = template_fill(t->start.output, t->start.n, url, t->start.glob, why, OUTFILE_WHY);
    return path ? outfile_claim(&t->file, t->start.names, path, why) : -1;
}

struct afetch_request *transfer_new(const struct transfer_start *start, const char *url, size_t len)
{
    struct transfer *t = malloc(sizeof *t);
    struct afetch_request *request = afetch_request_new(url, len);
    if (!t || !request) {
        report_failure(start->report, start->place, NULL, AFETCH_MEMORY, afetch_code_text(AFETCH_MEMORY));
        free(t);
        afetch_request_free(request);
        return NULL;
    }
    *t = (struct transfer){.start = *start};
    outfile_init(&t->file);
    char why[OUTFILE_WHY] = "";
    if (start->output && claim_file(t, afetch_request_url(request), why) < 0) {
        finish_unwritten(t, afetch_request_url(request), why);
        afetch_request_free(request);
        return NULL;
    }
    struct afetch_callbacks callbacks = {.done = on_done};
    if (start->output) {
        callbacks.head = on_head;
        callbacks.body = on_body;
    }
    afetch_request_set_callbacks(request, &callbacks, t);
    return request;
}
