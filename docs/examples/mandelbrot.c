/* SPDX-License-Identifier: MIT */
/*
 * mandelbrot: draws the Mandelbrot set into a picture (PGM, grey).
 *
 *     mandelbrot FILE [SIZE] [WORKERS]
 *
 * The rows are halved until one is left. They differ much in what they cost:
 * whoever is through with its own steals the largest piece that is left.
 */
#include "compare.h"

#include <errno.h>
#include <string.h>

enum { STEPS = 255 };

struct picture {
    int size;
    unsigned char *grey;
};

/* How many steps the point stays near: STEPS if it may be in the set. */
static unsigned char steps_of(double x, double y)
{
    double re = 0, im = 0;
    int n = 0;
    for (; n < STEPS && re * re + im * im <= 4; n++) {
        double next = re * re - im * im + x;
        im = 2 * re * im + y;
        re = next;
    }
    return (unsigned char)n;
}

static void draw_row(const struct picture *picture, int row)
{
    unsigned char *grey = picture->grey + (size_t)row * (size_t)picture->size;
    double step = 3.0 / picture->size;
    for (int i = 0; i < picture->size; i++)
        grey[i] = steps_of(i * step - 2.25, row * step - 1.5);
}

FILCH_VOID_TASK(draw, const struct picture *, picture, int, first, int, rows)
{
    if (rows == 1) {
        draw_row(picture, first);
        return;
    }
    draw_fork(&cx, picture, first + rows / 2, rows - rows / 2);
    draw(cx, picture, first, rows / 2);
    draw_join(&cx);
}

/* 0, or a negative code. */
static int save(const struct picture *picture, const char *path)
{
    size_t bytes = (size_t)picture->size * (size_t)picture->size;
    FILE *file = fopen(path, "wb");
    if (!file)
        return -errno;
    int rc = 0;
    if (fprintf(file, "P5\n%d %d\n255\n", picture->size, picture->size) < 0 ||
        fwrite(picture->grey, 1, bytes, file) != bytes)
        rc = -errno;
    if (fclose(file) && !rc)
        rc = -errno;
    return rc;
}

static int run(const char *path, const struct picture *picture,
    const struct picture *expected, int workers)
{
    int64_t start = filch_now();
    for (int row = 0; row < expected->size; row++)
        draw_row(expected, row);
    int64_t serial = filch_now() - start, parallel = 0;
    int rc = 0;
    filch_with (ex, .name = "mandelbrot", .workers = workers) {
        workers = filch_executor_workers(ex);
        start = filch_now();
        rc = draw_run(ex, picture, 0, picture->size);
        parallel = filch_now() - start;
    }
    rc = rc ? rc : save(picture, path);
    if (rc) {
        (void)fprintf(stderr, "mandelbrot: %s: %s\n", path, filch_strerror(rc));
        return EXIT_FAILURE;
    }
    size_t bytes = (size_t)picture->size * (size_t)picture->size;
    return compare_print(serial, parallel, workers,
        memcmp(picture->grey, expected->grey, bytes) == 0);
}

int main(int argc, char **argv)
{
    struct number numbers[] = {
        {"SIZE", 1, 20000, 400}, {"WORKERS", 0, FILCH_WORKERS_MAX, 0}};
    if (argc < 2 || compare_read(numbers, 2, argv + 2))
        return compare_usage("mandelbrot FILE", numbers, 2);
    int size = (int)numbers[0].value;
    size_t bytes = (size_t)size * (size_t)size;
    struct picture picture = {size, malloc(bytes)};
    struct picture expected = {size, malloc(bytes)};
    int status = EXIT_FAILURE;
    if (picture.grey && expected.grey)
        status = run(argv[1], &picture, &expected, (int)numbers[1].value);
    else
        (void)fputs("mandelbrot: no memory\n", stderr);
    free(picture.grey);
    free(expected.grey);
    return status;
}
