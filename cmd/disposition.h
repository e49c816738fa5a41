/* The file name in a Content-Disposition field (RFC 6266). Depends on text.h alone. */
#ifndef AFETCH_CMD_DISPOSITION_H
#define AFETCH_CMD_DISPOSITION_H

#include <stdbool.h>

/* filename* where it can be read, else filename, as the server wrote it: nothing is known of it. NULL: there is none, or
 * no memory, which *failed tells. The caller frees it. */
char *disposition_name(const char *value, bool *failed);

#endif
