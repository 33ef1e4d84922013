/* SPDX-License-Identifier: MIT */
/* Quotas are read from trees of files that look like /proc and /sys. */
#define _GNU_SOURCE
#include "platform/cpu.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define V1 "31 22 0:28 / /sys/fs/cgroup/cpu rw,relatime shared:9"
#define V2 "41 22 0:38 / /sys/fs/cgroup rw,nosuid shared:4"
#define V1_TYPE " - cgroup cgroup rw,cpu,cpuacct\n"
#define V2_TYPE " - cgroup2 cgroup2 rw,nsdelegate\n"
#define PROC "22 1 0:21 / /proc rw,relatime - proc proc rw\n"

static char root[] = "/tmp/filch-cpu-XXXXXX";

static void make_root(void)
{
    cr_assert_not_null(mkdtemp(root));
}

static void remove_root(void)
{
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", root);
    cr_assert_eq(system(command), 0);
}

TestSuite(cpu, .init = make_root, .fini = remove_root);

/* A file below the root, and the directories that lead to it. */
static void put(const char *name, const char *text)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s%s", root, name);
    for (char *s = path + strlen(root) + 1; (s = strchr(s, '/')); *s++ = '/') {
        *s = '\0';
        cr_assert(mkdir(path, 0755) == 0 || errno == EEXIST, "%s", path);
    }
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file, "%s", path);
    cr_assert(fputs(text, file) >= 0);
    cr_assert_eq(fclose(file), 0);
}

static void put_proc(const char *cgroup, const char *mounts)
{
    put("/proc/self/cgroup", cgroup);
    put("/proc/self/mountinfo", mounts);
}

static void put_v1(const char *group, const char *quota, const char *period)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", group);
    put(path, quota);
    snprintf(path, sizeof path, "%s/cpu.cfs_period_us", group);
    put(path, period);
}

static void expect(int cpus)
{
    cr_expect_eq(fl_cpu_quota(root), cpus, "%d", fl_cpu_quota(root));
}

Test(cpu, no_files_no_quota)
{
    expect(INT_MAX);
    put("/proc/self/cgroup", "0::/\n");
    expect(INT_MAX);
}

Test(cpu, v2_rounds_up)
{
    put_proc("0::/app\n", PROC V2 V2_TYPE);
    const struct {
        const char *text;
        int cpus;
    } cases[] = {
        {"200000 100000\n", 2},
        {"250000 100000\n", 3},
        {"100001 100000\n", 2},
        {"50000 100000\n", 1},
        {"1000 1000000\n", 1},
        {"30000 10000\n", 3},
        {"max 100000\n", INT_MAX},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put("/sys/fs/cgroup/app/cpu.max", cases[i].text);
        cr_expect_eq(fl_cpu_quota(root), cases[i].cpus, "%s", cases[i].text);
    }
}

Test(cpu, v2_tightest_is_in_the_middle)
{
    put_proc("0::/a/b/c\n", PROC V2 V2_TYPE);
    put("/sys/fs/cgroup/a/b/c/cpu.max", "400000 100000\n");
    put("/sys/fs/cgroup/a/b/cpu.max", "150000 100000\n");
    put("/sys/fs/cgroup/a/cpu.max", "800000 100000\n");
    put("/sys/fs/cgroup/x/cpu.max", "100000 100000\n"); /* not an ancestor */
    expect(2);
}

Test(cpu, v2_root_of_the_mount_counts)
{
    put_proc("0::/\n", PROC V2 V2_TYPE); /* a cgroup namespace */
    put("/sys/fs/cgroup/cpu.max", "300000 100000\n");
    expect(3);
}

Test(cpu, v2_ancestors_count_though_the_group_is_hidden)
{
    put_proc("0::/a/gone/b (deleted)\n", PROC V2 V2_TYPE);
    put("/sys/fs/cgroup/a/cpu.max", "300000 100000\n");
    expect(3);
}

Test(cpu, v1_quota)
{
    put_proc("5:memory:/m\n4:cpu,cpuacct:/app\n", PROC V1 V1_TYPE);
    put_v1("/sys/fs/cgroup/cpu", "-1\n", "100000\n");
    put_v1("/sys/fs/cgroup/cpu/app", "250000\n", "100000\n");
    put_v1("/sys/fs/cgroup/cpu/m", "100000\n", "100000\n");
    expect(3);
    put_v1("/sys/fs/cgroup/cpu/app", "-1\n", "100000\n");
    expect(INT_MAX);
}

Test(cpu, v1_tightest_is_in_the_middle)
{
    put_proc("4:cpu:/a/b/c\n", PROC V1 V1_TYPE);
    put_v1("/sys/fs/cgroup/cpu/a/b/c", "400000\n", "100000\n");
    put_v1("/sys/fs/cgroup/cpu/a/b", "100000\n", "50000\n");
    put_v1("/sys/fs/cgroup/cpu/a", "-1\n", "100000\n");
    expect(2);
}

Test(cpu, v1_cpuacct_and_cpuset_are_not_cpu)
{
    put_proc("4:cpuacct,cpuset:/a\n",
        PROC V1 " - cgroup cgroup rw,cpuset,cpuacct\n");
    put_v1("/sys/fs/cgroup/cpu/a", "100000\n", "100000\n");
    expect(INT_MAX);
}

Test(cpu, v1_bind_mounted_root)
{
    put_proc("4:cpu,cpuacct:/docker/0af/sub\n",
        PROC "31 22 0:28 /docker/0af /sys/fs/cgroup/cpu ro" V1_TYPE);
    put_v1("/sys/fs/cgroup/cpu/sub", "300000\n", "100000\n");
    put_v1("/sys/fs/cgroup/cpu", "200000\n", "100000\n");
    expect(2);
}

Test(cpu, mount_of_another_group_is_not_ours)
{
    put_proc("0::/app\n",
        PROC "41 22 0:38 /ap /sys/fs/cgroup rw - cgroup2 none rw\n");
    put("/sys/fs/cgroup/cpu.max", "100000 100000\n");
    put("/sys/fs/cgroupp/cpu.max", "100000 100000\n");
    put("/sys/fs/cgroup/app/cpu.max", "100000 100000\n");
    expect(INT_MAX);
}

Test(cpu, mount_from_outside_the_namespace_is_an_ancestor)
{
    put_proc("0::/app\n",
        PROC "41 22 0:38 /../.. /sys/fs/cgroup rw - cgroup2 none rw\n");
    put("/sys/fs/cgroup/cpu.max", "300000 100000\n");
    put("/sys/fs/cgroup/app/cpu.max", "100000 100000\n"); /* a namesake */
    expect(3);
}

Test(cpu, group_outside_the_namespace)
{
    put_proc("0::/../other\n", PROC V2 V2_TYPE);
    put("/sys/fs/cgroup/cpu.max", "100000 100000\n");
    put("/sys/fs/other/cpu.max", "100000 100000\n");
    expect(INT_MAX);
    put("/proc/self/mountinfo",
        PROC "41 22 0:38 /.. /sys/fs/cgroup rw - cgroup2 none rw\n");
    put("/sys/fs/cgroup/cpu.max", "max 100000\n");
    put("/sys/fs/cgroup/other/cpu.max", "200000 100000\n");
    expect(2);
}

Test(cpu, hybrid_takes_the_tighter)
{
    put_proc("4:cpu:/a\n1:name=systemd:/b\n0::/b\n",
        PROC V1 V1_TYPE "41 22 0:38 / /sys/fs/cgroup/unified rw" V2_TYPE);
    put_v1("/sys/fs/cgroup/cpu/a", "300000\n", "100000\n");
    expect(3);
    put("/sys/fs/cgroup/unified/b/cpu.max", "200000 100000\n");
    expect(2);
    put_v1("/sys/fs/cgroup/cpu/a", "100000\n", "100000\n");
    expect(1);
}

Test(cpu, weight_is_no_quota)
{
    put_proc("4:cpu:/a\n0::/a\n", PROC V1 V1_TYPE V2 V2_TYPE);
    put("/sys/fs/cgroup/a/cpu.weight", "10\n");
    put("/sys/fs/cgroup/cpu/a/cpu.shares", "102\n");
    expect(INT_MAX);
}

Test(cpu, escaped_mount_point)
{
    put_proc("0::/a\n",
        PROC "41 22 0:38 / /my\\040groups\\134 rw - cgroup2 none rw\n");
    put("/my groups\\/a/cpu.max", "200000 100000\n");
    expect(2);
}

Test(cpu, colons_in_a_group_name)
{
    put_proc("0::/a:b\n", PROC V2 V2_TYPE);
    put("/sys/fs/cgroup/a:b/cpu.max", "200000 100000\n");
    expect(2);
}

/* No number, or not a positive one that fits. */
static const char *const malformed[] = {"", "\n", "max", "0", "-5", "x", "1e5",
    "100000x", " 100000", "99999999999999999999"};
static const size_t malformed_count = sizeof malformed / sizeof *malformed;

Test(cpu, v2_malformed_is_none)
{
    char text[64];
    put_proc("0::/a\n", PROC V2 V2_TYPE);
    for (size_t i = 0; i < malformed_count; i++) {
        snprintf(text, sizeof text, "%s 100000", malformed[i]);
        put("/sys/fs/cgroup/a/cpu.max", text);
        cr_expect_eq(fl_cpu_quota(root), INT_MAX, "%s", text);
        snprintf(text, sizeof text, "100000 %s", malformed[i]);
        put("/sys/fs/cgroup/a/cpu.max", text);
        cr_expect_eq(fl_cpu_quota(root), INT_MAX, "%s", text);
    }
}

Test(cpu, v1_quota_without_a_period_is_none)
{
    put_proc("4:cpu:/a\n", PROC V1 V1_TYPE);
    put("/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "100000\n");
    expect(INT_MAX);
}

Test(cpu, v1_malformed_is_none)
{
    put_proc("4:cpu:/a\n", PROC V1 V1_TYPE);
    for (size_t i = 0; i < malformed_count; i++) {
        put_v1("/sys/fs/cgroup/cpu/a", malformed[i], "100000\n");
        cr_expect_eq(fl_cpu_quota(root), INT_MAX, "%s", malformed[i]);
        put_v1("/sys/fs/cgroup/cpu/a", "100000\n", malformed[i]);
        cr_expect_eq(fl_cpu_quota(root), INT_MAX, "%s", malformed[i]);
    }
}

Test(cpu, malformed_tables_are_skipped)
{
    put_proc("\n:\n::\n0:\n0::\n0::relative\nrubbish\n4:cpu\n4:cpu:/a\n5:cp:/b",
        "\n - \n - cgroup2\n1 2 3 - cgroup2 x rw\n - cgroup x rw,cpu\n"
        "1 2 3 / /x rw - \n1 2 3 / /x rw - cgroup x\n" V1 V1_TYPE);
    put_v1("/sys/fs/cgroup/cpu/a", "200000\n", "100000\n");
    expect(2);
}

Test(cpu, long_lines_and_many)
{
    size_t size = 300000;
    char *mounts = malloc(size + 256);
    memset(mounts, 'x', size);
    for (size_t i = 100000; i < size; i += 100)
        mounts[i] = '\n';
    strcpy(mounts + size, "\n" V2 V2_TYPE);
    put_proc("0::/a\n", mounts);
    free(mounts);
    put("/sys/fs/cgroup/a/cpu.max", "200000 100000\n");
    expect(2);
}

Test(cpu, every_length_around_the_read_buffer)
{
    static char mounts[4096 + 512];
    put("/sys/fs/cgroup/a/cpu.max", "200000 100000\n");
    for (size_t pad = 3800; pad < 4100; pad++) {
        memset(mounts, 'x', pad);
        strcpy(mounts + pad, "\n" V2 V2_TYPE);
        put_proc("0::/a\n", mounts);
        cr_assert_eq(fl_cpu_quota(root), 2, "%zu", pad);
    }
}

Test(cpu, affinity_is_counted)
{
    cpu_set_t all, one;
    cr_assert_eq(sched_getaffinity(0, sizeof all, &all), 0);
    cr_expect_eq(fl_cpu_affinity(), CPU_COUNT(&all));
    size_t first = 0;
    while (!CPU_ISSET(first, &all))
        first++;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    cr_assert_eq(sched_setaffinity(0, sizeof one, &one), 0);
    cr_expect_eq(fl_cpu_affinity(), 1);
    cr_expect_eq(fl_cpu_available(), 1);
}

Test(cpu, available_keeps_errno_and_both_limits)
{
    errno = 4711;
    int cpus = fl_cpu_available();
    cr_expect_eq(errno, 4711);
    cr_expect(cpus >= 1);
    cr_expect(cpus <= fl_cpu_affinity());
    cr_expect(cpus <= fl_cpu_quota(""));
}

/* From here on the listed system calls fail with EPERM. */
static void refuse(unsigned a, unsigned b, unsigned c)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, a, 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, b, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, c, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    cr_assert_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        cr_skip_test("no seccomp here");
}

/* A suite of its own: what is refused stays so, for removing files too. */
Test(cpu_sandbox, b020_refused_affinity_and_files)
{
    refuse(SYS_sched_getaffinity, SYS_openat, SYS_openat);
    cpu_set_t set;
    cr_assert_eq(sched_getaffinity(0, sizeof set, &set), -1);
    int cpus = fl_cpu_available();
    cr_expect(cpus >= 1 && cpus <= 1 << 20, "%d", cpus);
    cr_expect_eq(fl_cpu_quota(""), INT_MAX);
}

Test(cpu_sandbox, b020_refused_affinity_alone)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    refuse(SYS_sched_getaffinity, SYS_sched_getaffinity, SYS_sched_getaffinity);
    cr_expect_eq(fl_cpu_affinity(), online);
}
