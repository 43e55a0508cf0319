// C++ and its library: a row of docs/what-works.md for each function.
#include <any>
#include <atomic>
#include <barrier>
#include <condition_variable>
#include <coroutine>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <ranges>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <typeinfo>
#include <unordered_map>
#include <variant>
#include <vector>
#include <unistd.h>

static void fall(int depth) {
    if (!depth) throw std::runtime_error("deep");
    fall(depth - 1);
}
static int unwound;
struct Guard { ~Guard() { unwound++; } };

/// exceptions that are caught inside; destructors run: 42
int caught() {
    try {
        Guard guard;
        fall(5);
    } catch (const std::exception &problem) {
        return problem.what() == std::string("deep") ? 41 + unwound : 0;
    }
    return 0;
}

/// exceptions rethrown, nested, of any type: 42
int rethrown() {
    try {
        try {
            try {
                throw 40;
            } catch (...) {
                throw;
            }
        } catch (int number) {
            std::throw_with_nested(std::out_of_range("more"));
        }
    } catch (const std::exception &outer) {
        try {
            std::rethrow_if_nested(outer);
        } catch (int number) {
            return number + 2;
        }
    }
    return 0;
}

/// exceptions thrown by the library: 42
int from_library() {
    try {
        return std::stoi("none");
    } catch (const std::invalid_argument &) {
        return 42;
    }
}

struct Base { virtual ~Base() = default; virtual int value() { return 1; } };
struct Other { virtual ~Other() = default; int more = 40; };
struct Derived : virtual Base, Other { int value() override { return 2; } };
/// virtual functions, virtual bases, `dynamic_cast`, `typeid`: 42
int rtti() {
    std::unique_ptr<Base> base = std::make_unique<Derived>();
    auto *other = dynamic_cast<Other *>(base.get());
    return other && typeid(*base) == typeid(Derived) ? base->value() + other->more : 0;
}

struct Numbers {
    struct promise_type {
        int value;
        Numbers get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
        std::suspend_always initial_suspend() { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        std::suspend_always yield_value(int next) { value = next; return {}; }
        void return_void() {}
        void unhandled_exception() { throw; }
    };
    std::coroutine_handle<promise_type> handle;
    ~Numbers() { handle.destroy(); }
};
static Numbers count_from(int first) { for (;;) co_yield first++; }
/// coroutines: 42
int coroutines() {
    auto numbers = count_from(40);
    for (int i = 0; i < 3; i++) numbers.handle.resume();
    return numbers.handle.promise().value;
}

static int built_up;
struct Digit { Digit(int digit) { built_up = built_up * 10 + digit; } };
Digit second(4);
Digit first __attribute__((init_priority(200)))(1);
static Digit third(2);
/// static objects; constructors in order, by `init_priority`: 142
int statics() { return built_up; }

static int made;
struct Counted { Counted() { made++; std::this_thread::yield(); } };
/// `static` variables of functions, in several threads at once: 1
int function_statics() {
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++) threads.emplace_back([] { static Counted counted; });
    for (auto &thread : threads) thread.join();
    return made;
}

static std::atomic<int> ended;
struct Ending { int count = 0; Ending() { count = 1; } ~Ending() { ended += count; } };
thread_local Ending ending;
thread_local std::string text = "text";
/// `thread_local` objects: constructors, and destructors at the end of a thread: 42
int thread_locals() {
    text = "changed";
    for (int i = 0; i < 2; i++) std::thread([] { ending.count += text == "text" ? 20 : 0; }).join();
    return ended;
}

/// `std::thread`, `std::mutex`, `std::condition_variable`: 42
int threads() {
    std::mutex mutex;
    std::condition_variable changed;
    int value = 0;
    std::thread writer([&] {
        std::lock_guard lock(mutex);
        value = 42;
        changed.notify_one();
    });
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return value; });
    lock.unlock();
    writer.join();
    return value;
}

/// `std::jthread`, `std::barrier`, `std::atomic`: 42
int newer_threads() {
    std::atomic<int> sum{0};
    std::barrier together(3);
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 3; i++) threads.emplace_back([&] { sum += 14; together.arrive_and_wait(); });
    }
    return sum;
}

/// `std::async`, `std::promise`, exceptions through `std::future`: 42
int futures() {
    std::promise<int> promise;
    auto waiting = std::async(std::launch::async, [&] { return promise.get_future().get() + 1; });
    auto failing = std::async(std::launch::async, []() -> int { throw 1; });
    promise.set_value(40);
    try {
        return failing.get();
    } catch (int one) {
        return waiting.get() + one;
    }
}

/// `std::call_once`: 1
int once() {
    static std::once_flag flag;
    std::atomic<int> calls{0};
    std::thread other([&] { std::call_once(flag, [&] { calls++; }); });
    std::call_once(flag, [&] { calls++; });
    other.join();
    return calls;
}

/// strings, containers, algorithms, ranges: 42
int containers() {
    std::map<std::string, int> words{{"forty", 40}, {"two", 2}};
    std::unordered_map<std::string, std::vector<int>> more{{"numbers", {3, 1, 2}}};
    auto &numbers = more["numbers"];
    std::ranges::sort(numbers);
    auto odd = numbers | std::views::filter([](int n) { return n % 2; });
    return words["forty"] + words["two"] + std::ranges::distance(odd) - 2;
}

/// `std::function`, `std::any`, `std::variant`, `std::optional`: 42
int wrappers() {
    std::function<int(int)> twice = [](int n) { return n * 2; };
    std::any any = 10;
    std::variant<int, std::string> variant = "eleven";
    std::optional<int> optional = std::visit([](auto &value) { return sizeof value > 4 ? 11 : 0; }, variant);
    return twice(std::any_cast<int>(any) + *optional);
}

/// streams, `std::fstream`, `std::filesystem`: 42
int files() {
    auto path = std::filesystem::temp_directory_path() / ("what-works." + std::to_string(getpid()));
    std::ofstream(path) << std::hex << 42;
    int number = 0;
    std::ifstream(path) >> std::hex >> number;
    std::ostringstream stream;
    stream << std::filesystem::file_size(path) << path.extension();
    return std::filesystem::remove(path) && stream.str().starts_with("2\".") ? number : 0;
}

/// new and delete, aligned; placement: 42
int memory() {
    struct alignas(64) Line { int value; };
    auto line = std::make_unique<Line>(40);
    alignas(Line) char room[sizeof(Line)];
    auto *placed = new (room) Line{2};
    return reinterpret_cast<std::uintptr_t>(line.get()) % 64 ? 0 : line->value + placed->value;
}
