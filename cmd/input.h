/* The URLs of a run, one after another in the order of the command line: arguments, with what their globs come to, and
 * lists that are still being written. Used by run.c on the session's thread. */
#ifndef AFETCH_CMD_INPUT_H
#define AFETCH_CMD_INPUT_H

#include "fields.h"
#include "glob.h"
#include "lines.h"
#include "options.h"

struct reader;

struct input {
    const struct options *options;
    size_t at;                 /* which of options->inputs */
    struct glob *glob;         /* of the argument under way */
    struct glob *uploads;      /* of its -T; NULL: none, or it has no globs */
    const struct text *upload; /* of uploads, for what glob gives */
    char why[100];             /* it is none */
    struct reader *reader;
    struct line_list lines; /* read and not yet given */
    struct line *line;      /* the one given last */
    struct fields fields;   /* of it */
    char fields_why[FIELDS_WHY];
    size_t lists; /* how many there are */
    void (*wake)(void *arg);
    void *arg;
};

struct input_item {
    const char *url; /* valid until the next input_next, as all of it is; NULL for a bad line */
    size_t len;
    size_t argument;         /* which of options->inputs it comes from */
    const struct glob *glob; /* whose values hold for it; NULL: it comes from a list, or --globoff is given */
    const char *upload;      /* what -T says for it; NULL: nothing */
    const char *text;        /* as it stood in the input, text_len bytes; NULL: that is not kept */
    size_t text_len;
    const struct fields *fields; /* of a line; NULL: it has none but its URL */
    uint64_t line;               /* 0: an argument */
    const char *list;            /* the list's file where there are several lists, else NULL */
    const char *problem;         /* of a bad line, a bad glob (url), or a list that cannot be read */
    int code;                    /* what a problem's line or URL fails with */
};

/* wake is called from another thread when there may be something after INPUT_LATER. */
void input_init(struct input *in, const struct options *options, void (*wake)(void *arg), void *arg);
void input_deinit(struct input *in);

enum input_state {
    INPUT_END,
    INPUT_ONE, /* item->url, or what is none: item->problem */
    INPUT_LATER,
    INPUT_BROKEN /* item->list cannot be read on: item->problem */
};
enum input_state input_next(struct input *in, struct input_item *item);

#endif
