#include "form.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HEADER_MAX = 8192 /* bytes of a line in a file of headers */ };

/* What is being parsed. */
struct parse {
    struct form *form;
    const char *p;
    char *why;
    bool failed;
    const char *type, *type_end; /* within the argument; type_end: NULL once it is closed */
};

static void fail(struct parse *ps, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void fail(struct parse *ps, const char *fmt, ...)
{
    va_list ap;
    if (ps->failed)
        return;
    ps->failed = true;
    va_start(ap, fmt);
    vsnprintf(ps->why, FORM_WHY, fmt, ap);
    va_end(ap);
}

static void warn(const struct parse *ps, const char *what, const char *text)
{
    char sentence[FORM_WHY];
    snprintf(sentence, sizeof sentence, "%s%s", what, text);
    if (ps->form->warn)
        ps->form->warn(ps->form->arg, sentence);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void skip_blanks(struct parse *ps)
{
    ps->p += strspn(ps->p, " \t");
}

static char *copy(struct parse *ps, const char *from, size_t len)
{
    char *text = strndup(from, len);
    if (!text)
        fail(ps, "out of memory");
    return text;
}

/* Puts a string in the place of another. */
static void set(char **field, char *value)
{
    free(*field);
    *field = value;
}

/* ---- words ------------------------------------------------------------------------------------------------------- */

/* Where the quoted word that begins at p ends; NULL where its quote is not closed. */
static const char *closing_quote(const char *p)
{
    for (p++; *p && *p != '"'; p++)
        if (*p == '\\' && (p[1] == '\\' || p[1] == '"'))
            p++;
    return *p ? p : NULL;
}

static void unescape(char *text)
{
    char *out = text;
    for (const char *c = text; *c; c++) {
        if (*c == '\\' && (c[1] == '\\' || c[1] == '"'))
            c++;
        *out++ = *c;
    }
    *out = '\0';
}

static bool at_end(const struct parse *ps, char end)
{
    return !*ps->p || *ps->p == ';' || *ps->p == end;
}

/* A word up to ';', the end character or the end, without its quotes or the blanks behind it. NULL without memory. */
static char *word(struct parse *ps, char end)
{
    const char *start = ps->p, *quote = *start == '"' ? closing_quote(start) : NULL;
    if (quote) {
        char *text = copy(ps, start + 1, (size_t)(quote - start - 1));
        if (text)
            unescape(text);
        bool more = false;
        for (ps->p = quote + 1; !at_end(ps, end); ps->p++)
            more = more || !strchr(" \t\n\v\f\r", *ps->p);
        if (more)
            warn(ps, "trailing data after a quoted form parameter", "");
        return text;
    }
    while (!at_end(ps, end))
        ps->p++;
    size_t len = (size_t)(ps->p - start);
    while (len > 0 && is_blank(start[len - 1]))
        len--;
    return copy(ps, start, len);
}

/* Whether a keyword is here, and passes it then. */
static bool keyword(struct parse *ps, const char *name)
{
    size_t len = strlen(name);
    if (strncasecmp(ps->p, name, len) != 0)
        return false;
    ps->p += len;
    return true;
}

/* ---- headers= ---------------------------------------------------------------------------------------------------- */

/* The header is the part's from now on. */
static void add_header(struct parse *ps, struct form_part *part, char *header)
{
    char **grown = header ? realloc(part->headers, (part->header_count + 1) * sizeof *grown) : NULL;
    if (!grown) {
        free(header);
        fail(ps, "out of memory");
        return;
    }
    part->headers = grown;
    part->headers[part->header_count++] = header;
}

static void fold_header(struct parse *ps, struct form_part *part, const char *more)
{
    char **last = &part->headers[part->header_count - 1];
    size_t len = strlen(*last), size = len + strlen(more) + 1;
    char *grown = realloc(*last, size);
    if (!grown) {
        fail(ps, "out of memory");
        return;
    }
    *last = grown;
    memcpy(grown + len, more, size - len);
}

/* A line of a file of headers: a comment, a continuation, or one of its own. */
static void header_line(struct parse *ps, struct form_part *part, char *line, bool continues)
{
    size_t len = strlen(line);
    while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r' || is_blank(line[len - 1])))
        len--;
    line[len] = '\0';
    if (*line == '#' || len == 0)
        return;
    if (is_blank(*line) && continues)
        fold_header(ps, part, line);
    else
        add_header(ps, part, copy(ps, line, len));
}

static void read_headers(struct parse *ps, struct form_part *part, const char *path)
{
    char line[HEADER_MAX];
    size_t before = part->header_count;
    FILE *f = fopen(path, "re");
    if (!f) { /* curl goes on without */
        char reason[FORM_WHY];
        snprintf(reason, sizeof reason, "%s (%s)", path, strerror(errno));
        warn(ps, "cannot read headers from ", reason);
        return;
    }
    while (!ps->failed && fgets(line, sizeof line, f)) {
        if (strlen(line) == sizeof line - 1 && line[sizeof line - 2] != '\n')
            fail(ps, "a line in %s is longer than %d bytes", path, HEADER_MAX);
        else
            header_line(ps, part, line, part->header_count > before);
    }
    if (ferror(f))
        fail(ps, "%s cannot be read", path);
    fclose(f);
}

static void parse_headers(struct parse *ps, struct form_part *part, char end)
{
    bool file = *ps->p == '@' || *ps->p == '<';
    ps->p += file;
    skip_blanks(ps);
    char *text = word(ps, end);
    if (text && file)
        read_headers(ps, part, text);
    else if (text)
        add_header(ps, part, copy(ps, text, strlen(text)));
    free(text);
}

/* ---- what stands behind a content -------------------------------------------------------------------------------- */

/* The rest of a type, as "; charset=utf-8", belongs to it until another keyword comes. */
static void parse_type_rest(struct parse *ps, char end)
{
    ps->type_end = ps->p;
    for (; !at_end(ps, end); ps->p++)
        if (!is_blank(*ps->p))
            ps->type_end = ps->p + 1;
}

static void close_type(struct parse *ps, struct form_part *part)
{
    if (ps->type_end)
        set(&part->type, copy(ps, ps->type, (size_t)(ps->type_end - ps->type)));
    ps->type_end = NULL;
}

static void parse_keyword(struct parse *ps, struct form_part *part, char end)
{
    if (!ps->type_end && keyword(ps, "type=")) {
        skip_blanks(ps);
        ps->type = ps->p;
        ps->p += strcspn(ps->p, "()<>@,;:\\\"[]?=\r\n ");
        ps->type_end = ps->p;
        skip_blanks(ps);
        if (!at_end(ps, end))
            ps->p = ps->type_end; /* belongs to nothing */
    } else if (keyword(ps, "filename=")) {
        close_type(ps, part);
        skip_blanks(ps);
        set(&part->filename, word(ps, end));
    } else if (keyword(ps, "headers=")) {
        close_type(ps, part);
        parse_headers(ps, part, end);
    } else if (keyword(ps, "encoder=")) {
        close_type(ps, part);
        skip_blanks(ps);
        set(&part->encoder, word(ps, end));
    } else if (ps->type_end) {
        parse_type_rest(ps, end);
    } else {
        char *unknown = word(ps, end);
        if (unknown && *unknown)
            warn(ps, "unknown form keyword skipped: ", unknown);
        free(unknown);
    }
}

/* A content and its keywords, up to the end character, the end of the argument, or something that belongs to nothing. */
static void parse_part(struct parse *ps, struct form_part *part, char end)
{
    skip_blanks(ps);
    set(&part->text, word(ps, end));
    while (!ps->failed && *ps->p == ';') {
        ps->p++;
        skip_blanks(ps);
        parse_keyword(ps, part, end);
    }
    close_type(ps, part);
}

/* ---- parts ------------------------------------------------------------------------------------------------------- */

static void part_deinit(struct form_part *part)
{
    free(part->name);
    free(part->text);
    free(part->filename);
    free(part->type);
    free(part->encoder);
    for (size_t i = 0; i < part->header_count; i++)
        free(part->headers[i]);
    free(part->headers);
}

/* A further part; NULL without memory. */
static struct form_part *new_part(struct parse *ps, enum form_kind kind)
{
    struct form *f = ps->form;
    if (f->count == f->size) {
        size_t size = f->size ? 2 * f->size : 8;
        struct form_part *grown = realloc(f->parts, size * sizeof *grown);
        if (!grown) {
            fail(ps, "out of memory");
            return NULL;
        }
        f->parts = grown;
        f->size = size;
    }
    f->parts[f->count] = (struct form_part){.kind = kind};
    return &f->parts[f->count++];
}

static void drop(struct parse *ps, char **field, const char *what)
{
    if (*field)
        warn(ps, what, *field);
    set(field, NULL);
}

static void check_encoder(struct parse *ps, const struct form_part *part)
{
    static const char *const known[] = {"binary", "8bit", "7bit", "base64", "quoted-printable"};
    for (size_t i = 0; part->encoder && i < sizeof known / sizeof known[0]; i++)
        if (strcasecmp(part->encoder, known[i]) == 0)
            return;
    if (part->encoder)
        fail(ps, "\"%.40s\" is no encoder: binary, 8bit, 7bit, base64 or quoted-printable", part->encoder);
}

static void warn_of_garbage(const struct parse *ps)
{
    if (*ps->p)
        warn(ps, "unread at the end of a form field: ", ps->p);
}

/* What text names: a file, or standard input. attached: the receiver is told a file's name. */
static void name_source(struct parse *ps, struct form_part *part, bool attached)
{
    if (!part->text)
        return; /* without memory */
    bool is_stdin = strcmp(part->text, "-") == 0;
    const char *slash = strrchr(part->text, '/'), *base = slash ? slash + 1 : part->text;
    part->kind = is_stdin ? FORM_STDIN : FORM_FILE;
    if (attached && !part->filename)
        part->filename = copy(ps, base, strlen(base));
}

/* The last part, the first of several files, goes behind the beginning of a group. */
static void begin_group(struct parse *ps)
{
    if (!new_part(ps, FORM_BEGIN))
        return;
    struct form_part *last = &ps->form->parts[ps->form->count - 1], group = *last;
    last[0] = last[-1];
    last[-1] = group;
}

/* name=@file,file: one part, or parts of one part where there are several. The name is the whole's. */
static void parse_files(struct parse *ps, char *name)
{
    size_t first = ps->form->count, files = 0;
    do {
        struct form_part *part = new_part(ps, FORM_FILE);
        if (!part)
            break;
        ps->p++; /* '@' or ',' */
        parse_part(ps, part, ',');
        check_encoder(ps, part);
        name_source(ps, part, true);
        if (++files == 1 && *ps->p == ',')
            begin_group(ps);
    } while (!ps->failed && *ps->p == ',');
    if (!ps->failed && files > 1)
        new_part(ps, FORM_END);
    if (ps->failed)
        free(name);
    else
        ps->form->parts[first].name = name;
}

static void parse_begin(struct parse *ps, char *name)
{
    struct form_part *part = new_part(ps, FORM_BEGIN);
    if (!part) {
        free(name);
        return;
    }
    part->name = name;
    parse_part(ps, part, '\0');
    set(&part->text, NULL);
    drop(ps, &part->filename, "a filename is not allowed here: ");
    drop(ps, &part->encoder, "an encoder is not allowed here: ");
}

static void parse_field(struct parse *ps, char *name, bool literal)
{
    struct form_part *part = new_part(ps, FORM_TEXT);
    if (!part) {
        free(name);
        return;
    }
    part->name = name;
    if (literal) {
        part->text = copy(ps, ps->p, strlen(ps->p));
        return;
    }
    bool file = *ps->p == '<';
    ps->p += file;
    parse_part(ps, part, '\0');
    check_encoder(ps, part);
    if (file) {
        drop(ps, &part->filename, "a filename is not allowed here: ");
        name_source(ps, part, false);
    }
    warn_of_garbage(ps);
}

static void parse_end(struct parse *ps)
{
    if (ps->form->depth == 0)
        fail(ps, "\"=)\" ends a part of parts that was not begun");
    else
        new_part(ps, FORM_END);
}

int form_add(struct form *f, const char *argument, bool literal, char why[FORM_WHY])
{
    struct parse ps = {.form = f, .why = why};
    size_t count = f->count, depth = f->depth;
    const char *equals = strchr(argument, '=');
    if (!equals) {
        fail(&ps, "\"%.100s\" is no name=content", argument);
        return -1;
    }
    char *name = equals > argument ? copy(&ps, argument, (size_t)(equals - argument)) : NULL;
    if (ps.failed)
        return -1;
    ps.p = equals + 1;
    if (!literal && *ps.p == '(') {
        parse_begin(&ps, name);
        f->depth++;
    } else if (!literal && !name && strcmp(ps.p, ")") == 0) {
        parse_end(&ps);
        f->depth--;
    } else if (!literal && *ps.p == '@') {
        parse_files(&ps, name);
    } else {
        parse_field(&ps, name, literal);
    }
    if (!ps.failed)
        return 0;
    while (f->count > count)
        part_deinit(&f->parts[--f->count]);
    f->depth = depth;
    return -1;
}

size_t form_count_stdin(const struct form *f)
{
    size_t n = 0;
    for (size_t i = 0; i < f->count; i++)
        n += f->parts[i].kind == FORM_STDIN;
    return n;
}

void form_deinit(struct form *f)
{
    while (f->count > 0)
        part_deinit(&f->parts[--f->count]);
    free(f->parts);
    f->parts = NULL;
    f->size = 0;
}
