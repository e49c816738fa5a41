/* Local files that a session's options name, read whole: certificates, keys, lists. Blocking. */
#ifndef AFETCH_FETCH_LOCALFILE_H
#define AFETCH_FETCH_LOCALFILE_H

#include "base/buf.h"
#include "base/error.h"

/* Reads a file to its end into out, an empty buffer whose maximum bounds it. code is the error's, where it cannot be
 * read, is empty or too large; or ERR_MEMORY. */
int localfile_read(struct buf *out, const char *path, int code, struct error *err);
/* Whether a file can be opened and has anything in it: 0 or code. */
int localfile_check(const char *path, int code, struct error *err);

#endif
