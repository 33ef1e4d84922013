/* SPDX-License-Identifier: MIT */
/* What a submit does when the queue is full. */
#include "../../support/gate.h"
#include "../../support/pool.h"
#include "../../support/reader.h"
#include "../../support/record.h"

#include <criterion/criterion.h>
#include <errno.h>

TestSuite(queue_full, .timeout = 120);

/* One worker, which stands at the gate, and two tasks that fill the queue. */
struct scene {
    filch_executor *ex;
    struct gate gate;
    filch_future *held;
    filch_future *queued[2];
    atomic_int ran;
};

static void set_scene(struct scene *s, enum filch_when_full when_full)
{
    s->ex = open_with((struct filch_config){
        .workers = 1, .queue_limit = 2, .when_full = when_full});
    gate_init(&s->gate);
    s->held = occupy(s->ex, &s->gate);
    for (int i = 0; i < 2; i++)
        s->queued[i] = filch_submit(s->ex, bump, &s->ran);
    cr_assert_eq(filch_executor_pending(s->ex), 2);
}

static void let_go(struct scene *s)
{
    gate_pass(&s->gate, 1);
    cr_assert_eq(settle(s->held), 0);
}

static void strike_scene(struct scene *s)
{
    for (int i = 0; i < 2; i++)
        cr_assert_eq(settle(s->queued[i]), 0);
    cr_assert_eq(filch_executor_close(s->ex), 0);
}

Test(queue_full, reject)
{
    static struct scene s;
    set_scene(&s, FILCH_REJECT);
    filch_future *f = filch_submit(s.ex, bump, &s.ran);
    cr_assert_eq(filch_future_state(f), FILCH_FAILED);
    cr_assert_eq(settle(f), -EAGAIN);
    cr_assert_eq(filch_submit_with(&f, s.ex, bump, &s.ran, NULL), -EAGAIN);
    cr_assert_null(f);
    cr_assert_eq(filch_submit_with(NULL, s.ex, bump, &s.ran, NULL), -EAGAIN);
    let_go(&s);
    strike_scene(&s);
    cr_assert_eq(atomic_load(&s.ran), 2);
}

Test(queue_full, reject_accepts_again_when_there_is_room)
{
    static struct scene s;
    set_scene(&s, FILCH_REJECT);
    let_go(&s);
    cr_assert_eq(outcome(s.queued[1]), 0);
    for (int i = 0; i < 1000; i++)
        cr_assert_eq(settle(filch_submit(s.ex, nothing, NULL)), 0);
    strike_scene(&s);
}

static int note_thread(filch_ctx *cx, void *arg, void *result)
{
    (void)result;
    *(pthread_t *)arg = pthread_self();
    return filch_ctx_worker(cx) == -1 ? 0 : -EPROTO;
}

Test(queue_full, run_here)
{
    static struct scene s;
    pthread_t thread = 0;
    set_scene(&s, FILCH_RUN_HERE);
    filch_future *f = filch_submit(s.ex, note_thread, &thread);
    cr_assert_eq(filch_future_state(f), FILCH_DONE);
    cr_assert(pthread_equal(thread, pthread_self()));
    cr_assert_eq(settle(f), 0);
    cr_assert_eq(settle(filch_submit(s.ex, burn, NULL)), -EIO);
    let_go(&s);
    strike_scene(&s);
}

Test(queue_full, drop_oldest)
{
    static struct scene s;
    filch_future *newer[3];
    set_scene(&s, FILCH_DROP_OLDEST);
    newer[0] = filch_submit(s.ex, bump, &s.ran);
    cr_assert_eq(settle(s.queued[0]), FILCH_EDROPPED);
    cr_assert_eq(filch_future_state(s.queued[1]), FILCH_PENDING);
    newer[1] = filch_submit(s.ex, bump, &s.ran);
    newer[2] = filch_submit(s.ex, bump, &s.ran);
    cr_assert_eq(settle(s.queued[1]), FILCH_EDROPPED);
    cr_assert_eq(settle(newer[0]), FILCH_EDROPPED);
    let_go(&s);
    cr_assert_eq(settle(newer[1]), 0);
    cr_assert_eq(settle(newer[2]), 0);
    cr_assert_eq(filch_executor_close(s.ex), 0);
    cr_assert_eq(atomic_load(&s.ran), 2);
}

static int note_outcome(filch_future *f, void *rc)
{
    *(int *)rc = filch_future_result(f, FILCH_POLL, NULL, 0);
    return 0;
}

Test(queue_full, a_callback_is_told_of_the_drop)
{
    static struct scene s;
    int rc = 1;
    set_scene(&s, FILCH_DROP_OLDEST);
    cr_assert_eq(filch_future_on_done(s.queued[0], note_outcome, &rc), 0);
    filch_future *newer = filch_submit(s.ex, nothing, NULL);
    cr_assert_eq(rc, FILCH_EDROPPED, "in the submitting thread");
    cr_assert_eq(settle(s.queued[0]), FILCH_EDROPPED);
    let_go(&s);
    cr_assert_eq(settle(newer), 0);
    cr_assert_eq(settle(s.queued[1]), 0);
    cr_assert_eq(filch_executor_close(s.ex), 0);
}

static int push(void *arg)
{
    struct scene *s = arg;
    return settle(filch_submit(s->ex, bump, &s->ran));
}

Test(queue_full, block_until_there_is_room)
{
    static struct scene s;
    struct reader readers[3];
    set_scene(&s, FILCH_BLOCK);
    for (int i = 0; i < 3; i++)
        reader_start(&readers[i], push, &s);
    cr_assert_eq(filch_executor_pending(s.ex), 2);
    let_go(&s);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(reader_join(&readers[i]), 0);
    strike_scene(&s);
    cr_assert_eq(atomic_load(&s.ran), 5);
}

Test(queue_full, a_cancelled_task_makes_room_in_the_end)
{
    static struct scene s;
    struct reader reader;
    set_scene(&s, FILCH_BLOCK);
    reader_start(&reader, push, &s);
    cr_assert_eq(filch_future_cancel(s.queued[0]), 1);
    let_go(&s);
    cr_assert_eq(reader_join(&reader), 0);
    cr_assert_eq(settle(s.queued[0]), -ECANCELED);
    cr_assert_eq(settle(s.queued[1]), 0);
    cr_assert_eq(filch_executor_close(s.ex), 0);
    cr_assert_eq(atomic_load(&s.ran), 2);
}

enum { CHILDREN = 100 };

/* More children than slots, none of which can start before it returns. */
static int submit_children(filch_ctx *cx, void *ran, void *result)
{
    (void)result;
    for (int i = 0; i < CHILDREN; i++) {
        filch_future *f = NULL;
        int rc = filch_submit_with(&f, filch_ctx_executor(cx), bump, ran, NULL);
        if (rc != 0)
            return rc;
        filch_future_release(f);
    }
    return atomic_load((atomic_int *)ran) == 0 ? 0 : -EPROTO;
}

Test(queue_full, a_task_is_never_blocked)
{
    static const enum filch_when_full policies[] = {
        FILCH_BLOCK, FILCH_REJECT, FILCH_RUN_HERE, FILCH_DROP_OLDEST};
    for (int i = 0; i < 4; i++) {
        atomic_int ran = 0;
        filch_executor *ex = open_with((struct filch_config){
            .workers = 1, .queue_limit = 1, .when_full = policies[i]});
        cr_assert_eq(
            settle(filch_submit(ex, submit_children, &ran)), 0, "policy %d", i);
        cr_assert_eq(filch_executor_close(ex), 0);
        cr_assert_eq(atomic_load(&ran), CHILDREN);
    }
}

Test(queue_full, many_are_refused_from_where_it_is_full)
{
    struct gate gate;
    filch_future *fs[6];
    atomic_int ran = 0;
    filch_executor *ex = open_with((struct filch_config){
        .workers = 1, .queue_limit = 4, .when_full = FILCH_REJECT});
    gate_init(&gate);
    filch_future *held = occupy(ex, &gate);
    cr_assert_eq(filch_submit_many(fs, ex, bump, &ran, 0, 6, NULL), -EAGAIN);
    cr_assert_eq(settle(fs[4]), -EAGAIN);
    cr_assert_eq(settle(fs[5]), -EAGAIN);
    gate_pass(&gate, 1);
    for (int i = 0; i < 4; i++)
        cr_assert_eq(settle(fs[i]), 0);
    cr_assert_eq(settle(held), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
    cr_assert_eq(atomic_load(&ran), 4);
}

struct batch {
    filch_executor *ex;
    atomic_int ran;
};

static int push_many(void *arg)
{
    struct batch *batch = arg;
    return filch_submit_many(NULL, batch->ex, bump, &batch->ran, 0, 1000, NULL);
}

static void push_more_than_fit(size_t limit)
{
    struct batch batch;
    struct reader reader;
    struct gate gate;
    atomic_init(&batch.ran, 0);
    batch.ex =
        open_with((struct filch_config){.workers = 1, .queue_limit = limit});
    gate_init(&gate);
    filch_future *held = occupy(batch.ex, &gate);
    reader_start(&reader, push_many, &batch);
    gate_pass(&gate, 1);
    cr_assert_eq(reader_join(&reader), 0);
    cr_assert_eq(settle(held), 0);
    cr_assert_eq(filch_executor_close(batch.ex), 0);
    cr_assert_eq(atomic_load(&batch.ran), 1000);
}

/* A batch larger than the queue blocks, and gets through; from a small one it
 * is woken for each task, from a large one for several. */
Test(queue_full, many_block_for_room)
{
    push_more_than_fit(3);
    push_more_than_fit(300);
}

struct filler {
    filch_executor *ex;
    atomic_int *ran;
    pthread_barrier_t turns;
    int accepted;
};

static int fill_up(filch_executor *ex, atomic_int *ran)
{
    int accepted = 0;
    while (filch_submit_with(NULL, ex, bump, ran, NULL) == 0)
        accepted++;
    return accepted;
}

/* One task first; the rest when the other thread has filled the queue. */
static void *fill_late(void *arg)
{
    struct filler *filler = arg;
    filler->accepted =
        filch_submit_with(NULL, filler->ex, bump, filler->ran, NULL) == 0;
    pthread_barrier_wait(&filler->turns);
    pthread_barrier_wait(&filler->turns);
    filler->accepted += fill_up(filler->ex, filler->ran);
    return NULL;
}

Test(queue_full, the_bound_is_for_all_threads_together)
{
    enum { LIMIT = 400, OTHERS = 3 };
    struct filler fillers[OTHERS];
    pthread_t threads[OTHERS];
    struct gate gate;
    atomic_int ran = 0;
    gate_init(&gate);
    filch_executor *ex = open_with((struct filch_config){
        .workers = 1, .queue_limit = LIMIT, .when_full = FILCH_REJECT});
    filch_future *held = occupy(ex, &gate);
    for (int i = 0; i < OTHERS; i++) {
        fillers[i] = (struct filler){.ex = ex, .ran = &ran};
        pthread_barrier_init(&fillers[i].turns, NULL, 2);
        pthread_create(&threads[i], NULL, fill_late, &fillers[i]);
        pthread_barrier_wait(&fillers[i].turns);
    }
    int accepted = fill_up(ex, &ran);
    for (int i = 0; i < OTHERS; i++) {
        pthread_barrier_wait(&fillers[i].turns);
        pthread_join(threads[i], NULL);
        accepted += fillers[i].accepted;
    }
    cr_assert_eq(accepted, LIMIT);
    cr_assert_eq(filch_executor_pending(ex), LIMIT);
    gate_pass(&gate, 1);
    cr_assert_eq(settle(held), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
    cr_assert_eq(atomic_load(&ran), LIMIT);
}

struct line {
    filch_executor *ex;
    struct gate gate;
};

static int submit_one_more(void *line)
{
    struct line *l = line;
    return filch_submit_with(NULL, l->ex, stand, &l->gate, NULL);
}

/* One task taken is room for one: not only when the queue has run empty. */
Test(queue_full, room_is_told_while_tasks_are_slow)
{
    enum { LIMIT = 4 };
    struct line l;
    struct reader submitter;
    gate_init(&l.gate);
    l.ex = open_with((struct filch_config){.workers = 1, .queue_limit = LIMIT});
    filch_future_release(occupy(l.ex, &l.gate));
    for (int i = 0; i < LIMIT; i++)
        cr_assert_eq(submit_one_more(&l), 0);
    reader_start(&submitter, submit_one_more, &l);
    gate_pass(&l.gate, 1);
    cr_assert_eq(reader_join(&submitter), 0, "with the others at the gate");
    gate_pass(&l.gate, LIMIT + 1);
    cr_assert_eq(filch_executor_close(l.ex), 0);
}
