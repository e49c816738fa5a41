/* --journal: what was fetched whole, so that a later run with the same journal fetches it no more. A file of one JSON object
 * a line, each with a sum of its own, appended by a thread once the body's file has its name and before anything is told of
 * it; so a run that is killed at any moment has recorded nothing that is not there. A last record that is torn is written
 * over. Called on the session's thread; used by run.c and transfer.c. */
#ifndef AFETCH_CMD_JOURNAL_H
#define AFETCH_CMD_JOURNAL_H

#include "fields.h"
#include "target.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct journal;
struct report;

enum { JOURNAL_KEY = 16, JOURNAL_FULL = 4096 /* records that wait to be written */ };

/* Which input it is, whatever its place: the same in each run. Of what is written down no secret can be had. */
struct journal_key {
    unsigned char bytes[JOURNAL_KEY];
};

/* What is recorded. Texts may be NULL, but url. */
struct journal_record {
    const struct journal_key *key;
    const char *url; /* fit to be shown */
    int status;
    uint64_t bytes;
    const char *etag, *modified, *sha256, *path;
};

/* Reads what was recorded, and makes ready to append. sync: a record is on the disk before it counts as written. wake is
 * called on another thread when journal_collect has something. NULL: it can't be; that is told, and is the run's
 * failure. */
struct journal *journal_open(const char *path, bool sync, struct report *report);
void journal_begin(struct journal *j, void (*wake)(void *arg), void *arg);
/* Waits for nothing. A thread that is stalled is left behind. NULL is allowed. */
void journal_close(struct journal *j);

/* The key of the next input: by its method, URL (fit to be shown), what it says itself, where its body goes, and how many
 * like it there were. false: no memory. */
bool journal_key(struct journal *j, const char *method, const struct target *target, const struct fields *own,
                 struct journal_key *key);
/* Whether an earlier run recorded it. */
bool journal_has(const struct journal *j, const struct journal_key *key);

/* Appends a record for an owner. false: no memory. */
bool journal_add(struct journal *j, const struct journal_record *record, void *owner);
bool journal_is_full(struct journal *j);
/* Tells each owner whose record was written; error: an errno, it was not. */
void journal_collect(struct journal *j, void (*tell)(void *owner, int error));
/* Waits until some was written, at most ms milliseconds. false: none was. */
bool journal_wait(struct journal *j, unsigned ms);

#endif
