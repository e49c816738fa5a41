#include "options_body.h"
#include "options_check.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { QUERY_MAX = 64 * 1024 }; /* bytes: more is no URL */

/* ---- files ------------------------------------------------------------------------------------------------------------ */

/* path: "-" for standard input, of which only one option can have it. */
static int read_whole(struct options *o, const char *shown, const char *path, struct bytes *to)
{
    static const char *const readers[] = {"-d",     "--data",     "--data-ascii", "--data-binary", "--data-urlencode",
                                          "--json", "--url-query"};
    const char *who = "a body";
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++)
        if (strcmp(readers[i], shown) == 0)
            who = readers[i];
    int rc = strcmp(path, "-") == 0 ? options_claim_stdin(o, who) : 0;
    if (rc)
        return rc;
    int error = bytes_add_file(to, path, SIZE_MAX);
    if (error == ENOMEM)
        return options_no_memory(o);
    return error ? options_fail(o, AFETCH_READ, "%s: %.200s cannot be read: %s", shown, path, strerror(error)) : 0;
}

/* Less line ends and NULs. */
static void strip(struct bytes *b)
{
    char *to = b->data;
    for (size_t i = 0; i < b->len; i++)
        if (b->data[i] != '\r' && b->data[i] != '\n' && b->data[i] != '\0')
            *to++ = b->data[i];
    if (b->data) {
        *to = '\0';
        b->len = (size_t)(to - b->data);
    }
}

/* ---- data ------------------------------------------------------------------------------------------------------------- */

/* [NAME]=CONTENT, [NAME]@FILE, CONTENT: the name is taken to be encoded already, and as in curl left out with an empty
 * file. */
static int add_encoded(struct options *o, const char *shown, const char *value, struct bytes *to)
{
    struct bytes content = {0};
    const char *at = strchr(value, '=');
    if (!at)
        at = strchr(value, '@');
    size_t name_len = at ? (size_t)(at - value) : 0;
    int rc = 0;
    if (at && *at == '@')
        rc = read_whole(o, shown, at + 1, &content);
    else if (!bytes_add(&content, at ? at + 1 : value, strlen(at ? at + 1 : value)))
        rc = options_no_memory(o);
    if (at && *at == '@' && content.len == 0)
        name_len = 0;
    if (rc == 0 && name_len && !(bytes_add(to, value, name_len) && bytes_add(to, "=", 1)))
        rc = options_no_memory(o);
    if (rc == 0 && !bytes_add_encoded(to, content.data, content.len, true))
        rc = options_no_memory(o);
    bytes_deinit(&content);
    return rc;
}

static int read_data(struct options *o, const char *shown, unsigned kind, const char *value, struct bytes *to)
{
    if (kind == DATA_ENCODED || (kind == DATA_QUERY && *value != '+'))
        return add_encoded(o, shown, value, to);
    value += kind == DATA_QUERY;
    bool file = *value == '@' && kind != DATA_RAW && kind != DATA_QUERY;
    int rc = 0;
    if (file)
        rc = read_whole(o, shown, value + 1, to);
    else if (!bytes_add(to, value, strlen(value)))
        rc = options_no_memory(o);
    if (file && kind == DATA_PLAIN)
        strip(to);
    return rc;
}

int options_add_data(struct options *o, const char *shown, unsigned kind, const char *value)
{
    struct bytes *all = kind == DATA_QUERY ? &o->query : &o->data;
    struct bytes one = {0};
    int rc = read_data(o, shown, kind, value, &one);
    if (rc == 0 && kind == DATA_QUERY && one.len > QUERY_MAX)
        rc = options_fail(o, 2, "%s: over %d bytes", shown, QUERY_MAX);
    if (rc == 0 && all->len && kind != DATA_JSON && !bytes_add(all, "&", 1))
        rc = options_no_memory(o);
    if (rc == 0 && !bytes_add(all, one.data, one.len))
        rc = options_no_memory(o);
    if (kind != DATA_QUERY) {
        o->has_data = true;
        o->json = o->json || kind == DATA_JSON;
    }
    bytes_deinit(&one);
    return rc;
}

/* ---- forms ------------------------------------------------------------------------------------------------------------ */

static void warn_of_form(void *arg, const char *text)
{
    options_warn(arg, "-F: %.160s", text);
}

int options_add_form(struct options *o, const char *shown, bool literal, const char *value)
{
    char why[FORM_WHY];
    size_t inputs = form_count_stdin(&o->form);
    o->form.warn = warn_of_form;
    o->form.arg = o;
    if (form_add(&o->form, value, literal, why) < 0)
        return options_fail(o, 2, "%s: %.300s", shown, why);
    return form_count_stdin(&o->form) > inputs ? options_claim_stdin(o, "-F") : 0;
}

static int check_form(struct options *o)
{
    const char *other = o->has_data ? "-d" : o->head ? "-I" : NULL;
    return o->form.count > 0 && other ? options_fail(o, 2, "-F and %s contradict each other; give one of them", other)
                                      : 0;
}

/* ---- uploads ---------------------------------------------------------------------------------------------------------- */

int options_add_upload(struct options *o, const char *shown, const char *value)
{
    bool input = strcmp(value, "-") == 0 || strcmp(value, ".") == 0;
    int rc = input ? options_claim_stdin(o, strcmp(shown, "-T") == 0 ? "-T" : "--upload-file") : 0;
    return rc ? rc : options_list_add(o, &o->uploads, value);
}

const char *options_upload(const struct options *o, size_t input)
{
    const char *file = input < o->uploads.count ? o->uploads.item[input] : "";
    return *file ? file : NULL;
}

static int check_uploads(struct options *o)
{
    const char *other = o->has_data ? "-d" : o->form.count ? "-F" : o->head ? "-I" : NULL;
    if (o->uploads.count == 0)
        return 0;
    if (other)
        return options_fail(o, 2, "-T and %s contradict each other; give one of them", other);
    if (o->uploads.count > o->input_count)
        return options_fail(o, 2, "%zu -T for %zu URL%s; give one for each, in their order", o->uploads.count,
                            o->input_count, o->input_count == 1 ? "" : "s");
    return 0;
}

/* ---- together --------------------------------------------------------------------------------------------------------- */

static bool has_header(const struct options *o, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < o->headers.count; i++)
        if (strncasecmp(o->headers.item[i], name, len) == 0 && strchr(":;", o->headers.item[i][len]))
            return true;
    return false;
}

/* --json */
static int add_json_headers(struct options *o)
{
    static const char *const lines[] = {"Content-Type: application/json", "Accept: application/json"};
    if (!o->json)
        return 0;
    const char **item = realloc(o->headers.item, (o->headers.count + 2) * sizeof *item);
    if (!item)
        return options_no_memory(o);
    o->headers.item = item;
    bool has[2] = {has_header(o, "Content-Type"), has_header(o, "Accept")};
    for (size_t i = 0; i < 2; i++)
        if (!has[i])
            item[o->headers.count++] = lines[i];
    return 0;
}

/* -G: what -d said goes into the query. */
static int move_data(struct options *o)
{
    if (!o->get || !o->has_data)
        return 0;
    o->has_data = false;
    if (o->query.len && !bytes_add(&o->query, "&", 1))
        return options_no_memory(o);
    if (memchr(o->data.len ? o->data.data : "", '\0', o->data.len))
        return options_fail(o, 2, "-G: a NUL character cannot stand in a URL");
    if (o->data.len > QUERY_MAX)
        return options_fail(o, 2, "-G: over %d bytes", QUERY_MAX);
    return bytes_add(&o->query, o->data.data, o->data.len) ? 0 : options_no_memory(o);
}

int options_check_body(struct options *o)
{
    int rc = move_data(o);
    if (rc == 0 && o->has_data && o->head)
        rc = options_fail(o, 2,
                          "-I asks for a head alone, and -d sends a body: give one of them (or -G, which puts it "
                          "into the URL)");
    if (rc == 0)
        rc = check_form(o);
    if (rc == 0)
        rc = check_uploads(o);
    return rc ? rc : add_json_headers(o);
}

void options_deinit_body(struct options *o)
{
    bytes_deinit(&o->data);
    bytes_deinit(&o->query);
    form_deinit(&o->form);
}
