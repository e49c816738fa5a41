/* The file of --etag-save. Used by transfer_end.c. */
#ifndef AFETCH_CMD_ETAG_H
#define AFETCH_CMD_ETAG_H

#include "outfile.h"

/* Writes an ETag and a line end, whole or not at all. etag NULL, as the server sent none: a file that is there stays as it
 * is, and one that is not is made, empty, as by curl. May block. false, with a sentence in why. */
bool etag_save(const char *path, const char *etag, char why[OUTFILE_WHY]);

#endif
