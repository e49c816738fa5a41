/* What options add to a URL before it is asked for. Textual: what is no URL is for the library to judge. Depends on
 * bytes.c. */
#ifndef AFETCH_CMD_URL_EDIT_H
#define AFETCH_CMD_URL_EDIT_H

#include "bytes.h"

/* Appends to out url with query added to the one that it has. false: no memory. */
bool url_add_query(struct bytes *out, const char *url, size_t len, const char *query);
/* The same with the last part of a file's path, where the URL's path ends in "/" or is empty, and there is no query. */
bool url_add_name(struct bytes *out, const char *url, size_t len, const char *path);

#endif
