// The C++ library: streams, containers, and what it keeps in thread-local variables of its own.
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
    std::ostringstream stream;
    stream << std::hex << 255 << ' ' << 1.5;
    std::cout << stream.str() << "; no newline at the end";
    return 2;
}
