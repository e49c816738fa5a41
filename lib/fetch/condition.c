#include "fetch/condition.h"

#include "fetch/request.h"
#include "proto/httpdate.h"

_Static_assert((int)CONDITION_TEXT >= (int)HTTPDATE_SIZE, "a date fits");

enum afetch_code afetch_request_set_condition(struct afetch_request *r, enum afetch_condition kind, int64_t time_s)
{
    char text[CONDITION_TEXT];
    if (!httpdate_write(text, time_s))
        return AFETCH_INTERNAL;
    r->condition = (struct condition){.kind = kind, .time_s = time_s};
    return AFETCH_OK;
}

const char *condition_name(const struct condition *c)
{
    switch (c->kind) {
    case AFETCH_IF_UNMODIFIED_SINCE:
        return "If-Unmodified-Since";
    case AFETCH_LAST_MODIFIED:
        return "Last-Modified";
    default:
        return "If-Modified-Since";
    }
}

const char *condition_value(const struct condition *c, char room[CONDITION_TEXT])
{
    return c->kind != AFETCH_ALWAYS && httpdate_write(room, c->time_s) ? room : NULL;
}

/* With a range it is the server's word alone that counts, as in curl. */
bool condition_unmet(const struct afetch_request *r, const struct http1 *response)
{
    const struct condition *c = &r->condition;
    const char *modified = http1_find(response, "Last-Modified");
    int64_t modified_s;
    bool asked = c->kind != AFETCH_ALWAYS && c->time_s != 0 && !r->ranges.asked && !r->ranges.from;
    if (!asked || request_ends_at_head(r) || r->status / 100 != 2 || !modified ||
        !httpdate_parse(modified, &modified_s))
        return false;
    return c->kind == AFETCH_IF_UNMODIFIED_SINCE ? modified_s >= c->time_s : modified_s <= c->time_s;
}
