#include "proto/multipart.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proto/multipart_impl.h"

static const char *const encoder_names[] = {
    [MULTIPART_BINARY] = "binary",
    [MULTIPART_8BIT] = "8bit",
    [MULTIPART_7BIT] = "7bit",
    [MULTIPART_BASE64] = "base64",
    [MULTIPART_QUOTED_PRINTABLE] = "quoted-printable",
};

int multipart_encoder_by_name(const char *name)
{
    for (int i = MULTIPART_BINARY; i <= MULTIPART_QUOTED_PRINTABLE; i++)
        if (strcasecmp(name, encoder_names[i]) == 0)
            return i;
    return -1;
}

/* ---- segments ---------------------------------------------------------------------------------------------------- */

/* A further segment, zeroed; NULL without memory. */
static struct multipart_segment *add_segment(struct multipart *m)
{
    if (m->segment_count == m->segment_size) {
        size_t size = m->segment_size ? 2 * m->segment_size : 8;
        struct multipart_segment *grown = realloc(m->segments, size * sizeof *grown);
        if (!grown)
            return NULL;
        m->segments = grown;
        m->segment_size = size;
    }
    struct multipart_segment *s = &m->segments[m->segment_count++];
    *s = (struct multipart_segment){0};
    return s;
}

/* The length is not known any more once a part of it is not. */
static void add_length(struct multipart *m, int64_t len)
{
    m->length = m->length < 0 || len < 0 || len > INT64_MAX - m->length ? -1 : m->length + len;
}

/* What was appended to text since it was from bytes long becomes part of the body. */
static int close_text(struct multipart *m, size_t from)
{
    struct multipart_segment *last = m->segment_count ? &m->segments[m->segment_count - 1] : NULL;
    size_t len = m->text.len - from;
    if (len == 0)
        return 0;
    if (!last || last->is_file) {
        last = add_segment(m);
        if (!last)
            return ERR_MEMORY;
        last->at = from;
    }
    last->len += len;
    add_length(m, (int64_t)len);
    return 0;
}

static int add_file(struct multipart *m, const struct multipart_part *part)
{
    char **paths = realloc(m->paths, (m->path_count + 1) * sizeof *paths);
    if (!paths)
        return ERR_MEMORY;
    m->paths = paths;
    struct multipart_segment *s = add_segment(m);
    if (!s || !(m->paths[m->path_count] = strdup(part->path)))
        return ERR_MEMORY;
    s->is_file = true;
    s->file = m->path_count++;
    s->size = part->size;
    s->encoder = part->encoder;
    add_length(m, multipart_encoded_size(part->encoder, part->size));
    return 0;
}

/* ---- levels ------------------------------------------------------------------------------------------------------ */

static struct multipart_level *level(struct multipart *m)
{
    return &m->levels[m->level_count - 1];
}

/* Opens a level with a boundary of its own: of one length, so that none begins like another (RFC 2046 section 5.1.2),
 * and apart in their last characters. */
static void open_level(struct multipart *m, const char *disposition)
{
    static const char alnum[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    struct multipart_level *l = &m->levels[m->level_count++];
    char *p = l->boundary;
    unsigned number = m->boundaries++;
    memset(p, '-', BOUNDARY_DASHES);
    p += BOUNDARY_DASHES;
    for (size_t i = 0; i < MULTIPART_RANDOM; i++)
        *p++ = alnum[m->random[i] % (sizeof alnum - 1)];
    for (int i = 0; i < 4; i++) {
        *p++ = alnum[(number + m->random[i]) % (sizeof alnum - 1)];
        number /= sizeof alnum - 1;
    }
    *p = '\0';
    l->disposition = disposition;
    l->begun = false;
}

/* A boundary's line. Its line end in front belongs to it, but the head's empty line serves as the first one's. */
static int add_boundary(struct multipart *m, const char *end)
{
    struct multipart_level *l = level(m);
    int rc = buf_addf(&m->text, "%s--%s%s\r\n", l->begun ? "\r\n" : "", l->boundary, end);
    l->begun = true;
    return rc;
}

static int close_level(struct multipart *m)
{
    size_t from = m->text.len;
    int rc = add_boundary(m, "--");
    if (rc == 0)
        rc = close_text(m, from);
    m->level_count--;
    return rc;
}

/* ---- a part's head ----------------------------------------------------------------------------------------------- */

/* The value of the field of that name in a line, else NULL. */
static const char *field_value(const char *line, const char *name)
{
    size_t len = strlen(name);
    if (strncasecmp(line, name, len) != 0 || line[len] != ':')
        return NULL;
    line += len + 1;
    return line + strspn(line, " ");
}

static const char *find_header(const struct multipart_part *part, const char *name)
{
    const char *value = NULL;
    for (size_t i = 0; i < part->header_count && !value; i++)
        value = field_value(part->headers[i], name);
    return value;
}

/* The media type by a name's ending, as curl has it. */
static const char *guess_type(const char *name)
{
    static const char *const types[][2] = {
        {".gif", "image/gif"},       {".jpg", "image/jpeg"},      {".jpeg", "image/jpeg"}, {".png", "image/png"},
        {".svg", "image/svg+xml"},   {".txt", "text/plain"},      {".htm", "text/html"},   {".html", "text/html"},
        {".pdf", "application/pdf"}, {".xml", "application/xml"},
    };
    size_t len = name ? strlen(name) : 0;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        size_t ending = strlen(types[i][0]);
        if (len >= ending && strcasecmp(name + len - ending, types[i][0]) == 0)
            return types[i][1];
    }
    return NULL;
}

static bool is_type(const char *value, const char *type)
{
    size_t len = strlen(type);
    return strncasecmp(value, type, len) == 0 && strchr("\t\r\n ;", value[len]); /* finds the NUL too */
}

/* What Content-Type says; NULL: the field is left out, as for plain text that is no file. */
static const char *type_of(const struct multipart_part *part, bool nested)
{
    const char *type = part->type ? part->type : find_header(part, "Content-Type");
    if (type)
        return type;
    if (nested)
        return "multipart/mixed";
    type = guess_type(part->filename);
    if (!type)
        type = guess_type(part->path);
    if (!type && part->path && part->filename)
        type = "application/octet-stream";
    return type && !part->filename && is_type(type, "text/plain") ? NULL : type;
}

/* ; name="…". Names in a form: percent-encoded as the WHATWG's "multipart/form-data encoding algorithm" says. */
static int add_name(struct multipart *m, const char *param, const char *name)
{
    int rc = name ? buf_addf(&m->text, "; %s=\"", param) : 0;
    for (const char *c = name; rc == 0 && c && *c; c++) {
        if (m->backslash ? *c == '"' || *c == '\\' : *c == '"' || *c == '\r' || *c == '\n')
            rc = buf_addf(&m->text, m->backslash ? "\\%c" : "%%%02X", *c);
        else
            rc = buf_addc(&m->text, *c);
    }
    return name && rc == 0 ? buf_addc(&m->text, '"') : rc;
}

static int add_disposition(struct multipart *m, const struct multipart_part *part, const char *disposition)
{
    if (!disposition && (part->name || part->filename))
        disposition = "attachment";
    if (!disposition || find_header(part, "Content-Disposition"))
        return 0;
    int rc = buf_addf(&m->text, "Content-Disposition: %s", disposition);
    if (rc == 0)
        rc = add_name(m, "name", part->name);
    if (rc == 0)
        rc = add_name(m, "filename", part->filename);
    return rc == 0 ? buf_adds(&m->text, "\r\n") : rc;
}

static int add_user_headers(struct multipart *m, const struct multipart_part *part)
{
    int rc = 0;
    for (size_t i = 0; i < part->header_count && rc == 0; i++)
        if (!field_value(part->headers[i], "Content-Type"))
            rc = buf_addf(&m->text, "%s\r\n", part->headers[i]);
    return rc;
}

/* From the boundary to the empty line. boundary: of the parts within, NULL for none. */
static int add_head(struct multipart *m, const struct multipart_part *part, const char *disposition, const char *type,
                    const char *boundary)
{
    int rc = add_disposition(m, part, disposition);
    if (rc == 0 && type)
        rc = buf_addf(&m->text, "Content-Type: %s%s%s\r\n", type, boundary ? "; boundary=" : "",
                      boundary ? boundary : "");
    if (rc == 0 && part->encoder != MULTIPART_AS_IS && !find_header(part, "Content-Transfer-Encoding"))
        rc = buf_addf(&m->text, "Content-Transfer-Encoding: %s\r\n", encoder_names[part->encoder]);
    if (rc == 0)
        rc = add_user_headers(m, part);
    return rc == 0 ? buf_adds(&m->text, "\r\n") : rc;
}

/* ---- parts ------------------------------------------------------------------------------------------------------- */

static bool has_line_end(const char *text)
{
    return text && text[strcspn(text, "\r\n")] != '\0';
}

/* Nothing may end its line and begin another field. */
static int check(const struct multipart *m, const struct multipart_part *part, struct error *err)
{
    if (m->backslash && (has_line_end(part->name) || has_line_end(part->filename)))
        return error_set(err, ERR_USAGE, 0, "a form's name with a line end in it cannot be escaped by backslashes");
    if (has_line_end(part->type))
        return error_set(err, ERR_USAGE, 0, "a form's content type with a line end in it");
    for (size_t i = 0; i < part->header_count; i++)
        if (has_line_end(part->headers[i]))
            return error_set(err, ERR_USAGE, 0, "a form's header with a line end in it");
    return 0;
}

static int encode_data(struct buf *b, enum multipart_encoder encoder, const unsigned char *data, size_t len)
{
    struct multipart_coder c;
    size_t at = 0;
    int rc = 0;
    multipart_coder_init(&c);
    do {
        at += multipart_encode(&c, encoder, data + at, len - at, true);
        rc = buf_add(b, c.out, c.out_len);
    } while (rc == 0 && (at < len || c.out_len > 0));
    return rc;
}

static int add_data(struct multipart *m, const struct multipart_part *part, struct error *err)
{
    const unsigned char *data = part->data;
    if (part->len == 0)
        return 0;
    if (part->encoder >= MULTIPART_BASE64)
        return encode_data(&m->text, part->encoder, data, part->len);
    if (part->encoder == MULTIPART_7BIT && multipart_7bit(data, part->len) < part->len)
        return error_set(err, ERR_READ, 0, "a form's content is not 7bit as it should be");
    return buf_add(&m->text, data, part->len);
}

int multipart_add(struct multipart *m, const struct multipart_part *part, struct error *err)
{
    size_t from = m->text.len;
    int rc = check(m, part, err);
    if (rc == 0)
        rc = add_boundary(m, "");
    if (rc == 0)
        rc = add_head(m, part, level(m)->disposition, type_of(part, false), NULL);
    if (rc == 0 && !part->path)
        rc = add_data(m, part, err);
    if (rc == 0)
        rc = close_text(m, from);
    if (rc == 0 && part->path)
        rc = add_file(m, part);
    return rc == ERR_MEMORY ? error_set(err, rc, 0, NULL) : rc;
}

int multipart_begin(struct multipart *m, const struct multipart_part *part, struct error *err)
{
    size_t from = m->text.len;
    int rc = check(m, part, err);
    if (rc == 0 && m->level_count == MULTIPART_LEVELS_MAX)
        rc = error_set(err, ERR_USAGE, 0, "a form has parts within parts more than %d deep", MULTIPART_LEVELS_MAX);
    if (rc == 0)
        rc = add_boundary(m, "");
    if (rc != 0)
        return rc == ERR_MEMORY ? error_set(err, rc, 0, NULL) : rc;
    struct multipart_part head = *part;
    const char *outer = level(m)->disposition, *type = type_of(part, true);
    head.encoder = MULTIPART_AS_IS;
    open_level(m, is_type(type, "multipart/form-data") ? "form-data" : NULL);
    rc = add_head(m, &head, outer, type, level(m)->boundary);
    if (rc == 0)
        rc = close_text(m, from);
    return rc == ERR_MEMORY ? error_set(err, rc, 0, NULL) : rc;
}

int multipart_end(struct multipart *m, struct error *err)
{
    if (m->level_count < 2)
        return error_set(err, ERR_USAGE, 0, "a form ends a part of parts that it never began");
    int rc = close_level(m);
    return rc == ERR_MEMORY ? error_set(err, rc, 0, NULL) : rc;
}

int multipart_finish(struct multipart *m)
{
    int rc = 0;
    while (m->level_count > 0 && rc == 0)
        rc = close_level(m);
    return rc;
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

struct multipart *multipart_new(const char *type, bool backslash, const void *random)
{
    type = type ? type : "multipart/form-data";
    struct multipart *m = calloc(1, sizeof *m);
    size_t size = strlen(type) + sizeof "; boundary=" + BOUNDARY_LEN;
    char *content_type = malloc(size);
    if (!m || !content_type) {
        free(m);
        free(content_type);
        return NULL;
    }
    m->content_type = content_type;
    m->backslash = backslash;
    buf_init(&m->text, SIZE_MAX / 4);
    memcpy(m->random, random, sizeof m->random);
    open_level(m, is_type(type, "multipart/form-data") ? "form-data" : NULL);
    snprintf(content_type, size, "%s; boundary=%s", type, level(m)->boundary);
    return m;
}

void multipart_free(struct multipart *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->path_count; i++)
        free(m->paths[i]);
    free(m->paths);
    free(m->segments);
    free(m->content_type);
    buf_deinit(&m->text);
    free(m);
}

const char *multipart_content_type(const struct multipart *m)
{
    return m->content_type;
}

int64_t multipart_length(const struct multipart *m)
{
    return m->length;
}

size_t multipart_file_count(const struct multipart *m)
{
    return m->path_count;
}

const char *multipart_file_path(const struct multipart *m, size_t file)
{
    return m->paths[file];
}
