/* SPDX-License-Identifier: MIT */
/* Usage: host MODULE. Loads, runs and unloads it, again and again. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

static int run_once(const char *path)
{
    void *module = dlopen(path, RTLD_NOW);
    if (!module) {
        puts(dlerror());
        return 1;
    }
    int (*run)(void);
    void *symbol = dlsym(module, "plugin_run");
    memcpy(&run, &symbol, sizeof run);
    return run() | dlclose(module);
}

int main(int argc, char **argv)
{
    int failed = argc != 2;
    for (int i = 0; i < 20 && !failed; i++)
        failed = run_once(argv[1]);
    return failed;
}
