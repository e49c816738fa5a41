#include "input.h"
#include "reader.h"

#include <errno.h>
#include <stdio.h>
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
    fields_deinit(&in->fields);
    free(in->line);
    glob_free(in->glob);
    glob_free(in->uploads);
}

/* ---- arguments ----------------------------------------------------------------------------------------------------- */

static enum input_state give_plain(struct input *in, const char *text, struct input_item *item)
{
    *item = (struct input_item){.url = text,
                                .len = strlen(text),
                                .text = text,
                                .text_len = strlen(text),
                                .argument = in->at,
                                .upload = options_upload(in->options, in->at)};
    in->at++;
    return INPUT_ONE;
}

/* An argument whose globs cannot be expanded is one URL that fails. */
static enum input_state give_bad_glob(struct input *in, const char *text, const struct glob_error *error,
                                      struct input_item *item)
{
    int code = error->position ? AFETCH_URL : AFETCH_MEMORY;
    if (error->position)
        snprintf(in->why, sizeof in->why, "%s: %s in position %zu", afetch_code_text(AFETCH_URL), error->what,
                 error->position);
    else
        snprintf(in->why, sizeof in->why, "%s", error->what);
    give_plain(in, text, item);
    item->problem = in->why;
    item->code = code;
    glob_free(in->uploads);
    in->uploads = NULL;
    return INPUT_ONE;
}

/* The next file that -T comes to for this argument; false: there is none more. */
static bool take_upload(struct input *in)
{
    in->upload = glob_next(in->uploads);
    if (in->upload && !in->upload->failed)
        return true;
    glob_free(in->uploads);
    in->uploads = NULL;
    in->upload = NULL;
    return false;
}

static bool begin_uploads(struct input *in, struct glob_error *error)
{
    const char *upload = options_upload(in->options, in->at);
    if (in->uploads || !upload)
        return true;
    in->uploads = glob_new(upload, error);
    return in->uploads && take_upload(in);
}

/* The next that the argument comes to: all of its URLs for each of its uploads. INPUT_END: look again. */
static enum input_state give_globbed(struct input *in, const char *text, struct input_item *item)
{
    struct glob_error error = {"out of memory", 0};
    if (!begin_uploads(in, &error) || (!in->glob && !(in->glob = glob_new(text, &error))))
        return give_bad_glob(in, text, &error, item);
    const struct text *url = glob_next(in->glob);
    if (url && !url->failed) {
        *item = (struct input_item){.url = url->data,
                                    .len = url->len,
                                    .text = url->data,
                                    .text_len = url->len,
                                    .argument = in->at,
                                    .glob = in->glob};
        item->upload = in->upload ? in->upload->data : NULL;
        return INPUT_ONE;
    }
    glob_free(in->glob);
    in->glob = NULL;
    if (url)
        return give_bad_glob(in, text, &error, item);
    if (!in->uploads || !take_upload(in))
        in->at++;
    return INPUT_END;
}

/* ---- lists --------------------------------------------------------------------------------------------------------- */

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
    fields_deinit(&in->fields);
    free(in->line);
    struct line *line = in->line = line_list_take(&in->lines);
    *item = (struct input_item){.line = line->number, .argument = in->at, .code = AFETCH_URL, .problem = line->why};
    if (line->len) {
        item->text = line->text;
        item->text_len = line->len;
    }
    if (in->lists > 1)
        item->list = strcmp(list, "-") == 0 ? "standard input" : list;
    if (!line->why && !fields_parse(&in->fields, line->text, line->len, in->fields_why))
        item->problem = in->fields_why;
    item->fields = &in->fields;
    if (!in->fields.body && !in->fields.body_file)
        item->upload = options_upload(in->options, in->at);
    if (!item->problem) {
        item->url = in->fields.url;
        item->len = strlen(item->url);
    }
    return INPUT_ONE;
}

/* ---- both ---------------------------------------------------------------------------------------------------------- */

enum input_state input_next(struct input *in, struct input_item *item)
{
    while (in->at < in->options->input_count) {
        const struct options_input *now = &in->options->inputs[in->at];
        if (now->kind == INPUT_URL && in->options->globoff)
            return give_plain(in, now->text, item);
        if (now->kind == INPUT_URL) {
            if (give_globbed(in, now->text, item) == INPUT_ONE)
                return INPUT_ONE;
            continue;
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
