/* Jobs on threads: in order by one thread as long as that is quick, and past any that blocks. */
#include "../../cmd/thread.c"
#include "../../cmd/workers.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <semaphore.h>

struct task {
    struct job job; /* first */
    int number;
    sem_t *until; /* blocks until then; NULL: does not */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int order[1000];
static int ran;
static sem_t done;

static void run_task(struct job *job)
{
    struct task *t = (struct task *)(void *)job;
    if (t->until)
        sem_wait(t->until);
    pthread_mutex_lock(&lock);
    order[ran++] = t->number;
    pthread_mutex_unlock(&lock);
    sem_post(&done);
}

static int begin(void **state)
{
    (void)state;
    ran = 0;
    return sem_init(&done, 0, 0);
}

static void await(int n)
{
    while (n--)
        while (sem_wait(&done) != 0)
            ;
}

static void quick_ones_in_order(void **state)
{
    (void)state;
    static struct task tasks[1000];
    struct workers *w = workers_new();
    for (int i = 0; i < 1000; i++) {
        tasks[i] = (struct task){.job.run = run_task, .number = i};
        workers_run(w, &tasks[i].job);
    }
    await(1000);
    /* But for one that a busy machine has made look as if it blocked. */
    int wrong = 0;
    for (int i = 0; i < 1000; i++)
        wrong += order[i] < i - 10 || order[i] > i + 10;
    assert_int_equal(wrong, 0);
    workers_drop(w);
}

static void past_those_that_block(void **state)
{
    (void)state;
    static struct task tasks[200];
    struct workers *w = workers_new();
    sem_t go;
    sem_init(&go, 0, 0);
    for (int i = 0; i < 200; i++) {
        bool blocks = i % 10 == 0;
        tasks[i] =
            (struct task){.job = {.run = run_task, .alone = i % 20 == 0}, .number = i, .until = blocks ? &go : NULL};
        workers_run(w, &tasks[i].job);
    }
    await(180);
    for (int i = 0; i < 180; i++)
        assert_true(order[i] % 10 != 0);
    for (int i = 0; i < 20; i++)
        sem_post(&go);
    await(20);
    assert_int_equal(ran, 200);
    workers_drop(w);
    sem_destroy(&go);
}

/* Jobs that wait when the owner goes are done. */
static void dropped(void **state)
{
    (void)state;
    static struct task tasks[10];
    struct workers *w = workers_new();
    sem_t go;
    sem_init(&go, 0, 0);
    for (int i = 0; i < 10; i++) {
        tasks[i] = (struct task){.job.run = run_task, .number = i, .until = &go};
        workers_run(w, &tasks[i].job);
    }
    workers_drop(w);
    for (int i = 0; i < 10; i++)
        sem_post(&go);
    await(10);
    sem_destroy(&go);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup(quick_ones_in_order, begin),
                                       cmocka_unit_test_setup(past_those_that_block, begin),
                                       cmocka_unit_test_setup(dropped, begin)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
