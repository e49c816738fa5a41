/* What options mean together, once all of them are read. */
#include "options_check.h"
#include "options_auth.h"
#include "options_body.h"
#include "options_proxy.h"
#include "options_ranges.h"
#include "options_tls.h"
#include "target.h"
#include "template.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int refuse(struct options *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static int refuse(struct options *o, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(o->error, sizeof o->error, fmt, args);
    va_end(args);
    return 2;
}

int options_fail(struct options *o, int status, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(o->error, sizeof o->error, fmt, args);
    va_end(args);
    return status;
}

int options_list_add(struct options *o, struct options_list *list, const char *value)
{
    const char **item = realloc(list->item, (list->count + 1) * sizeof *item);
    if (!item)
        return options_no_memory(o);
    list->item = item;
    item[list->count++] = value;
    return 0;
}

int options_no_memory(struct options *o)
{
    return options_fail(o, AFETCH_MEMORY, "out of memory");
}

int options_claim_stdin(struct options *o, const char *who)
{
    if (o->stdin_reader)
        return refuse(o, "%s reads standard input, but %s does so already", who, o->stdin_reader);
    o->stdin_reader = who;
    return 0;
}

void options_warn(struct options *o, const char *fmt, ...)
{
    size_t len = strlen(o->warning);
    va_list args;
    va_start(args, fmt);
    if (len && len + 2 < sizeof o->warning)
        len += (size_t)snprintf(o->warning + len, sizeof o->warning - len, "; ");
    vsnprintf(o->warning + len, sizeof o->warning - len, fmt, args);
    va_end(args);
}

static int check_mode(struct options *o)
{
    const char *other = o->sync ? "--sync" : o->threads ? "--threads" : NULL;
    if (o->sync && o->threads)
        return refuse(o, "--sync and --threads contradict each other; give one of them");
    if (o->compare && other)
        return refuse(o, "--compare and %s contradict each other: it runs sync, threads and async in turn", other);
    if (o->compare && o->once)
        return refuse(o, "--%s does not go with --compare, which fetches every URL three times and keeps nothing",
                      o->once);
    o->mode = o->sync ? AFETCH_SYNC : o->threads ? AFETCH_THREADS : AFETCH_ASYNC;
    if ((o->threads || o->compare) && o->parallel_max > AFETCH_THREADS_MAX) {
        options_warn(o, "%s: at most %d transfers at once, not %u", o->threads ? "--threads" : "--compare",
                     AFETCH_THREADS_MAX, o->parallel_max);
        o->parallel_max = AFETCH_THREADS_MAX;
    }
    return 0;
}

bool options_has_files(const struct options *o)
{
    return o->outputs.count > 0 || o->remote_name_all;
}

const char *options_output(const struct options *o, size_t input)
{
    if (o->outputs.count == 1 && !o->remote_name_all)
        return o->outputs.item[0];
    if (input < o->outputs.count)
        return o->outputs.item[input];
    return o->remote_name_all ? TARGET_REMOTE : NULL;
}

bool options_use_stdout(const struct options *o)
{
    const char *const files[] = {o->cookie_jar, o->dump_header};
    bool used = (o->include || o->head) && !options_has_files(o);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        used = used || (files[i] && strcmp(files[i], "-") == 0);
    for (size_t i = 0; i < o->outputs.count; i++)
        used = used || strcmp(o->outputs.item[i], "-") == 0;
    return used;
}

/* An -o that wants the value of a named glob goes with URLs that have it. */
static int check_names(struct options *o)
{
    for (size_t i = 0; i < o->input_count && !o->globoff; i++) {
        const char *output = options_output(o, i);
        if (!output || !strstr(output, "#<") || o->inputs[i].kind != INPUT_URL)
            continue;
        char why[160] = "";
        struct glob_error error;
        struct glob *glob = glob_new(o->inputs[i].text, &error);
        bool ok = !glob || template_check_names(output, glob, why, sizeof why); /* NULL: that URL fails in its turn */
        glob_free(glob);
        if (!ok)
            return refuse(o, "-o: %s", why);
    }
    return 0;
}

/* As many -O as one likes are one, if there is no -o. */
static void merge_remotes(struct options *o)
{
    size_t remotes = 0;
    for (size_t i = 0; i < o->outputs.count; i++)
        remotes += !*o->outputs.item[i];
    o->remote_names = remotes > 0 || o->remote_name_all;
    if (remotes == o->outputs.count)
        o->outputs.count = remotes > 0;
}

static int check_files(struct options *o)
{
    if (o->remote_header_name && !o->remote_names)
        options_warn(o, "-J without -O: there is no file to be named");
    if (o->remote_header_name && o->resume != RESUME_NONE)
        return refuse(o, "-C and -J contradict each other: what is there is looked for before the server names it");
    if (o->clobber == CLOBBER_NEVER && o->resume != RESUME_NONE)
        return refuse(o, "-C and --no-clobber contradict each other; give one of them");
    if (o->clobber == CLOBBER_NEVER && o->skip_existing)
        return refuse(o, "--skip-existing and --no-clobber contradict each other; give one of them");
    return 0;
}

static int check_outputs(struct options *o)
{
    bool lists = false;
    for (size_t i = 0; i < o->input_count; i++)
        lists = lists || o->inputs[i].kind == INPUT_LIST;
    size_t n = o->outputs.count;
    int rc = check_files(o);
    if (rc)
        return rc;
    if (n > 1 && lists)
        return refuse(o, "%zu -o for a list of URLs; give one, such as -o '{n}-{name}', for them all", n);
    if (n > 1 && n < o->input_count && !o->remote_name_all)
        return refuse(o, "%zu -o for %zu URLs; give one for each, or one, such as -o '{n}-{name}', for all", n,
                      o->input_count);
    if (n > 1 && n > o->input_count)
        options_warn(o, "%zu -o for %zu URL%s; the last %s not used", n, o->input_count, o->input_count == 1 ? "" : "s",
                     n - o->input_count == 1 ? "one is" : "ones are");
    return check_names(o);
}

/* -e "URL;auto" */
static int split_referer(struct options *o)
{
    static const char suffix[] = ";auto";
    size_t len = o->referer ? strlen(o->referer) : 0;
    if (len < sizeof suffix - 1 || strcmp(o->referer + len - (sizeof suffix - 1), suffix) != 0)
        return 0;
    o->referer_auto = true;
    char **owned = realloc(o->owned, (o->owned_count + 1) * sizeof *owned);
    char *url = strndup(o->referer, len - (sizeof suffix - 1));
    if (owned)
        o->owned = owned;
    if (!owned || !url) {
        free(url);
        refuse(o, "out of memory");
        return AFETCH_MEMORY;
    }
    o->referer = owned[o->owned_count++] = url;
    return 0;
}

static int check_request(struct options *o)
{
    if (o->fail == FAIL_NEVER && o->accept_statuses)
        return refuse(o, "--no-fail and --accept-status contradict each other; give one of them");
    if (o->include && o->remote_header_name)
        return refuse(o, "-i and -J contradict each other: a head that names the file cannot come first in it");
    if (o->include && o->resume != RESUME_NONE)
        return refuse(o, "-i and -C contradict each other: heads are no part of what is gone on with");
    int rc = options_check_ranges(o);
    return rc ? rc : split_referer(o);
}

/* Standard output is for results. */
static int check_reports(struct options *o)
{
    const struct {
        const char *name, *path;
    } reports[] = {{"har", o->har},
                   {"perfetto", o->perfetto},
                   {"journal", o->journal},
                   {"failed", o->failed},
                   {"report", o->report}};
    for (size_t i = 0; i < sizeof reports / sizeof reports[0]; i++)
        if (reports[i].path && strcmp(reports[i].path, "-") == 0)
            return refuse(o, "--%s writes to a file, not to standard output", reports[i].name);
    if (o->jsonl && !*o->jsonl && options_use_stdout(o))
        return refuse(o, "--jsonl would come between what else goes to standard output; give it a file: --jsonl=FILE");
    return 0;
}

int options_check(struct options *o)
{
    if (o->action != ACTION_FETCH)
        return 0;
    if (o->input_count == 0 && o->json && strstr(o->data.data, "://"))
        return refuse(o, "no URL given: --json sends its argument as a request's body; did you mean --jsonl?");
    if (o->input_count == 0)
        return refuse(o, "no URL given: afetch URL..., or \"afetch -\" to read them from standard input");
    options_check_auth(o);
    const char *why = options_check_tls(o);
    if (why)
        return refuse(o, "%s", why);
    int rc = options_check_proxy(o);
    if (rc)
        return rc;
    merge_remotes(o);
    rc = check_mode(o);
    if (rc == 0)
        rc = check_request(o);
    if (rc == 0)
        rc = options_check_body(o);
    if (rc == 0)
        rc = check_reports(o);
    return rc ? rc : check_outputs(o);
}
