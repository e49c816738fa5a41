#include "etag.h"

#include <stdio.h>
#include <string.h>

static int write_etag(struct outfile *f, const struct outfile_names *names, const char *etag, char *why)
{
    int rc = outfile_resolve(f, why);
    if (rc < 0 || (!etag && (f->replaces || f->direct)))
        return rc;
    rc = outfile_open(f, names, why);
    if (rc == 0 && etag)
        rc = outfile_write(f, etag, strlen(etag), why);
    if (rc == 0 && etag)
        rc = outfile_write(f, "\n", 1, why);
    return rc == 0 ? outfile_commit(f, why) : rc;
}

bool etag_save(const char *path, const char *etag, char why[OUTFILE_WHY])
{
    struct outfile f;
    struct outfile_names names;
    char *copy = strdup(path);
    if (!copy) {
        snprintf(why, OUTFILE_WHY, "out of memory");
        return false;
    }
    outfile_init(&f, copy);
    outfile_names_init(&names);
    int rc = write_etag(&f, &names, etag, why);
    outfile_discard(&f);
    outfile_deinit(&f);
    outfile_names_deinit(&names);
    return rc == 0;
}
