// How C++ code ends otherwise than by returning: a row of docs/what-works.md for each function.
#include <cstdlib>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>

/// `throw std::runtime_error("boom")`
int throws() { throw std::runtime_error("boom"); }

/// `throw 42`
int throws_a_number() { throw 42; }

/// `throw std::string("text")`
int throws_a_string() { throw std::string("text"); }

namespace shop { struct SoldOut { int count; }; }
/// `throw shop::SoldOut{3}`, of no base class
int throws_an_object() { throw shop::SoldOut{3}; }

/// `new` of more than there is
int allocates() { volatile std::size_t size = 1ul << 60; return *new char[size]; }

/// an exception through a function of the C library (`qsort`)
int throws_through_c() {
    int numbers[] = {2, 1};
    std::qsort(numbers, 2, sizeof *numbers, [](const void *, const void *) -> int { throw std::logic_error("in between"); });
    return 0;
}

/// an exception that leaves a `noexcept` function
int throws_out_of_noexcept() noexcept { throw std::runtime_error("boom"); }

/// an exception that leaves a thread
int throws_in_a_thread() { return std::thread([] { throw std::runtime_error("boom"); }).join(), 0; }

/// `std::terminate()`
int terminates() { std::terminate(); }

struct Abstract {
    Abstract() { call(); }
    void call() { value(); }
    virtual int value() = 0;
};
struct Concrete : Abstract { int value() override { return 1; } };
/// a call of a pure virtual function
int calls_nothing() { return Concrete().value(); }
