#include "options_ranges.h"
#include "date.h"
#include "glob.h"
#include "option_value.h"
#include "options_check.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXIT_USAGE = 2, EXIT_READ = 26, EXIT_MEMORY = 27, ETAG_MAX = 16 * 1024 };

/* ---- values ----------------------------------------------------------------------------------------------------- */

const char *options_set_range(struct options *o, const char *value)
{
    uint64_t n;
    if (!*value)
        return "an empty argument";
    if (!value_is_field(value))
        return "its argument may not hold a line end or another control character";
    if (value_digits(value, &n)) {
        snprintf(o->range_room, sizeof o->range_room, "%llu-", (unsigned long long)n);
        options_warn(o, "-r %s: a range has a dash; %s is asked for", value, o->range_room);
        value = o->range_room;
    } else if (value[strspn(value, "0123456789-,")]) {
        options_warn(o,
                     "-r %.40s: a range has digits, dashes and commas alone; what the server makes of it is its affair",
                     value);
    }
    o->range = value;
    return NULL;
}

const char *options_set_continue(struct options *o, const char *value)
{
    uint64_t at = 0;
    bool found = strcmp(value, "-") == 0;
    if (!found && !value_digits(value, &at))
        return "it takes a number of bytes, or - to find out";
    o->resume = found ? RESUME_FOUND : RESUME_AT;
    o->resume_at = at;
    return NULL;
}

void options_set_condition(struct options *o, const char *value)
{
    struct stat st;
    int64_t time_s;
    o->condition = *value == '-'   ? AFETCH_IF_UNMODIFIED_SINCE
                   : *value == '=' ? AFETCH_LAST_MODIFIED
                                   : AFETCH_IF_MODIFIED_SINCE;
    const char *text = value + (*value == '-' || *value == '=' || *value == '+');
    if (date_parse(text, &time_s)) {
        o->condition_s = time_s;
    } else if (stat(text, &st) == 0) {
        o->condition_s = st.st_mtime;
    } else {
        options_warn(o, "-z: \"%.60s\" is neither a date nor a file (%s): there is no condition", text,
                     strerror(errno));
        o->condition = AFETCH_ALWAYS;
    }
}

/* ---- together --------------------------------------------------------------------------------------------------- */

static int refuse(struct options *o, int status, const char *why)
{
    snprintf(o->error, sizeof o->error, "%s", why);
    return status;
}

static bool has_range(const struct options *o)
{
    for (size_t i = 0; i < o->headers.count; i++)
        if (strncasecmp(o->headers.item[i], "Range:", 6) == 0)
            return true;
    return false;
}

static int check_resume(struct options *o)
{
    if (o->resume == RESUME_NONE)
        return 0;
    if (o->range)
        return refuse(o, EXIT_USAGE, "-C and -r contradict each other; give one of them");
    if (has_range(o))
        return refuse(o, EXIT_USAGE, "-C and -H 'Range: ...' contradict each other; give one of them");
    if (o->raw)
        return refuse(o, EXIT_USAGE, "-C and --raw contradict each other: what is raw cannot be gone on with");
    bool sends = o->uploads.count > 0 || o->form.count > 0 || (o->has_data && !o->get);
    if (o->head || sends || (o->method && strcmp(o->method, "GET") != 0))
        return refuse(o, EXIT_USAGE, "-C goes on with what a GET brings; leave -I, -X, -d, -F and -T out");
    if (o->resume == RESUME_FOUND && !options_has_files(o))
        options_warn(o, "-C - without -o: there is nothing to go on with");
    return 0;
}

/* A URL of the command line without globs, or with such as make one of it. */
static bool is_one_url(const struct options *o)
{
    if (o->input_count != 1 || o->inputs[0].kind != INPUT_URL)
        return false;
    struct glob_error error;
    struct glob *glob = o->globoff ? NULL : glob_new(o->inputs[0].text, &error);
    bool many = glob && glob_next(glob) && glob_next(glob);
    glob_free(glob);
    return !many;
}

/* A file's bytes, ETAG_MAX at most: how many, or -1 with errno. */
static ssize_t read_etag(const char *path, char *data)
{
    size_t len = 0;
    ssize_t n = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    do {
        n = read(fd, data + len, ETAG_MAX - len);
        len += n > 0 ? (size_t)n : 0;
    } while ((n > 0 && len < ETAG_MAX) || (n < 0 && errno == EINTR));
    int error = n < 0 ? errno : EFBIG;
    close(fd);
    errno = error;
    return n < 0 || len == ETAG_MAX ? -1 : (ssize_t)len;
}

/* The line that asks, of a file's text less its line ends; one that is empty or not there is an empty ETag. NULL without
 * memory. */
static char *etag_line(const char *data, size_t len)
{
    struct text line = {0};
    text_adds(&line, "If-None-Match: ");
    size_t name = line.len;
    for (size_t i = 0; i < len; i++)
        if (data[i] != '\r' && data[i] != '\n')
            text_add(&line, data + i, 1);
    if (line.len == name)
        text_adds(&line, "\"\"");
    if (!line.failed)
        return line.data;
    text_deinit(&line);
    return NULL;
}

static int add_etag(struct options *o)
{
    char data[ETAG_MAX];
    ssize_t len = read_etag(o->etag_compare, data);
    if (len < 0 && errno != ENOENT) {
        snprintf(o->error, sizeof o->error, "--etag-compare: %.200s cannot be read: %s", o->etag_compare,
                 strerror(errno));
        return EXIT_READ;
    }
    if (len < 0)
        options_warn(o, "--etag-compare: there is no %.100s; an empty ETag is sent", o->etag_compare);
    if (len > 0 && memchr(data, '\0', (size_t)len))
        return refuse(o, EXIT_READ, "--etag-compare: the file holds a NUL character");
    char *line = etag_line(data, len > 0 ? (size_t)len : 0);
    char **owned = realloc(o->owned, (o->owned_count + 1) * sizeof *owned);
    const char **item = realloc(o->headers.item, (o->headers.count + 1) * sizeof *item);
    o->owned = owned ? owned : o->owned;
    o->headers.item = item ? item : o->headers.item;
    if (!line || !owned || !item) {
        free(line);
        return refuse(o, EXIT_MEMORY, "out of memory");
    }
    owned[o->owned_count++] = line;
    item[o->headers.count++] = line;
    return value_is_field(line) ? 0 : refuse(o, EXIT_READ, "--etag-compare: the file holds a control character");
}

int options_check_ranges(struct options *o)
{
    int rc = check_resume(o);
    if (rc || (!o->etag_save && !o->etag_compare))
        return rc;
    if (!is_one_url(o))
        return refuse(o, EXIT_USAGE, "--etag-save and --etag-compare are for a single URL");
    if (o->etag_save && strcmp(o->etag_save, "-") == 0)
        return refuse(o, EXIT_USAGE, "--etag-save: \"-\" is no file; /dev/stdout is");
    return o->etag_compare ? add_etag(o) : 0;
}
