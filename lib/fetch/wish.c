#include "fetch/wish.h"

#include "fetch/fetch.h"
#include "fetch/request.h"
#include "fetch/session.h"

void wishes_init(struct wishes *w)
{
    atomic_init(&w->made, WISH_UNBEGUN);
    w->next = NULL;
}

void wish_make(struct afetch_request *r, unsigned wish)
{
    if (atomic_fetch_or(&r->wishes.made, wish | WISH_LISTED) & (WISH_LISTED | WISH_UNBEGUN))
        return; /* whoever grants the others, or begins, finds this one too */
    struct afetch_session *s = r->session;
    struct afetch_request *first = atomic_load(&s->wishers);
    do
        r->wishes.next = first;
    while (!atomic_compare_exchange_weak(&s->wishers, &first, r));
    engine_wake(s->engine);
}

unsigned wishes_begin(struct afetch_request *r)
{
    return atomic_exchange(&r->wishes.made, 0);
}

static void cancel(struct afetch_request *r, struct worker *here)
{
    r->canceled = true;
    if (r->fetch && r->worker == here)
        co_cancel(&r->fetch->co, ERR_CANCELED);
    else if (r->fetch)
        worker_want_cancel_some(r->worker);
}

void wishes_grant(struct afetch_session *s, struct worker *here)
{
    if (!atomic_load(&s->wishers))
        return;
    for (struct afetch_request *r = atomic_exchange(&s->wishers, NULL), *next; r; r = next) {
        next = r->wishes.next; /* before it may be listed again */
        unsigned made = atomic_exchange(&r->wishes.made, 0);
        if (made & WISH_CANCEL)
            cancel(r, here);
        if (made & WISH_RESUME)
            atomic_store(&r->resume.over, true);
        if (made & WISH_FEED)
            atomic_store(&r->feed.over, true);
        if (!(made & (WISH_RESUME | WISH_FEED)))
            continue;
        if (r->worker != &s->main) /* which the wish itself wakes */
            engine_wake(r->worker->engine);
    }
}
