#include "input.h"
#include "reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void input_init(struct input *in, const struct options *options, void (*wake)(void *arg), void *arg)
{
    *in = (struct input){.options = options, .wake = wake, .arg = arg};
    line_list_init(&in->lines);
    for (size_t i = 0; i < options->input_count; i++)
        in->lists += options->inputs[i].kind == INPUT_LIST;
}

void input_deinit(struct input *in)
{
    reader_drop(in->reader);
    line_list_free(&in->lines);
    free(in->line);
}

static enum input_state broken(struct input *in, const char *list, int error, struct input_item *item)
{
    reader_drop(in->reader);
    in->reader = NULL;
    in->at++;
    *item = (struct input_item){.list = strcmp(list, "-") == 0 ? "standard input" : list, .problem = strerror(error)};
    return INPUT_BROKEN;
}

static enum input_state give_line(struct input *in, const char *list, struct input_item *item)
{
    free(in->line);
    in->line = line_list_take(&in->lines);
    *item = (struct input_item){.line = in->line->number, .len = in->line->len};
    if (in->lists > 1)
        item->list = strcmp(list, "-") == 0 ? "standard input" : list;
    if (in->line->bad)
        item->problem = in->line->text;
    else
        item->url = in->line->text;
    return INPUT_ONE;
}

enum input_state input_next(struct input *in, struct input_item *item)
{
    while (in->at < in->options->input_count) {
        const struct options_input *now = &in->options->inputs[in->at];
        if (now->kind == INPUT_URL) {
            in->at++;
            *item = (struct input_item){.url = now->text, .len = strlen(now->text)};
            return INPUT_ONE;
        }
        if (in->lines.first)
            return give_line(in, now->text, item);
        if (!in->reader && !(in->reader = reader_start(now->text, now->fd, in->wake, in->arg)))
            return broken(in, now->text, ENOMEM, item);
        int error = 0;
        switch (reader_take(in->reader, &in->lines, &error)) {
        case READER_LATER:
            return INPUT_LATER;
        case READER_SOME:
            break;
        case READER_END:
            if (error)
                return broken(in, now->text, error, item);
            reader_drop(in->reader);
            in->reader = NULL;
            in->at++;
            break;
        }
    }
    return INPUT_END;
}
