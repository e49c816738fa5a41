#include "sent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* A form that is being made. */
struct making {
    struct afetch_body *body;
    struct bytes input; /* standard input, which the first part that wants it gets */
    bool input_given;
    struct sent_error *error;
};

static bool fail(struct sent_error *error, enum afetch_code code, const char *what, const char *why)
{
    error->code = code;
    snprintf(error->text, sizeof error->text, "%s%.200s%s%.150s", what ? "-F: " : "", what ? what : "",
             what ? ": " : "", why);
    return false;
}

static bool fail_memory(struct sent_error *error)
{
    return fail(error, AFETCH_MEMORY, NULL, afetch_code_text(AFETCH_MEMORY));
}

/* ---- parts -------------------------------------------------------------------------------------------------------- */

/* Its size is told to the server before it is read; what is no regular file is sent in chunks. */
static bool look_at_file(struct making *m, const char *path, int64_t *length)
{
    struct stat st;
    int error = stat(path, &st) < 0 ? errno : S_ISDIR(st.st_mode) ? EISDIR : access(path, R_OK) < 0 ? errno : 0;
    *length = !error && S_ISREG(st.st_mode) ? (int64_t)st.st_size : -1;
    return error ? fail(m->error, AFETCH_READ, path, strerror(error)) : true;
}

static bool read_input(struct making *m)
{
    int error = m->input_given ? 0 : bytes_add_file(&m->input, "-", SIZE_MAX);
    if (error == ENOMEM)
        return fail_memory(m->error);
    return error ? fail(m->error, AFETCH_READ, "standard input", strerror(error)) : true;
}

static bool fill(struct making *m, const struct form_part *from, struct afetch_part *part)
{
    if (from->kind == FORM_FILE) {
        part->fed = from->text;
        return look_at_file(m, from->text, &part->fed_length);
    }
    if (from->kind == FORM_STDIN) {
        if (!read_input(m))
            return false;
        part->data = m->input_given ? "" : m->input.data;
        part->len = m->input_given ? 0 : m->input.len;
        m->input_given = true;
    } else if (from->text) {
        part->data = from->text;
        part->len = strlen(from->text);
    }
    return true;
}

static bool add(struct making *m, const struct form_part *from)
{
    struct afetch_part part = {.name = from->name,
                               .filename = from->filename,
                               .type = from->type,
                               .headers = (const char *const *)from->headers,
                               .header_count = from->header_count,
                               .encoder = from->encoder};
    char *why = NULL;
    if (!fill(m, from, &part))
        return false;
    enum afetch_code code = from->kind == FORM_END     ? afetch_body_end_parts(m->body)
                            : from->kind == FORM_BEGIN ? afetch_body_begin_parts(m->body, &part, &why)
                                                       : afetch_body_add_part(m->body, &part, &why);
    if (code != AFETCH_OK)
        fail(m->error, code, from->name ? from->name : "", why ? why : afetch_code_text(code));
    free(why);
    return code == AFETCH_OK;
}

/* ---- the form ----------------------------------------------------------------------------------------------------- */

/* -H "Content-Type: ...": the form takes it over, with what separates its parts. */
static const char *type_by_hand(const struct options *o)
{
    static const char name[] = "Content-Type:";
    for (size_t i = 0; i < o->headers.count; i++) {
        const char *line = o->headers.item[i];
        if (strncasecmp(line, name, sizeof name - 1) == 0) {
            line += sizeof name - 1;
            line += strspn(line, " \t");
            return *line ? line : NULL;
        }
    }
    return NULL;
}

static struct afetch_body *make_form(const struct options *o, struct sent_error *error)
{
    struct making m = {.body = afetch_body_new_form(type_by_hand(o), o->form_escape), .error = error};
    bool ok = m.body != NULL || fail_memory(error);
    for (size_t i = 0; ok && i < o->form.count; i++)
        ok = add(&m, &o->form.parts[i]);
    if (ok && afetch_body_finish(m.body) != AFETCH_OK)
        ok = fail_memory(error);
    bytes_deinit(&m.input);
    if (ok)
        return m.body;
    afetch_body_free(m.body);
    return NULL;
}

struct afetch_body *sent_body(const struct options *o, struct sent_error *error)
{
    error->code = AFETCH_OK;
    if (o->form.count > 0)
        return make_form(o, error);
    if (!o->has_data)
        return NULL;
    struct afetch_body *body = afetch_body_new_lent(o->data.data, o->data.len);
    if (!body)
        fail_memory(error);
    return body;
}
