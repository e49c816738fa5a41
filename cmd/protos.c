#include "protos.h"

#include <string.h>
#include <strings.h>

static unsigned find(const char *name, size_t len)
{
    static const struct {
        const char *name;
        unsigned protos;
    } all[] = {{"all", AFETCH_SCHEME_HTTP | AFETCH_SCHEME_HTTPS},
               {"http", AFETCH_SCHEME_HTTP},
               {"https", AFETCH_SCHEME_HTTPS}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (strlen(all[i].name) == len && strncasecmp(all[i].name, name, len) == 0)
            return all[i].protos;
    return 0;
}

unsigned protos_parse(const char *text, void (*tell)(void *arg, const char *name, size_t len), void *arg)
{
    unsigned allowed = AFETCH_SCHEME_HTTP | AFETCH_SCHEME_HTTPS;
    while (*(text += strspn(text, ","))) {
        char how = *text && strchr("=+-", *text) ? *text++ : '+';
        size_t len = strcspn(text, ",");
        unsigned protos = find(text, len);
        if (!protos)
            tell(arg, text, len);
        if (how == '=') /* what is unknown leaves none, so that nobody gets more than he asked for */
            allowed = protos;
        else if (how == '+')
            allowed |= protos;
        else
            allowed &= ~protos;
        text += len;
    }
    return allowed;
}
