#include "fetch/texts.h"

#include <stdlib.h>
#include <string.h>

bool texts_copy(char **to, const char *from)
{
    *to = from ? strdup(from) : NULL;
    return *to || !from;
}

int texts_copy_for_head(char **to, const char *from, const char *what, struct error *err)
{
    *to = NULL;
    if (from && strpbrk(from, "\r\n"))
        return error_set(err, ERR_USAGE, 0, "a line end within the %s", what);
    return texts_copy(to, from) ? 0 : error_set(err, ERR_MEMORY, 0, NULL);
}

bool texts_have_control(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return true;
    return false;
}

int texts_copy_lines(struct texts_lines *to, const char *const *lines, size_t count, const char *what,
                     struct error *err)
{
    *to = (struct texts_lines){.line = calloc(count ? count : 1, sizeof(char *))};
    if (!to->line)
        return error_set(err, ERR_MEMORY, 0, NULL);
    for (; to->count < count; to->count++) {
        const char *line = lines[to->count];
        if (strpbrk(line, "\r\n"))
            return error_set(err, ERR_USAGE, 0, "a line end within the %s %.*s", what, (int)strcspn(line, ":;\r\n"),
                             line);
        if (!texts_copy(&to->line[to->count], line))
            return error_set(err, ERR_MEMORY, 0, NULL);
    }
    return 0;
}

void texts_lines_deinit(struct texts_lines *t)
{
    for (size_t i = 0; i < t->count; i++)
        free(t->line[i]);
    free(t->line);
}
