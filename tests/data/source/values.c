// A function for each way in which clang passes and returns values of C (tests/worker/test_sourcecalls.py).
#include <complex.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum color { RED, GREEN = 5, BLUE };
enum flags { READ = 1, WRITE = 2, EXECUTE = 4 };
typedef enum { SMALL = -1, LARGE = 1 } size_kind;

struct point { int x, y; };
typedef struct { double re, im; } pair_t;
struct three { float a, b, c; };
struct mixed { char tag; double weight; };
struct late { double weight; char tag; };
struct odd { char bytes[3]; };
struct big { int64_t values[4]; };
struct named { const char *name; int age; };
struct bits { unsigned low : 3; int high : 5; bool flag : 1; };
struct outer { struct point at; struct { int inner; }; enum color color; };
struct node { int value; struct node *next; };
struct wide { long double x; };
struct empty {};
union word { uint32_t whole; uint8_t parts[4]; float real; };
typedef float float4 __attribute__((vector_size(16)));
typedef int (*operation)(int, int);

int sum(int a, int b) { return a + b; }
unsigned all_ones(void) { return ~0u; }
uint8_t byte(void) { return 200; }
signed char tiny(void) { return -5; }
unsigned long long huge(void) { return ~0ull; }
__int128 huger(void) { return (__int128)-1 << 100; }
unsigned __int128 hugest(void) { return ~(unsigned __int128)0; }
char letter(int i) { return "a\n'\xff"[i]; }
bool truth(bool value) { return !value; }
float third(void) { return 1.0f / 3; }
double quotient(double a, double b) { return a / b; }
long double precise(long double x) { return x + 0.5L; }
double complex rotated(double complex z) { return z * I; }
float complex rotated_f(float complex z) { return z * I; }
size_t length(const char *text) { size_t n = 0; while (text[n]) n++; return n; }
const char *greeting(void) { return "hello"; }
int *nowhere(void) { return NULL; }
void *wild(void) { return (void *)16; }
char *wild_text(void) { return (char *)16; }
void nothing(void) {}
operation chosen(void) { return sum; }

enum color next(enum color c) { return c == RED ? GREEN : c == GREEN ? BLUE : RED; }
enum flags all(void) { return READ | EXECUTE; }
enum color no_color(void) { return (enum color)77; }
size_kind kind(size_kind k) { return -k; }

struct point moved(struct point p, int by) { return (struct point){p.x + by, p.y - by}; }
pair_t swapped(pair_t p) { return (pair_t){p.im, p.re}; }
struct three rotated3(struct three t) { return (struct three){t.b, t.c, t.a}; }
struct mixed heavier(struct mixed m) { return (struct mixed){m.tag, m.weight * 2}; }
struct late lighter(struct late m) { return (struct late){m.weight / 2, m.tag}; }
struct odd reversed(struct odd o) { return (struct odd){{o.bytes[2], o.bytes[1], o.bytes[0]}}; }
struct big doubled(struct big b) { for (int i = 0; i < 4; i++) b.values[i] *= 2; return b; }
struct named older(struct named n) { n.age++; return n; }
struct bits flipped(struct bits b) { return (struct bits){~b.low, -b.high, !b.flag}; }
struct outer nested(struct outer o) { o.at.x++; o.inner++; o.color = next(o.color); return o; }
struct node *linked(void) { static struct node second = {2}, first = {1, &second}; return &first; }
struct node first_node(void) { return *linked(); }
struct wide wider(struct wide w) { return (struct wide){w.x * 2}; }
struct empty emptied(struct empty e, int x) { (void)x; return e; }
union word joined(union word w) { w.whole++; return w; }
float4 scaled(float4 v, float by) { return v * by; }
int64_t many(struct point a, struct point b, struct late c, pair_t d, struct point e, struct big f, struct late g) {
    return a.x + 2 * a.y + 3 * b.x + 4 * b.y + (int64_t)c.weight + c.tag + (int64_t)d.re + (int64_t)d.im + e.x + e.y +
           f.values[3] + g.tag;
}
double mean(const double *values, int count) { double s = 0; for (int i = 0; i < count; i++) s += values[i]; return s / count; }
int total(const struct point *points, int count) { int s = 0; while (count--) s += points[count].x * points[count].y; return s; }
int apply(operation f, int a, int b) { return f(a, b); }
int added(int count, ...) {
    va_list list;
    va_start(list, count);
    int sum = 0;
    while (count--) sum += va_arg(list, int);
    va_end(list);
    return sum;
}

struct point origin = {3, 4};
const char *names[2] = {"a", "b"};

struct narrow { _BitInt(17) a; unsigned _BitInt(3) b; };
_BitInt(37) same_37(_BitInt(37) x) { return x; }
_BitInt(100) same_100(_BitInt(100) x) { return x; }
_BitInt(129) same_129(_BitInt(129) x) { return x; }
struct narrow same_narrow(struct narrow x) { return x; }
struct sevens { _BitInt(7) all[3]; };
struct sevens same_sevens(struct sevens x) { return x; }
