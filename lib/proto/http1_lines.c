#include <string.h>

#include "proto/http1_impl.h"

static const char bare_cr[] = "it has a CR without a LF";

/* What a line, or the rest of one, begins with. */
static const char *read_begin(struct http1_lines *l, char c)
{
    if (l->last == '\r' && c != '\n')
        return bare_cr;
    if (l->last != '\n')
        return NULL;
    bool folded = c == ' ' || c == '\t';
    if (folded && !l->status_done) /* RFC 9112 section 2.2 */
        return "it has a blank before its first field";
    l->lenient |= folded;
    l->status_done = true;
    return NULL;
}

const char *http1_lines_read(struct http1_lines *l, const char *p, const char *end)
{
    while (p < end) {
        const char *why = read_begin(l, *p);
        if (why)
            return why;
        const char *lf = memchr(p, '\n', (size_t)(end - p));
        const char *stop = lf ? lf : end;
        const char *cr = memchr(p, '\r', (size_t)(stop - p));
        if (cr && cr + 1 < stop)
            return bare_cr;
        if (lf && (lf > p ? lf[-1] : l->last) != '\r')
            l->lenient = true;
        l->last = stop[lf ? 0 : -1];
        p = lf ? lf + 1 : end;
    }
    return NULL;
}
