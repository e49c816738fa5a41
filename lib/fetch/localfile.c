#include "fetch/localfile.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

enum { PIECE = 64 * 1024 };

int localfile_read(struct buf *out, const char *path, int code, struct error *err)
{
    FILE *f = fopen(path, "rbe");
    if (!f)
        return error_set(err, code, errno, "%.300s", path);
    int rc = 0;
    bool more = true;
    while (more) {
        char *room = buf_room(out, PIECE);
        if (!room) {
            rc = buf_full(out, PIECE) ? error_set(err, code, 0, "%.300s is too large", path)
                                      : error_set(err, ERR_MEMORY, 0, "for %.300s", path);
            break;
        }
        size_t n = fread(room, 1, PIECE, f);
        buf_commit(out, n);
        more = n == PIECE;
    }
    if (rc == 0 && ferror(f))
        rc = error_set(err, code, errno, "%.300s", path);
    if (rc == 0 && out->len == 0)
        rc = error_set(err, code, 0, "%.300s is empty", path);
    fclose(f);
    return rc;
}

int localfile_check(const char *path, int code, struct error *err)
{
    FILE *f = fopen(path, "rbe");
    if (!f)
        return error_set(err, code, errno, "%.300s", path);
    int rc = 0;
    if (fgetc(f) == EOF)
        rc = ferror(f) ? error_set(err, code, errno, "%.300s", path) : error_set(err, code, 0, "%.300s is empty", path);
    fclose(f);
    return rc;
}
