// A module of which the second constructor throws.
#include <cstdio>
#include <stdexcept>

struct First {
    First() { std::puts("first is made"); }
    ~First() { std::puts("first is gone"); }
} first;

struct Second {
    Second() { throw std::runtime_error("no second"); }
} second;

int after() { return 1; }
