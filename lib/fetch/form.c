/* Bodies that are forms (afetch.h): proto/multipart.h, shared by requests. */
#include <string.h>
#include <unistd.h>

#include "fetch/body.h"
#include "proto/multipart.h"

static enum afetch_code outcome(int rc, struct error *err, char **error)
{
    if (rc < 0)
        error_set(err, rc, 0, NULL);
    if (rc < 0 && error)
        *error = strdup(error_text(err));
    error_clear(err);
    return (enum afetch_code)error_exit_code(rc);
}

struct afetch_body *afetch_body_new_form(const char *type, bool backslash)
{
    unsigned char random[MULTIPART_RANDOM];
    if (type && strpbrk(type, "\r\n"))
        return NULL;
    struct afetch_body *b = getentropy(random, sizeof random) == 0 ? afetch_body_new("", 0) : NULL;
    if (!b)
        return NULL;
    b->form = multipart_new(type, backslash, random);
    b->unfinished = true;
    if (b->form)
        return b;
    afetch_body_free(b);
    return NULL;
}

static int encoder_of(const struct afetch_part *from, struct error *err)
{
    int encoder = from->encoder ? multipart_encoder_by_name(from->encoder) : MULTIPART_AS_IS;
    return encoder < 0 ? error_set(err, ERR_USAGE, 0, "there is no encoder \"%.60s\"", from->encoder) : encoder;
}

/* add or begin, as multipart.h has them. */
static enum afetch_code extend(struct afetch_body *b, const struct afetch_part *from, char **error,
                               int (*how)(struct multipart *m, const struct multipart_part *part, struct error *err))
{
    struct error err = {0};
    if (!b->unfinished)
        return outcome(ERR_USAGE, &err, error);
    int encoder = encoder_of(from, &err);
    if (encoder < 0)
        return outcome(encoder, &err, error);
    struct multipart_part part = {.name = from->name,
                                  .filename = from->filename,
                                  .type = from->type,
                                  .headers = from->headers,
                                  .header_count = from->header_count,
                                  .encoder = (enum multipart_encoder)encoder,
                                  .data = from->data,
                                  .len = from->len,
                                  .path = from->fed,
                                  .size = from->fed_length};
    return outcome(how(b->form, &part, &err), &err, error);
}

enum afetch_code afetch_body_add_part(struct afetch_body *b, const struct afetch_part *part, char **error)
{
    return extend(b, part, error, multipart_add);
}

enum afetch_code afetch_body_begin_parts(struct afetch_body *b, const struct afetch_part *part, char **error)
{
    return extend(b, part, error, multipart_begin);
}

enum afetch_code afetch_body_end_parts(struct afetch_body *b)
{
    struct error err = {0};
    return outcome(b->unfinished ? multipart_end(b->form, &err) : ERR_USAGE, &err, NULL);
}

enum afetch_code afetch_body_finish(struct afetch_body *b)
{
    struct error err = {0};
    int rc = b->unfinished ? multipart_finish(b->form) : 0;
    b->unfinished = rc < 0;
    return outcome(rc, &err, NULL);
}
