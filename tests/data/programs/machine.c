/* What compilers and linkers have between a program and the machine. */
#include <cpuid.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

__asm__(".text\n.globl asm_add\n.type asm_add,@function\nasm_add: lea (%rdi,%rsi),%eax\nret\n"
        ".data\n.globl asm_number\nasm_number: .long 77\n.text\n");
int asm_add(int, int);
extern int asm_number;

static int plus(int x) { return x + 1; }
static int twice(int x) { return x * 2; }
static int resolved, later;
static int (*resolve(void))(int) { resolved++; return later ? plus : twice; }
int chosen(int) __attribute__((ifunc("resolve")));
static int first_letter(const char *format, ...) { return format[0]; }
static int (*resolve_variadic(void))(const char *, ...) { return first_letter; }
int variadic(const char *, ...) __attribute__((ifunc("resolve_variadic")));
int (*table[])(int) = {chosen};
__attribute__((target_clones("avx2", "default"))) int sum_of(int *numbers, int count) {
    int sum = 0;
    for (int i = 0; i < count; i++) sum += numbers[i];
    return sum;
}
__attribute__((constructor)) static void start(void) { printf("start %d\n", chosen(21)); later = 1; }
__attribute__((destructor)) static void end(void) { puts("end"); }

extern int missing(void) __attribute__((weak));
int weakly(void) __attribute__((weak));
int weakly(void) { return 4; }
int aliased(int) __attribute__((alias("plain")));
int plain(int x) { return x + 1; }
static __thread int local = 4;
static char large[300 << 20];

typedef struct { long a[5]; } Large;
typedef struct { int a; double b; } Mixed;
typedef struct { long a, b; } Pair;
typedef struct { float x, y, z; } Vector;
struct Bits { unsigned a : 3; int b : 5; unsigned long c : 33; } __attribute__((packed));
__attribute__((noinline)) static Vector add(Vector a, Vector b) { return (Vector){a.x + b.x, a.y + b.y, a.z + b.z}; }
__attribute__((noinline)) static Large scale(Large a, int by) { for (int i = 0; i < 5; i++) a.a[i] *= by; return a; }
__attribute__((noinline)) static double total(const char *kinds, ...) {
    va_list list;
    va_start(list, kinds);
    double sum = 0;
    for (; *kinds; kinds++) {
        if (*kinds == 'i') sum += va_arg(list, int);
        if (*kinds == 'd') sum += va_arg(list, double);
        if (*kinds == 'l') sum += va_arg(list, long double);
        if (*kinds == 'm') { Mixed m = va_arg(list, Mixed); sum += m.a + m.b; }
        if (*kinds == 'L') { Large l = va_arg(list, Large); sum += l.a[4]; }
    }
    va_end(list);
    return sum;
}

int main(void) {
    printf("asm %d %d %d\n", asm_add(3, 4), asm_number, ++local);
    printf("ifunc %d %d %d %d\n", chosen(5), table[0](6), resolved > 0, variadic("A", 1, 2.5));
    int numbers[100];
    for (int i = 0; i < 100; i++) numbers[i] = i;
    printf("clones %d %d\n", sum_of(numbers, 100), __builtin_cpu_supports("sse2") != 0);
    unsigned a, b, c, d;
    printf("cpuid %d\n", __get_cpuid(0, &a, &b, &c, &d) && a > 0);
    printf("weak %d %d %d\n", missing ? missing() : -1, weakly(), aliased(3));
    large[sizeof large - 1] = 5;
    printf("large %d %d\n", large[sizeof large - 1], large[12345]);
    unsigned __int128 wide = 1;
    for (int i = 1; i < 34; i++) wide *= i;
    printf("wide %llu %llu\n", (unsigned long long)(wide >> 64), (unsigned long long)(wide / 1000007));
    long double third = 1.0L / 3;
    printf("long double %.18Lf %zu\n", third, sizeof third);
    Vector v = add((Vector){1, 2, 3}, (Vector){4, 5, 6});
    printf("structs %g %g %g %ld\n", v.x, v.y, v.z, scale((Large){{1, 2, 3, 4, 5}}, 3).a[4]);
    printf("total %g\n", total("idlmLiiiiiiddddddddd", 1, 2.5, 3.5L, (Mixed){4, 5.5}, (Large){{0, 0, 0, 0, 6}}, 1, 2, 3, 4,
                               5, 6, 1., 2., 3., 4., 5., 6., 7., 8., 9.));
    struct Bits bits = {9, -3, 1UL << 32 | 5};
    printf("bits %u %d %lu\n", bits.a, bits.b, (unsigned long)bits.c);
    static _Atomic Pair pair;
    atomic_store(&pair, ((Pair){5, 6}));
    printf("atomic %ld\n", atomic_load(&pair).b);
    void *labels[] = {&&one, &&two};
    goto *labels[1];
one:
    puts("one");
    return 0;
two:
    puts("two");
    goto *labels[0];
}
