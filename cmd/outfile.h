/* A body's file (-o): whole or not there. It is written under another name beside its own and renamed when it is
 * complete; devices, FIFOs and terminals are written directly and left alone. Every call but outfile_init, outfile_claim
 * and outfile_deinit may block. Used by filework.c. */
#ifndef AFETCH_CMD_OUTFILE_H
#define AFETCH_CMD_OUTFILE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { OUTFILE_WHY = 512 }; /* bytes for a sentence */

/* The files of a run, so that no two URLs write one: 8 bytes of hash each. */
struct outfile_names {
    uint64_t *slot; /* open addressing; 0: free */
    size_t size, count;
    uint64_t seed;
    mode_t mode; /* of a new file */
};

struct resume;

struct outfile {
    char *path;     /* as asked for */
    char *dir;      /* real path of the folder of what path leads to */
    char *base;     /* its name in there */
    char *temp;     /* NULL unless one is there */
    int fd;         /* -1 */
    bool direct;    /* no regular file: written as it is */
    int descriptor; /* -1, or which descriptor of ours the path names (/dev/stdout) */
    bool replaces;  /* a regular file with mode and owner */
    mode_t mode;    /* of that, or else of a new file, once it is opened */
    uid_t uid;
    gid_t gid;
    struct resume *resume; /* -C: what there is to go on with (resume.h); NULL: nothing. Owned */
    atomic_bool given_up;  /* set by another thread: a call that is interrupted fails, and is not repeated */
};

void outfile_names_init(struct outfile_names *names);
void outfile_names_deinit(struct outfile_names *names);

/* f owns path from now on. */
void outfile_init(struct outfile *f, char *path);
/* What path leads to. This and the following: -1 with a sentence in why. */
int outfile_resolve(struct outfile *f, char why[OUTFILE_WHY]);
/* Takes the name, before anything is fetched. */
int outfile_claim(const struct outfile *f, struct outfile_names *names, char why[OUTFILE_WHY]);
/* Begins to write. */
int outfile_open(struct outfile *f, const struct outfile_names *names, char why[OUTFILE_WHY]);
int outfile_write(struct outfile *f, const void *data, size_t len, char why[OUTFILE_WHY]);
/* Takes away what the body has put there: it begins anew. */
int outfile_restart(struct outfile *f, char why[OUTFILE_WHY]);
/* The body is complete: the file gets its name. */
int outfile_commit(struct outfile *f, char why[OUTFILE_WHY]);
/* Closes it; what was written and not committed goes, but for the beginning of a body that can be gone on with. */
void outfile_discard(struct outfile *f);
/* For resume.c: a sentence about path in why, -1; a path, or NULL without memory; mode and owner of what is open. */
int outfile_fail(char why[OUTFILE_WHY], const char *path, const char *reason);
char *outfile_join(const char *dir, const char *name);
int outfile_dress(struct outfile *f, char why[OUTFILE_WHY]);
/* Frees what is closed. */
void outfile_deinit(struct outfile *f);

#endif
