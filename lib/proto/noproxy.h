/* Which hosts are reached without a proxy: curl's --noproxy and no_proxy. Includes base/ alone. Any thread. */
#ifndef AFETCH_PROTO_NOPROXY_H
#define AFETCH_PROTO_NOPROXY_H

#include <stdbool.h>

/* Whether list names host. list: "*" for every host; or names and addresses with commas between (blanks around them do
 * not count, but where there is a blank and no comma the list ends). A name stands for itself and all below it, with or
 * without a dot in front, whatever its case; an address for itself, or with "/bits" for a network. Ports play no part.
 * host: a name, or an address without brackets, as struct url has it. list: NULL is empty. */
bool noproxy_match(const char *list, const char *host);

#endif
