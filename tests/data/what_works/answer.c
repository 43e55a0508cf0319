/* What the rows of files.txt are made of; what -D says is in it. */
#if defined THREAD
static _Thread_local int number = 40;
#elif defined COMMON
int number __attribute__((common));
#else
static int number = 40;
#endif
#ifdef COMMON
__attribute__((constructor)) static void start(void) { number = 40; }
#endif
#ifdef IFUNC
static int two_of(void) { return 2; }
static int (*resolve(void))(void) { return two_of; }
int two(void) __attribute__((ifunc("resolve")));
#elif defined WEAK
__attribute__((weak)) int two(void) { return 2; }
#elif defined OTHER
int two(void);
#else
static int two(void) { return 2; }
#endif
#ifdef OPENMP
static int three_threads(void) {
    int sum = 0;
#pragma omp parallel for num_threads(3) reduction(+ : sum)
    for (int i = 0; i < 3; i++) sum += i;
    return sum - 3;
}
#else
static int three_threads(void) { return 0; }
#endif
#ifdef BLOCKS
static int less(int (^block)(void)) { return block(); }
int answer(void) { int n = number; return less(^{ return n + two(); }); }
#else
int answer(void) { return number + two() + three_threads(); }
#endif
