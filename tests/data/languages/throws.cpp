// What leaves a function by an exception, and what has names that C++ mangles.
#include <cstdio>
#include <stdexcept>
#include <string>
#include <thread>

static int alive;

struct Guard {
    Guard() { ++alive; }
    ~Guard() { --alive; }
};

namespace shop {
struct SoldOut : std::runtime_error {
    using std::runtime_error::runtime_error;
};
struct Basket {
    int count;
    int take(int n);
};
int add(int a, int b) { return a + b; }
double add(double a, double b) { return a + b; }
long add(long a) { return a + 1; }
enum Colour { red };
template <typename T> T larger(T a, T b) { return a > b ? a : b; }
template int larger<int>(int, int);
}  // namespace shop

int shop::Basket::take(int n) {
    if (n > count)
        throw shop::SoldOut(std::to_string(n) + " wanted, " + std::to_string(count) + " there");
    return count -= n;
}

int twice(int a) { return 2 * a; }
int take(shop::Basket &basket, int n) { return basket.take(n); }

int boom(int which) {
    Guard guard;
    std::string text("text that is too long to lie in the string itself");
    switch (which) {
    case 0: throw std::runtime_error("boom");
    case 1: throw 42;
    case 2: throw 2.5;
    case 3: throw "literal";
    case 4: throw text;
    case 5: throw shop::SoldOut("no apples");
    case 6: throw shop::Basket{3};
    case 7: throw shop::red;
    case 8: throw 'x';
    case 9: throw -7LL;
    case 10: throw std::string("short");
    case 11:
        try {
            throw std::logic_error("inner");
        } catch (const std::exception &) {
            throw;
        }
    }
    return alive;
}

extern "C" {
int guards() { return alive; }

// `checked` is a host function that raises for what is above 9.
int checked(int n);
int guarded(int n) { Guard guard; return checked(n); }
int without_exceptions(int n) noexcept { return checked(n); }
int swallowed(int n) { try { return checked(n); } catch (...) { return -1; } }

// `call_back` is a host function that calls a function of ours.
int call_back(int (*function)(int), int n);
int thrower(int n) { if (n > 9) throw n; return n; }
int through_python(int n) { Guard guard; return call_back(thrower, n); }
int host_through_python(int n) { return call_back(guarded, n); }

int in_a_thread(int n) {
    std::thread other([n] { boom(n); });
    other.join();
    return n;
}
int caught(int n) {
    try {
        return boom(n);
    } catch (const std::exception &problem) {
        std::printf("caught: %s\n", problem.what());
        return -1;
    }
}
}
