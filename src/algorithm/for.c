/* SPDX-License-Identifier: MIT */
#include <filch/algorithm.h>

#include <errno.h>
#include <stdbool.h>

#include "algorithm/loop.h"

struct plain {
    struct fl_loop loop;
    filch_for_body *body;
    void *arg;
};

static int do_plain(
    struct fl_loop *loop, filch_ctx *cx, struct fl_range range, void *state)
{
    const struct plain *plain = (void *)loop;
    (void)state;
    int rc = plain->body(cx, range.begin, range.end, plain->arg);
    return rc < 0 ? rc : 0;
}

int filch_for(filch_executor *ex, size_t begin, size_t end,
    filch_for_body *body, void *arg)
{
    struct plain plain = {.loop.chunk = do_plain, .body = body, .arg = arg};
    if (!body)
        return -EINVAL;
    fl_loop_init(&plain.loop, "filch_for\0");
    return fl_loop_run(ex, &plain.loop, (struct fl_range){begin, end}, NULL);
}

enum { TILE_SIDE = 64 };

struct table {
    struct fl_loop loop;
    struct filch_tile whole;
    size_t rows, columns;  /* of a tile */
    size_t tiles_in_a_row; /* how many */
    filch_tile_body *body;
    void *arg;
};

static size_t cut_end(size_t begin, size_t length, size_t end)
{
    return end - begin < length ? end : begin + length;
}

static struct filch_tile tile_at(const struct table *table, size_t i)
{
    const struct filch_tile *whole = &table->whole;
    struct filch_tile tile = {
        .row_begin = whole->row_begin + i / table->tiles_in_a_row * table->rows,
        .column_begin =
            whole->column_begin + i % table->tiles_in_a_row * table->columns};
    tile.row_end = cut_end(tile.row_begin, table->rows, whole->row_end);
    tile.column_end =
        cut_end(tile.column_begin, table->columns, whole->column_end);
    return tile;
}

static int do_tiles(
    struct fl_loop *loop, filch_ctx *cx, struct fl_range range, void *state)
{
    const struct table *table = (void *)loop;
    (void)state;
    for (size_t i = range.begin; i < range.end; i++) {
        struct filch_tile tile = tile_at(table, i);
        int rc = table->body(cx, &tile, table->arg);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static bool is_bad(const struct filch_tile *whole)
{
    return whole->row_begin > whole->row_end ||
           whole->column_begin > whole->column_end;
}

static size_t tiles(size_t begin, size_t end, size_t side)
{
    size_t length = end - begin;
    return length / side + (length % side != 0);
}

int filch_for_2d(filch_executor *ex, const struct filch_tile *whole,
    size_t rows, size_t columns, filch_tile_body *body, void *arg)
{
    struct table table = {.loop.chunk = do_tiles,
        .rows = rows ? rows : TILE_SIDE,
        .columns = columns ? columns : TILE_SIDE,
        .body = body,
        .arg = arg};
    if (!whole || !body || is_bad(whole))
        return -EINVAL;
    table.whole = *whole;
    table.tiles_in_a_row =
        tiles(whole->column_begin, whole->column_end, table.columns);
    size_t down = tiles(whole->row_begin, whole->row_end, table.rows);
    if (table.tiles_in_a_row && down > SIZE_MAX / table.tiles_in_a_row)
        return -EINVAL;
    fl_loop_init(&table.loop, "filch_for_2d\0");
    return fl_loop_run(ex, &table.loop,
        (struct fl_range){0, down * table.tiles_in_a_row}, NULL);
}
