/* -w FORMAT, as curl reads it. */
#include "figures.h"
#include "json.h"
#include "reports.h"
#include "secret.h"
#include "writer.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

enum {
    FILE_NAME_MAX = 511, /* curl's */
    TIME_MAX = 256
};

struct writeout {
    struct sink sink; /* first */
    const char *format, *default_scheme;
};

/* Where what follows goes. */
enum target { TARGET_STDOUT, TARGET_STDERR, TARGET_FILE };

/* One record's text under way. */
struct writing {
    struct report *report;
    const struct record *rec;
    const struct record_hop *last; /* or NULL */
    const struct figures *figures;
    struct text text; /* for target, not written yet */
    enum target target;
    int fd;    /* TARGET_FILE's */
    bool over; /* %{onerror} said so */
};

/* ---- where it goes ----------------------------------------------------------------------------------------------------- */

static void flush(struct writing *w)
{
    if (!w->text.len || w->text.failed)
        return;
    if (w->target == TARGET_STDOUT)
        output_write(&w->report->out, w->text.data, w->text.len);
    else if (w->target == TARGET_STDERR)
        output_error(&w->report->out, w->text.data, w->text.len);
    else
        writer_write(w->fd, w->text.data, w->text.len, w->report->out.stopped);
    text_clear(&w->text);
}

static void turn_to(struct writing *w, enum target target, int fd)
{
    flush(w);
    if (w->target == TARGET_FILE)
        close(w->fd);
    w->target = target;
    w->fd = fd;
}

/* What cannot be opened changes nothing, as in curl; nor does a FIFO that nobody reads. */
static void turn_to_file(struct writing *w, const char *name, size_t len)
{
    char path[FILE_NAME_MAX + 1];
    bool append = len >= 2 && memcmp(name, ">>", 2) == 0;
    name += append ? 2 : 0;
    len -= append ? 2 : 0;
    if (len > FILE_NAME_MAX)
        return;
    memcpy(path, name, len);
    path[len] = '\0';
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK | (append ? O_APPEND : O_TRUNC), 0666);
    if (fd >= 0)
        turn_to(w, TARGET_FILE, fd);
}

/* ---- what is written ---------------------------------------------------------------------------------------------------- */

static void add_json(struct writing *w, struct json *j, struct yyjson_mut_val *value)
{
    char *text = json_write(j, value, NULL);
    if (text)
        text_adds(&w->text, text);
    free(text);
}

static void write_json(struct writing *w, struct json *j)
{
    struct text version = {0};
    struct yyjson_mut_val *value = json_object(j);
    figures_add(j, value, w->figures, false);
    text_addf(&version, "afetch/%s %s", afetch_version(), afetch_libraries());
    json_add_text(j, value, "curl_version", version.data);
    text_deinit(&version);
    add_json(w, j, value);
}

static bool named_before(const struct record_hop *hop, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcasecmp(hop->fields[k].name, hop->fields[i].name) == 0)
            return true;
    return false;
}

static void add_shown(struct json *j, struct yyjson_mut_val *values, const struct record_field *f, bool secret)
{
    secret = secret || secret_has_user(f->name, strlen(f->name), f->value, strlen(f->value));
    json_add_text(j, values, NULL, secret ? SECRET_MASK : f->value);
}

/* Names in lower case, each once, with an array of its values. */
static void write_header_json(struct writing *w, struct json *j)
{
    struct yyjson_mut_val *value = json_object(j);
    const struct record_hop *hop = w->last;
    for (size_t i = 0; hop && i < hop->field_count; i++) {
        if (named_before(hop, i))
            continue;
        struct yyjson_mut_val *values = json_array(j);
        bool secret = secret_is_field(hop->fields[i].name, strlen(hop->fields[i].name));
        for (size_t k = i; k < hop->field_count; k++)
            if (strcasecmp(hop->fields[k].name, hop->fields[i].name) == 0)
                add_shown(j, values, &hop->fields[k], secret);
        json_add_lower(j, value, hop->fields[i].name, values);
    }
    add_json(w, j, value);
}

static void write_figure(struct writing *w, const struct figure *figure)
{
    const char *text;
    unsigned long long us;
    switch (figure->kind) {
    case FIGURE_TEXT:
    case FIGURE_PART:
        text = figure_text(w->figures, figure);
        text_adds(&w->text, text ? text : "");
        break;
    case FIGURE_NUMBER:
        text_addf(&w->text, "%lld", (long long)figure_number(w->figures, figure));
        break;
    case FIGURE_STATUS:
        text_addf(&w->text, "%03lld", (long long)figure_number(w->figures, figure));
        break;
    case FIGURE_TIME:
    case FIGURE_SPAN:
        us = figure_time_ns(w->figures, figure) / 1000;
        text_addf(&w->text, "%llu.%06llu", us / 1000000, us % 1000000);
    }
}

static void write_structure(struct writing *w, void (*write)(struct writing *w, struct json *j))
{
    struct json *j = json_new();
    if (j)
        write(w, j);
    json_free(j);
}

static bool is(const char *name, size_t len, const char *other)
{
    return strlen(other) == len && memcmp(name, other, len) == 0;
}

/* %{name} */
static void write_variable(struct writing *w, const char *name, size_t len)
{
    const struct figure *figure = figure_find(name, len);
    if (figure)
        write_figure(w, figure);
    else if (is(name, len, "onerror"))
        w->over = w->rec->code == 0;
    else if (is(name, len, "stdout"))
        turn_to(w, TARGET_STDOUT, -1);
    else if (is(name, len, "stderr"))
        turn_to(w, TARGET_STDERR, -1);
    else if (is(name, len, "json"))
        write_structure(w, write_json);
    else if (is(name, len, "header_json"))
        write_structure(w, write_header_json);
}

/* \n \r \t, and what is none of them as it is; also \} in what stands between braces. Gives what is behind. */
static const char *write_escape(struct writing *w, const char *at, bool braces)
{
    static const char letters[] = "rnt", meant[] = "\r\n\t";
    const char *known = strchr(letters, at[1]);
    if (known)
        text_add(&w->text, &meant[known - letters], 1);
    else if (braces && at[1] == '}')
        text_adds(&w->text, "}");
    else
        text_add(&w->text, at, 2);
    return at + 2;
}

static void write_separator(struct writing *w, const char *at, const char *end)
{
    while (at < end)
        if (*at == '\\' && at + 1 < end)
            at = write_escape(w, at, true);
        else
            text_add(&w->text, at++, 1);
}

/* %header{name}, %header{name:all:separator} */
static void write_header(struct writing *w, const char *name, size_t len)
{
    const char *all = memmem(name, len, ":all:", 5);
    size_t name_len = all ? (size_t)(all - name) : len;
    bool first = true;
    for (const struct record_hop *hop = all ? w->rec->hops : w->last; hop; hop = hop->next) {
        for (size_t i = 0; i < hop->field_count && hop->told.retries == w->last->told.retries; i++) {
            const struct record_field *f = &hop->fields[i];
            if (strlen(f->name) != name_len || strncasecmp(f->name, name, name_len) != 0)
                continue;
            if (!first)
                write_separator(w, all + 5, name + len);
            text_adds(&w->text, f->value);
            first = false;
            if (!all)
                return;
        }
    }
}

/* %time{format}: strftime's, of the present in UTC, and %f for its microseconds. */
static void write_time(struct writing *w, const char *format, size_t len)
{
    struct timespec now;
    struct tm tm;
    struct text whole = {0};
    char out[TIME_MAX];
    clock_gettime(CLOCK_REALTIME, &now);
    for (size_t i = 0; i < len; i++) {
        char next = format[i] == '%' && i + 1 < len ? format[i + 1] : '\0';
        if (next == 'f')
            text_addf(&whole, "%06ld", now.tv_nsec / 1000);
        else if (next == 's')
            text_addf(&whole, "%lld", (long long)now.tv_sec);
        else if (next == 'Z' || next == 'z')
            text_adds(&whole, next == 'Z' ? "UTC" : "+0000");
        else if (next == '%')
            text_adds(&whole, "%%");
        else
            next = '\0';
        if (next)
            i++;
        else
            text_add(&whole, &format[i], 1);
    }
    if (whole.len && !whole.failed && gmtime_r(&now.tv_sec, &tm) && strftime(out, sizeof out, whole.data, &tm))
        text_adds(&w->text, out);
    text_deinit(&whole);
}

/* ---- the format ---------------------------------------------------------------------------------------------------------- */

/* The brace that ends what begins at at; with \} a part of it. */
static const char *closing(const char *at, bool escapes)
{
    const char *end = strchr(at, '}');
    while (escapes && end && end > at && end[-1] == '\\')
        end = strchr(end + 1, '}');
    return end;
}

struct construct {
    const char *start;
    bool escapes;
    void (*write)(struct writing *w, const char *text, size_t len);
};

static const struct construct constructs[] = {
    {"%{", false, write_variable},
    {"%header{", true, write_header},
    {"%time{", false, write_time},
    {"%output{", false, turn_to_file},
};

static const struct construct *construct_at(const char *at)
{
    for (size_t i = 0; i < sizeof constructs / sizeof constructs[0]; i++)
        if (strncmp(at, constructs[i].start, strlen(constructs[i].start)) == 0)
            return &constructs[i];
    return NULL;
}

/* What begins with % and more. Gives what is behind. */
static const char *write_percent(struct writing *w, const char *at)
{
    const struct construct *c = construct_at(at);
    if (!c) {
        text_add(&w->text, at, at[1] == '%' ? 1 : 2);
        return at + 2;
    }
    const char *begin = at + strlen(c->start);
    const char *end = closing(begin, c->escapes);
    if (!end) {
        text_adds(&w->text, c->start);
        return begin;
    }
    c->write(w, begin, (size_t)(end - begin));
    return end + 1;
}

static void write_format(struct writing *w, const char *at)
{
    while (*at && !w->over) {
        if (*at == '%' && at[1])
            at = write_percent(w, at);
        else if (*at == '\\' && at[1])
            at = write_escape(w, at, false);
        else
            text_add(&w->text, at++, 1);
    }
}

/* ---- the sink ------------------------------------------------------------------------------------------------------------ */

static void tell(struct sink *s, const struct record *rec)
{
    const struct writeout *wo = (const struct writeout *)s;
    struct figures figures;
    figures_init(&figures, rec, wo->default_scheme);
    struct writing w = {.report = s->report, .rec = rec, .last = record_last_hop(rec), .figures = &figures, .fd = -1};
    write_format(&w, wo->format);
    turn_to(&w, TARGET_STDOUT, -1);
    if (w.text.failed)
        report_run_failure(s->report, AFETCH_MEMORY, "-w: out of memory");
    text_deinit(&w.text);
    figures_deinit(&figures);
}

static void writeout_free(struct sink *s)
{
    free(s);
}

static bool is_known(const char *name, size_t len)
{
    static const char *const others[] = {"onerror", "stdout", "stderr", "json", "header_json"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (is(name, len, others[i]))
            return true;
    return figure_find(name, len) != NULL;
}

void writeout_check(const struct options *o, struct report *report)
{
    const char *format = o->write_out;
    for (const char *at = format; *at && (at = strchr(at, '%')); at += 1 + (at[1] != '\0')) {
        const char *end = at[1] == '{' ? strchr(at, '}') : NULL;
        if (!end || is_known(at + 2, (size_t)(end - at - 2)))
            continue;
        report_warning(report, "-w: there is no variable %%{%.*s}", (int)(end - at - 2), at + 2);
    }
}

struct sink *writeout_new(const struct options *o)
{
    struct writeout *w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    bool heads = strstr(o->write_out, "%header{") || strstr(o->write_out, "%{header_json}");
    w->sink = (struct sink){.want = RECORD_HOPS | (heads ? RECORD_HEADS : 0), .tell = tell, .free = writeout_free};
    w->format = o->write_out;
    w->default_scheme = o->proto_default;
    return &w->sink;
}
