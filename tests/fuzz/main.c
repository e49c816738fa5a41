/* Runs a fuzz target without a fuzzer: over files, or folders of them, and what a few deterministic mutations make of
 * each. Elsewhere than in the preset `fuzz`, where libFuzzer has a main of its own.
 * usage: fuzz_NAME [-mutations=N] FILE|FOLDER...    (N of each file; none unless given) */
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz/fuzz.h"
#include "sim/rng.h"

enum { INPUT_MAX = 1 << 20 };

struct input {
    uint8_t bytes[INPUT_MAX];
    size_t len;
};

static unsigned long mutations;
static size_t runs;

/* A copy without a byte to spare, so that a read beyond its end is seen. */
static void run(const struct input *in)
{
    uint8_t *exact = malloc(in->len ? in->len : 1);
    if (!exact)
        abort();
    memcpy(exact, in->bytes, in->len);
    LLVMFuzzerTestOneInput(exact, in->len);
    free(exact);
    runs++;
}

static void erase(struct input *in, size_t at, size_t len)
{
    in->len -= len;
    memmove(in->bytes + at, in->bytes + at + len, in->len - at);
}

static void repeat(struct input *in, size_t at, size_t len)
{
    if (len > INPUT_MAX - in->len)
        len = INPUT_MAX - in->len;
    memmove(in->bytes + at + len, in->bytes + at, in->len - at);
    in->len += len;
}

static void mutate(struct input *in, struct rng *r)
{
    size_t at = (size_t)rng_below(r, in->len), len = (size_t)rng_range(r, 1, 1 + (in->len - at) / 4);
    if (in->len == 0)
        return;
    switch (rng_below(r, 5)) {
    case 0:
        in->bytes[at] ^= (uint8_t)(1u << rng_below(r, 8));
        break;
    case 1:
        in->bytes[at] = (uint8_t)rng_next(r);
        break;
    case 2:
        in->len = at;
        break;
    case 3:
        erase(in, at, len < in->len - at ? len : in->len - at);
        break;
    default:
        repeat(in, at, len < in->len - at ? len : in->len - at);
    }
}

static void run_file(const char *path)
{
    static struct input original, mutant;
    FILE *f = fopen(path, "rb");
    if (!f) {
        perror(path);
        exit(2);
    }
    original.len = fread(original.bytes, 1, INPUT_MAX, f);
    fclose(f);
    puts(path); /* that the last one is known if it crashes */
    run(&original);
    struct rng r;
    rng_init(&r, original.len);
    for (unsigned long i = 0; i < mutations; i++) {
        mutant.len = original.len;
        memcpy(mutant.bytes, original.bytes, original.len);
        for (uint64_t times = rng_range(&r, 1, 4); times > 0; times--)
            mutate(&mutant, &r);
        run(&mutant);
    }
}

static void run_folder(const char *path)
{
    struct dirent **files;
    int count = scandir(path, &files, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char file[4096];
        snprintf(file, sizeof file, "%s/%s", path, files[i]->d_name);
        if (files[i]->d_name[0] != '.')
            run_file(file);
        free(files[i]);
    }
    if (count >= 0)
        free(files);
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    static const char option[] = "-mutations=";
    for (int i = 1; i < argc; i++) {
        struct stat st;
        if (strncmp(argv[i], option, sizeof option - 1) == 0)
            mutations = strtoul(argv[i] + sizeof option - 1, NULL, 10);
        else if (stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode))
            run_folder(argv[i]);
        else
            run_file(argv[i]);
    }
    printf("%zu runs\n", runs);
    return runs > 0 ? 0 : 2;
}
