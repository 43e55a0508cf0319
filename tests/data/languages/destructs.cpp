// A module with a destructor that throws at exit.
#include <cstdio>
#include <stdexcept>

struct First {
    ~First() { std::puts("first is gone"); }
} first;

struct Second {
    ~Second() noexcept(false) { throw std::runtime_error("too late"); }
} second;

int before() { return 1; }
