/* A body's file (-o): whole or not there. It is written under another name beside its own and renamed when it is
 * complete; devices, FIFOs and terminals are written directly and left alone. Every call but outfile_init, outfile_claim
 * and outfile_deinit may block. Used by filework.c. */
#ifndef AFETCH_CMD_OUTFILE_H
#define AFETCH_CMD_OUTFILE_H

#include "sum.h"

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

/* What a file that is there already means. */
enum outfile_there {
    OUTFILE_REPLACE, /* it is replaced */
    OUTFILE_REFUSE,  /* it is left alone, and the URL fails */
    OUTFILE_NUMBER,  /* it is left alone, and NAME.1 .. NAME.100 are tried */
    OUTFILE_SKIP     /* it is left alone, and the URL is not fetched */
};

/* How files are made. All zero is the default. */
struct outfile_ways {
    enum outfile_there there;
    bool create_dirs; /* folders that are not there are made */
    bool sync;        /* file and folder are on the disk once it is committed */
    bool has_mode;    /* mode is that of new files, whatever the umask */
    mode_t mode;
    bool sum; /* its digest is made, and it gets its name only if that is expected, or "" is */
    char expected[AFETCH_SHA256_SIZE];
};

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
    struct outfile_ways ways;
    char sum[AFETCH_SHA256_SIZE]; /* of what was committed, or should have been; "": not known */
    bool differs;                 /* it is not the expected one */
    bool timed;                   /* modified_s is when it was modified, as its server has it */
    int64_t modified_s;           /* since the epoch */
    struct resume *resume;        /* -C: what there is to go on with (resume.h); NULL: nothing. Owned */
    atomic_bool given_up;         /* set by another thread: a call that is interrupted fails, and is not repeated */
};

void outfile_names_init(struct outfile_names *names);
void outfile_names_deinit(struct outfile_names *names);

/* f owns path from now on. */
void outfile_init(struct outfile *f, char *path);
/* What path leads to; makes its folders where they are wanted. This and the following: 0, or -1 with a sentence in why.
 * OUTFILE_TAKEN, with a sentence too: there is a file, which stays (OUTFILE_NUMBER, OUTFILE_SKIP). */
enum { OUTFILE_TAKEN = 1 };
int outfile_resolve(struct outfile *f, char why[OUTFILE_WHY]);
/* The same for another path, which f owns then. */
int outfile_resolve_again(struct outfile *f, char *path, char why[OUTFILE_WHY]);
/* Takes the name, before anything is fetched. OUTFILE_TAKEN: another file of this run has it. */
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
