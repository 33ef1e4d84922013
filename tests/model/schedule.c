/* SPDX-License-Identifier: MIT */
/*
 * The scene's threads are coroutines; the search is depth first over all
 * choices: who runs next, which store a load sees, what the scene asks for.
 * A scene is run anew for each series of choices.
 */
#include "machine.h"

#include <link.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <ucontext.h>

enum {
    STACK_BYTES = 64 << 10,
    CHOICES_MOST = 8192,
    TLS_MOST = 4096,
    STATICS_MOST = 1 << 16
};

static struct player {
    ucontext_t start;
    jmp_buf at;
    enum { ABSENT, READY, ASLEEP, ENDED } state;
    bool has_started;
    bool may_give_up, has_given_up;
    const void *word; /* that it sleeps on */
    void *(*main)(void *);
    void *arg;
    _Alignas(64) char stack[STACK_BYTES];
    char tls[TLS_MOST];
} players[THREADS];

static struct choice {
    unsigned taken, count;
} choices[CHOICES_MOST];
static unsigned choice_count, choice_next;

static const struct model_scene *scene;
static unsigned me; /* who runs; 0: the search, or begin and end */
static unsigned preemptions_left, stale_left, steps;
static bool is_calm;
static jmp_buf search;
static uint64_t random_state; /* 0: depth first */
static unsigned long executions;
static unsigned bound; /* 0: as the scene says */

unsigned current_thread(void)
{
    return me;
}

bool may_see_old(void)
{
    return me && stale_left && !is_calm;
}

void has_seen_old(void)
{
    stale_left--;
}

static unsigned draw(unsigned count)
{
    random_state = random_state * 6364136223846793005U + 1442695040888963407U;
    return (unsigned)(random_state >> 33) % count;
}

unsigned choose(unsigned count)
{
    if (count <= 1)
        return 0;
    if (choice_next == CHOICES_MOST)
        model_fail("too many choices: a loop without end?");
    struct choice *choice = &choices[choice_next++];
    if (choice_next > choice_count) {
        choice_count = choice_next;
        *choice = (struct choice){random_state ? draw(count) : 0, count};
    }
    if (!choice->count) /* replayed */
        choice->count = count;
    if (choice->count != count)
        model_fail("the scene does not do the same when it is repeated");
    return choice->taken;
}

unsigned model_choose(unsigned count)
{
    return choose(count);
}

/* The next series of choices; false: there is none. */
static bool backtrack(void)
{
    while (choice_count) {
        struct choice *last = &choices[choice_count - 1];
        if (++last->taken < last->count)
            return true;
        choice_count--;
    }
    return false;
}

/* The thread-locals of this program: each player has its own. */
static struct {
    char *block;
    const char *image;
    size_t image_bytes, bytes;
} tls;

static int find_tls(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size;
    (void)arg;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        if (header->p_type == PT_TLS) {
            tls.block = info->dlpi_tls_data;
            tls.image = (const char *)(info->dlpi_addr + header->p_vaddr);
            tls.image_bytes = header->p_filesz;
            tls.bytes = header->p_memsz;
        }
    }
    return 1; /* the program itself is the first one */
}

bool is_thread_local(const void *address)
{
    return (const char *)address >= tls.block &&
           (const char *)address < tls.block + tls.bytes;
}

static void swap_tls(unsigned from, unsigned to)
{
    memcpy(players[from].tls, tls.block, tls.bytes);
    memcpy(tls.block, players[to].tls, tls.bytes);
}

static void become(unsigned next)
{
    if (next != me)
        swap_tls(me, next);
    me = next;
}

static void enter(void)
{
    if (scene->play[me - 1])
        scene->play[me - 1]();
    else
        (void)players[me].main(players[me].arg);
    players[me].state = ENDED;
    wake_sleepers(&players[me], THREADS);
    _longjmp(search, 1);
}

static void start(struct player *player)
{
    player->has_started = true;
    getcontext(&player->start);
    player->start.uc_stack.ss_sp = player->stack;
    player->start.uc_stack.ss_size = STACK_BYTES;
    player->start.uc_link = NULL;
    makecontext(&player->start, enter, 0);
    setcontext(&player->start);
}

/* Runs a player until it gives way. */
static void run(unsigned next)
{
    unsigned searcher = me;
    if (_setjmp(search) == 0) {
        become(next);
        if (players[next].has_started)
            _longjmp(players[next].at, 1);
        start(&players[next]);
    }
    become(searcher);
}

static void give_way(void)
{
    if (_setjmp(players[me].at) == 0)
        _longjmp(search, 1);
}

/* Those who can run, the current one first. */
static unsigned list_ready(unsigned current, unsigned *ready)
{
    unsigned count = 0;
    if (current && players[current].state == READY)
        ready[count++] = current;
    for (unsigned t = 1; t < THREADS; t++)
        if (t != current && players[t].state == READY)
            ready[count++] = t;
    return count;
}

static unsigned next_player; /* who is to run */

void let_others_run(void)
{
    unsigned ready[THREADS];
    if (!me)
        return;
    if (++steps > STEPS_MOST)
        model_fail("too many steps: a loop without end?");
    if (!preemptions_left || is_calm)
        return;
    unsigned next = ready[choose(list_ready(me, ready))];
    if (next == me)
        return;
    preemptions_left--;
    next_player = next;
    give_way();
}

void give_others_a_turn(void)
{
    unsigned ready[THREADS];
    if (!me)
        return;
    players[me].state = ASLEEP;
    unsigned count = list_ready(me, ready);
    players[me].state = READY;
    if (!count)
        return;
    next_player = ready[choose(count)];
    give_way();
}

bool sleep_on(const void *word, bool may_give_up)
{
    struct player *player = &players[me];
    if (!me)
        model_fail("begin or end would sleep for ever");
    player->state = ASLEEP;
    player->word = word;
    player->may_give_up = may_give_up;
    player->has_given_up = false;
    next_player = 0;
    give_way();
    return !player->has_given_up;
}

void wake_sleepers(const void *word, int count)
{
    for (unsigned t = 1; t < THREADS && count > 0; t++) {
        if (players[t].state == ASLEEP && players[t].word == word) {
            players[t].state = READY;
            count--;
        }
    }
}

static bool refuses_players;

void model_calm(bool calm)
{
    is_calm = calm;
}

void model_refuse_threads(void)
{
    refuses_players = true;
}

unsigned start_player(void *(*main)(void *), void *arg)
{
    unsigned t = refuses_players ? THREADS : 1;
    while (t < THREADS && players[t].state != ABSENT)
        t++;
    if (t == THREADS)
        return 0;
    players[t].main = main;
    players[t].arg = arg;
    players[t].state = READY;
    memory_start_player(t);
    return t;
}

void join_player(unsigned player)
{
    while (players[player].state != ENDED)
        (void)sleep_on(&players[player], false);
    memory_join_player(player);
}

/* Nobody can run: a sleeper with a deadline gives up. */
static bool let_one_give_up(void)
{
    for (unsigned t = 1; t < THREADS; t++) {
        if (players[t].state == ASLEEP && players[t].may_give_up) {
            players[t].state = READY;
            players[t].has_given_up = true;
            return true;
        }
    }
    return false;
}

static bool is_anybody_asleep(void)
{
    for (unsigned t = 1; t < THREADS; t++)
        if (players[t].state == ASLEEP)
            return true;
    return false;
}

static void play(void)
{
    unsigned ready[THREADS];
    next_player = 0;
    for (;;) {
        unsigned count = list_ready(0, ready);
        if (!count && let_one_give_up())
            continue;
        if (!count)
            break;
        if (!next_player || players[next_player].state != READY)
            next_player = ready[choose(count)];
        run(next_player);
        if (players[next_player].state != READY)
            next_player = 0;
    }
    if (is_anybody_asleep())
        model_fail("somebody sleeps for ever");
}

/* The library's static variables: as they were at the start. */
extern char model_data_begin, model_data_end, model_bss_begin, model_bss_end;
static char data_copy[STATICS_MOST], bss_copy[STATICS_MOST];

static void keep_part(char *begin, const char *end, char *copy, bool restore)
{
    size_t bytes = (size_t)(end - begin);
    if (bytes > STATICS_MOST)
        abort();
    if (restore)
        memcpy(begin, copy, bytes);
    else
        memcpy(copy, begin, bytes);
}

static void keep_statics(bool restore)
{
    keep_part(&model_data_begin, &model_data_end, data_copy, restore);
    keep_part(&model_bss_begin, &model_bss_end, bss_copy, restore);
}

static void reset(void)
{
    keep_statics(true);
    memory_reset();
    heap_reset();
    report_reset();
    preemptions_left = scene->preemptions ? scene->preemptions : 2;
    stale_left = scene->is_newest ? 0 : scene->stale ? scene->stale : 2;
    if (bound)
        preemptions_left = stale_left = bound;
    steps = 0;
    choice_next = 0;
    refuses_players = is_calm = false;
    for (unsigned t = 0; t < THREADS; t++) {
        struct player *player = &players[t];
        player->has_started = false;
        player->state = t && scene->play[t - 1] ? READY : ABSENT;
        memcpy(player->tls, tls.image, tls.image_bytes);
        memset(player->tls + tls.image_bytes, 0, tls.bytes - tls.image_bytes);
    }
    memcpy(tls.block, players[0].tls, tls.bytes); /* it sets up and checks */
}

static void execute(void)
{
    reset();
    if (scene->begin)
        scene->begin();
    memory_start_players();
    play();
    memory_join_players();
    if (scene->end)
        scene->end();
    heap_check_leaks();
    executions++;
}

static jmp_buf failed;

void model_fail(const char *what)
{
    if (scene->fails && strcmp(what, scene->fails) == 0)
        _longjmp(failed, 1);
    report_print();
    printf(
        "%s: FAILED in execution %lu: %s\n", scene->name, executions + 1, what);
    printf("again: %s --replay ", scene->name);
    while (choice_next && !choices[choice_next - 1].taken)
        choice_next--; /* the usual way goes without saying */
    for (unsigned i = 0; i < choice_next; i++)
        printf(i ? ",%u" : "%u", choices[i].taken);
    printf("\n");
    fflush(stdout);
    _Exit(1);
}

static void crash(int signal)
{
    (void)signal;
    model_fail("segmentation fault");
}

static void replay(const char *list)
{
    char *rest = (char *)(uintptr_t)list;
    do {
        unsigned taken = (unsigned)strtoul(rest, &rest, 10);
        choices[choice_count++] = (struct choice){taken, 0};
    } while (*rest++ == ',');
}

static void explore(unsigned long most)
{
    do {
        execute();
        if (random_state)
            choice_count = 0;
    } while (executions < most && (random_state || backtrack()));
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void check(const struct model_scene *which, unsigned long most)
{
    double begin = seconds();
    scene = which;
    executions = 0;
    if (_setjmp(failed) == 0) {
        explore(most);
        choice_count = 0;
        if (scene->fails)
            model_fail("it does not fail");
        if (scene->after)
            scene->after();
    } else {
        become(0);
        choice_count = 0;
    }
    printf("%-36s %9lu executions %6.1f s%s\n", scene->name, executions,
        seconds() - begin,
        scene->fails         ? " (fails, as it must)"
        : random_state       ? " (at random)"
        : executions == most ? " (not all)"
                             : "");
    fflush(stdout);
}

static bool is_named(int argc, char **argv, const char *name)
{
    bool is_any = false;
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] == '-') {
            i++; /* and its value */
            continue;
        }
        is_any = true;
        if (strcmp(argv[i], name) == 0)
            return true;
    }
    return !is_any;
}

int model_main(int argc, char **argv, const struct model_scene *scenes)
{
    unsigned long most = 20000000;
    const char *again = NULL;
    dl_iterate_phdr(find_tls, NULL);
    (void)signal(SIGSEGV, crash);
    keep_statics(false);
    if (tls.bytes > TLS_MOST)
        abort();
    for (int i = 1; i + 1 < argc; i++) {
        if (strcmp(argv[i], "--most") == 0)
            most = strtoul(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--bound") == 0)
            bound = (unsigned)strtoul(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--random") == 0)
            random_state = strtoul(argv[i + 1], NULL, 10) * 2 + 1;
        if (strcmp(argv[i], "--replay") == 0)
            again = argv[i + 1];
    }
    for (; scenes->name; scenes++) {
        if (!is_named(argc, argv, scenes->name))
            continue;
        if (again) {
            replay(again);
            most = 1;
        }
        check(scenes, most);
    }
    return 0;
}
