/* A form, from -F and --form-string in curl's syntax: name=content, name=@file,file, name=<file, with ;type=,
 * ;filename=, ;headers=, ;encoder=, and name=(…, =) around parts of a part. Reads no file but that of headers=@file.
 * Depends on nothing. Used by options_body.c while options are read, and by what makes a request's body. */
#ifndef AFETCH_CMD_FORM_H
#define AFETCH_CMD_FORM_H

#include <stdbool.h>
#include <stddef.h>

enum { FORM_WHY = 512 }; /* bytes for a sentence */

enum form_kind {
    FORM_TEXT,  /* content is what text says */
    FORM_FILE,  /* what the file named by text has */
    FORM_STDIN, /* what is read from standard input, to its end, by the caller */
    FORM_BEGIN, /* parts of this part follow, up to its FORM_END (which has no fields), or the end of all */
    FORM_END
};

struct form_part {
    enum form_kind kind;
    char *name;     /* NULL: none; likewise all that follow */
    char *text;     /* the content, or the file's path */
    char *filename; /* for the receiver: of an @file its last segment, "-" for standard input, unless one is given */
    char *type;
    char *encoder; /* "binary", "8bit", "7bit", "base64" or "quoted-printable", any case */
    char **headers;
    size_t header_count;
};

/* All zero is an empty form, that warns nobody. */
struct form {
    struct form_part *parts; /* in order */
    size_t count, size;
    size_t depth;                              /* FORM_BEGINs without their FORM_END */
    void (*warn)(void *arg, const char *text); /* one sentence, with user's text in it; may be NULL */
    void *arg;
};

/* One option's argument. literal: --form-string. -1 with a sentence in why; the form is then as it was. */
int form_add(struct form *f, const char *argument, bool literal, char why[FORM_WHY]);
/* How many parts are read from standard input. */
size_t form_count_stdin(const struct form *f);
void form_deinit(struct form *f);

#endif
