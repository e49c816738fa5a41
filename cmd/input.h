/* The URLs of a run, one after another in the order of the command line: arguments, and lists that are still being
 * written. Used by run.c on the session's thread. */
#ifndef AFETCH_CMD_INPUT_H
#define AFETCH_CMD_INPUT_H

#include "lines.h"
#include "options.h"

struct reader;

struct input {
    const struct options *options;
    size_t at; /* which of options->inputs */
    struct reader *reader;
    struct line_list lines; /* read and not yet given */
    struct line *line;      /* the one given last */
    size_t lists;           /* how many there are */
    void (*wake)(void *arg);
    void *arg;
};

struct input_item {
    const char *url; /* valid until the next input_next; NULL for a bad line */
    size_t len;
    uint64_t line;       /* 0: an argument */
    const char *list;    /* the list's file where there are several lists, else NULL */
    const char *problem; /* of a bad line, or of a list that cannot be read (line 0) */
};

/* wake is called from another thread when there may be something after INPUT_LATER. */
void input_init(struct input *in, const struct options *options, void (*wake)(void *arg), void *arg);
void input_deinit(struct input *in);

enum input_state {
    INPUT_END,
    INPUT_ONE, /* item->url, or a bad line: item->problem */
    INPUT_LATER,
    INPUT_BROKEN /* item->list cannot be read on: item->problem */
};
enum input_state input_next(struct input *in, struct input_item *item);

#endif
