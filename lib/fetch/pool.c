#include "fetch/pool.h"

#include <string.h>

void pool_init(struct pool *p, struct lock *lock, size_t parallel_max, size_t host_max, const struct pool_crew *crew,
               void *crew_arg)
{
    *p = (struct pool){.lock = lock,
                       .crew = crew,
                       .crew_arg = crew_arg,
                       .parallel_max = parallel_max,
                       .host_max = host_max,
                       .idle_max = parallel_max > 64 ? parallel_max : 64};
}

void pool_door_init(struct pool_door *door, struct pool *p, struct engine *e)
{
    *door = (struct pool_door){.pool = p, .engine = e};
}

/* ---- hosts ----------------------------------------------------------------------------------------------------------- */

static struct pool_host *host_get(struct pool *p, const char *origin)
{
    struct pool_host *h = (struct pool_host *)table_find(&p->hosts, origin);
    if (h)
        return h;
    h = calloc(1, sizeof *h);
    char *key = strdup(origin);
    if (h && key) {
        h->entry.key = key;
        if (table_add(&p->hosts, &h->entry) == 0)
            return h;
    }
    free(key);
    free(h);
    return NULL;
}

static void host_drop_if_unused(struct pool *p, struct pool_host *h)
{
    if (h->active || h->first || h->idle || h->coming || h->guests)
        return;
    table_remove(&p->hosts, &h->entry);
    free((char *)(uintptr_t)h->entry.key);
    free(h);
}

/* ---- the heap of hosts that may take a place ---------------------------------------------------------------------------- */

static bool eligible(const struct pool *p, const struct pool_host *h)
{
    return h->first && (p->host_max == 0 || h->active < p->host_max);
}

static void heap_put(struct pool *p, size_t i, struct pool_host *h)
{
    p->heap[i] = h;
    h->heap_index = i + 1;
}

static void heap_up(struct pool *p, size_t i, struct pool_host *h)
{
    for (; i > 0 && h->first->number < p->heap[(i - 1) / 2]->first->number; i = (i - 1) / 2)
        heap_put(p, i, p->heap[(i - 1) / 2]);
    heap_put(p, i, h);
}

static void heap_down(struct pool *p, size_t i, struct pool_host *h)
{
    for (size_t child; (child = 2 * i + 1) < p->heap_len; i = child) {
        if (child + 1 < p->heap_len && p->heap[child + 1]->first->number < p->heap[child]->first->number)
            child++;
        if (h->first->number <= p->heap[child]->first->number)
            break;
        heap_put(p, i, p->heap[child]);
    }
    heap_put(p, i, h);
}

static void heap_remove(struct pool *p, struct pool_host *h)
{
    if (!h->heap_index)
        return;
    size_t i = h->heap_index - 1;
    h->heap_index = 0;
    struct pool_host *last = p->heap[--p->heap_len];
    if (last == h)
        return;
    if (i > 0 && last->first->number < p->heap[(i - 1) / 2]->first->number)
        heap_up(p, i, last);
    else
        heap_down(p, i, last);
}

/* Room for one more, so that heap_add cannot fail later. */
static int heap_reserve(struct pool *p)
{
    if (p->hosts.count < p->heap_size)
        return 0;
    size_t size = p->heap_size ? p->heap_size * 2 : 16;
    struct pool_host **heap = realloc(p->heap, size * sizeof(struct pool_host *));
    if (!heap)
        return ERR_MEMORY;
    p->heap = heap;
    p->heap_size = size;
    return 0;
}

/* Puts the host where its first waiter and its limit want it. */
static void heap_update(struct pool *p, struct pool_host *h)
{
    heap_remove(p, h);
    if (eligible(p, h))
        heap_up(p, p->heap_len++, h);
}

/* ---- idle connections ------------------------------------------------------------------------------------------------------ */

static void idle_remove(struct conn *c)
{
    struct pool *p = c->pool;
    if (c->host_prev)
        c->host_prev->host_next = c->host_next;
    else
        c->host->idle = c->host_next;
    if (c->host_next)
        c->host_next->host_prev = c->host_prev;
    if (c->older)
        c->older->newer = c->newer;
    else
        p->oldest = c->newer;
    if (c->newer)
        c->newer->older = c->older;
    else
        p->newest = c->older;
    p->idle_count--;
    if (c->read)
        co_abandon(&c->watch);
    if (c->read && c->read->waiter == &c->watch)
        co_unhook(c->read);
    c->host_prev = c->host_next = c->older = c->newer = NULL;
}

static void idle_close(struct conn *c, struct engine *here)
{
    struct pool *p = c->pool;
    struct pool_host *h = c->host;
    idle_remove(c);
    conn_move(c, here);
    conn_close(c);
    host_drop_if_unused(p, h);
}

/* The server closed it, or sent what nobody asked for, which is never taken for an answer. */
static void on_idle_event(struct co *watch)
{
    struct conn *c = (struct conn *)(void *)((char *)watch - offsetof(struct conn, watch));
    idle_close(c, c->stream->engine);
}

/* Watches an idle connection; false: it is dead already. Else an engine that cannot watch is asked before the reuse. */
static bool idle_watch(struct conn *c, struct engine *e)
{
    c->read = NULL;
    if (!e->ops->idle_watched)
        return true;
    c->watch = (struct co){.sched = &e->sched};
    c->read = stream_read(c->stream, &c->watch);
    if (c->read->status != CO_OP_DONE) {
        co_hook(c->read, &c->watch, &e->sched, on_idle_event);
        return true;
    }
    c->read = NULL;
    return false;
}

static void idle_add(struct pool *p, struct pool_host *h, struct conn *c, struct engine *e)
{
    c->pool = p;
    c->host = h;
    http1_reset(c->http1, false, NULL); /* it needs no buffers while it waits */
    c->host_prev = NULL;
    c->host_next = h->idle;
    if (h->idle)
        h->idle->host_prev = c;
    h->idle = c;
    c->newer = NULL;
    c->older = p->newest;
    if (p->newest)
        p->newest->newer = c;
    else
        p->oldest = c;
    p->newest = c;
    p->idle_count++;
    if (!idle_watch(c, e)) {
        idle_close(c, e);
        return;
    }
    if (p->crew)
        conn_move(c, NULL);
    if (p->idle_count > p->idle_max)
        idle_close(p->oldest, e);
}

static bool idle_dead(const struct conn *c)
{
    return c->read ? c->read->status == CO_OP_DONE : stream_stale(c->stream);
}

/* The youngest idle connection that is alive. */
static struct conn *idle_take(struct pool_host *h, struct engine *here)
{
    while (h->idle) {
        struct conn *c = h->idle;
        conn_move(c, here);
        bool dead = idle_dead(c);
        idle_remove(c);
        if (!dead) {
            stream_unread(c->stream);
            return c;
        }
        conn_close(c);
    }
    return NULL;
}

/* ---- places --------------------------------------------------------------------------------------------------------------------- */

/* Retries come back with a lower number than those who wait: they go before them. */
static void enqueue(struct pool_host *h, struct place *place)
{
    struct place *after = h->last;
    while (after && after->number > place->number)
        after = after->prev;
    place->prev = after;
    place->next = after ? after->next : h->first;
    if (place->prev)
        place->prev->next = place;
    else
        h->first = place;
    if (place->next)
        place->next->prev = place;
    else
        h->last = place;
}

static void dequeue(struct pool_host *h, struct place *place)
{
    if (place->prev)
        place->prev->next = place->next;
    else
        h->first = place->next;
    if (place->next)
        place->next->prev = place->prev;
    else
        h->last = place->prev;
    place->prev = place->next = NULL;
}

/* It knows its hosts. ERR_MEMORY. */
static int enter(struct pool *p, struct place *place, const char *origin, const char *home)
{
    struct pool_host *host = host_get(p, origin);
    struct pool_host *kept = host && home ? host_get(p, home) : host;
    if (!kept || heap_reserve(p) < 0) {
        if (host)
            host_drop_if_unused(p, host);
        if (kept && kept != host)
            host_drop_if_unused(p, kept);
        return ERR_MEMORY;
    }
    place->host = host;
    place->home = kept;
    kept->guests++;
    return 0;
}

/* It is neither held nor waited for any more. */
static void leave(struct pool *p, struct place *place)
{
    place->state = PLACE_NONE;
    place->home->guests--;
    if (place->home != place->host)
        host_drop_if_unused(p, place->home);
    host_drop_if_unused(p, place->host);
}

/* The place is its taker's, who hears of it on his thread. */
static void hold(struct pool *p, struct place *place, struct engine *here)
{
    struct pool_host *h = place->host;
    place->state = PLACE_HELD;
    place->conn = idle_take(place->home, here);
    if (place->conn && p->crew)
        conn_move(place->conn, NULL);
    h->active++;
    p->active++;
}

static void note_wait(struct pool *p, const struct place *place, struct engine *here)
{
    uint64_t now_ns = engine_now_ns(here);
    uint64_t waited_ns = now_ns > place->asked_ns ? now_ns - place->asked_ns : 0; /* two threads' clocks */
    if (waited_ns > p->longest_wait_ns)
        p->longest_wait_ns = waited_ns;
}

/* The coroutine that waits for a place goes on in the crew's thread. */
static void hire(struct pool *p, struct place *place)
{
    struct pool_door *there = p->crew->hire(p->crew_arg, place);
    place->door = there;
    place->post.engine = there->engine;
    place->op.waiter->sched = &there->engine->sched;
}

static struct place *take_first(struct pool *p)
{
    struct pool_host *h = p->heap[0];
    struct place *place = h->first;
    heap_remove(p, h);
    dequeue(h, place);
    p->waiting--;
    return place;
}

/* No thread can be had. Those that there are go on; without any, nobody ever would. */
static void give_up(struct pool *p, struct pool_door *here)
{
    if (p->active > 0) {
        p->parallel_max = p->active;
        return;
    }
    struct place *place = take_first(p);
    heap_update(p, place->host);
    leave(p, place);
    engine_post(here->engine, &place->post, ERR_MEMORY);
}

/* One place is never kept, so that whoever the keeper waits for comes in, too. */
static bool has_room(const struct pool *p)
{
    return p->active == 0 || (p->active < p->parallel_max && p->kept < p->parallel_max - p->active);
}

/* A transfer that began goes on whenever there is a place for it. */
static bool may_begin(const struct pool *p, uint64_t number, struct engine *here)
{
    return !p->pace || !(number & POOL_FIRST) || pace_begin(p->pace, here);
}

/* Lets in whoever may come in. */
static void grant(struct pool *p, struct pool_door *here)
{
    while (has_room(p) && p->heap_len > 0) {
        if (p->crew && !p->crew->ready(p->crew_arg)) {
            give_up(p, here);
            continue;
        }
        if (!may_begin(p, p->heap[0]->first->number, here->engine))
            break;
        struct place *place = take_first(p);
        hold(p, place, here->engine);
        heap_update(p, place->host);
        note_wait(p, place, here->engine);
        if (p->crew)
            hire(p, place);
        engine_post(here->engine, &place->post, 0);
    }
}

static void line_up(struct pool *p, struct place *place)
{
    struct pool_host *h = place->host;
    place->state = PLACE_WAITING;
    heap_remove(p, h);
    enqueue(h, place);
    p->waiting++;
    heap_update(p, h);
}

static void forget_coming(struct pool_door *door, const struct place *place)
{
    struct place **p = &door->coming;
    while (*p != place)
        p = &(*p)->next;
    *p = place->next;
}

/* One that got its place from another thread just now will hear of it. */
static void cancel_take(struct co_op *op, int reason)
{
    struct place *place = (struct place *)(void *)op;
    struct pool *p = place->door->pool;
    struct pool_host *h = place->host;
    lock_take(p->lock);
    bool held = place->state == PLACE_HELD;
    if (place->state == PLACE_COMING) {
        forget_coming(place->door, place);
        h->coming--;
    } else if (!held) {
        heap_remove(p, h);
        dequeue(h, place);
        p->waiting--;
        heap_update(p, h);
    }
    if (!held)
        leave(p, place);
    lock_drop(p->lock);
    if (!held)
        co_complete(op, reason);
}

/* Those who came are at their await now, and can be moved. */
static void on_coming(struct co *hook)
{
    struct pool_door *door = (struct pool_door *)(void *)((char *)hook - offsetof(struct pool_door, hook));
    struct pool *p = door->pool;
    lock_take(p->lock);
    door->hooked = false;
    while (door->coming) {
        struct place *place = door->coming;
        door->coming = place->next;
        place->host->coming--;
        line_up(p, place);
    }
    grant(p, door);
    lock_drop(p->lock);
}

static void come(struct pool_door *door, struct place *place)
{
    if (!door->hooked)
        co_defer(&door->hook, &door->engine->sched, on_coming);
    door->hooked = true;
    place->state = PLACE_COMING;
    place->host->coming++;
    place->next = door->coming;
    door->coming = place;
}

static struct co_op *take(struct pool *p, struct place *place, const char *origin, const char *home)
{
    struct pool_door *door = place->door;
    if (enter(p, place, origin, home) < 0)
        return co_done(&place->op, ERR_MEMORY);
    struct pool_host *h = place->host;
    /* Whoever waits for this host or for any place came first. */
    bool room = has_room(p) && (p->host_max == 0 || h->active < p->host_max);
    if (room && !h->first && p->heap_len == 0 && !p->crew && may_begin(p, place->number, door->engine)) {
        hold(p, place, door->engine);
        return co_done(&place->op, 0);
    }
    co_op_begin(&place->op, cancel_take);
    if (p->crew) {
        come(door, place);
        return &place->op;
    }
    line_up(p, place);
    if (room) /* those before it may only wait for the pace */
        grant(p, door);
    return &place->op;
}

struct co_op *pool_take(struct place *place, struct pool_door *door, const char *origin, const char *home,
                        uint64_t number)
{
    struct pool *p = door->pool;
    if (!p->pace)
        number &= ~POOL_FIRST;
    *place = (struct place){.door = door, .number = number, .asked_ns = engine_now_ns(door->engine)};
    place->post.engine = door->engine;
    lock_take(p->lock);
    struct co_op *op = take(p, place, origin, home);
    lock_drop(p->lock);
    return op;
}

static void take_back(struct pool *p, struct place *place, struct conn *conn)
{
    struct pool_door *here = place->door;
    struct pool_host *h = place->host;
    if (conn)
        idle_add(p, place->home, conn, here->engine);
    h->active--;
    p->active--;
    heap_update(p, h);
    leave(p, place);
    if (p->crew)
        p->crew->dismiss(p->crew_arg, here);
    grant(p, here);
}

void pool_give(struct place *place, struct conn *conn)
{
    if (place->state != PLACE_HELD) {
        conn_close(conn);
        return;
    }
    struct pool *p = place->door->pool;
    if (conn)
        conn_move(conn, place->door->engine);
    lock_take(p->lock);
    take_back(p, place, conn);
    lock_drop(p->lock);
}

void pool_keep(struct pool *p, size_t places)
{
    p->kept = places;
}

void pool_go_on(struct pool *p, struct pool_door *here)
{
    grant(p, here);
}

bool pool_paces(const struct place *place)
{
    if (place->state != PLACE_WAITING || !(place->number & POOL_FIRST) || !place->host->heap_index)
        return false;
    const struct pool *p = place->door->pool;
    return has_room(p) && pace_holds(p->pace, engine_now_ns(place->door->engine));
}

void pool_deinit(struct pool *p, struct pool_door *here)
{
    while (p->oldest)
        idle_close(p->oldest, here->engine);
    table_deinit(&p->hosts);
    free(p->heap);
    p->heap = NULL;
}
