/* afetch: the tool. Reads its command line, and runs it. */
#include "compare.h"
#include "json.h"
#include "password.h"
#include "run.h"
#include "signals.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int say(struct report *report, const struct text *text)
{
    if (!output_write(&report->out, text->data, text->len))
        report_output_failed(report);
    return report_exit_status(report);
}

static int help(struct report *report, const char *topic)
{
    struct text text = {0};
    help_write(&text, topic);
    int status = say(report, &text);
    text_deinit(&text);
    return status;
}

static int version(struct report *report)
{
    struct text text = {0};
    text_addf(&text, "afetch %s\n%s %s\n", afetch_version(), afetch_libraries(), json_library());
    int status = say(report, &text);
    text_deinit(&text);
    return status;
}

static int refuse(struct report *report, int status, const char *why)
{
    report_run_failure(report, status, "%s", why);
    if (status == 2)
        report_run_failure(report, status, "nothing was fetched; \"afetch --help\" shows the options");
    return status;
}

/* What was typed. */
struct typed {
    char password[PASSWORD_MAX], proxy_password[PASSWORD_MAX];
};

/* 0, or the exit status. */
static int ask_password(struct report *report, char out[PASSWORD_MAX], const char *what, const char *user,
                        const char **password)
{
    char why[PASSWORD_WHY];
    if (!password_ask(out, what, user, why))
        return signals_caught() ? 128 + signals_caught() : refuse(report, AFETCH_READ, why);
    *password = out;
    return 0;
}

/* The same; typed: stays as long as the options. */
static int ask_passwords(struct report *report, struct options *options, struct typed *typed)
{
    int status = 0;
    if (options->ask_password)
        status = ask_password(report, typed->password, "host", options->user, &options->password);
    if (status == 0 && options->ask_proxy_password)
        status = ask_password(report, typed->proxy_password, "proxy", options->proxy_user, &options->proxy_password);
    return status;
}

/* --stderr: from now on standard error is that. */
static void redirect_errors(struct report *report, const char *path)
{
    bool to_stdout = strcmp(path, "-") == 0;
    int fd = to_stdout ? STDOUT_FILENO : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0 || dup2(fd, STDERR_FILENO) < 0)
        report_warning(report, "--stderr: %.300s cannot be written: %s", path, strerror(errno));
    if (fd >= 0 && !to_stdout)
        close(fd);
}

static int fetch(struct report *report, struct options *options, struct typed *typed, bool stdin_closed)
{
    if (options->stderr_file)
        redirect_errors(report, options->stderr_file);
    if (options->stdin_reader && stdin_closed)
        return refuse(report, AFETCH_READ, "standard input is closed");
    if (*options->warning)
        report_warning(report, "%s", options->warning);
    int status = ask_passwords(report, options, typed);
    if (status)
        return status;
    return options->compare ? compare(options, report) : run(options, report);
}

int main(int argc, char **argv)
{
    struct options options;
    struct report report = {0};
    struct typed typed;
    bool stdin_closed;
    output_guard(&report.out, &stdin_closed);
    signals_begin();

    int status = options_parse(&options, argc, argv);
    report_init(&report, !status && options.silent, options.show_error);
    if (status)
        status = refuse(&report, status, options.error);
    else if (options.action == ACTION_HELP)
        status = help(&report, options.help_topic);
    else if (options.action == ACTION_VERSION)
        status = version(&report);
    else
        status = fetch(&report, &options, &typed, stdin_closed);

    options_deinit(&options);
    report_deinit(&report);
    return status;
}
