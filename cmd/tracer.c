#include "tracer.h"
#include "secret.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { WIDTH_FULL = 16, WIDTH_ASCII = 64, START_SIZE = 120, DUMP_PIECE = 32 * 1024 };

/* ---- where it goes ---------------------------------------------------------------------------------------------- */

static bool is(const char *path, const char *name)
{
    return path && strcmp(path, name) == 0;
}

bool tracer_open(struct tracer *t, const struct options *o, struct report *report)
{
    const char *path = o->trace_file;
    *t = (struct tracer){.report = report,
                         .kind = o->trace,
                         .time = o->trace_time || o->verbose > 1,
                         .ids = o->trace_ids || o->verbose > 1,
                         .to_stdout = is(path, "-"),
                         .file.fd = -1};
    bool to_file = path && !t->to_stdout && !is(path, "%");
    t->quiet_data = !to_file && isatty(STDERR_FILENO);
    return !to_file || report_file_open(&t->file, report, t->kind == TRACE_FULL ? "trace" : "trace-ascii", path);
}

void tracer_begin(struct tracer *t, void (*wake)(void *arg), void *arg)
{
    report_file_begin(&t->file, wake, arg);
}

bool tracer_full(const struct tracer *t)
{
    return report_file_full(&t->file);
}

void tracer_end(struct tracer *t)
{
    report_file_end(&t->file, t->report);
}

static void send(struct tracer *t, struct text *text)
{
    if (text->failed || !text->len)
        ;
    else if (t->file.path)
        report_file_write(&t->file, t->report, text->data, text->len);
    else if (t->to_stdout)
        output_write(&t->report->out, text->data, text->len);
    else
        output_error(&t->report->out, text->data, text->len);
    text_clear(text);
}

/* ---- the start of a line ---------------------------------------------------------------------------------------- */

/* "[3] ", or with ids "[3-1] ", in which the second is the connection. */
static void write_number(const struct tracer *t, const struct afetch_request *r, char out[START_SIZE])
{
    unsigned long long number = afetch_request_number(r), conn = afetch_request_connection(r);
    const char *mode = t->report->mode;
    size_t len = 0;
    if (mode)
        len = (size_t)snprintf(out, START_SIZE, "%.40s: ", mode);
    if (!t->ids)
        snprintf(out + len, START_SIZE - len, "[%llu] ", number);
    else if (conn)
        snprintf(out + len, START_SIZE - len, "[%llu-%llu] ", number, conn);
    else
        snprintf(out + len, START_SIZE - len, "[%llu-x] ", number);
}

static void add_time(const struct tracer *t, struct text *out)
{
    struct timespec now;
    struct tm tm;
    char text[16];
    if (!t->time)
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    if (localtime_r(&now.tv_sec, &tm) && strftime(text, sizeof text, "%H:%M:%S", &tm))
        text_addf(out, "%s.%06ld ", text, now.tv_nsec / 1000);
}

/* ---- -v --------------------------------------------------------------------------------------------------------- */

/* How much of a head's line may be shown: all, or the name of a field whose value is a secret. */
static size_t shown_part(const char *text, size_t len)
{
    const char *colon = memchr(text, ':', len);
    if (!colon)
        return len;
    size_t name = (size_t)(colon - text);
    return secret_is_field(text, name) ? name + 1 : len;
}

/* The user info of the URL in a line of a head, such as Location's: where its "user:password@" begins, and its length; 0:
 * there is none. */
static size_t find_user_info(const char *text, size_t len, size_t *at)
{
    size_t slashes = 0;
    while (slashes + 1 < len && (text[slashes] != '/' || text[slashes + 1] != '/'))
        slashes++;
    *at = slashes + 2;
    size_t found = 0;
    for (size_t i = *at; i < len && !strchr("/?#", text[i]); i++)
        if (text[i] == '@')
            found = i + 1 - *at;
    return found;
}

static void add_masked(struct text *out, enum afetch_trace kind, const char *text, size_t len)
{
    size_t part = kind == AFETCH_TRACE_INFO ? len : shown_part(text, len);
    size_t secret = 0, secret_len = kind == AFETCH_TRACE_HEAD_IN ? find_user_info(text, part, &secret) : 0;
    text_add_shown(out, text, secret_len ? secret : part, SIZE_MAX);
    if (secret_len)
        text_add_shown(out, text + secret + secret_len, part - secret - secret_len, SIZE_MAX);
    if (part < len)
        text_adds(out, " " SECRET_MASK);
}

static void tell_line(struct tracer *t, const char *start, enum afetch_trace kind, const char *text, size_t len)
{
    static const char marks[] = {[AFETCH_TRACE_INFO] = '*',
                                 [AFETCH_TRACE_HEAD_OUT] = '>',
                                 [AFETCH_TRACE_HEAD_IN] = '<',
                                 [AFETCH_TRACE_DATA_OUT] = '}',
                                 [AFETCH_TRACE_DATA_IN] = '{'};
    struct text out = {0};
    bool data = kind == AFETCH_TRACE_DATA_OUT || kind == AFETCH_TRACE_DATA_IN;
    if (kind == AFETCH_TRACE_REQUEST || (data && (t->data_told || t->quiet_data)))
        return;
    t->data_told = data;
    add_time(t, &out);
    text_adds(&out, start);
    text_addf(&out, "%c ", marks[kind]);
    if (data)
        text_addf(&out, "[%zu bytes data]", len);
    else
        add_masked(&out, kind, text, len);
    text_adds(&out, "\n");
    send(t, &out);
    text_deinit(&out);
}

/* ---- --trace and --trace-ascii ---------------------------------------------------------------------------------- */

static void add_hex(struct text *out, const unsigned char *data, size_t len)
{
    for (size_t i = 0; i < WIDTH_FULL; i++)
        if (i < len)
            text_addf(out, "%02x ", data[i]);
        else
            text_adds(out, "   ");
}

/* Bytes of one line, up to its width or its line end, which is left out. Gives how many it stands for. */
static size_t add_ascii(struct text *out, const unsigned char *data, size_t len, bool ends_lines)
{
    size_t width = ends_lines ? WIDTH_ASCII : WIDTH_FULL;
    size_t n = 0;
    for (; n < width && n < len; n++) {
        if (ends_lines && n + 1 < len && data[n] == '\r' && data[n + 1] == '\n')
            return n + 2;
        char shown = data[n] >= 0x20 && data[n] < 0x7f ? (char)data[n] : '.';
        text_add(out, &shown, 1);
    }
    bool end = ends_lines && n + 1 < len && data[n] == '\r' && data[n + 1] == '\n';
    return end ? n + 2 : n; /* no empty line for an end that stands at the width */
}

static void dump(struct tracer *t, const char *start, const char *what, const void *bytes, size_t len)
{
    const unsigned char *data = bytes;
    bool ascii = t->kind == TRACE_ASCII;
    struct text out = {0};
    add_time(t, &out);
    text_addf(&out, "%s%s, %zu bytes (0x%zx)\n", start, what, len, len);
    for (size_t i = 0; i < len;) {
        text_addf(&out, "%s%04zx: ", start, i);
        size_t left = len - i;
        if (!ascii)
            add_hex(&out, data + i, left);
        i += add_ascii(&out, data + i, left, ascii);
        text_adds(&out, "\n");
        if (out.len > DUMP_PIECE)
            send(t, &out);
    }
    send(t, &out);
    text_deinit(&out);
}

static void dump_line(struct tracer *t, const char *start, const char *text, size_t len)
{
    struct text line = {0};
    text_add(&line, text, len);
    text_adds(&line, "\r\n");
    if (!line.failed)
        dump(t, start, "<= Recv header", line.data, line.len);
    text_deinit(&line);
}

static void dump_info(struct tracer *t, const char *start, const char *text, size_t len)
{
    struct text out = {0};
    add_time(t, &out);
    text_addf(&out, "%s* ", start);
    text_add_shown(&out, text, len, SIZE_MAX);
    text_adds(&out, "\n");
    send(t, &out);
    text_deinit(&out);
}

void tracer_tell(struct tracer *t, const struct afetch_request *r, enum afetch_trace kind, const char *text, size_t len)
{
    char start[START_SIZE];
    write_number(t, r, start);
    if (t->kind == TRACE_PLAIN)
        tell_line(t, start, kind, text, len);
    else if (kind == AFETCH_TRACE_INFO)
        dump_info(t, start, text, len);
    else if (kind == AFETCH_TRACE_REQUEST)
        dump(t, start, "=> Send header", text, len);
    else if (kind == AFETCH_TRACE_HEAD_IN)
        dump_line(t, start, text, len);
    else if (kind == AFETCH_TRACE_DATA_OUT)
        dump(t, start, "=> Send data", text, len);
    else if (kind == AFETCH_TRACE_DATA_IN)
        dump(t, start, "<= Recv data", text, len);
}
