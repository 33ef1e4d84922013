/* SPDX-License-Identifier: MIT */
/* Done callbacks: what they see, their order, and that they do not nest. */
#include "../../support/gate.h"
#include "../../support/pool.h"
#include "../../support/record.h"

#include <criterion/criterion.h>
#include <unistd.h>

TestSuite(behaviour, .timeout = 120);

struct note {
    sem_t written;
    enum filch_state state;
    int rc;
    int value;
    pid_t process;
};

static int take_note(filch_future *f, void *arg)
{
    struct note *note = arg;
    note->state = filch_future_state(f);
    note->rc =
        filch_future_result(f, FILCH_POLL, &note->value, sizeof note->value);
    note->process = getpid();
    give(&note->written, 1);
    return 0;
}

struct scene {
    filch_executor *ex;
    struct gate gate;
    filch_future *held;
    struct record log;
};

static void set_scene(struct scene *s)
{
    *s = (struct scene){.log = RECORD_INIT};
    s->ex = open_with((struct filch_config){
        .workers = 1, .on_unobserved = record, .data = &s->log});
    gate_init(&s->gate);
    s->held = occupy(s->ex, &s->gate);
}

static void let_go(struct scene *s)
{
    if (s->held == NULL)
        return;
    gate_pass(&s->gate, 1);
    cr_assert_eq(settle(s->held), 0);
    s->held = NULL;
}

static void strike_scene(struct scene *s)
{
    let_go(s);
    cr_assert_eq(filch_executor_close(s->ex), 0);
}

static struct note await_note(filch_future *f, struct scene *s)
{
    struct note note = {.value = -1};
    MUST(sem_init(&note.written, 0, 0) == 0);
    cr_assert_eq(filch_future_on_done(f, take_note, &note), 0);
    cr_assert_neq(sem_trywait(&note.written), 0, "not before the end");
    let_go(s);
    take(&note.written);
    return note;
}

static struct note note_at_once(filch_future *f)
{
    struct note note = {.value = -1};
    MUST(sem_init(&note.written, 0, 0) == 0);
    cr_assert_eq(filch_future_on_done(f, take_note, &note), 0);
    cr_assert_eq(sem_trywait(&note.written), 0, "before it returned");
    return note;
}

Test(behaviour, b021_done_callback_sees_the_result)
{
    struct scene s;
    int n = 31;
    set_scene(&s);
    filch_future *f = filch_submit(s.ex, echo, &n);
    struct note note = await_note(f, &s);
    cr_assert_eq(note.state, FILCH_DONE);
    cr_assert_eq(note.rc, 0);
    cr_assert_eq(note.value, 31);
    filch_future_release(f);
    strike_scene(&s);
}

Test(behaviour, b022_done_callback_sees_the_failure)
{
    struct scene s;
    set_scene(&s);
    filch_future *f = filch_submit(s.ex, burn, NULL);
    struct note note = await_note(f, &s);
    cr_assert_eq(note.state, FILCH_FAILED);
    cr_assert_eq(note.rc, -EIO);
    filch_future_release(f);
    strike_scene(&s);
}

Test(behaviour, b023_done_callback_sees_the_cancellation)
{
    struct scene s;
    struct note note = {.value = -1};
    set_scene(&s);
    MUST(sem_init(&note.written, 0, 0) == 0);
    filch_future *f = filch_submit(s.ex, nothing, NULL);
    cr_assert_eq(filch_future_on_done(f, take_note, &note), 0);
    cr_assert_eq(filch_future_cancel(f), 1);
    cr_assert_eq(sem_trywait(&note.written), 0, "cancel runs the callbacks");
    cr_assert_eq(note.state, FILCH_CANCELLED);
    cr_assert_eq(note.rc, -ECANCELED);
    filch_future_release(f);
    strike_scene(&s);
}

static int fail_callback(filch_future *f, void *arg)
{
    (void)f;
    give(arg, 1);
    return -EBADF;
}

Test(behaviour, b024_a_failing_callback_is_reported)
{
    struct scene s;
    struct note note = {.value = -1};
    sem_t failed;
    int n = 8;
    set_scene(&s);
    MUST(sem_init(&failed, 0, 0) == 0);
    MUST(sem_init(&note.written, 0, 0) == 0);
    filch_future *f = filch_submit(s.ex, echo, &n);
    cr_assert_eq(filch_future_on_done(f, fail_callback, &failed), 0);
    cr_assert_eq(filch_future_on_done(f, take_note, &note), 0);
    cr_assert_eq(filch_future_on_done(f, fail_callback, &failed), 0);
    let_go(&s);
    take(&note.written);
    take_many(&failed, 2);
    cr_assert_eq(note.value, 8);
    cr_assert_eq(outcome(f), 0, "the future is not affected");
    filch_future_release(f);
    strike_scene(&s);
    cr_assert_eq(s.log.count, 2);
    cr_assert_eq(s.log.code, -EBADF);
    cr_assert_str_eq(s.log.task, "echo");
}

Test(behaviour, b025_callback_after_success_runs_at_once)
{
    struct scene s;
    int n = 5;
    set_scene(&s);
    let_go(&s);
    filch_future *f = filch_submit(s.ex, echo, &n);
    cr_assert_eq(int_result(f), 5);
    struct note note = note_at_once(f);
    cr_assert_eq(note.state, FILCH_DONE);
    cr_assert_eq(note.value, 5);
    filch_future_release(f);
    strike_scene(&s);
}

Test(behaviour, b026_callback_after_failure_runs_at_once)
{
    struct scene s;
    set_scene(&s);
    let_go(&s);
    filch_future *f = filch_submit(s.ex, burn, NULL);
    cr_assert_eq(outcome(f), -EIO);
    struct note note = note_at_once(f);
    cr_assert_eq(note.state, FILCH_FAILED);
    cr_assert_eq(note.rc, -EIO);
    filch_future_release(f);
    strike_scene(&s);
}

Test(behaviour, b027_callback_after_cancellation_runs_at_once)
{
    struct scene s;
    set_scene(&s);
    filch_future *f = filch_submit(s.ex, nothing, NULL);
    cr_assert_eq(filch_future_cancel(f), 1);
    struct note note = note_at_once(f);
    cr_assert_eq(note.state, FILCH_CANCELLED);
    cr_assert_eq(note.rc, -ECANCELED);
    filch_future_release(f);
    strike_scene(&s);
}

Test(behaviour, b028_a_failing_callback_at_once_is_reported)
{
    struct scene s;
    sem_t failed;
    set_scene(&s);
    let_go(&s);
    MUST(sem_init(&failed, 0, 0) == 0);
    filch_future *f = filch_submit(s.ex, nothing, NULL);
    cr_assert_eq(outcome(f), 0);
    UNTIL(filch_future_state(f) == FILCH_DONE);
    cr_assert_eq(filch_future_on_done(f, fail_callback, &failed), 0);
    cr_assert_eq(sem_trywait(&failed), 0);
    cr_assert_eq(s.log.count, 1);
    cr_assert_eq(s.log.code, -EBADF);
    filch_future_release(f);
    strike_scene(&s);
}

enum { STEPS = 20 };

struct step {
    int *order;
    atomic_int *next;
    int number;
    pid_t process;
};

static int make_step(filch_future *f, void *arg)
{
    struct step *step = arg;
    (void)f;
    step->process = getpid();
    step->order[atomic_fetch_add(step->next, 1)] = step->number;
    return 0;
}

Test(behaviour, b029_callbacks_run_in_the_order_they_were_added)
{
    struct scene s;
    struct step steps[STEPS];
    int order[STEPS];
    atomic_int next = 0;
    set_scene(&s);
    filch_future *f = filch_submit(s.ex, nothing, NULL);
    for (int i = 0; i < STEPS; i++) {
        steps[i] = (struct step){order, &next, i, 0};
        cr_assert_eq(filch_future_on_done(f, make_step, &steps[i]), 0);
    }
    let_go(&s);
    UNTIL(atomic_load(&next) == STEPS);
    for (int i = 0; i < STEPS; i++) {
        cr_assert_eq(order[i], i);
        cr_assert_eq(steps[i].process, getpid());
    }
    filch_future_release(f);
    strike_scene(&s);
}

Test(callback, null_arguments_are_refused)
{
    struct scene s;
    set_scene(&s);
    cr_assert_eq(filch_future_on_done(NULL, take_note, NULL), -EINVAL);
    cr_assert_eq(filch_future_on_done(s.held, NULL, NULL), -EINVAL);
    strike_scene(&s);
}
