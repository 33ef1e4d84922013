/* SPDX-License-Identifier: MIT */
/* The examples of the public headers, as they stand there: what compares them
 * is house/snippets. */
#include "../../support/pool.h"

#include <assert.h>
#include <criterion/criterion.h>

#pragma GCC diagnostic ignored "-Wunused-parameter"

enum { COUNT = 1000 };

static int count_words(filch_ctx *cx, void *path, void *words)
{
    *(size_t *)words = strlen(path);
    return 0;
}

Test(examples, executor)
{
    size_t words = 0;
    filch_with (ex, .workers = 5) {
        filch_future *f = filch_submit(ex, count_words, "README.md");
        cr_assert_eq(
            filch_future_result(f, FILCH_FOREVER, &words, sizeof words), 0);
        filch_future_release(f);
    } // shut down and joined on every way out of the block
    cr_assert_eq(words, strlen("README.md"));
}

static int scale(filch_ctx *cx, size_t begin, size_t end, void *arg)
{
    float *x = arg;
    for (size_t i = begin; i < end; i++)
        x[i] *= 2;
    return 0;
}

Test(examples, algorithm_for)
{
    filch_executor *ex = filch_default();
    static float x[COUNT];
    size_t count = COUNT;
    for (int i = 0; i < COUNT; i++)
        x[i] = (float)i;
    int rc = filch_for(ex, 0, count, scale, x);
    cr_assert_eq(rc, 0);
    for (int i = 0; i < COUNT; i++)
        cr_assert_eq((int)x[i], 2 * i);
}

FILCH_TASK(long, fib, int, n)
{
    if (n < 2)
        return n;
    fib_fork(&cx, n - 1);
    long b = fib(cx, n - 2);
    return fib_join(&cx) + b;
}

Test(examples, fork)
{
    filch_executor *ex = filch_default();
    long result;
    int rc = fib_run(ex, &result, 40);
    cr_assert_eq(rc, 0);
    cr_assert_eq(result, 102334155);
}

static int loads;

static int load_table(filch_ctx *cx, void *path)
{
    loads++;
    return 0;
}

static struct filch_once_flag loaded;

static int load_once(filch_executor *ex)
{
    int rc = filch_once(&loaded, ex, load_table, "table.bin");
    return rc;
}

Test(examples, once)
{
    cr_assert_eq(load_once(filch_default()), 0);
    cr_assert_eq(load_once(filch_default()), 0);
    cr_assert_eq(loads, 1);
}

struct person {
    int age;
};

static int by_age(const void *a, const void *b, void *arg)
{
    const struct person *x = a, *y = b;
    return (x->age > y->age) - (x->age < y->age);
}

Test(examples, sort)
{
    filch_executor *ex = filch_default();
    struct person people[] = {{44}, {7}, {99}, {12}};
    size_t count = sizeof people / sizeof *people;
    int rc = filch_sort(ex, people, count, sizeof *people, by_age, NULL);
    cr_assert_eq(rc, 0);
    for (size_t i = 1; i < count; i++)
        cr_assert_lt(people[i - 1].age, people[i].age);
}

Test(examples, token)
{
    filch_executor *ex = filch_default();
    filch_token *server = NULL;
    filch_future *f = NULL;
    filch_task *fn = nothing;
    void *arg = NULL;
    filch_token *request;
    filch_token_open(&request, server, filch_after(FILCH_MS(50)));
    filch_submit_with(
        &f, ex, fn, arg, (&(struct filch_submit_options){.token = request}));
    int rc = settle(f);
    cr_assert(rc == 0 || rc == -ETIMEDOUT || rc == -ECANCELED, "%d", rc);
    filch_token_release(request);
}

static long x[COUNT], out[COUNT];

static int fold(filch_ctx *cx, size_t begin, size_t end, void *sum, void *arg)
{
    for (size_t i = begin; i < end; i++)
        *(long *)sum += x[i];
    return 0;
}

static int write(filch_ctx *cx, size_t begin, size_t end, void *sum, void *arg)
{
    for (size_t i = begin; i < end; i++) {
        *(long *)sum += x[i];
        out[i] = *(long *)sum;
    }
    return 0;
}

static void combine(void *left, const void *right, void *arg)
{
    *(long *)left += *(const long *)right;
}

Test(examples, algorithm_scan)
{
    const struct filch_sum sum = {
        .fold = fold, .combine = combine, .bytes = sizeof(long)};
    for (int i = 0; i < COUNT; i++)
        x[i] = i;
    cr_assert_eq(filch_scan(filch_default(), 0, COUNT, &sum, write, NULL), 0);
    for (int i = 0; i < COUNT; i++)
        cr_assert_eq(out[i], (long)i * (i + 1) / 2);
}

static void on_address(void *p, uint32_t address)
{
    filch_promise_set(p, &address, sizeof address);
    filch_promise_close(p);
}

static void resolve(
    const char *host, void (*tell)(void *arg, uint32_t address), void *arg)
{
    tell(arg, strcmp(host, "localhost") == 0 ? 0x7f000001 : 0);
}

Test(examples, promise)
{
    filch_executor *ex = filch_default();
    filch_promise *p;
    filch_future *f;
    uint32_t address = 0;
    filch_promise_open(&p, &f, ex);
    resolve("localhost", on_address, p);
    cr_assert_eq(
        filch_future_result(f, FILCH_FOREVER, &address, sizeof address), 0);
    cr_assert_eq(address, 0x7f000001);
    filch_future_release(f);
}

static int render(filch_ctx *cx, filch_future *source, void *arg, void *result)
{
    *(int *)result = int_result(source) + 1;
    return 0;
}

Test(examples, compose)
{
    filch_executor *ex = filch_default();
    int seven = 7;
    filch_future *reply = filch_submit(ex, echo, &seven), *page, *both;
    filch_future *image = filch_submit(ex, echo, &seven);
    filch_then(&page, reply, ex, render, NULL, NULL);
    filch_all(&both, (filch_future *[]){page, image}, 2);
    cr_assert_eq(settle(both), 0);
    cr_assert_eq(int_result(page), 8);
    filch_future_release(page);
    filch_future_release(image);
    filch_future_release(reply);
}

struct line {
    int number;
};

struct record {
    int number;
};

/* Ten of them; the file is not read. */
static int read_line(void *file, void *item)
{
    static int lines;
    ((struct line *)item)->number = lines;
    return lines++ < 10;
}

static int parse(filch_ctx *cx, void *line, void *record)
{
    ((struct record *)record)->number = ((struct line *)line)->number;
    return 0;
}

Test(examples, map)
{
    filch_executor *ex = filch_default();
    struct record record;
    int taken = 0;
    filch_map_stream *m;
    int rc = filch_map_open(&m, ex, parse,
        &(struct filch_map_options){.next_item = read_line,
            .data = stdin,
            .item_bytes = sizeof(struct line),
            .result_bytes = sizeof(struct record)});
    cr_assert_eq(rc, 0);
    while ((rc = filch_map_next(m, &record, NULL)) == 1)
        cr_assert_eq(record.number, taken++);
    filch_map_close(m);
    cr_assert_eq(rc, 0);
    cr_assert_eq(taken, 10);
}

struct upload {
    bool has_begun;
};

static int begin(filch_ctx *cx, void *upload, void *result)
{
    ((struct upload *)upload)->has_begun = true;
    return 0;
}

static void start_upload(filch_executor *ex, struct upload *upload)
{
    filch_future_release(filch_submit(ex, begin, upload));
}

Test(examples, testing)
{
    struct upload upload = {.has_begun = false};
    filch_with (ex, .backend = FILCH_MANUAL) {
        start_upload(ex, &upload);
        assert(!upload.has_begun);
        filch_step(ex);
        cr_assert(upload.has_begun);
    }
}
