/* Going on with a file (-C): what there is of it before its URL is fetched, and where what comes is put, so that its name
 * shows whole files alone. The beginning of a file that is not whole is moved to its part (part.h) once the server has
 * said that it goes on there, so that nothing is copied; one that is not ours alone is copied. Called by outfile.c, and
 * by transfer.c with the request's side of it. */
#ifndef AFETCH_CMD_RESUME_H
#define AFETCH_CMD_RESUME_H

#include "outfile.h"
#include "part.h"

struct options;
struct afetch_head;
struct afetch_request;

enum resume_source {
    RESUME_NOTHING,    /* there is nothing to go on with */
    RESUME_OF_FILE,    /* the file itself is the beginning of the body */
    RESUME_OF_PART,    /* its part is */
    RESUME_BEHIND_FILE /* as curl's -C N: what comes goes behind the file, whatever is in there */
};

/* A body, as its head has it. */
struct resume_body {
    bool continues; /* at offset */
    bool resumable; /* it could be gone on with later */
    struct part_info info;
};

struct resume {
    /* as asked for */
    bool at_given;
    uint64_t at; /* -C N */
    /* as found by resume_look */
    enum resume_source source;
    uint64_t offset; /* where the body should go on; 0: from the start */
    char *path;      /* the part's */
    struct stat st;  /* of the file or of the part */
    struct part_info info;
    struct resume_body coming; /* as resume_begin was told */
    struct resume_body body;   /* a copy, of what is being written */
    bool whole;                /* all of it has come: it needs no part */
    /* of what is open */
    bool is_part;
    off_t base; /* where the body begins in the file, if it continues */
};

/* As the options have it, for a URL; NULL: not asked for, or no memory, which *failed tells. */
struct resume *resume_new(const struct options *o, const char *url, bool *failed);
void resume_free(struct resume *r);

/* Tells a request where to go on. false: no memory. */
bool resume_ask(const struct resume *r, struct afetch_request *request);
/* A body begins; body is the caller's to set from it, when nobody works at the file. */
void resume_begin(struct resume *r, const struct afetch_head *head);
/* What goes behind other bytes cannot begin from the start: NULL, or why a body is of no use. */
const char *resume_refuses(const struct resume *r, const struct afetch_head *head);

/* These are outfile.c's; f->resume is not NULL. What there is, once f is resolved. */
int resume_look(struct outfile *f, char why[OUTFILE_WHY]);
/* Opens what the body goes to: 0, -1 with a sentence, or 1: a temporary file is to be made, as ever. */
int resume_open(struct outfile *f, char why[OUTFILE_WHY]);
/* That temporary file is open. */
int resume_fill(struct outfile *f, char why[OUTFILE_WHY]);
/* The body begins anew, as resume_begin has it. */
int resume_restart(struct outfile *f, char why[OUTFILE_WHY]);
/* The file has its name. */
void resume_committed(struct outfile *f);
/* Whether what is there stays, though it is not whole. */
bool resume_keeps(const struct outfile *f);

#endif
