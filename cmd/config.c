#include "config.h"

#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static char *skip_blanks(char *s)
{
    while (is_blank(*s))
        s++;
    return s;
}

/* As in curl: a line that begins so says nothing. */
static bool says_nothing(const char *line)
{
    return !*line || *line == '#' || *line == '/' || *line == '*';
}

static char *take_line(struct config *c)
{
    char *line = c->rest;
    size_t len = strcspn(line, "\n");
    c->rest = line[len] ? line + len + 1 : line + len;
    line[len] = '\0';
    c->number++;
    return skip_blanks(line);
}

/* What a backslash before c stands for within quotes. */
static char escaped(char c)
{
    switch (c) {
    case 't':
        return '\t';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 'v':
        return '\v';
    default:
        return c;
    }
}

/* From behind the opening quote; what follows the closing one does not count. */
static char *unquote(char *s)
{
    char *value = s, *to = s;
    for (; *s && *s != '"'; s++) {
        if (*s == '\\' && s[1])
            *to++ = escaped(*++s);
        else
            *to++ = *s;
    }
    *to = '\0';
    return value;
}

static void take_value(char *s, struct config_option *out)
{
    if (*s == '"') {
        out->value = unquote(s + 1);
        return;
    }
    size_t len = strcspn(s, " \t\r\v\f");
    char *behind = skip_blanks(s + len);
    out->extra = *behind && *behind != '#';
    s[len] = '\0';
    out->value = len ? s : NULL;
}

static void take_option(char *line, struct config_option *out)
{
    /* Behind dashes "=" is part of the name, as in "--url=http://a/". */
    const char *ends = *line == '-' ? " \t\r\v\f" : " \t\r\v\f=:";
    *out = (struct config_option){.name = line};
    char *s = line + strcspn(line, ends);
    if (!*s)
        return;
    char *value = s + strspn(s, ends);
    *s = '\0';
    take_value(value, out);
}

void config_init(struct config *c, char *text)
{
    static const char bom[] = "\xEF\xBB\xBF";
    *c = (struct config){.rest = strncmp(text, bom, 3) == 0 ? text + 3 : text};
}

bool config_next(struct config *c, struct config_option *out)
{
    while (*c->rest) {
        char *line = take_line(c);
        if (says_nothing(line))
            continue;
        take_option(line, out);
        return true;
    }
    return false;
}
