#include "cookies.h"
#include "outfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void cookies_begin(struct afetch_session *s, const struct options *o, struct report *report)
{
    if (o->cookie_files.len &&
        afetch_session_read_cookies(s, o->cookie_files.data, o->cookie_files.len, o->junk_session_cookies) != AFETCH_OK)
        report_run_failure(report, AFETCH_MEMORY, "%s", afetch_code_text(AFETCH_MEMORY));
}

/* 0, or -1 with a sentence in why. */
static int write_file(const char *path, const char *text, size_t len, char why[OUTFILE_WHY])
{
    struct outfile_names names;
    struct outfile f;
    char *copy = strdup(path);
    if (!copy) {
        snprintf(why, OUTFILE_WHY, "%s", afetch_code_text(AFETCH_MEMORY));
        return -1;
    }
    outfile_names_init(&names);
    outfile_init(&f, copy);
    int rc = outfile_resolve(&f, why);
    if (rc == 0)
        rc = outfile_open(&f, &names, why);
    if (rc == 0)
        rc = outfile_write(&f, text, len, why);
    if (rc == 0)
        rc = outfile_commit(&f, why);
    outfile_discard(&f);
    outfile_deinit(&f);
    outfile_names_deinit(&names);
    return rc;
}

void cookies_end(struct afetch_session *s, const struct options *o, struct report *report)
{
    char why[OUTFILE_WHY] = "", *text = NULL;
    size_t len;
    if (!o->cookie_jar)
        return;
    if (afetch_session_write_cookies(s, &text, &len) != AFETCH_OK)
        report_run_failure(report, AFETCH_MEMORY, "%s", afetch_code_text(AFETCH_MEMORY));
    else if (strcmp(o->cookie_jar, "-") == 0)
        output_write(&report->out, text, len);
    else if (write_file(o->cookie_jar, text, len, why) < 0)
        report_warning(report, "the cookies are not saved: %s", why);
    free(text);
}
