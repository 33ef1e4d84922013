/* SPDX-License-Identifier: MIT */
/* filch_for_2d: each cell is in one tile, and tiles are as large as asked. */
#include "../../support/company.h"
#include "../../support/pool.h"

#include <criterion/criterion.h>
#include <errno.h>

TestSuite(for_2d, .timeout = 120);

static const int workers[] = {1, 2, 4, 16};
enum { POOLS = sizeof workers / sizeof *workers, SIDE = 200 };

struct table {
    struct company company;
    filch_executor *ex;
    struct filch_tile whole;
    size_t rows, columns; /* as given */
    atomic_int tiles;
    atomic_uchar often[SIDE][SIDE];
};

static struct table table;

/* The ends of a tile's side: as long as asked, but at the end. */
static void check_side(
    size_t begin, size_t end, size_t from, size_t to, size_t asked)
{
    size_t side = asked ? asked : 64;
    MUST(from <= begin && begin < end && end <= to);
    MUST((begin - from) % side == 0);
    MUST(end - begin == side || (end == to && end - begin < side));
}

static int count_cells(filch_ctx *cx, const struct filch_tile *tile, void *arg)
{
    struct table *t = arg;
    const struct filch_tile *whole = &t->whole;
    MUST(filch_ctx_executor(cx) == t->ex);
    company_meet(&t->company);
    check_side(tile->row_begin, tile->row_end, whole->row_begin, whole->row_end,
        t->rows);
    check_side(tile->column_begin, tile->column_end, whole->column_begin,
        whole->column_end, t->columns);
    atomic_fetch_add(&t->tiles, 1);
    for (size_t i = tile->row_begin; i < tile->row_end; i++)
        for (size_t k = tile->column_begin; k < tile->column_end; k++)
            atomic_fetch_add(
                &t->often[i - whole->row_begin][k - whole->column_begin], 1);
    return 1;
}

static int loop(filch_ctx *cx, void *frame)
{
    (void)cx;
    (void)frame;
    return filch_for_2d(
        table.ex, &table.whole, table.rows, table.columns, count_cells, &table);
}

static void expect_once(struct filch_tile whole, size_t rows, size_t columns)
{
    size_t height = whole.row_end - whole.row_begin;
    size_t width = whole.column_end - whole.column_begin;
    table.whole = whole;
    table.rows = rows;
    table.columns = columns;
    memset(table.often, 0, sizeof table.often);
    atomic_store(&table.tiles, 0);
    cr_assert_eq(company_run(table.ex, &table.company, loop, NULL), 0);
    for (size_t i = 0; i < SIDE; i++)
        for (size_t k = 0; k < SIDE; k++)
            cr_assert_eq(
                atomic_load(&table.often[i][k]), i < height && k < width);
}

Test(for_2d, each_cell_once)
{
    static const size_t sides[] = {1, 3, 63, 64, 65, SIDE};
    static const size_t tiles[] = {0, 1, 2, 7, 64, SIZE_MAX};
    enum { SIDES = sizeof sides / sizeof *sides };
    enum { TILES = sizeof tiles / sizeof *tiles };
    for (int w = 0; w < POOLS; w++) {
        table.ex = open_pool(workers[w]);
        for (int i = 0; i < SIDES * TILES; i++) {
            size_t height = sides[i % SIDES];
            size_t width = sides[i / SIDES % SIDES];
            size_t row = i % 3 ? 5 : SIZE_MAX - height;
            size_t column = i % 4 ? 1000 : SIZE_MAX - width;
            company_init(&table.company, false);
            expect_once(
                (struct filch_tile){row, row + height, column, column + width},
                tiles[i / SIDES % TILES], tiles[(i + 1) % TILES]);
        }
        cr_assert_eq(filch_executor_close(table.ex), 0);
    }
}

Test(for_2d, each_cell_once_in_company)
{
    for (int w = 1; w < POOLS; w++) {
        table.ex = open_pool(workers[w]);
        for (size_t side = 2; side < 8; side++) {
            struct filch_tile whole = {
                SIZE_MAX - side * 3, SIZE_MAX, 4, 4 + side * 2 - 1};
            company_init(&table.company, true);
            expect_once(whole, 3, 2);
            cr_assert_geq(atomic_load(&table.company.threads), 2);
            cr_assert_eq((size_t)atomic_load(&table.tiles), side * side);
        }
        cr_assert_eq(filch_executor_close(table.ex), 0);
    }
}

Test(for_2d, an_empty_table_has_no_tiles)
{
    static const struct filch_tile empty[] = {{0, 0, 0, 0}, {0, 0, 0, 9},
        {3, 9, 5, 5}, {0, SIZE_MAX, 1, 1}, {7, 7, 0, SIZE_MAX},
        {SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX}};
    table.ex = open_pool(2);
    company_init(&table.company, false);
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
        expect_once(empty[i], i % 2, i / 2 % 2);
        cr_assert_eq(atomic_load(&table.tiles), 0);
    }
    cr_assert_eq(filch_executor_close(table.ex), 0);
}

/* At the last of the tiles that there can be. */
static int fail_at_corner(
    filch_ctx *cx, const struct filch_tile *tile, void *arg)
{
    const struct filch_tile *corner = arg;
    if (tile->row_begin < corner->row_begin ||
        tile->column_begin < corner->column_begin)
        return 0;
    return filch_failf(cx, -EIO, "there");
}

Test(for_2d, nonsense)
{
    struct filch_tile whole = {0, 5, 0, 5};
    filch_executor *ex = open_pool(2);
    cr_assert_eq(
        filch_for_2d(NULL, &whole, 1, 1, fail_at_corner, &whole), -EINVAL);
    cr_assert_eq(filch_for_2d(ex, NULL, 1, 1, fail_at_corner, &whole), -EINVAL);
    cr_assert_eq(filch_for_2d(ex, &whole, 1, 1, NULL, &whole), -EINVAL);
    struct filch_tile rows = {5, 4, 0, 5};
    cr_assert_eq(
        filch_for_2d(ex, &rows, 1, 1, fail_at_corner, &whole), -EINVAL);
    struct filch_tile columns = {0, 5, 5, 4};
    cr_assert_eq(
        filch_for_2d(ex, &columns, 1, 1, fail_at_corner, &whole), -EINVAL);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(for_2d, as_many_tiles_as_can_be)
{
    struct filch_tile all = {0, SIZE_MAX, 0, SIZE_MAX};
    struct filch_tile none = {0, 0, 0, 0};
    filch_executor *ex = open_pool(2);
    size_t half = (size_t)1 << 32;
    cr_assert_eq(filch_for_2d(ex, &all, 1, 1, fail_at_corner, &none), -EINVAL);
    cr_assert_eq(
        filch_for_2d(ex, &all, half, half, fail_at_corner, &none), -EINVAL);
    cr_assert_eq(
        filch_for_2d(ex, &all, SIZE_MAX, 2, fail_at_corner, &none), -EIO);
    cr_assert_eq(
        filch_for_2d(ex, &all, 1, SIZE_MAX, fail_at_corner, &none), -EIO);
    cr_assert_eq(
        filch_for_2d(ex, &all, half + 1, half, fail_at_corner, &none), -EIO);
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* The first by number: a row of tiles comes before the next, whatever the
 * columns. */
struct bad {
    struct company company;
    size_t row, column;
    atomic_int failures;
};

static int fail_behind(filch_ctx *cx, const struct filch_tile *tile, void *arg)
{
    struct bad *bad = arg;
    size_t row = tile->row_begin, column = tile->column_begin;
    company_meet(&bad->company);
    if (row < bad->row || (row == bad->row && column < bad->column))
        return 0;
    return filch_failf(
        cx, -1 - (int)(row * 10 + column), "%zu %zu", row, column);
}

static int loop_bad(filch_ctx *cx, void *frame)
{
    struct filch_tile whole = {0, 6, 0, 9};
    return filch_for_2d(
        filch_ctx_executor(cx), &whole, 1, 3, fail_behind, frame);
}

Test(for_2d, the_first_failure)
{
    for (int w = 0; w < POOLS; w++) {
        filch_executor *ex = open_pool(workers[w]);
        for (size_t i = 0; i < 18; i++) {
            struct bad bad = {.row = i / 3, .column = i % 3 * 3};
            company_init(&bad.company, w > 0);
            cr_assert_eq(company_run(ex, &bad.company, loop_bad, &bad),
                -1 - (int)(bad.row * 10 + bad.column));
        }
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}
