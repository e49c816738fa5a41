#include "fetch/tickets.h"

#include <stdlib.h>
#include <string.h>

#include "base/table.h"

static size_t slot_of(const char *origin)
{
    return table_hash(origin) % TICKETS_MAX;
}

static void drop(struct tickets *t, size_t i)
{
    free(t->slots[i].origin);
    tls_session_free(t->slots[i].session);
    t->slots[i].origin = NULL;
    t->slots[i].session = NULL;
}

struct tls_session *tickets_take(struct tickets *t, const char *origin)
{
    size_t i = slot_of(origin);
    if (!t->slots[i].origin || strcmp(t->slots[i].origin, origin) != 0)
        return NULL;
    struct tls_session *session = t->slots[i].session;
    t->slots[i].session = NULL;
    drop(t, i);
    return session;
}

void tickets_put(struct tickets *t, const char *origin, struct tls_session *session)
{
    if (!session)
        return;
    size_t i = slot_of(origin);
    drop(t, i);
    t->slots[i].origin = strdup(origin);
    t->slots[i].session = session;
    if (!t->slots[i].origin)
        drop(t, i);
}

void tickets_deinit(struct tickets *t)
{
    for (size_t i = 0; i < TICKETS_MAX; i++)
        drop(t, i);
}
