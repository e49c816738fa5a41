/* Channels of sizes 0, 1 and 4: order, bound, close, cancel; each scenario also cancelled at every step. */
#include "unit/world.h"

#include <string.h>

enum { ITEMS = 12, SIZE_MAX_TESTED = 4 };

/* An item is an allocated number: one that is lost or taken twice is seen by the sanitizer, or by world.held. */
static int *item_new(struct world *w, int number)
{
    int *item = malloc(sizeof *item);
    assert_non_null(item);
    *item = number;
    w->held++;
    return item;
}

static void item_free(struct world *w, void *item)
{
    if (item)
        w->held--;
    free(item);
}

struct party {
    struct task task;
    struct chan *chan;
    struct chan_op op;
    struct co_sleep nap;
    uint64_t nap_ns; /* between items */
    int first, count;
    int i;
    int got[2 * ITEMS];
};

static void put_run(struct co *co)
{
    CO_BEGIN(struct party, p);
    for (p->i = 0; p->i < p->count; p->i++) {
        if (p->nap_ns)
            CO_TRY(napping, co_sleep(&p->nap, &p->task.w->timers, co->sched->now_ns + p->nap_ns));
        CO_TRY(putting, chan_put(&p->op, p->chan, item_new(p->task.w, p->first + p->i)));
        assert_null(p->op.item);
    }
    CO_CLEANUP;
    item_free(p->task.w, p->op.item); /* what was not taken over */
    CO_END;
}

static void get_run(struct co *co)
{
    CO_BEGIN(struct party, p);
    for (;;) {
        if (p->nap_ns)
            CO_TRY(napping, co_sleep(&p->nap, &p->task.w->timers, co->sched->now_ns + p->nap_ns));
        CO_TRY(getting, chan_get(&p->op, p->chan));
        if (co->rc == 0)
            break;
        assert_int_equal(co->rc, 1);
        assert_true(p->i < 2 * ITEMS);
        p->got[p->i++] = *(int *)p->op.item;
        item_free(p->task.w, p->op.item);
        p->op.item = NULL;
    }
    assert_null(p->op.item);
    CO_RETURN(p->i);
    CO_CLEANUP;
    item_free(p->task.w, p->op.item); /* what came as the cancel came */
    CO_END;
}

/* Two who put, two who get, one channel; closed when both who put have ended. */
struct market {
    struct task task;
    size_t size;
    uint64_t put_ns, get_ns;
    void *ring[SIZE_MAX_TESTED];
    struct chan chan;
    struct co_group makers, takers;
    struct party maker[2], taker[2];
};

static void drain(struct market *m)
{
    /* What lies in the ring is nobody's but the channel's. */
    for (;;) {
        struct chan_op op;
        if (chan_get(&op, &m->chan)->rc != 1)
            return;
        item_free(m->task.w, op.item);
    }
}

static void market_run(struct co *co)
{
    CO_BEGIN(struct market, m);
    chan_init(&m->chan, m->ring, m->size);
    for (int i = 0; i < 2; i++) {
        m->maker[i] = (struct party){.task.w = m->task.w, .chan = &m->chan, .first = i * 100, .count = ITEMS};
        m->taker[i] = (struct party){.task.w = m->task.w, .chan = &m->chan};
        m->maker[i].nap_ns = m->put_ns;
        m->taker[i].nap_ns = m->get_ns;
        co_spawn(co, &m->takers, &m->taker[i].task.co, get_run);
        co_spawn(co, &m->makers, &m->maker[i].task.co, put_run);
    }
    CO_TRY(joining_makers, co_join(&m->makers));
    chan_close(&m->chan);
    CO_TRY(joining_takers, co_join(&m->takers));
    CO_RETURN(m->taker[0].i + m->taker[1].i);
    CO_CLEANUP;
    co_group_cancel(&m->makers, ERR_CANCELED);
    co_group_cancel(&m->takers, ERR_CANCELED);
    CO_AWAIT(reaping_makers, co_join(&m->makers));
    CO_AWAIT(reaping_takers, co_join(&m->takers));
    chan_close(&m->chan);
    drain(m);
    CO_END;
}

/* Each taker sees the items of each maker in their order, and none twice. */
static void market_check(struct world *w, const struct task *root)
{
    (void)w;
    const struct market *m = (const struct market *)root;
    bool seen[200] = {false};
    for (int i = 0; i < 2; i++) {
        int last[2] = {-1, -1};
        for (int k = 0; k < m->taker[i].i; k++) {
            int number = m->taker[i].got[k];
            assert_true(number >= 0 && number < 200);
            assert_false(seen[number]);
            seen[number] = true;
            assert_true(number > last[number / 100]);
            last[number / 100] = number;
        }
    }
    if (root->co.end.rc < 0)
        return;
    for (int i = 0; i < ITEMS; i++)
        assert_true(seen[i] && seen[100 + i]);
}

static struct market wanted;

static void market_prepare(struct world *w, struct task *root)
{
    struct market *m = (struct market *)root;
    *m = wanted;
    m->task.w = w;
}

static void test_market(void **state)
{
    (void)state;
    const size_t sizes[] = {0, 1, SIZE_MAX_TESTED};
    const uint64_t naps[][2] = {{0, 0}, {MS, 0}, {0, MS}, {MS, MS}, {2 * MS, 3 * MS}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (size_t k = 0; k < sizeof naps / sizeof naps[0]; k++) {
            wanted = (struct market){.size = sizes[i], .put_ns = naps[k][0], .get_ns = naps[k][1]};
            sweep(&(struct scenario){.size = sizeof(struct market),
                                     .run = market_run,
                                     .rc = 2 * ITEMS,
                                     .check = market_check,
                                     .prepare = market_prepare});
        }
}

/* ---- by hand ----------------------------------------------------------------------------------------------------------- */

static int numbers[8];

static void test_bound(void **state)
{
    (void)state;
    void *ring[SIZE_MAX_TESTED];
    for (size_t size = 0; size <= SIZE_MAX_TESTED; size++) {
        struct chan ch;
        struct chan_op put[8], get;
        chan_init(&ch, ring, size);
        for (size_t i = 0; i < 8; i++) {
            struct co_op *op = chan_put(&put[i], &ch, &numbers[i]);
            assert_int_equal(op->status, i < size ? CO_OP_DONE : CO_OP_PENDING);
            assert_ptr_equal(put[i].item, i < size ? NULL : &numbers[i]);
        }
        for (size_t i = 0; i < 8; i++) {
            assert_int_equal(chan_get(&get, &ch)->status, CO_OP_DONE);
            assert_int_equal(get.op.rc, 1);
            assert_ptr_equal(get.item, &numbers[i]);
            for (size_t k = 0; k < 8; k++) /* each get lets one more in, the oldest */
                assert_int_equal(put[k].op.status, k <= i + size ? CO_OP_DONE : CO_OP_PENDING);
        }
        assert_int_equal(chan_get(&get, &ch)->status, CO_OP_PENDING);
        co_op_cancel(&get.op, ERR_CANCELED);
        assert_int_equal(get.op.rc, ERR_CANCELED);
        assert_null(ch.getters.first);
        assert_null(ch.getters.last);
    }
}

static void test_hand_over(void **state)
{
    (void)state;
    void *ring[SIZE_MAX_TESTED];
    for (size_t size = 0; size <= SIZE_MAX_TESTED; size++) {
        struct chan ch;
        struct chan_op put, get[3];
        chan_init(&ch, ring, size);
        for (size_t i = 0; i < 3; i++)
            assert_int_equal(chan_get(&get[i], &ch)->status, CO_OP_PENDING);
        for (size_t i = 0; i < 3; i++) { /* the longest waiting first, past the ring */
            assert_int_equal(chan_put(&put, &ch, &numbers[i])->rc, 0);
            assert_int_equal(get[i].op.status, CO_OP_DONE);
            assert_ptr_equal(get[i].item, &numbers[i]);
            assert_int_equal(ch.len, 0);
        }
    }
}

static void test_close(void **state)
{
    (void)state;
    void *ring[2];
    struct chan ch;
    struct chan_op put[4], get;
    chan_init(&ch, ring, 2);
    for (size_t i = 0; i < 4; i++)
        chan_put(&put[i], &ch, &numbers[i]);
    chan_close(&ch);
    chan_close(&ch);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(put[i].op.status, CO_OP_DONE);
        assert_int_equal(put[i].op.rc, i < 2 ? 0 : ERR_CANCELED);
        assert_ptr_equal(put[i].item, i < 2 ? NULL : &numbers[i]); /* ours again */
    }
    assert_int_equal(chan_put(&put[0], &ch, &numbers[5])->rc, ERR_CANCELED);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(chan_get(&get, &ch)->rc, 1);
        assert_ptr_equal(get.item, &numbers[i]);
    }
    assert_int_equal(chan_get(&get, &ch)->status, CO_OP_DONE);
    assert_int_equal(get.op.rc, 0);
    assert_null(get.item);

    struct chan waited;
    chan_init(&waited, NULL, 0);
    struct chan_op gets[2];
    chan_get(&gets[0], &waited);
    chan_get(&gets[1], &waited);
    chan_close(&waited);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(gets[i].op.status, CO_OP_DONE);
        assert_int_equal(gets[i].op.rc, 0);
    }
}

/* Any of those who wait may be cancelled; the others keep their order. */
static void test_cancel(void **state)
{
    (void)state;
    for (size_t gone = 0; gone < 3; gone++) {
        struct chan ch;
        struct chan_op put[3], get[3], other;
        chan_init(&ch, NULL, 0);
        for (size_t i = 0; i < 3; i++)
            chan_put(&put[i], &ch, &numbers[i]);
        co_op_cancel(&put[gone].op, ERR_TIMEOUT);
        assert_int_equal(put[gone].op.rc, ERR_TIMEOUT);
        assert_ptr_equal(put[gone].item, &numbers[gone]);
        for (size_t i = 0; i < 3; i++)
            if (i != gone) {
                assert_int_equal(chan_get(&other, &ch)->rc, 1);
                assert_ptr_equal(other.item, &numbers[i]);
            }
        for (size_t i = 0; i < 3; i++)
            chan_get(&get[i], &ch);
        co_op_cancel(&get[gone].op, ERR_TIMEOUT);
        assert_int_equal(get[gone].op.rc, ERR_TIMEOUT);
        for (size_t i = 0; i < 3; i++)
            if (i != gone) {
                chan_put(&other, &ch, &numbers[i]);
                assert_ptr_equal(get[i].item, &numbers[i]);
            }
        assert_null(ch.getters.first);
        assert_null(ch.putters.first);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_market), cmocka_unit_test(test_bound),  cmocka_unit_test(test_hand_over),
        cmocka_unit_test(test_close),  cmocka_unit_test(test_cancel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
