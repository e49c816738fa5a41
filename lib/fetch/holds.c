#include "fetch/holds.h"

#include <stdlib.h>
#include <string.h>

struct hold {
    struct table_entry entry; /* first */
    uint64_t until_ns;
    char origin[];
};

static void drop(struct holds *h, struct hold *hold)
{
    table_remove(&h->table, &hold->entry);
    free(hold);
}

static struct hold *find(struct holds *h, const char *origin, uint64_t now_ns)
{
    struct hold *hold = (struct hold *)(void *)table_find(&h->table, origin);
    if (!hold || hold->until_ns > now_ns)
        return hold;
    drop(h, hold);
    return NULL;
}

void holds_add(struct holds *h, const char *origin, uint64_t until_ns, uint64_t now_ns)
{
    struct hold *hold = find(h, origin, now_ns);
    if (hold) {
        hold->until_ns = until_ns > hold->until_ns ? until_ns : hold->until_ns;
        return;
    }
    if (until_ns <= now_ns || h->table.count >= HOLDS_MAX)
        return;
    size_t size = strlen(origin) + 1;
    hold = malloc(sizeof *hold + size);
    if (!hold)
        return; /* a courtesy, which no transfer fails for */
    memcpy(hold->origin, origin, size);
    hold->until_ns = until_ns;
    hold->entry = (struct table_entry){.key = hold->origin};
    if (table_add(&h->table, &hold->entry) < 0)
        free(hold);
}

uint64_t holds_until(struct holds *h, const char *origin, uint64_t now_ns)
{
    if (h->table.count == 0)
        return 0;
    struct hold *hold = find(h, origin, now_ns);
    return hold ? hold->until_ns : 0;
}

void holds_deinit(struct holds *h)
{
    for (struct table_entry *e; (e = table_any(&h->table));)
        drop(h, (struct hold *)(void *)e);
    table_deinit(&h->table);
}
