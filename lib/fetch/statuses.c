#include "fetch/statuses.h"

#include <stdlib.h>
#include <string.h>

/* Three digits at *p. */
static bool take_status(const char **p, int *out)
{
    if (strspn(*p, "0123456789") != 3 || **p == '0')
        return false;
    *out = ((*p)[0] - '0') * 100 + ((*p)[1] - '0') * 10 + ((*p)[2] - '0');
    *p += 3;
    return true;
}

static bool take_range(const char **p, struct status_range *out)
{
    if (!take_status(p, &out->low))
        return false;
    out->high = out->low;
    if (**p != '-')
        return true;
    (*p)++;
    return take_status(p, &out->high) && out->low <= out->high;
}

int statuses_parse(struct statuses *out, const char *text, struct error *err)
{
    size_t most = 1;
    for (const char *p = text; *p; p++)
        most += *p == ',';
    out->ranges = calloc(most, sizeof *out->ranges);
    if (!out->ranges)
        return error_set(err, ERR_MEMORY, 0, NULL);
    const char *p = text;
    do {
        if (out->count == most || !take_range(&p, &out->ranges[out->count++]) || (*p && *p != ','))
            return error_set(err, ERR_USAGE, 0, "\"%.60s\" is no list of statuses, such as 200-299,404", text);
    } while (*p++ == ',');
    return 0;
}

void statuses_deinit(struct statuses *s)
{
    free(s->ranges);
    *s = (struct statuses){0};
}

bool statuses_have(const struct statuses *s, int status)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->ranges[i].low <= status && status <= s->ranges[i].high)
            return true;
    return false;
}
