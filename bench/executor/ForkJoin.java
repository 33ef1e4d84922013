/* SPDX-License-Identifier: MIT */

import java.util.Arrays;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.RecursiveTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.regex.Pattern;

/**
 * Java's ForkJoinPool under the workloads of workload/, in the same report. A
 * task is its own future. Takes --quick, --benchmark_filter=REGEX and
 * --benchmark_list_tests=true; ignores other options.
 */
public final class ForkJoin {
    private static final int WARM_UPS = 30;
    private static final int ITERATIONS = 6;
    private static final int WAVE = 1000;
    private static final int PLACES = 64;

    private static int bulk = 1_000_000;
    private static int waves = 1000;
    private static int treeDepth = 20;
    private static int hot = 50_000;
    private static int asleep = 1000;

    private ForkJoin() {}

    /** A task, and its result. */
    private static class Echo extends RecursiveTask<Echo> {
        final long number;

        Echo(long number) {
            this.number = number;
        }

        @Override
        protected Echo compute() {
            return this;
        }
    }

    /** What one workload does once; returns how many tasks that was. */
    private interface Round {
        int run() throws Exception;
    }

    private static void check(long sum, long count) {
        if (sum != count * (count - 1) / 2) {
            throw new IllegalStateException("wrong results");
        }
    }

    private static void collect(Echo[] tasks) {
        long sum = 0;
        for (Echo task : tasks) {
            sum += task.join().number;
        }
        check(sum, tasks.length);
    }

    private static void submitAndCollect(ForkJoinPool pool, Echo[] tasks) {
        for (int i = 0; i < tasks.length; i++) {
            tasks[i] = new Echo(i);
            pool.submit(tasks[i]);
        }
        collect(tasks);
    }

    private static void step(CyclicBarrier barrier) {
        try {
            barrier.await();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static Round bulk(ForkJoinPool pool, int threads) {
        CyclicBarrier start = new CyclicBarrier(threads);
        CyclicBarrier end = new CyclicBarrier(threads);
        for (int i = 1; i < threads; i++) {
            Echo[] tasks = new Echo[bulk / threads];
            Thread thread = new Thread(() -> {
                for (;;) {
                    step(start);
                    submitAndCollect(pool, tasks);
                    step(end);
                }
            });
            thread.setDaemon(true);
            thread.start();
        }
        Echo[] tasks = new Echo[bulk / threads];
        return () -> {
            step(start);
            submitAndCollect(pool, tasks);
            step(end);
            return tasks.length * threads;
        };
    }

    private static Round waves(ForkJoinPool pool) {
        Echo[] tasks = new Echo[WAVE];
        return () -> {
            for (int i = 0; i < waves; i++) {
                submitAndCollect(pool, tasks);
            }
            return waves * WAVE;
        };
    }

    /* No fanout_joined: a worker that joins what it forked first searches all
     * of its queue, each time. */
    private static Round fanout(ForkJoinPool pool) {
        Echo[] tasks = new Echo[bulk];
        return () -> {
            pool.submit(() -> {
                for (int i = 0; i < tasks.length; i++) {
                    tasks[i] = new Echo(i);
                    tasks[i].fork();
                }
            }).join();
            collect(tasks);
            return tasks.length;
        };
    }

    /** As in workload/tree.c. */
    private static final class Tree {
        final int leafLevel = treeDepth - 1;
        final long leaves = 1L << leafLevel;
        final AtomicLongArray places = new AtomicLongArray(PLACES * 16);
        final AtomicInteger placesLeft = new AtomicInteger();
        final Semaphore end = new Semaphore(0);
        final Echo[] tasks = new Echo[2 << leafLevel];

        /** A node whose outcome nobody asks for. */
        final class Node extends RecursiveTask<Void> {
            final int number;

            Node(int number) {
                this.number = number;
            }

            @Override
            protected Void compute() {
                if (number >= leaves) {
                    countLeaf(number);
                    return null;
                }
                new Node(2 * number).fork();
                new Node(2 * number + 1).fork();
                return null;
            }
        }

        /** A node that the outside waits for. */
        final class Kept extends Echo {
            Kept(long number) {
                super(number);
            }

            @Override
            protected Echo compute() {
                if (number < leaves) {
                    keep((int) number * 2).fork();
                    keep((int) number * 2 + 1).fork();
                }
                return this;
            }
        }

        Echo keep(int number) {
            Echo node = new Kept(number);
            tasks[number] = node;
            return node;
        }

        void countLeaf(int leaf) {
            int place = (leaf >> (leafLevel - 6)) % PLACES * 16;
            long now = places.addAndGet(place, (1L << 44) + leaf);
            if (now >> 44 == leaves / PLACES
                    && placesLeft.decrementAndGet() == 0) {
                end.release();
            }
        }

        int grow(ForkJoinPool pool) throws InterruptedException {
            for (int i = 0; i < places.length(); i++) {
                places.set(i, 0);
            }
            placesLeft.set(PLACES);
            pool.execute(new Node(1));
            end.acquire();
            long sum = leaves * (leaves - 1) / 2;
            for (int i = 0; i < places.length(); i++) {
                sum += places.get(i) & (1L << 44) - 1;
            }
            check(sum, 2 * leaves);
            return tasks.length - 1;
        }

        int growKept(ForkJoinPool pool) {
            long sum = 0;
            pool.submit(keep(1));
            for (int i = 1; i < tasks.length; i++) {
                sum += tasks[i].join().number;
            }
            check(sum, tasks.length);
            return tasks.length - 1;
        }
    }

    private static long[] latencies(ForkJoinPool pool, boolean sleeps)
            throws InterruptedException {
        long[] samples = new long[sleeps ? asleep : hot];
        for (int i = 0; i < samples.length; i++) {
            if (sleeps) {
                Thread.sleep(1);
            }
            long start = System.nanoTime();
            pool.submit(new Echo(i)).join();
            samples[i] = System.nanoTime() - start;
        }
        Arrays.sort(samples);
        return samples;
    }

    /** One workload; what it runs gives the figures of its report. */
    private static final class Workload {
        final String name;
        final int workers;
        final Measure measure;

        Workload(String name, int workers, Measure measure) {
            this.name = name + "/workers:" + workers + "/";
            this.workers = workers;
            this.measure = measure;
        }
    }

    /** Measures with a pool; returns "key": value, ... */
    private interface Measure {
        String run(ForkJoinPool pool) throws Exception;
    }

    private static Measure throughput(Function<
            ForkJoinPool, Round> workload) {
        return pool -> {
            Round round = workload.apply(pool);
            for (int i = 0; i < WARM_UPS; i++) {
                round.run();
            }
            long start = System.nanoTime();
            long tasks = 0;
            for (int i = 0; i < ITERATIONS; i++) {
                tasks += round.run();
            }
            double seconds = (System.nanoTime() - start) / 1e9;
            return "\"items_per_second\": " + tasks / seconds;
        };
    }

    private static double quantile(long[] sorted, double q) {
        return sorted[(int) (q * (sorted.length - 1) + 0.5)] / 1000.0;
    }

    private static Measure latency(boolean sleeps) {
        return pool -> {
            int kept = hot;
            hot = 20_000; /* compiles what follows */
            latencies(pool, false);
            hot = kept;
            long[] samples = latencies(pool, sleeps);
            return "\"p50_us\": " + quantile(samples, 0.5)
                + ", \"p90_us\": " + quantile(samples, 0.9)
                + ", \"p99_us\": " + quantile(samples, 0.99)
                + ", \"min_us\": " + quantile(samples, 0);
        };
    }

    private static Workload[] workloads() {
        IntFunction<Workload[]> ofSize = n -> new Workload[] {
            new Workload("bulk/threads:1", n, throughput(p -> bulk(p, 1))),
            new Workload("bulk/threads:2", n, throughput(p -> bulk(p, 2))),
            new Workload("bulk/threads:4", n, throughput(p -> bulk(p, 4))),
            new Workload("waves", n, throughput(ForkJoin::waves)),
            new Workload("fanout", n, throughput(ForkJoin::fanout)),
            new Workload("tree", n, throughput(p -> {
                Tree tree = new Tree();
                return () -> tree.grow(p);
            })),
            new Workload("tree_futures", n, throughput(p -> {
                Tree tree = new Tree();
                return () -> tree.growKept(p);
            })),
            new Workload("latency_hot/free", n, latency(false)),
            new Workload("latency_asleep/free", n, latency(true)),
        };
        Workload[] all = Arrays.copyOf(ofSize.apply(1), 18);
        System.arraycopy(ofSize.apply(2), 0, all, 9, 9);
        return all;
    }

    private static void goQuick() {
        bulk = 200_000;
        waves = 200;
        treeDepth = 18;
        hot = 5000;
        asleep = 200;
    }

    private static String report(Workload workload) throws Exception {
        ForkJoinPool pool = new ForkJoinPool(workload.workers);
        String figures = workload.measure.run(pool);
        pool.shutdownNow();
        return "{\"name\": \"" + workload.name + "\", " + figures + "}";
    }

    public static void main(String[] args) throws Exception {
        Pattern filter = Pattern.compile("");
        boolean lists = false;
        for (String arg : args) {
            if (arg.equals("--quick")) {
                goQuick();
            } else if (arg.equals("--benchmark_list_tests=true")) {
                lists = true;
            } else if (arg.startsWith("--benchmark_filter=")) {
                filter = Pattern.compile(arg.substring(19));
            }
        }
        StringBuilder reports = new StringBuilder();
        for (Workload workload : workloads()) {
            if (lists) {
                System.out.println(workload.name);
            } else if (filter.matcher(workload.name).find()) {
                reports.append(reports.length() > 0 ? ",\n" : "")
                    .append(report(workload));
            }
        }
        if (!lists) {
            System.out.println("{\"context\": {\"pool\": "
                + "\"Java ForkJoinPool\", \"version\": \""
                + System.getProperty("java.version")
                + "\", \"caller_helps\": \"no\"},\n\"benchmarks\": ["
                + reports + "]}");
        }
        System.exit(0);
    }
}
