/* SPDX-License-Identifier: MIT */
/*
 * What happens when the program ends before its executors have. Each case is
 * a run of this very program: `program_end --child CASE`. It ends with a
 * running task that only goes on when the parent has seen exit() begin.
 */
#include "../../support/child.h"
#include "../../support/gate.h"
#include "../../support/pool.h"

#include <criterion/criterion.h>
#include <fcntl.h>

TestSuite(behaviour, .timeout = 120);
TestSuite(program_end, .timeout = 120);

enum { QUEUED = 20 };

static sem_t begun;
static int to_parent = STDOUT_FILENO;
static int from_parent = STDIN_FILENO;

static void tell(char word)
{
    MUST(write(to_parent, &word, 1) == 1);
}

/* The program's last act before filch's own exit handler. */
static void tell_exit(void)
{
    tell('x');
}

/* Tells that it runs; ends when the parent says so. */
static int long_task(filch_ctx *cx, void *arg, void *result)
{
    char word = 0;
    (void)arg;
    (void)result;
    tell('r');
    give(&begun, 1);
    while (read(from_parent, &word, 1) < 0)
        MUST(errno == EINTR);
    tell('f');
    return filch_stopping(cx);
}

/* Never ends. */
static int endless_task(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)arg;
    (void)result;
    tell('r');
    give(&begun, 1);
    while (pause() < 0) /* it never returns anything else */
        continue;
    return 0;
}

static int short_task(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)arg;
    (void)result;
    tell('s');
    return 0;
}

static filch_executor *start_program(filch_task *task)
{
    filch_executor *ex = open_pool(1);
    sem_init(&begun, 0, 0);
    filch_future_release(filch_submit(ex, task, NULL));
    for (int i = 0; i < QUEUED; i++)
        filch_future_release(filch_submit(ex, short_task, NULL));
    atexit(tell_exit);
    take(&begun);
    return ex;
}

static int child_main(const char *name)
{
    alarm(100);
    if (strcmp(name, "exit_wait") == 0) {
        setenv("FILCH_EXIT_WAIT", "1", 1);
        start_program(endless_task);
        return 0;
    }
    filch_executor *ex = start_program(long_task);
    if (strcmp(name, "b085") == 0)
        return filch_executor_shutdown(ex, FILCH_FINISH, FILCH_POLL) ==
                       -ETIMEDOUT
                   ? 0
                   : 3;
    if (strcmp(name, "b089") == 0)
        return filch_executor_release(ex) == 0 ? 0 : 3;
    if (strcmp(name, "b092") == 0)
        return filch_executor_shutdown(ex, FILCH_CANCEL_PENDING, FILCH_POLL) ==
                       -ETIMEDOUT
                   ? 0
                   : 3;
    return 4;
}

/* The words the child said, in order. */
struct program {
    char words[200];
    char err[4000];
    int status;
};

static void exec_self(const char *name, int in, int out, int err)
{
    char self[] = "/proc/self/exe";
    char flag[] = "--child";
    char copy[40];
    snprintf(copy, sizeof copy, "%s", name);
    char *argv[] = {self, flag, copy, NULL};
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    unsetenv("BXFI_MAP"); /* else Criterion takes this program for a test */
    execv(self, argv);
    _exit(127);
}

/* Reads words until @p last comes. */
static void read_until(int fd, char last, char *words)
{
    size_t used = strlen(words);
    while (used == 0 || strchr(words, last) == NULL) {
        ssize_t n = read(fd, words + used, 1);
        MUST(n == 1 || (n < 0 && errno == EINTR));
        used += n > 0 ? (size_t)n : 0;
        words[used] = '\0';
    }
}

static struct program run_program(const char *name)
{
    struct program p = {.words = ""};
    int in[2];
    int out[2];
    int err[2];
    MUST(pipe2(in, O_CLOEXEC) == 0);
    MUST(pipe2(out, O_CLOEXEC) == 0);
    MUST(pipe2(err, O_CLOEXEC) == 0);
    pid_t pid = fork();
    MUST(pid >= 0);
    if (pid == 0)
        exec_self(name, in[0], out[1], err[1]);
    close(in[0]);
    close(out[1]);
    close(err[1]);
    read_until(out[0], 'r', p.words);
    read_until(out[0], 'x', p.words);
    MUST(write(in[1], "g", 1) == 1);
    size_t used = strlen(p.words);
    read_all(out[0], p.words + used, sizeof p.words - used);
    read_all(err[0], p.err, sizeof p.err);
    MUST(waitpid(pid, &p.status, 0) == pid);
    close(in[1]);
    close(out[0]);
    close(err[0]);
    return p;
}

static int count_words(const struct program *p, char word)
{
    int count = 0;
    for (const char *w = p->words; *w != '\0'; w++)
        count += *w == word;
    return count;
}

static void check_clean_end(const struct program *p)
{
    cr_assert_str_empty(p->err, "said '%s'", p->err);
    cr_assert(WIFEXITED(p->status) && WEXITSTATUS(p->status) == 0, "status %#x",
        (unsigned)p->status);
    cr_assert_eq(count_words(p, 'f'), 1, "the running task was finished");
}

Test(behaviour, b085_shutdown_without_waiting_at_program_end)
{
    struct program p = run_program("b085");
    check_clean_end(&p);
    cr_assert_eq(count_words(&p, 's'), QUEUED);
}

Test(behaviour, b089_released_at_program_end)
{
    struct program p = run_program("b089");
    check_clean_end(&p);
    cr_assert_eq(count_words(&p, 's'), QUEUED);
}

Test(behaviour, b092_cancelled_without_waiting_at_program_end)
{
    struct program p = run_program("b092");
    check_clean_end(&p);
    cr_assert_eq(count_words(&p, 's'), 0);
}

/* It ends, though the task does not. */
Test(program_end, no_longer_than_the_environment_says)
{
    struct program p = run_program("exit_wait");
    cr_assert_str_empty(p.err, "said '%s'", p.err);
    cr_assert(WIFEXITED(p.status) && WEXITSTATUS(p.status) == 0, "status %#x",
        (unsigned)p.status);
    cr_assert_eq(count_words(&p, 's'), 0);
}

int main(int argc, char *argv[])
{
    if (argc == 3 && strcmp(argv[1], "--child") == 0)
        return child_main(argv[2]);
    struct criterion_test_set *tests = criterion_initialize();
    int rc = 0;
    if (criterion_handle_args(argc, argv, true))
        rc = !criterion_run_all_tests(tests);
    criterion_finalize(tests);
    return rc;
}
