#include "run.h"
#include "asked.h"
#include "cookies.h"
#include "heads.h"
#include "input.h"
#include "journal.h"
#include "library_options.h"
#include "login.h"
#include "outfile.h"
#include "reports.h"
#include "sent.h"
#include "signals.h"
#include "target.h"
#include "tracer.h"
#include "transfer.h"
#include "url_edit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    SYNC_FILES = 64,        /* being written at once under --sync */
    SPARE_DESCRIPTORS = 40, /* the standard ones, the loop's, name servers' */
    BAD_AT_A_TIME = 256     /* inputs that fail at once before the loop has its turn */
};

struct run {
    const struct options *options;
    struct report *report;
    struct afetch_session *session;
    struct reports reports;
    struct heads heads;
    struct tracer tracer;
    struct input input;
    struct transfers transfers;
    struct login login;
    struct journal *journal;  /* NULL: none */
    struct afetch_body *body; /* of every request; NULL: none */
    unsigned parallel;        /* transfers at once */
    uint64_t inputs;          /* taken */
    uint64_t urls;            /* of them, with globs counted once */
    size_t argument;          /* that the last one came of */
    bool ended;               /* nothing new is begun */
    bool input_ended;         /* all of it was taken */
    bool input_waits;         /* a list of URLs is still being written */
    struct input_item item;   /* the one in hand */
    unsigned repeats_left;    /* of it */
    size_t answers;           /* to SIGUSR1, lines so far */
};

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static bool stopped(void)
{
    return signals_caught() != 0;
}

/* Its deadline has passed. */
static bool late(void)
{
    return true;
}

/* ---- inputs become transfers ------------------------------------------------------------------------------------ */

static void end_early(void *arg)
{
    struct run *r = arg;
    r->ended = true;
    afetch_session_cancel(r->session);
}

static void keep_places(void *arg, size_t count)
{
    struct run *r = arg;
    afetch_session_keep_places(r->session, count < UINT_MAX ? (unsigned)count : UINT_MAX);
}

static void wake(void *arg)
{
    struct run *r = arg;
    afetch_session_wake(r->session);
}

/* An input that is no URL, or whose globs are none. */
static void refuse(struct run *r, const struct transfer_start *start, const struct input_item *item)
{
    struct afetch_request *shown = item->url ? afetch_request_new(item->url, item->len) : NULL;
    transfers_refuse(&r->transfers, start, shown ? afetch_request_url(shown) : NULL, item->code, item->problem);
    afetch_request_free(shown);
}

/* What the globs of one URL come to counts as one. */
static uint64_t count_url(struct run *r, const struct input_item *item)
{
    if (!r->urls || item->line || item->argument != r->argument)
        r->urls++;
    r->argument = item->argument;
    return r->urls - 1;
}

static bool is_standard_input(const char *upload)
{
    return strcmp(upload, "-") == 0 || strcmp(upload, ".") == 0;
}

/* The URL with what options add to it: the name of a file that is sent, and a query. false: no memory. */
static bool edit_url(const struct options *o, const struct input_item *item, struct bytes *url)
{
    struct bytes named = {0};
    bool ok = item->upload && !is_standard_input(item->upload)
                  ? url_add_name(&named, item->url, item->len, item->upload)
                  : bytes_add(&named, item->url, item->len);
    if (ok)
        ok = o->query.len ? url_add_query(url, named.data, named.len, o->query.data)
                          : bytes_add(url, named.data, named.len);
    bytes_deinit(&named);
    return ok;
}

/* --dry-run */
static void plan(struct run *r, const struct transfer_start *start, const char *text, size_t len)
{
    char why[OUTFILE_WHY] = "", host[AFETCH_HOST_SIZE];
    struct afetch_request *shown = afetch_request_new(text, len);
    const char *url = shown ? afetch_request_url(shown) : NULL;
    const struct target target = transfers_target(start, url);
    bool filed = target.output || target.out;
    char *path = url && filed ? target_path(&target, why, sizeof why) : NULL;
    enum afetch_code code = url ? afetch_url_host(text, len, r->options->proto_default, host) : AFETCH_MEMORY;
    if (code == AFETCH_OK && filed && !path)
        code = *why ? AFETCH_WRITE : AFETCH_MEMORY;
    struct record rec = transfers_record(start);
    rec.url = url;
    rec.path = path;
    rec.code = code;
    rec.error = *why ? why : afetch_code_text(code);
    if (!report_plan(r->report, &rec))
        end_early(r);
    afetch_request_free(shown);
    free(path);
}

/* Whether an earlier run has recorded it; start gets its key. */
static bool is_recorded(struct run *r, struct transfer_start *start, struct journal_key *key, const char *url,
                        size_t len)
{
    struct afetch_request *shown = r->journal ? afetch_request_new(url, len) : NULL;
    if (!shown)
        return false;
    const struct target target = transfers_target(start, afetch_request_url(shown));
    if (journal_key(r->journal, asked_method(r->options, start->upload != NULL), &target, start->own, key))
        start->key = key;
    bool recorded = start->key && journal_has(r->journal, key);
    if (recorded && !transfers_skip(&r->transfers, start, afetch_request_url(shown))) {
        struct record rec = transfers_record(start);
        rec.url = afetch_request_url(shown);
        rec.skipped = true;
        if (!report_end(r->report, &rec))
            end_early(r);
    }
    afetch_request_free(shown);
    return recorded;
}

static void begin(struct run *r, struct transfer_start *start, const char *url, size_t len)
{
    struct journal_key key;
    bool recorded = is_recorded(r, start, &key, url, len);
    if (!recorded && r->options->dry_run)
        plan(r, start, url, len);
    else if (!recorded)
        transfers_begin(&r->transfers, start, url, len);
    start->key = NULL;
}

static void begin_edited(struct run *r, struct transfer_start *start, const struct input_item *item)
{
    struct bytes url = {0};
    if (edit_url(r->options, item, &url))
        begin(r, start, url.data, url.len);
    else
        transfers_out_of_memory(&r->transfers, start);
    bytes_deinit(&url);
}

static void take(struct run *r, const struct input_item *item)
{
    struct transfer_start start = {
        .place = {item->line, item->list},
        .output = options_output(r->options, item->argument),
        .glob = item->glob,
        .n = r->inputs,
        .urlnum = count_url(r, item),
        .options = r->options,
        .body = r->body,
        .upload = item->upload,
        .own = item->fields,
        .text = item->text,
        .text_len = item->text_len,
    };
    if (item->problem)
        refuse(r, &start, item);
    else if (r->options->query.len || item->upload)
        begin_edited(r, &start, item);
    else
        begin(r, &start, item->url, item->len);
}

static void take_again(struct run *r)
{
    r->repeats_left--;
    r->inputs++;
    take(r, &r->item);
}

/* The item that was read, if it is this shard's; the others are counted alone, so that {n} is the same everywhere. */
static void take_item(struct run *r)
{
    const struct options *o = r->options;
    if (shard_takes(&o->shard, r->item.url, r->item.len, o->proto_default)) {
        r->repeats_left = r->item.problem ? 1 : o->repeat;
        take_again(r);
    } else {
        r->inputs += o->repeat;
    }
}

/* Whether another input may be begun now. If not, there will be a wake when it may. */
static bool room(struct run *r)
{
    return transfers_room(&r->transfers) && !output_full(&r->report->out) && !reports_full(&r->reports) &&
           !heads_full(&r->heads) && !tracer_full(&r->tracer);
}

static enum afetch_next next(void *arg, struct afetch_request **out)
{
    struct run *r = arg;
    r->input_waits = false;
    for (int taken = 0;; taken++) {
        if ((*out = transfers_ready(&r->transfers)))
            return AFETCH_NEXT_ONE;
        if (r->ended || stopped())
            return AFETCH_NEXT_END;
        if (!room(r))
            return AFETCH_NEXT_LATER;
        if (taken == BAD_AT_A_TIME) {
            afetch_session_wake(r->session);
            return AFETCH_NEXT_LATER;
        }
        if (r->repeats_left) {
            take_again(r);
            continue;
        }
        switch (input_next(&r->input, &r->item)) {
        case INPUT_END:
            r->input_ended = true;
            return transfers_busy(&r->transfers) ? AFETCH_NEXT_LATER : AFETCH_NEXT_END;
        case INPUT_LATER:
            r->input_waits = true;
            return AFETCH_NEXT_LATER;
        case INPUT_BROKEN:
            report_run_failure(r->report, AFETCH_READ, "%s cannot be read: %s", r->item.list, r->item.problem);
            continue;
        case INPUT_ONE:
            take_item(r);
        }
    }
}

/* ---- what it waits for: SIGUSR1 ----------------------------------------------------------------------------------- */

static void tell(void *arg, const char *text)
{
    struct run *r = arg;
    r->answers++;
    report_answer(r->report, "%s", text);
}

static void tell_request(void *arg, const char *text)
{
    struct run *r = arg;
    if (!transfers_waits(&r->transfers, strtoull(text, NULL, 10))) /* it tells more of it */
        tell(r, text);
}

static void answer(void *arg)
{
    struct run *r = arg;
    if (!signals_asked())
        return;
    size_t queued = output_queued(&r->report->out);
    struct afetch_stats stats;
    afetch_session_stats(r->session, &stats);
    r->answers = 0;
    afetch_session_describe(r->session, tell_request, r);
    transfers_describe(&r->transfers, tell, r);
    if (queued)
        report_answer(r->report, "%zu bytes wait for the reader of standard output or standard error", queued);
    if (!r->answers && stats.running + stats.waiting == 0) /* with threads they tell of themselves, soon */
        report_answer(r->report, "no transfer is under way%s", r->input_waits ? "; the list of URLs goes on" : "");
}

/* ---- the session ------------------------------------------------------------------------------------------------ */

static void on_trace(void *arg, const struct afetch_request *request, enum afetch_trace kind, const char *text,
                     size_t len)
{
    struct run *r = arg;
    tracer_tell(&r->tracer, request, kind, text, len);
}

/* Takes up what other threads have done, and what a signal asked for. */
static void on_wake(void *arg)
{
    struct run *r = arg;
    transfers_woken(&r->transfers);
    if (!report_check(r->report) && !r->ended)
        end_early(r);
    answer(r);
}

unsigned run_fit(const struct options *o, struct report *report)
{
    struct rlimit limit;
    unsigned each =
        1 + options_has_files(o) + (o->uploads.count > 0) + (o->mode == AFETCH_THREADS); /* a thread is woken by one */
    rlim_t need = (rlim_t)o->parallel_max * each + SPARE_DESCRIPTORS;
    if (o->mode == AFETCH_SYNC || getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return o->parallel_max;
    if (limit.rlim_cur != limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
        getrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= need)
        return o->parallel_max;
    rlim_t fits = limit.rlim_cur > SPARE_DESCRIPTORS + each ? (limit.rlim_cur - SPARE_DESCRIPTORS) / each : 1;
    report_warning(report, "the limit of %llu open files allows %llu transfers at once (-P %llu)",
                   (unsigned long long)limit.rlim_cur, (unsigned long long)fits, (unsigned long long)fits);
    return (unsigned)fits;
}

/* The library passes over a key log that it cannot open, as curl does: who set it wants to know. */
static void check_key_log(struct report *report)
{
    struct stat st;
    const char *path = getenv("SSLKEYLOGFILE");
    if (!path || !*path || (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)))
        return;
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        report_warning(report, "SSLKEYLOGFILE: %s cannot be written: %s", path, strerror(errno));
    else
        close(fd);
}

static bool open_session(struct run *r)
{
    check_key_log(r->report);
    const struct options *o = r->options;
    struct afetch_options opt;
    library_options(&opt, o);
    login_begin(&r->login, o, &opt);
    opt.parallel_max = r->parallel = run_fit(o, r->report);
    if (o->trace) {
        opt.trace = on_trace;
        opt.trace_arg = r;
    }
    char *error = NULL;
    enum afetch_code code = afetch_session_new(&r->session, &opt, &error);
    if (code != AFETCH_OK)
        report_run_failure(r->report, code, "%s", error ? error : afetch_code_text(code));
    free(error);
    return code == AFETCH_OK;
}

/* What the transfers print; a run of --compare drops bodies and heads. */
static void prepare_printing(struct run *r)
{
    const struct options *o = r->options;
    bool bodies = options_use_stdout(o) && !r->report->mode;
    if ((o->ordered || bodies) && !transfers_print(&r->transfers, o->ordered, o->write_out))
        report_run_failure(r->report, AFETCH_MEMORY, "out of memory");
    if (heads_any(&r->heads) && !r->report->mode)
        transfers_show_heads(&r->transfers, &r->heads);
    r->report->out.bodies = bodies;
}

static void fetch_all(struct run *r, uint64_t start_ns)
{
    struct afetch_stats stats;
    const struct transfers_owner owner = {.wake = wake, .end_run = end_early, .keep_places = keep_places, .arg = r};
    input_init(&r->input, r->options, wake, r);
    transfers_init(&r->transfers, r->report, &owner, r->options->sync ? SYNC_FILES : r->parallel, r->options->sync);
    prepare_printing(r);
    r->transfers.journal = r->journal;
    if (r->journal)
        journal_begin(r->journal, wake, r);
    r->report->out.stopped = stopped;
    output_begin(&r->report->out, wake, r);
    reports_begin(&r->reports, wake, r);
    heads_begin(&r->heads, wake, r);
    tracer_begin(&r->tracer, wake, r);

    cookies_begin(r->session, r->options, r->report);
    signals_catch(r->session);
    afetch_session_set_source(r->session, next, r);
    afetch_session_set_on_wake(r->session, on_wake, r);
    enum afetch_code code = afetch_session_run(r->session);
    if (code == AFETCH_TIMEOUT)
        r->report->out.stopped = late;
    if (code == AFETCH_TIMEOUT && !r->input_ended && !stopped())
        report_input_left(r->report, code, "the rest of the input is left unread (--deadline)");
    else if (code != AFETCH_OK && code != AFETCH_CANCELED && code != AFETCH_TIMEOUT)
        report_run_failure(r->report, code, "%s", afetch_code_text(code));
    afetch_session_stats(r->session, &stats);

    input_deinit(&r->input);
    transfers_end(&r->transfers, code);
    uint64_t elapsed_ns = now_ns() - start_ns;
    if (!r->options->dry_run)
        cookies_end(r->session, r->options, r->report);
    reports_end(&r->reports);
    heads_end(&r->heads);
    tracer_end(&r->tracer);
    output_end(&r->report->out, answer, r);
    report_check(r->report);
    if (!r->options->dry_run)
        report_total(r->report, elapsed_ns, r->options->mode == AFETCH_SYNC ? 0 : stats.longest_wait_ns);
    signals_catch(NULL);
}

static bool open_reports(struct run *r)
{
    const struct options *o = r->options;
    r->report->max_fails = o->fail_early ? 1 : o->max_fails;
    r->report->lines = !o->jsonl && !o->write_out && !options_use_stdout(o);
    if (o->dry_run) /* no file is touched; of a journal what it has counts */
        return true;
    r->report->reports = &r->reports;
    bool opened = reports_open(&r->reports, o, r->report);
    opened = heads_open(&r->heads, o, r->report) && opened;
    return tracer_open(&r->tracer, o, r->report) && opened;
}

static bool open_journal(struct run *r)
{
    const struct options *o = r->options;
    if (o->journal)
        r->journal = journal_open(o->journal, o->sync_files, r->report);
    return !o->journal || r->journal;
}

static bool make_body(struct run *r)
{
    struct sent_error error;
    r->body = sent_body(r->options, &error);
    if (error.code != AFETCH_OK)
        report_run_failure(r->report, error.code, "%s", error.text);
    return error.code == AFETCH_OK;
}

int run(const struct options *options, struct report *report)
{
    uint64_t start_ns = now_ns();
    struct run r = {.options = options, .report = report, .heads.file.fd = -1, .tracer.file.fd = -1};
    /* A mistake that the session finds leaves the files of an earlier run as they are. */
    if (make_body(&r) && open_session(&r) && open_reports(&r) && open_journal(&r))
        fetch_all(&r, start_ns);
    afetch_session_free(r.session);
    heads_end(&r.heads);
    tracer_end(&r.tracer);
    reports_close(&r.reports);
    report->reports = NULL;
    journal_close(r.journal);
    login_end(&r.login);
    afetch_body_free(r.body);
    int signal = report->out.broken ? 0 : signals_caught();
    return signal ? 128 + signal : report_exit_status(report);
}
