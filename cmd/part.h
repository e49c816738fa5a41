/* What an interrupted transfer leaves beside its file (-C): the beginning of a body in ".NAME.afetch-part", and in
 * ".NAME.afetch-part-info" what it is the beginning of. A part without a whole info beside it is worth nothing, so the
 * info is written first, by rename, and taken away last: whenever the program is killed, a part lies beside an info of
 * its own version, or has none. Every call may block. Used by resume.c. */
#ifndef AFETCH_CMD_PART_H
#define AFETCH_CMD_PART_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

enum { PART_VALIDATOR = 512 };

struct part_info {
    uint64_t url;                   /* part_hash of the URL that was asked for: no secret of it is written down */
    uint64_t size;                  /* of the whole; 0: not known */
    int64_t since_s;                /* when its fetching began, in seconds since the epoch; 0: not known */
    char validator[PART_VALIDATOR]; /* of the version; "": none is known */
};

uint64_t part_hash(const char *url);

/* ".NAME.afetch-part" in a folder; a name that is too long for it is cut, and told apart by a hash. NULL: no memory. */
char *part_path(const char *dir, const char *base);

/* The info of a part; false: there is none that is whole, or no part that is ours alone, with at least a byte. st: the
 * part's. */
bool part_find(const char *path, struct part_info *out, struct stat *st);
/* 0 or an errno. */
int part_write_info(const char *path, const struct part_info *info);
/* Takes away a part and its info, or the info alone. */
void part_remove(const char *path);
void part_remove_info(const char *path);

/* Opens a part for writing, locked: no other process writes it meanwhile. It begins empty, or is that of st. A descriptor,
 * or -1 with errno: EBUSY where another process has it. */
int part_new(const char *path);
int part_open(const char *path, const struct stat *st);
/* Locks what is open as fd. false with errno, as above. */
bool part_lock(int fd);

#endif
