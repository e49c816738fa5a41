/* A hash table of entries that lie in their owners' structs, by a string key. Depends on nothing; not thread-safe. */
#ifndef AFETCH_BASE_TABLE_H
#define AFETCH_BASE_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct table_entry {
    struct table_entry *next;
    const char *key; /* the owner's; must not change while the entry is in a table */
    uint64_t hash;
};

struct table {
    struct table_entry **slots;
    size_t size, count; /* size: a power of two, or 0 */
};

/* FNV-1a, 64 bits. */
uint64_t table_hash(const char *key);

/* The entry of that key, or NULL. */
struct table_entry *table_find(const struct table *t, const char *key);
/* Adds an entry whose key is set and not in the table. ERR_MEMORY. */
int table_add(struct table *t, struct table_entry *entry);
/* Takes an entry out that is in the table. */
void table_remove(struct table *t, struct table_entry *entry);
/* Any entry, or NULL when it is empty: to take all out in turn. */
struct table_entry *table_any(const struct table *t);
/* Frees the slots; the entries are their owners'. */
void table_deinit(struct table *t);

#endif
