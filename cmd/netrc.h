/* Users and passwords by host, from a .netrc file as curl reads it. Parsed once, asked for each URL. Depends on nothing.
 *
 * What to do with the answer is curl's too: -u wins over all; with -n a URL's user picks the entry, its password does not
 * count; with --netrc-optional a URL with user and password wins. -n: NETRC_BAD, or a file that is not there, fails the
 * transfer (26); --netrc-optional goes on without. An answer replaces what the URL lacks, or has. */
#ifndef AFETCH_CMD_NETRC_H
#define AFETCH_CMD_NETRC_H

#include <stddef.h>

enum {
    NETRC_FILE_MAX = 128 * 1024, /* bytes less its comments, as in curl; likewise these */
    NETRC_LINE_MAX = 16 * 1024,
    NETRC_TOKEN_MAX = 4096,
    NETRC_WHY = 512 /* bytes for a sentence */
};

struct netrc_entry {
    char *host;             /* NULL: "default" */
    char *login, *password; /* NULL: not given */
};

/* All zero is an empty file. */
struct netrc {
    struct netrc_entry *entries; /* in order; those without login and password are left out */
    size_t count, size;
    const char *bad; /* a sentence: what stands behind the entries is no .netrc; NULL: it ends well */
};

/* Takes a file's text in. -1 without memory; a text that is no .netrc sets bad. */
int netrc_parse(struct netrc *n, const char *text, size_t len);
void netrc_deinit(struct netrc *n);

/* Reads a file and parses it. -1 with a sentence in why: it cannot be read, or memory is out. */
int netrc_load(struct netrc *n, const char *path, char why[NETRC_WHY]);
/* Where it is: $NETRC, else .netrc in $HOME, else in the user's folder. Allocated; NULL: nowhere, or without memory.
 * env: getenv. */
char *netrc_path(char *(*env)(const char *name));

enum netrc_answer {
    NETRC_NONE,  /* nothing for this host, or for this user there */
    NETRC_FOUND, /* the first entry that fits */
    NETRC_BAD    /* nothing before the place where the file is bad */
};
/* user: whose password is asked for; NULL or "": anybody's. *login: user, or the entry's (NULL: it has none); *password:
 * NULL: it has none. They live as long as n, and user. */
enum netrc_answer netrc_find(const struct netrc *n, const char *host, const char *user, const char **login,
                             const char **password);

#endif
