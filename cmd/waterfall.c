#include "waterfall.h"
#include "reports.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { WIDTH = 80, WIDTH_MIN = 40, WIDTH_MAX = 400 };

/* ---- gathering --------------------------------------------------------------------------------------------------------- */

/* As much of it as there is room for, without its scheme; where it is cut there is an ellipsis, as the end tells URLs
 * apart better than the middle. */
static void set_label(struct waterfall_row *row, const char *url)
{
    enum { TAIL = 80, HEAD = WATERFALL_LABEL - TAIL - 4 };
    const char *colon = strstr(url, "://");
    url = colon ? colon + 3 : url;
    size_t len = strlen(url);
    if (len < WATERFALL_LABEL) {
        memcpy(row->label, url, len + 1);
        return;
    }
    size_t head = HEAD, tail = len - TAIL;
    while (head && ((unsigned char)url[head] & 0xc0) == 0x80) /* between characters */
        head--;
    while (tail < len && ((unsigned char)url[tail] & 0xc0) == 0x80)
        tail++;
    snprintf(row->label, sizeof row->label, "%.*s\xe2\x80\xa6%s", (int)head, url, url + tail);
}

static void add_spans(struct waterfall_row *row, const struct record *rec)
{
    uint64_t free_ns = 0;
    for (const struct record_hop *hop = rec->hops; hop; hop = hop->next) {
        if (row->span_count + HOP_SPANS > WATERFALL_SPANS)
            return;
        row->span_count += phases_of_hop(&hop->told, free_ns, row->spans + row->span_count);
        free_ns = hop->told.done_ns;
    }
    if (rec->result->done_ns > free_ns && row->span_count < WATERFALL_SPANS) /* it never had its place again */
        row->spans[row->span_count++] = (struct phase_span){PHASE_QUEUE, free_ns, rec->result->done_ns};
}

static struct waterfall_row *fastest(struct waterfall *w)
{
    struct waterfall_row *least = &w->rows[0];
    for (size_t i = 1; i < w->count; i++)
        if (w->rows[i].took_ns < least->took_ns)
            least = &w->rows[i];
    return least;
}

static void drop(struct waterfall *w, uint64_t took_ns)
{
    w->others++;
    w->others_ns += took_ns;
    if (took_ns > w->others_max_ns)
        w->others_max_ns = took_ns;
}

/* Where one that took so long goes; NULL: nowhere. */
static struct waterfall_row *room(struct waterfall *w, uint64_t took_ns)
{
    if (w->count < WATERFALL_ROWS)
        return &w->rows[w->count++];
    struct waterfall_row *row = fastest(w);
    bool slower = took_ns > row->took_ns;
    drop(w, slower ? row->took_ns : took_ns);
    return slower ? row : NULL;
}

void waterfall_add(struct waterfall *w, const struct record *rec)
{
    if (!rec->result || !rec->url)
        return;
    uint64_t took_ns = rec->result->done_ns, start_ns = rec->result->start_ns;
    if (!w->begin_ns || start_ns < w->begin_ns)
        w->begin_ns = start_ns;
    if (start_ns + took_ns > w->end_ns)
        w->end_ns = start_ns + took_ns;
    struct waterfall_row *row = room(w, took_ns);
    if (!row)
        return;
    *row = (struct waterfall_row){
        .n = rec->n, .start_ns = start_ns, .took_ns = took_ns, .code = rec->code, .status = rec->result->status};
    set_label(row, rec->url);
    add_spans(row, rec);
}

/* ---- the sink ----------------------------------------------------------------------------------------------------------- */

struct waterfall_sink {
    struct sink sink; /* first */
    struct waterfall waterfall;
};

static void tell(struct sink *s, const struct record *rec)
{
    waterfall_add(&((struct waterfall_sink *)s)->waterfall, rec);
}

static void end(struct sink *s)
{
    const struct waterfall *w = &((struct waterfall_sink *)s)->waterfall;
    const char *name = NULL;
    struct text text = {0};
    if (s->report->mode) { /* its parent draws it */
        s->report->waterfall = malloc(sizeof *w);
        if (s->report->waterfall)
            *s->report->waterfall = *w;
        return;
    }
    waterfall_draw(&text, &w, &name, 1, waterfall_style());
    if (text.len && !text.failed)
        output_error(&s->report->out, text.data, text.len);
    text_deinit(&text);
}

static void sink_free(struct sink *s)
{
    free(s);
}

struct sink *waterfall_new(void)
{
    struct waterfall_sink *w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    w->sink = (struct sink){.want = RECORD_HOPS, .tell = tell, .end = end, .free = sink_free};
    return &w->sink;
}

/* ---- the terminal --------------------------------------------------------------------------------------------------------- */

static bool is_utf8(void)
{
    const char *locale = NULL;
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof names[0] && (!locale || !*locale); i++)
        locale = getenv(names[i]);
    return locale &&
           (strstr(locale, "UTF-8") || strstr(locale, "utf8") || strstr(locale, "UTF8") || strstr(locale, "utf-8"));
}

static size_t columns(void)
{
    struct winsize size;
    const char *variable = getenv("COLUMNS");
    unsigned long width = variable ? strtoul(variable, NULL, 10) : 0;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
        width = size.ws_col;
    if (width == 0)
        width = WIDTH;
    return width < WIDTH_MIN ? WIDTH_MIN : width > WIDTH_MAX ? WIDTH_MAX : width;
}

struct waterfall_style waterfall_style(void)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    bool dumb = !term || !*term || strcmp(term, "dumb") == 0;
    return (struct waterfall_style){
        .width = columns(), .colour = isatty(STDERR_FILENO) && !dumb && !(no_color && *no_color), .utf8 = is_utf8()};
}
