// The C++ library: streams, containers, and what it keeps in thread-local variables of its own.
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <future>
#include <iostream>
#include <map>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

struct Ending {
    int id = 0;
    ~Ending() { if (id) std::printf("~%d\n", id), std::fflush(stdout); }
};
thread_local Ending ending;
thread_local std::string text = "text";
std::once_flag flag;

// glibc unwinds these by itself.
int value = 8;
void *leave(void *) {
    Ending here{2};
    pthread_exit(&value);
}
void *wait(void *) {
    Ending here{3};
    for (;;) pause();
}

int main() {
    std::map<std::string, int> words;
    std::string word;
    while (std::cin >> word) words[word]++;
    for (auto &[key, count] : words) std::cout << key << count << ' ';
    std::cout << std::endl;
    std::vector<std::thread> threads;
    std::atomic<int> sum{0};
    for (int i = 0; i < 4; i++)
        threads.emplace_back([&, i] {
            std::call_once(flag, [] { std::cout << "once" << std::endl; });
            text += std::string(i, 'x');
            sum += text.size();
        });
    for (auto &thread : threads) thread.join();
    std::cout << sum << ' ' << text << std::endl;
    std::thread([] { ending.id = 7; }).join();
    ending.id = 1;
    auto answer = std::async(std::launch::async, [] { return 42; });
    auto failure = std::async(std::launch::async, []() -> int { throw std::runtime_error("in a thread"); });
    std::cout << answer.get() << std::endl;
    try {
        failure.get();
    } catch (const std::exception &problem) {
        std::cout << problem.what() << std::endl;
    }
    std::once_flag second;
    for (int tries = 0; tries < 2; tries++)
        try {
            std::call_once(second, [&] { if (!tries) throw tries; std::cout << "the second time" << std::endl; });
        } catch (int) {
            std::cout << "through pthread_once" << std::endl;
        }
    pthread_t thread;
    void *left = nullptr;
    pthread_create(&thread, nullptr, leave, nullptr);
    pthread_join(thread, &left);
    std::cout << *static_cast<int *>(left) << std::endl;
    pthread_create(&thread, nullptr, wait, nullptr);
    pthread_cancel(thread);
    pthread_join(thread, &left);
    std::cout << (left == PTHREAD_CANCELED) << std::endl;
    std::ostringstream stream;
    stream << std::hex << 255 << ' ' << 1.5;
    std::cout << stream.str() << "; no newline at the end";
    return 2;
}
