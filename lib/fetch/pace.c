#include "fetch/pace.h"

int pace_init(struct pace *p, struct engine *e, struct lock *lock, uint64_t interval_ns, void (*ring)(struct alarm *a))
{
    *p = (struct pace){.interval_ns = interval_ns};
    return interval_ns ? alarm_init(&p->alarm, e, lock, ring) : 0;
}

bool pace_begin(struct pace *p, struct engine *here)
{
    uint64_t now_ns = engine_now_ns(here);
    if (p->interval_ns == 0)
        return true;
    if (pace_holds(p, now_ns)) {
        alarm_set(&p->alarm, here, p->next_ns);
        return false;
    }
    uint64_t late_ns = p->next_ns ? now_ns - p->next_ns : 0;
    p->next_ns = now_ns + p->interval_ns - (late_ns < PACE_LATE_NS ? late_ns : PACE_LATE_NS);
    return true;
}
