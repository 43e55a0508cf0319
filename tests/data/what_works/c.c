// C, and what C programs do with the machine and the system: a row of docs/what-works.md for each function.
#define _GNU_SOURCE
#include <complex.h>
#include <cpuid.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fenv.h>
#include <immintrin.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <threads.h>
#include <ucontext.h>
#include <unistd.h>
#include <wchar.h>

/// arrays of variable length, `alloca`: 45
int variable_length(void) {
    volatile int count = 10;
    int numbers[count], *more = __builtin_alloca(count * sizeof *more), sum = 0;
    for (int i = 0; i < count; i++) numbers[i] = more[i] = i;
    for (int i = 0; i < count; i++) sum += (numbers[i] + more[i]) / 2;
    return sum;
}

struct mixed { int a; double b; };
static double total(int count, ...) {
    va_list list;
    va_start(list, count);
    double sum = 0;
    while (count--) sum += va_arg(list, int) + va_arg(list, double) + va_arg(list, struct mixed).b;
    va_end(list);
    return sum;
}
/// variable arguments, structs by value among them: 18
int variable_arguments(void) { return total(2, 1, 2.5, (struct mixed){1, 3.5}, 2, 4.0, (struct mixed){1, 5.0}); }

static jmp_buf place;
static void deep(int depth) {
    if (!depth) longjmp(place, 42);
    deep(depth - 1);
}
/// `setjmp`, `longjmp`: 42
int jumps(void) {
    int thrown = setjmp(place);
    if (!thrown) deep(5);
    return thrown;
}

/// computed `goto`: 6
int computed_goto(void) {
    static void *code[] = {&&push, &&twice, &&push, &&done};
    int value = 1, at = 0;
    goto *code[at];
push:
    value += 1;
    goto *code[++at];
twice:
    value *= 2;
    goto *code[++at];
done:
    return value + 1;
}

/// `__int128`: 42
int wide_integers(void) {
    volatile unsigned __int128 wide = (unsigned __int128)42 << 100;
    return (int)(wide * 3 / 3 % ((unsigned __int128)1 << 120) >> 100);
}

/// `_BitInt(200)`: 42
int bit_int(void) {
    volatile unsigned _BitInt(200) large = (unsigned _BitInt(200))42 << 150;
    return (int)(large * 7 / 7 >> 150);
}

/// `long double`: 18
int long_double(void) {
    char text[64];
    volatile long double third = 1.0L / 3;
    return snprintf(text, sizeof text, "%.16Lf", sqrtl(third * third));
}

/// `_Float16`, `__float128`: 5
int other_floats(void) {
    volatile _Float16 half = 1.5;
    volatile __float128 quad = 3;
    return (int)(half * half + quad / (__float128)half + half / 2);
}

/// `_Complex`: 42
int complex_numbers(void) {
    volatile double complex z = 3 + 4 * I;
    return (int)creal(z * conj(z)) + (int)cabs(z / z) + 16 * (int)creal(cexp(0 * z));
}

typedef int int4 __attribute__((vector_size(16)));
/// vectors of GCC's kind: 42
int vectors(void) {
    volatile int4 a = {1, 2, 3, 4};
    int4 b = a * a + __builtin_shufflevector(a, a, 3, 2, 1, 0);
    return b[0] + b[1] + b[2] + b[3] + 2;
}

__attribute__((target("avx2"))) static int with_avx2(void) {
    __m256i numbers = _mm256_set1_epi32(42);
    return _mm256_extract_epi32(_mm256_max_epi32(numbers, _mm256_setzero_si256()), 7);
}
/// intrinsics of SSE, AVX2 where the processor has it: 42
int intrinsics(void) {
    __m128i numbers = _mm_add_epi32(_mm_set1_epi32(40), _mm_set1_epi32(2));
    return __builtin_cpu_supports("avx2") ? with_avx2() : _mm_cvtsi128_si32(numbers);
}

static void release(int **counter) { **counter += 40; }
/// `__attribute__((cleanup))`, statement expressions, `_Generic`: 42
int extensions(void) {
    int count = 0;
    {
        int *counted __attribute__((cleanup(release))) = &count;
        *counted = ({ int two = 2; _Generic(two, int: two, default: 0); });
    }
    return count;
}

static int countdown(int n, int sum) {
    if (!n) return sum;
    __attribute__((musttail)) return countdown(n - 1, sum + 1);
}
/// `musttail`, ten million calls deep: 10000000
int tail_calls(void) { return countdown(10000000, 0); }

/// `cpuid` by inline assembly: 1
int cpuid(void) {
    unsigned a, b, c, d;
    return __get_cpuid(0, &a, &b, &c, &d) && a > 0;
}

/// `asm goto`: 42
int asm_goto(void) {
    volatile int zero = 0;
    asm goto("testl %0, %0\n\tjz %l1" : : "r"(zero) : "cc" : taken);
    return 0;
taken:
    return 42;
}

__asm__(".text\n.type asm_add,@function\nasm_add: lea (%rdi,%rsi),%eax\nret\n"
        ".data\nasm_number: .long 40\n.text\n");
int asm_add(int, int);
extern int asm_number;
/// functions and data in file-level assembly: 42
int file_assembly(void) { return asm_add(asm_number, 2); }

static int one(int x) { return x + 1; }
static int (*resolve(void))(int) { return one; }
int chosen(int) __attribute__((ifunc("resolve")));
/// `ifunc`: 42
int indirect_functions(void) { return chosen(41); }

__attribute__((target_clones("avx2", "default"))) int sum_of(int *numbers, int count) {
    int sum = 0;
    for (int i = 0; i < count; i++) sum += numbers[i];
    return sum;
}
/// `target_clones`: 42
int clones(void) { return sum_of((int[]){20, 20, 2}, 3); }

extern int missing(void) __attribute__((weak));
__attribute__((weak)) int weakly(void) { return 40; }
/// weak symbols, defined and undefined: 42
int weak_symbols(void) { return missing ? 0 : weakly() + 2; }

int plain(int x) { return x + 2; }
int other_name(int) __attribute__((alias("plain")));
/// aliases: 42
int aliases(void) { return other_name(40); }

int common[8] __attribute__((common));
/// `common` symbols: 42
int commons(void) { return common[7] = 42; }

static char large[100 << 20];
/// 100 MB of `.bss`: 42
int large_bss(void) { return large[sizeof large - 1] + 42; }

static int started;
__attribute__((constructor(200))) static void second(void) { started = started * 10 + 2; }
__attribute__((constructor(101))) static void first(void) { started = 4; }
/// constructors, by priority: 42
int constructors(void) { return started; }

static int listed;
static void by_hand(void) { listed = 42; }
__attribute__((section(".init_array"), used)) static void (*const entry)(void) = by_hand;
/// functions that are listed in `.init_array` by hand: 42
/// it is not called; of modules, only `llvm.global_ctors` is read, of objects both
int init_array(void) { return listed; }

__attribute__((section("numbers"), used)) static int n1 = 40;
__attribute__((section("numbers"), used)) static int n2 = 2;
extern int __start_numbers[] __attribute__((weak)), __stop_numbers[] __attribute__((weak));
/// sections that the linker delimits, `__start_…` and `__stop_…`: 42
/// they are empty; what nothing else refers to is left out of a program
int section_bounds(void) {
    int sum = 0;
    for (int *n = __start_numbers; n < __stop_numbers; n++) sum += *n;
    return sum;
}

/// C11 atomics: 42
int atomics(void) {
    static atomic_int count = 40;
    atomic_fetch_add(&count, 2);
    int expected = 42;
    return atomic_compare_exchange_strong(&count, &expected, 43) ? expected : 0;
}

typedef struct { long a, b; } pair;
/// atomics of 16 bytes (libatomic): 42
int large_atomics(void) {
    static _Atomic pair both;
    atomic_store(&both, ((pair){40, 2}));
    pair loaded = atomic_load(&both);
    return loaded.a + loaded.b;
}

static __thread int own = 40;
static _Thread_local char room[5000];
static void *add_two(void *unused) { return (void *)(long)(own += 2 + room[4999]); }
/// pthreads, `__thread` and `_Thread_local` variables: 42
int threads(void) {
    pthread_t thread;
    void *result[2];
    for (int i = 0; i < 2; i++) pthread_create(&thread, NULL, add_two, NULL), pthread_join(thread, &result[i]);
    return own == 40 && result[0] == result[1] ? (int)(long)result[1] : 0;
}

static tss_t slot;
static int ended;
static void at_end(void *value) { ended = *(int *)value; }
static int in_c11_thread(void *value) { return tss_set(slot, value) == thrd_success ? 0 : 1; }
/// C11 threads, and destructors of `tss_t`: 42
int c11_threads(void) {
    thrd_t thread;
    int value = 42;
    tss_create(&slot, at_end);
    thrd_create(&thread, in_c11_thread, &value);
    thrd_join(thread, NULL);
    return ended;
}

/// `fork`, `waitpid`: 42
int processes(void) {
    int status;
    pid_t child = fork();
    if (!child) _exit(42);
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

/// `system`, `popen`: 42
int commands(void) {
    int number = 0;
    FILE *pipe = popen("echo 42", "r");
    return fscanf(pipe, "%d", &number) == 1 && !pclose(pipe) && !system("exit 0") ? number : 0;
}

static volatile sig_atomic_t seen;
static void note(int number) { seen = number; }
/// signals and their handlers: 1
int signals(void) {
    signal(SIGUSR1, note);
    raise(SIGUSR1);
    return seen == SIGUSR1;
}

static sigjmp_buf rescue;
static void leave(int number) { siglongjmp(rescue, number); }
/// a handler for SIGSEGV, left by `siglongjmp`: 1
int own_handler(void) {
    void (*before)(int) = signal(SIGSEGV, leave);
    int number = sigsetjmp(rescue, 1);
    if (!number) *(volatile int *)16 = 1;
    signal(SIGSEGV, before);
    return number == SIGSEGV;
}

static ucontext_t here, there;
static int steps;
static void routine(void) { for (;;) steps += 21, swapcontext(&there, &here); }
/// contexts: `makecontext`, `swapcontext`: 42
int contexts(void) {
    getcontext(&there);
    there.uc_stack.ss_sp = malloc(1 << 16);
    there.uc_stack.ss_size = 1 << 16;
    makecontext(&there, routine, 0);
    for (int i = 0; i < 2; i++) swapcontext(&here, &there);
    return steps;
}

/// machine code that is written to `mmap`ed memory: 42
int own_code(void) {
    unsigned char *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(code, "\xb8\x2a\0\0\0\xc3", 6);
    return ((int (*)(void))code)();
}

static int by_value(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }
/// callbacks from the C library (`qsort`): 42
int callbacks(void) {
    int numbers[] = {50, 3, 42};
    qsort(numbers, 3, sizeof *numbers, by_value);
    return numbers[1];
}

/// `dlopen`, `dlsym`: 42
int dynamic_loading(void) {
    double (*function)(double) = dlsym(dlopen("libm.so.6", RTLD_NOW), "sqrt");
    return function ? (int)function(42 * 42) : 0;
}

/// `dlsym(RTLD_DEFAULT, …)` of a symbol of its own: 42
/// it finds nothing; ORC's symbols are not the dynamic linker's
int own_symbol(void) {
    int (*function)(int) = dlsym(RTLD_DEFAULT, "plain");
    return function ? function(40) : 0;
}

/// `backtrace` through its own frames: 1
int traces(void) {
    void *frames[64];
    int count = backtrace(frames, 64);
    return count > 2 && count < 64;
}

/// rounding modes, errno, wide characters, files: 42
int library(void) {
    volatile double x = 41.5;
    fesetround(FE_UPWARD);
    int up = (int)rint(x);
    fesetround(FE_TONEAREST);
    errno = 0;
    FILE *none = fopen("/no/such/file", "r"), *file = tmpfile();
    if (none || errno != ENOENT || !file) return 0;
    fprintf(file, "%d %ls", up, L"wide");
    rewind(file);
    int number = 0;
    return fscanf(file, "%d", &number) == 1 && wcslen(L"wide") == 4 && !fclose(file) ? number : 0;
}
