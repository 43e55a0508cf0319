// C++ without a library beyond the language's own: statics, exceptions, RTTI, coroutines, thread_local.
#include <coroutine>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <stdexcept>
#include <typeinfo>

struct Named {
    const char *name;
    Named(const char *name) : name(name) { std::printf("+%s\n", name); }
    ~Named() { std::printf("-%s\n", name); }
};
Named plain("plain");
Named early __attribute__((init_priority(200)))("early");
static Named internal("internal");
inline Named inlined("inline");
template <int N> struct Template { static Named member; };
template <int N> Named Template<N>::member("template");
thread_local Named local("local");
inline thread_local int counted = 41;
Named &function_static() { static Named here("function"); return here; }
struct AtExit { ~AtExit() { std::atexit([] { std::puts("handler"); }); } } at_exit;

struct Base { virtual ~Base() = default; virtual int value() { return 1; } };
struct Derived : virtual Base { int value() override { return 2; } };
namespace { struct Hidden : Derived {}; }

struct Numbers {
    struct promise_type {
        int value;
        Numbers get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
        std::suspend_always initial_suspend() { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        std::suspend_always yield_value(int next) { value = next; return {}; }
        void return_void() {}
        void unhandled_exception() { std::terminate(); }
    };
    std::coroutine_handle<promise_type> handle;
    ~Numbers() { handle.destroy(); }
};
Numbers fibonacci() {
    for (int a = 0, b = 1;;) {
        co_yield a;
        int next = a + b;
        a = b;
        b = next;
    }
}

static void fall(int depth) {
    Named frame("frame");
    if (!depth) throw std::runtime_error("deep");
    fall(depth - 1);
}

int main(int count, char **words) {
    try {
        fall(1);
    } catch (const std::exception &problem) {
        std::printf("caught %s\n", problem.what());
    }
    try {
        try {
            throw 5;
        } catch (long) {
        }
    } catch (int number) {
        std::printf("caught %d\n", number);
    }
    Hidden hidden;
    Base &base = hidden;
    std::printf("%d %d %d\n", base.value(), dynamic_cast<Derived *>(&base) != nullptr, typeid(base) == typeid(Hidden));
    auto numbers = fibonacci();
    for (int i = 0; i < 10; i++) numbers.handle.resume(), std::printf("%d ", numbers.handle.promise().value);
    std::printf("\n%d\n", ++counted);
    function_static();
    (void)Template<1>::member;
    local.name = "changed";
    std::fflush(stdout);
    if (count > 1) throw std::runtime_error("boom");
    std::exit(3);
}
