/* SPDX-License-Identifier: MIT */
/*
 * Prints the prime factors of each number of standard input, as factor(1)
 * does, in parallel and in the order of the input. That may be endless: no
 * more than the map's window is in memory.
 *
 *     seq 1000000000000 1000000100000 | factor
 */
#include <errno.h>
#include <filch.h>
#include <inttypes.h>
#include <stdio.h>

struct factors {
    uint64_t number;
    int count;
    uint64_t primes[64];
};

/* The input: 1, or 0 at the end, or why there is no more. */
static int read_number(void *file, void *number)
{
    int rc = fscanf(file, "%" SCNu64, (uint64_t *)number);
    if (rc == 1)
        return 1;
    return rc == 0 ? -EINVAL : ferror(file) ? -EIO : 0;
}

static int factorize(filch_ctx *cx, void *arg, void *result)
{
    struct factors *factors = result;
    uint64_t n = *(uint64_t *)arg;
    (void)cx;
    factors->number = n;
    for (uint64_t p = 2; p <= n / p; p += 1 + p % 2)
        for (; n % p == 0; n /= p)
            factors->primes[factors->count++] = p;
    if (n > 1)
        factors->primes[factors->count++] = n;
    return 0;
}

static void print(const struct factors *factors)
{
    printf("%" PRIu64 ":", factors->number);
    for (int i = 0; i < factors->count; i++)
        printf(" %" PRIu64, factors->primes[i]);
    putchar('\n');
}

static int factorize_all(filch_executor *ex, FILE *file)
{
    struct factors factors;
    filch_map_stream *m;
    int rc = filch_map_open(&m, ex, factorize,
        &(struct filch_map_options){.next_item = read_number,
            .data = file,
            .item_bytes = sizeof(uint64_t),
            .result_bytes = sizeof factors,
            .chunk = 8});
    if (rc)
        return rc;
    while ((rc = filch_map_next(m, &factors, NULL)) == 1)
        print(&factors);
    filch_map_close(m);
    return rc;
}

int main(void)
{
    int rc = 0;
    filch_with (ex, .name = "factor")
        rc = factorize_all(ex, stdin);
    if (rc)
        fprintf(stderr, "factor: %s\n", filch_strerror(rc));
    return rc != 0;
}
