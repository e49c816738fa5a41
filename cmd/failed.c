/* --failed: the inputs that failed, as they stood, for the next run. It may be that run's input, so the file is replaced in
 * the end, by rename. */
#include "reports.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct failed {
    struct sink sink;        /* first */
    struct report_file file; /* the temporary one, or what is no regular file itself */
    const char *path;
    char *target; /* of links */
    char *temp;   /* NULL: it is written directly */
};

static void tell_failure(const struct failed *f, struct report *report, int error)
{
    report_run_failure(report, AFETCH_WRITE, "--failed: %.300s cannot be written: %s", f->path, strerror(error));
}

static void tell(struct sink *s, const struct record *rec)
{
    struct failed *f = (struct failed *)(void *)s;
    if (!rec->code || !rec->text)
        return;
    report_file_write(&f->file, s->report, rec->text, rec->text_len);
    report_file_write(&f->file, s->report, "\n", 1);
}

static void begin(struct sink *s, void (*wake)(void *arg), void *arg)
{
    report_file_begin(&((struct failed *)(void *)s)->file, wake, arg);
}

static bool full(const struct sink *s)
{
    return report_file_full(&((const struct failed *)(const void *)s)->file);
}

static void end(struct sink *s)
{
    struct failed *f = (struct failed *)(void *)s;
    report_file_end(&f->file, s->report);
    if (!f->temp || f->file.error)
        return;
    if (rename(f->temp, f->target) < 0)
        tell_failure(f, s->report, errno);
    else
        f->temp[0] = '\0';
}

static void failed_free(struct sink *s)
{
    struct failed *f = (struct failed *)(void *)s;
    report_file_end(&f->file, s->report);
    if (f->temp && *f->temp)
        unlink(f->temp);
    free(f->temp);
    free(f->target);
    free(f);
}

/* Beside the file, for its owner alone: inputs may hold passwords. 0 or an errno. */
static int make_temp(struct failed *f)
{
    struct stat st;
    f->target = realpath(f->path, NULL);
    if (!f->target && errno == ENOENT)
        f->target = strdup(f->path);
    if (!f->target)
        return errno;
    if (stat(f->target, &st) == 0 && !S_ISREG(st.st_mode))
        return S_ISDIR(st.st_mode) ? EISDIR : 0;
    size_t size = strlen(f->target) + sizeof ".afetch-XXXXXX";
    if (!(f->temp = malloc(size)))
        return ENOMEM;
    snprintf(f->temp, size, "%s.afetch-XXXXXX", f->target);
    int fd = mkstemp(f->temp); /* with mode 0600 */
    if (fd < 0) {
        f->temp[0] = '\0';
        return errno;
    }
    close(fd);
    return 0;
}

struct sink *failed_new(const char *path, struct report *report, bool *opened)
{
    struct failed *f = calloc(1, sizeof *f);
    *opened = false;
    if (!f)
        return NULL;
    f->path = path;
    f->file.fd = -1;
    f->sink =
        (struct sink){.want = RECORD_TEXT, .tell = tell, .begin = begin, .full = full, .end = end, .free = failed_free};
    int error = make_temp(f);
    if (error)
        tell_failure(f, report, error);
    else
        *opened = report_file_open(&f->file, report, "failed", f->temp ? f->temp : path);
    return &f->sink;
}
