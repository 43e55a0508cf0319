// What `:call` shows of C's values: a row of docs/what-works.md for each function.
#include <complex.h>
#include <stdbool.h>

/// `unsigned char`
unsigned char bytes(void) { return 200; }

/// `char`
char letter(void) { return '\n'; }

/// `_Bool`
bool truth(void) { return true; }

/// `unsigned __int128`
unsigned __int128 wide(void) { return ~(unsigned __int128)0; }

/// `long double`
long double precise(void) { return 0.5L; }

/// `double _Complex`
double complex rotated(void) { return 1.0 + 2.0 * I; }

/// `const char *`
const char *text(void) { return "hello"; }

enum color { RED, GREEN = 5, BLUE };
/// `enum`
enum color next(void) { return BLUE; }

enum flags { READ = 1, WRITE = 2, EXECUTE = 4 };
/// `enum` of flags
enum flags allowed(void) { return READ | EXECUTE; }

struct point { int x, y; };
struct line { struct point from, to; enum color color; };
/// `struct`, by value
struct line drawn(void) { return (struct line){{1, 2}, {3, 4}, GREEN}; }

struct node { int value; struct node *next; };
/// `struct *`
struct node *linked(void) { static struct node second = {2}, first = {1, &second}; return &first; }

struct bits { unsigned low : 3; int high : 5; };
/// bit-fields
struct bits packed(void) { return (struct bits){5, -3}; }

union word { unsigned whole; float real; };
/// `union`
union word one(void) { return (union word){.real = 1.0f}; }

typedef float float4 __attribute__((vector_size(16)));
/// vectors
float4 four(void) { return (float4){1, 2, 3, 4}; }

typedef struct node *(*maker)(void);
/// pointers to functions
maker chosen(void) { return linked; }
