#include "compare.h"
#include "compare_table.h"
#include "run.h"
#include "signals.h"
#include "spool.h"
#include "waterfall.h"
#include "writer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

static const enum afetch_mode modes[ROW_COUNT] = {
    [ROW_SYNC] = AFETCH_SYNC, [ROW_THREADS] = AFETCH_THREADS, [ROW_ASYNC] = AFETCH_ASYNC};

struct compare {
    struct report *report;
    struct options options; /* of each run; its lists are those that were spooled */
    struct compare_figures figures[ROW_COUNT];
    struct waterfall *waterfalls[ROW_COUNT]; /* NULL: none is wanted, or it was not told */
};

/* What a run tells its parent; a waterfall follows where one is wanted. */
struct outcome {
    uint64_t inputs, failed, bytes;
    int code, run_code;
    bool several;
};

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t timeval_ns(struct timeval t)
{
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_usec * 1000u;
}

/* ---- the child -------------------------------------------------------------------------------------------------- */

/* Signals are the parent's, who kills this process: nothing of it stays, so there is nothing to clean up. */
static void die_with_parent(pid_t parent)
{
    signals_leave();
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
#else
    (void)parent;
#endif
}

static void run_child(const struct compare *c, int row, int fd)
{
    struct options options = c->options;
    options.mode = modes[row];
    struct report report = {.out = c->report->out};
    report_init(&report, options.silent, options.show_error);
    report.mode = compare_names[row];
    int status = run(&options, &report);
    struct outcome o = {.inputs = report.inputs,
                        .failed = report.failed,
                        .bytes = report.bytes,
                        .code = report.code,
                        .run_code = report.run_code,
                        .several = report.several};
    if (writer_write(fd, (const char *)&o, sizeof o, NULL) ||
        (report.waterfall && writer_write(fd, (const char *)report.waterfall, sizeof *report.waterfall, NULL)))
        status = 1; /* nobody is there to read it */
    _exit(status);
}

/* ---- the parent ------------------------------------------------------------------------------------------------- */

/* All that a child tells. */
struct told {
    struct outcome outcome;
    struct waterfall *waterfall; /* NULL: none is wanted */
    size_t len;                  /* bytes of both */
};

static ssize_t read_on(int fd, struct told *told)
{
    size_t more = told->waterfall ? sizeof *told->waterfall : 0;
    char rest;
    if (told->len < sizeof told->outcome)
        return read(fd, (char *)&told->outcome + told->len, sizeof told->outcome - told->len);
    size_t at = told->len - sizeof told->outcome;
    return at < more ? read(fd, (char *)told->waterfall + at, more - at) : read(fd, &rest, 1);
}

/* Reads what the child tells until its end. false: a signal came, and the child is dead. */
static bool listen_to(pid_t pid, int fd, struct told *told)
{
    while (signals_wait(fd)) {
        ssize_t n = read_on(fd, told);
        if (n == 0 || (n < 0 && errno != EINTR))
            return true;
        told->len += n > 0 ? (size_t)n : 0;
    }
    kill(pid, SIGKILL);
    return false;
}

/* What was told whole is kept. */
static void take_waterfall(struct compare *c, int row, struct told *told)
{
    if (told->waterfall && told->len >= sizeof told->outcome + sizeof *told->waterfall)
        c->waterfalls[row] = told->waterfall;
    else
        free(told->waterfall);
}

static void tell_killed(struct compare *c, int row, int number)
{
    const char *name = strsignal(number);
    report_run_failure(c->report, 128 + number, "%s: its process was killed by signal %d (%s)", compare_names[row],
                       number, name ? name : "?");
}

/* false: there is no point in going on. */
static bool take_outcome(struct compare *c, int row, const struct outcome *o)
{
    struct compare_figures *f = &c->figures[row];
    struct report told = {.inputs = o->inputs,
                          .failed = o->failed,
                          .bytes = o->bytes,
                          .code = o->code,
                          .run_code = o->run_code,
                          .several = o->several};
    report_join(c->report, &told);
    f->told = true;
    f->transfers = o->inputs;
    f->failed = o->failed;
    f->bytes = o->bytes;
    return !o->run_code || o->inputs;
}

static bool cannot_start(struct compare *c, int row)
{
    report_run_failure(c->report, AFETCH_MEMORY, "%s: its process cannot be started: %s", compare_names[row],
                       strerror(errno));
    return false;
}

/* Waits for the end of a child that was started at start_ns. false: as take_outcome, or a signal came. */
static bool follow(struct compare *c, int row, pid_t pid, int fd, uint64_t start_ns)
{
    struct told told = {0};
    struct rusage usage = {0};
    int status = 0;
    if (c->options.waterfall)
        told.waterfall = calloc(1, sizeof *told.waterfall);
    bool heard = listen_to(pid, fd, &told);
    take_waterfall(c, row, &told);
    while (wait4(pid, &status, 0, &usage) < 0 && errno == EINTR)
        ;
    struct compare_figures *f = &c->figures[row];
    f->wall_ns = now_ns() - start_ns;
    f->cpu_ns = timeval_ns(usage.ru_utime) + timeval_ns(usage.ru_stime);
    f->memory = (uint64_t)usage.ru_maxrss * 1024;
    if (!heard)
        return false;
    if (told.len >= sizeof told.outcome)
        return take_outcome(c, row, &told.outcome);
    if (WIFSIGNALED(status))
        tell_killed(c, row, WTERMSIG(status));
    else
        report_run_failure(c->report, AFETCH_INTERNAL, "%s: its process ended with %d and told nothing",
                           compare_names[row], WEXITSTATUS(status));
    return true;
}

static bool measure(struct compare *c, int row)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return cannot_start(c, row);
    pid_t parent = getpid();
    uint64_t start_ns = now_ns();
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        die_with_parent(parent);
        run_child(c, row, ends[1]);
    }
    close(ends[1]);
    bool ok = pid > 0 ? follow(c, row, pid, ends[0], start_ns) : cannot_start(c, row);
    close(ends[0]);
    return ok;
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

static bool copy_inputs(struct compare *c, const struct options *o)
{
    struct options_input *inputs = calloc(o->input_count, sizeof *inputs);
    if (!inputs) {
        report_run_failure(c->report, AFETCH_MEMORY, "out of memory");
        return false;
    }
    memcpy(inputs, o->inputs, o->input_count * sizeof *inputs);
    c->options.inputs = inputs;
    return true;
}

static bool spool_inputs(struct compare *c)
{
    for (size_t i = 0; i < c->options.input_count; i++) {
        struct options_input *in = &c->options.inputs[i];
        if (in->kind != INPUT_LIST || !spool_needed(in->text))
            continue;
        int fd = spool_list(in->text, c->report);
        if (fd < 0)
            return false;
        in->fd = fd;
    }
    return true;
}

static bool rewind_inputs(struct compare *c)
{
    for (size_t i = 0; i < c->options.input_count; i++)
        if (c->options.inputs[i].fd && !spool_rewind(c->options.inputs[i].fd, c->report))
            return false;
    return true;
}

static bool measure_all(struct compare *c)
{
    for (int row = 0; row < ROW_COUNT; row++) {
        if (isatty(STDERR_FILENO))
            report_note(c->report, "comparing, %d of %d: %s", row + 1, ROW_COUNT, compare_names[row]);
        if (!rewind_inputs(c) || !measure(c, row))
            return false;
    }
    return true;
}

static void tell(struct compare *c)
{
    struct text text = {0};
    compare_table(&text, c->figures);
    if (text.failed)
        report_run_failure(c->report, AFETCH_MEMORY, "out of memory");
    else if (!output_write(&c->report->out, text.data, text.len))
        report_output_failed(c->report);
    text_clear(&text);
    compare_say(&text, c->figures);
    for (char *line = text.data, *end; line && !text.failed && (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        report_note(c->report, "%s", line);
    }
    text_deinit(&text);
}

/* The three modes under each other, on one axis. */
static void draw(struct compare *c)
{
    struct text text = {0};
    const struct waterfall *list[ROW_COUNT];
    const char *names[ROW_COUNT];
    size_t count = 0;
    for (int row = 0; row < ROW_COUNT; row++) {
        if (!c->waterfalls[row])
            continue;
        names[count] = compare_names[row];
        list[count++] = c->waterfalls[row];
    }
    waterfall_draw(&text, list, names, count, waterfall_style());
    if (text.len && !text.failed)
        output_error(&c->report->out, text.data, text.len);
    text_deinit(&text);
    for (int row = 0; row < ROW_COUNT; row++)
        free(c->waterfalls[row]);
}

static bool stopped(void)
{
    return signals_caught() != 0;
}

static void close_inputs(struct compare *c)
{
    for (size_t i = 0; i < c->options.input_count; i++)
        if (c->options.inputs[i].fd)
            close(c->options.inputs[i].fd);
    free(c->options.inputs);
}

int compare(const struct options *options, struct report *report)
{
    struct compare c = {.report = report, .options = *options};
    if (report->out.closed) { /* not after all that work */
        output_write(&report->out, "", 0);
        report_output_failed(report);
        return report_exit_status(report);
    }
    if (!copy_inputs(&c, options))
        return report_exit_status(report);
    signal(SIGCHLD, SIG_DFL); /* where it is ignored, wait4 has nothing to tell */
    report->out.stopped = stopped;
    c.options.mode = AFETCH_THREADS; /* the one that needs most: the limits are the same for all */
    c.options.parallel_max = run_fit(&c.options, report);

    signals_hold();
    bool ok = spool_inputs(&c) && measure_all(&c);
    signals_release();
    if (ok)
        tell(&c);
    draw(&c);
    close_inputs(&c);
    int signal = report->out.broken ? 0 : signals_caught();
    return signal ? 128 + signal : report_exit_status(report);
}
