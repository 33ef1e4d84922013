/* SPDX-License-Identifier: MIT */
/*
 * Weak memory: each atomic place has all its stores, in modification order,
 * which is the order of execution. A load may read any store that is not older
 * than what its thread knows of. Release and acquire hand knowledge on.
 * The order of execution is also the order of seq_cst operations.
 */
#include "machine.h"

#include <string.h>

enum { RELAXED, CONSUME, ACQUIRE, RELEASE, ACQ_REL, SEQ_CST };
enum { STORES_MOST = 8192, CELLS = 4096 };

struct store {
    uint64_t value;
    uint32_t previous; /* of the place, by index in `stores`; 0: none */
    uint32_t number;   /* in the place's order, from 1 */
    struct view view;  /* what an acquire that reads it learns */
};

struct place {
    const void *address;
    unsigned bytes;
    uint32_t newest;   /* index in `stores` */
    uint32_t oldest;   /* number of the oldest that may be read at all */
    bool is_rewritten; /* by a plain store: memory knows better */
};

static struct store stores[STORES_MOST]; /* [0] is none */
static uint32_t store_count;
static struct place places[PLACES_MOST];
static unsigned place_count;

static struct thread {
    struct view now;      /* what it knows */
    struct view released; /* what it knew at its last release fence */
    struct view read;     /* what an acquire fence will tell it */
} threads[THREADS];
static struct view seq_cst; /* what all seq_cst operations know */

/* Accesses of a byte: when each thread did it last. */
struct byte {
    uint32_t read[THREADS], written[THREADS];
    uint32_t atomic_read[THREADS], atomic_written[THREADS];
};
static struct cell {
    const void *address; /* of 8 bytes */
    unsigned round;
    struct byte bytes[8];
} cells[CELLS];
static unsigned round_number;

void memory_reset(void)
{
    store_count = 1;
    place_count = 0;
    round_number++;
    memset(threads, 0, sizeof threads);
    memset(&seq_cst, 0, sizeof seq_cst);
    for (unsigned t = 0; t < THREADS; t++)
        threads[t].now.clock[t] = 1;
}

static void learn_seen(struct view *view, const struct view *more)
{
    for (unsigned i = 0; i < place_count; i++)
        if (view->seen[i] < more->seen[i])
            view->seen[i] = more->seen[i];
}

static void learn(struct view *view, const struct view *more)
{
    learn_seen(view, more);
    for (unsigned t = 0; t < THREADS; t++)
        if (view->clock[t] < more->clock[t])
            view->clock[t] = more->clock[t];
}

void memory_start_player(unsigned player)
{
    struct thread *starter = &threads[current_thread()];
    learn(&threads[player].now, &starter->now);
    starter->now.clock[current_thread()]++;
}

void memory_join_player(unsigned player)
{
    learn(&threads[current_thread()].now, &threads[player].now);
}

void memory_start_players(void)
{
    for (unsigned t = 1; t < THREADS; t++)
        memory_start_player(t);
}

void memory_join_players(void)
{
    for (unsigned t = 1; t < THREADS; t++)
        memory_join_player(t);
}

static struct thread *here(void)
{
    return &threads[current_thread()];
}

/* Races */

static struct cell *cell_of(const void *address)
{
    uintptr_t key = (uintptr_t)address >> 3;
    for (unsigned i = 0; i < CELLS; i++) {
        struct cell *cell = &cells[(key * 2654435761U + i) % CELLS];
        if (cell->round == round_number &&
            cell->address == (const void *)(key << 3))
            return cell;
        if (cell->round != round_number) {
            memset(cell, 0, sizeof *cell);
            cell->round = round_number;
            cell->address = (const void *)(key << 3);
            return cell;
        }
    }
    model_fail("the checker's table of bytes is full");
}

static void require_seen(const uint32_t *times, const char *what)
{
    const struct view *now = &here()->now;
    for (unsigned t = 0; t < THREADS; t++)
        if (t != current_thread() && times[t] > now->clock[t])
            model_fail(what);
}

static void check_byte(struct byte *byte, bool is_write, bool is_atomic)
{
    unsigned me = current_thread();
    uint32_t time = here()->now.clock[me];
    require_seen(byte->written, "data race: with a plain write");
    if (!is_atomic)
        require_seen(byte->atomic_written, "data race: with an atomic write");
    if (is_write)
        require_seen(byte->read, "data race: with a plain read");
    if (is_write && !is_atomic)
        require_seen(byte->atomic_read, "data race: with an atomic read");
    if (is_atomic)
        (is_write ? byte->atomic_written : byte->atomic_read)[me] = time;
    else
        (is_write ? byte->written : byte->read)[me] = time;
}

static void check_bytes(
    const void *address, size_t bytes, bool is_write, bool is_atomic)
{
    heap_check_access(address, bytes);
    if (is_thread_local(address))
        return;
    for (size_t i = 0; i < bytes; i++) {
        uintptr_t at = (uintptr_t)address + i;
        struct cell *cell = cell_of((const void *)at);
        check_byte(&cell->bytes[at & 7], is_write, is_atomic);
    }
    here()->now.clock[current_thread()]++;
}

/* Places */

static struct place *find_place(const void *address)
{
    for (unsigned i = 0; i < place_count; i++)
        if (places[i].address == address)
            return &places[i];
    return NULL;
}

static uint64_t read_memory(const void *address, unsigned bytes)
{
    uint64_t value = 0;
    memcpy(&value, address, bytes);
    return value;
}

static struct store *add_store(struct place *place, uint64_t value)
{
    if (store_count == STORES_MOST)
        model_fail("too many stores: a loop without end?");
    struct store *store = &stores[store_count];
    memset(&store->view, 0, sizeof store->view);
    store->value = value;
    store->previous = place->newest;
    store->number = place->newest ? stores[place->newest].number + 1 : 1;
    place->newest = store_count++;
    return store;
}

/* The place as plain stores have left it. */
static void start_over(struct place *place)
{
    struct store *store =
        add_store(place, read_memory(place->address, place->bytes));
    place->oldest = store->number;
    place->is_rewritten = false;
}

static struct place *place_at(const void *address, unsigned bytes)
{
    struct place *place = find_place(address);
    if (!place) {
        if (place_count == PLACES_MOST)
            model_fail("too many atomic objects");
        place = &places[place_count++];
        *place = (struct place){.address = address, .bytes = bytes};
        start_over(place);
    }
    if (place->bytes != bytes)
        model_fail("an atomic object is accessed in two sizes");
    /* By a plain store, or by assembly that nobody reports (ck). */
    if (place->is_rewritten ||
        stores[place->newest].value != read_memory(address, bytes))
        start_over(place);
    return place;
}

void memory_plain(const void *address, size_t bytes, bool is_write)
{
    check_bytes(address, bytes, is_write, false);
    for (unsigned i = 0; is_write && i < place_count; i++) {
        uintptr_t at = (uintptr_t)places[i].address;
        if (at < (uintptr_t)address + bytes &&
            (uintptr_t)address < at + places[i].bytes)
            places[i].is_rewritten = true;
    }
}

/* Orders */

static bool acquires(int order)
{
    return order == CONSUME || order == ACQUIRE || order == ACQ_REL ||
           order == SEQ_CST;
}

static bool releases(int order)
{
    return order == RELEASE || order == ACQ_REL || order == SEQ_CST;
}

static unsigned index_of(const struct place *place)
{
    return (unsigned)(place - places);
}

static void raise(uint32_t *seen, uint32_t least)
{
    if (*seen < least)
        *seen = least;
}

/* A seq_cst access of one place, before and after. */
static void enter_seq_cst(const struct place *place, int order)
{
    unsigned at = index_of(place);
    if (order == SEQ_CST)
        raise(&here()->now.seen[at], seq_cst.seen[at]);
}

static void leave_seq_cst(const struct place *place, int order)
{
    unsigned at = index_of(place);
    if (order == SEQ_CST)
        raise(&seq_cst.seen[at], here()->now.seen[at]);
}

static void see(const struct place *place, const struct store *store, int order)
{
    struct thread *me = here();
    raise(&me->now.seen[index_of(place)], store->number);
    learn(acquires(order) ? &me->now : &me->read, &store->view);
}

/* What whoever acquires the new store will learn: if it is relaxed, only what
 * its thread knew at its last release fence. */
static void publish(const struct place *place, struct store *store, int order)
{
    struct thread *me = here();
    me->now.seen[index_of(place)] = store->number;
    learn(&store->view, releases(order) ? &me->now : &me->released);
    raise(&store->view.seen[index_of(place)], store->number);
}

/* The store that a load sees: the newest, or an older one. */
static const struct store *pick(const struct place *place)
{
    uint32_t floor = here()->now.seen[index_of(place)];
    const struct store *store = &stores[place->newest];
    raise(&floor, place->oldest);
    unsigned back = choose(may_see_old() ? store->number - floor + 1 : 1);
    if (back)
        has_seen_old();
    while (back--)
        store = &stores[store->previous];
    return store;
}

uint64_t memory_load(const void *address, unsigned bytes, int order, void *pc)
{
    let_others_run();
    check_bytes(address, bytes, false, true);
    struct place *place = place_at(address, bytes);
    enter_seq_cst(place, order);
    const struct store *store = pick(place);
    see(place, store, order);
    leave_seq_cst(place, order);
    report_event(EVENT_LOAD, address, store->value,
        store == &stores[place->newest] ? "" : " (old)", pc);
    return store->value;
}

void memory_store(
    void *address, unsigned bytes, uint64_t value, int order, void *pc)
{
    let_others_run();
    check_bytes(address, bytes, true, true);
    struct place *place = place_at(address, bytes);
    enter_seq_cst(place, order);
    publish(place, add_store(place, value), order);
    leave_seq_cst(place, order);
    memcpy(address, &value, bytes);
    report_event(EVENT_STORE, address, value, "", pc);
}

/* Reads the newest store and adds one right behind it. */
static void modify(struct place *place, uint64_t value, int order)
{
    const struct store *before = &stores[place->newest];
    enter_seq_cst(place, order);
    see(place, before, order);
    struct store *store = add_store(place, value);
    learn(&store->view, &before->view); /* a release sequence goes on */
    publish(place, store, order);
    leave_seq_cst(place, order);
    memcpy((void *)(uintptr_t)place->address, &value, place->bytes);
}

uint64_t memory_modify(void *address, unsigned bytes,
    uint64_t (*change)(uint64_t old, uint64_t operand), uint64_t operand,
    int order, void *pc)
{
    let_others_run();
    check_bytes(address, bytes, true, true);
    struct place *place = place_at(address, bytes);
    uint64_t old = stores[place->newest].value;
    modify(place, change(old, operand), order);
    report_event(EVENT_RMW, address, change(old, operand), "", pc);
    return old;
}

bool memory_swap_if(void *address, unsigned bytes, uint64_t *expected,
    uint64_t value, int order, int failure_order, void *pc)
{
    let_others_run();
    struct place *place = place_at(address, bytes);
    const struct store *newest = &stores[place->newest];
    bool is_done = newest->value == *expected;
    check_bytes(address, bytes, is_done, true);
    if (is_done) {
        modify(place, value, order);
    } else {
        *expected = newest->value;
        enter_seq_cst(place, failure_order);
        see(place, newest, failure_order);
        leave_seq_cst(place, failure_order);
    }
    report_event(is_done ? EVENT_RMW : EVENT_CAS_FAILED, address,
        is_done ? value : newest->value, "", pc);
    return is_done;
}

void memory_fence(int order, void *pc)
{
    let_others_run();
    struct thread *me = here();
    if (acquires(order))
        learn(&me->now, &me->read);
    if (order == SEQ_CST) { /* what is seen, not what has happened before */
        learn_seen(&me->now, &seq_cst);
        learn_seen(&seq_cst, &me->now);
    }
    if (releases(order))
        me->released = me->now;
    report_event(EVENT_FENCE, NULL, 0, "", pc);
}
