/* Producer and consumer without threads, locks or queues: two functions that hand over to each other.
 *
 * The consumer is a generator. It yields its answer, stops right there, and is resumed with the next value to consume
 * as what was sent to it. The producer drives it: each co_next sends a value in and waits for the answer. Neither
 * calls the other's code, and each reads as if it were alone. */
#include <stdio.h>

#include "base/co.h"
#include "base/error.h"

/* A coroutine's frame: what it needs to remember while it is suspended. Locals do not survive an await; fields do. */
struct consumer {
    struct co_gen gen; /* first: it is a generator */
    const int *item;
    char answer[16];
};

static void consumer_run(struct co *co)
{
    CO_BEGIN(struct consumer, c);
    CO_YIELD(ready, &c->gen, NULL); /* no answer yet; the first item comes back */
    while ((c->item = c->gen.sent) != NULL) {
        printf("[CONSUMER] consuming %d...\n", *c->item);
        snprintf(c->answer, sizeof c->answer, "200 OK");
        CO_YIELD(answering, &c->gen, c->answer);
    }
    puts("[CONSUMER] nothing more to do");
    CO_CLEANUP; /* every way out comes through here; this one has nothing to give back */
    CO_END;
}

struct producer {
    struct co co; /* first: it is a coroutine */
    struct consumer consumer;
    int n;
    int answers;
};

static void producer_run(struct co *co)
{
    CO_BEGIN(struct producer, p);
    CO_TRY(starting_consumer, co_next(co, &p->consumer.gen, consumer_run, NULL));
    for (p->n = 1; p->n <= 5; p->n++) {
        printf("[PRODUCER] producing %d...\n", p->n);
        CO_TRY(sending, co_next(co, &p->consumer.gen, consumer_run, &p->n));
        printf("[PRODUCER] the consumer answers: %s\n", (const char *)p->consumer.gen.value);
        p->answers++;
    }
    CO_TRY(finishing, co_next(co, &p->consumer.gen, consumer_run, NULL)); /* no item: it ends */
    CO_CLEANUP;
    /* A generator lives in its user's frame, so its user sees to it that it has ended, also after a cancel. */
    CO_AWAIT(ending_consumer, co_gen_end(&p->consumer.gen, ERR_CANCELED));
    CO_END;
}

int main(void)
{
    struct co_sched sched = {0}; /* who is ready to run; nothing here waits for the outside, so no engine is needed */
    struct producer producer = {0}; /* a frame begins as zeros */
    co_start(&producer.co, &sched, producer_run);
    co_drain(&sched);
    return co_ended(&producer.co) && producer.co.end.rc == 0 && producer.answers == 5 ? 0 : 1;
}
