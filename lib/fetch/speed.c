#include "fetch/speed.h"

#include <string.h>

static void begin(struct speed *s)
{
    memset(s->slots, 0, sizeof s->slots);
    s->at = s->full = 0;
}

static bool too_slow(const struct speed *s)
{
    uint64_t bytes = 0;
    for (unsigned i = 0; i < SPEED_SLOTS; i++)
        bytes += s->slots[i];
    return (double)bytes < (double)s->limit * (double)s->slot_ns * SPEED_SLOTS / 1e9;
}

static void on_slot(struct timer *t);

/* It has just been taken out, so there is room for it. From now on: one that is late makes a slot longer, and no bytes that
 * wait to be read are missed. */
static void await_slot(struct speed *s)
{
    timer_start(s->timers, &s->timer, s->co->sched->now_ns + s->slot_ns, on_slot);
}

static void on_slot(struct timer *t)
{
    struct speed *s = (struct speed *)(void *)((char *)t - offsetof(struct speed, timer));
    await_slot(s);
    if (s->paused)
        return;
    if (s->begins) {
        s->begins = false;
        begin(s);
        return;
    }
    s->full += s->full < SPEED_SLOTS;
    if (s->full == SPEED_SLOTS && too_slow(s)) {
        error_set(s->err, ERR_TIMEOUT, 0, "too slow: less than %llu bytes/sec transferred the last %.3g seconds",
                  (unsigned long long)s->limit, (double)s->slot_ns * SPEED_SLOTS / 1e9);
        co_cancel(s->co, ERR_TIMEOUT);
        return;
    }
    s->at = (s->at + 1) % SPEED_SLOTS;
    s->slots[s->at] = 0;
}

int speed_new(struct speed **out, struct timers *ts, uint64_t now_ns, uint64_t limit, uint64_t time_ns, struct co *co,
              struct error *err)
{
    struct speed *s = calloc(1, sizeof *s);
    if (!s)
        return error_set(err, ERR_MEMORY, 0, NULL);
    uint64_t slot_ns = time_ns / SPEED_SLOTS;
    *s = (struct speed){.timers = ts, .co = co, .err = err, .limit = limit, .slot_ns = slot_ns ? slot_ns : 1};
    if (timer_start(ts, &s->timer, now_ns + s->slot_ns, on_slot) < 0) {
        free(s);
        return error_set(err, ERR_MEMORY, 0, NULL);
    }
    *out = s;
    return 0;
}

void speed_free(struct speed *s)
{
    if (!s)
        return;
    timer_stop(s->timers, &s->timer);
    free(s);
}

void speed_count(struct speed *s, size_t bytes)
{
    if (s)
        s->slots[s->at] += bytes;
}

void speed_pause(struct speed *s, enum speed_pause who)
{
    if (s)
        s->paused |= who;
}

void speed_resume(struct speed *s, enum speed_pause who)
{
    if (!s || !(s->paused & who))
        return;
    s->paused &= ~(unsigned)who;
    s->begins = true;
}
