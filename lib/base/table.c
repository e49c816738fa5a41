#include "base/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

uint64_t table_hash(const char *key)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *key; key++)
        hash = (hash ^ (unsigned char)*key) * 0x100000001b3u;
    return hash;
}

static struct table_entry **slot(const struct table *t, uint64_t hash)
{
    return &t->slots[(hash ^ hash >> 32) & (t->size - 1)];
}

struct table_entry *table_find(const struct table *t, const char *key)
{
    if (t->count == 0)
        return NULL;
    uint64_t hash = table_hash(key);
    struct table_entry *e = *slot(t, hash);
    while (e && (e->hash != hash || strcmp(e->key, key) != 0))
        e = e->next;
    return e;
}

static void insert(struct table *t, struct table_entry *e)
{
    struct table_entry **head = slot(t, e->hash);
    e->next = *head;
    *head = e;
}

static int grow(struct table *t)
{
    struct table bigger = {.size = t->size ? t->size * 2 : 16};
    bigger.slots = calloc(bigger.size, sizeof(struct table_entry *));
    if (!bigger.slots)
        return ERR_MEMORY;
    for (size_t i = 0; i < t->size; i++)
        while (t->slots[i]) {
            struct table_entry *e = t->slots[i];
            t->slots[i] = e->next;
            insert(&bigger, e);
        }
    free(t->slots);
    t->slots = bigger.slots;
    t->size = bigger.size;
    return 0;
}

int table_add(struct table *t, struct table_entry *entry)
{
    if (t->count >= t->size && grow(t) < 0)
        return ERR_MEMORY;
    entry->hash = table_hash(entry->key);
    insert(t, entry);
    t->count++;
    return 0;
}

void table_remove(struct table *t, struct table_entry *entry)
{
    struct table_entry **e = slot(t, entry->hash);
    while (*e != entry)
        e = &(*e)->next;
    *e = entry->next;
    t->count--;
}

struct table_entry *table_any(const struct table *t)
{
    for (size_t i = 0; t->count > 0 && i < t->size; i++)
        if (t->slots[i])
            return t->slots[i];
    return NULL;
}

void table_deinit(struct table *t)
{
    free(t->slots);
    *t = (struct table){0};
}
