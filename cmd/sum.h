/* A body's SHA-256 (--sha256), as it comes or of a file, and whether it is the one that was expected. Used by transfer.c and
 * outfile.c. */
#ifndef AFETCH_CMD_SUM_H
#define AFETCH_CMD_SUM_H

#include "afetch.h"

enum { SUM_WHY = 200 };

struct sum {
    char expected[AFETCH_SHA256_SIZE]; /* ""; whatever it is, it is right */
    char got[AFETCH_SHA256_SIZE];      /* ""; not known yet */
    struct afetch_sha256 *hash;        /* NULL: nothing is added */
};

/* expected may be NULL. NULL: no memory. */
struct sum *sum_new(const char *expected);
void sum_free(struct sum *s);

/* A body begins, perhaps anew. false: no memory. */
bool sum_begin(struct sum *s);
void sum_add(struct sum *s, const void *data, size_t len);
/* It is whole. false: it is another than was expected, why says so. */
bool sum_end(struct sum *s, char why[SUM_WHY]);

/* The digest of a file; may block. 0 or an errno. */
int sum_of_file(const char *path, char got[AFETCH_SHA256_SIZE]);
/* Whether it is what was expected; else why says what it is. */
bool sum_fits(const char *got, const char *expected, char why[SUM_WHY]);

#endif
