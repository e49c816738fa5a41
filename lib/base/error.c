/* The strerror_r of POSIX, which returns an int; GNU's returns the text and may leave the buffer alone. */
#undef _GNU_SOURCE
#undef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L

#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct row {
    int code;
    int exit_code;
    const char *text;
} rows[] = {
#define ERROR_ROW(code, exit, text) {code, exit, text},
    ERROR_TABLE(ERROR_ROW)
#undef ERROR_ROW
};

static const struct row *find_row(int code)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].code == code)
            return &rows[i];
    return NULL;
}

const char *error_name(int code)
{
    if (code >= 0)
        return "success";
    const struct row *row = find_row(code);
    return row ? row->text : "unknown error";
}

int error_exit_code(int code)
{
    if (code >= 0)
        return 0;
    const struct row *row = find_row(code);
    return row ? row->exit_code : error_exit_code(ERR_INTERNAL);
}

/* "table's sentence: particulars (text of errno)"; NULL without memory. */
static char *sentence(int code, int sys, const char *particulars)
{
    char reason[128] = "";
    if (sys && strerror_r(sys, reason, sizeof reason) != 0)
        snprintf(reason, sizeof reason, "error %d", sys);
    const char *name = error_name(code);
    size_t size = strlen(name) + strlen(particulars) + strlen(reason) + sizeof ":  ()";
    char *text = malloc(size);
    if (!text)
        return NULL;
    snprintf(text, size, "%s%s%s%s%s%s", name, *particulars ? ": " : "", particulars, sys ? " (" : "", reason,
             sys ? ")" : "");
    return text;
}

int error_set(struct error *err, int code, int sys, const char *fmt, ...)
{
    if (!err || err->code)
        return code;
    char particulars[512] = "";
    if (fmt) {
        va_list ap;
        va_start(ap, fmt);
        vsnprintf(particulars, sizeof particulars, fmt, ap);
        va_end(ap);
    }
    err->code = code;
    err->sys = sys;
    err->text = sentence(code, sys, particulars);
    return code;
}

int error_copy(struct error *err, const struct error *from)
{
    if (err && !err->code)
        *err = (struct error){.code = from->code, .sys = from->sys, .text = from->text ? strdup(from->text) : NULL};
    return from->code;
}

void error_append(struct error *err, const char *text)
{
    const char *before = error_text(err);
    size_t size = strlen(before) + strlen(text) + 1;
    char *whole = malloc(size);
    if (!whole)
        return;
    snprintf(whole, size, "%s%s", before, text);
    free(err->text);
    err->text = whole;
}

void error_clear(struct error *err)
{
    free(err->text);
    *err = (struct error){0};
}

const char *error_text(const struct error *err)
{
    return err->text ? err->text : error_name(err->code);
}
