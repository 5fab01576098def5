// Megabytes a second through the redactor, by kind of text. Usage: redact-bench [FILE…]; without, made-up ones.
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "redact/redactor.hpp"

namespace {

double speed_of(const std::string& text) {
    constexpr std::size_t kChunk = 64u << 10, kTotal = 256u << 20;
    owhale::redact::Redactor redactor;
    std::string out;
    std::size_t done = 0;
    const auto begun = std::chrono::steady_clock::now();
    while (done < kTotal)
        for (std::size_t at = 0; at < text.size(); at += kChunk) {
            out.clear();
            redactor.push(std::string_view(text).substr(at, kChunk), out);
            done += std::min(kChunk, text.size() - at);
        }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    return static_cast<double>(done) / 1e6 / took.count();
}

std::string made_of(std::string_view piece) {
    std::string text;
    while (text.size() < (4u << 20)) text += piece;
    return text;
}

} // namespace

int main(int argc, char** argv) {
    const auto tell = [](const char* what, const std::string& text) {
        std::printf("redact %-12s %7.0f MB/s\n", what, speed_of(text));
    };
    for (int i = 1; i < argc; ++i) {
        std::ifstream file(argv[i]);
        tell(argv[i], std::string(std::istreambuf_iterator<char>(file), {}));
    }
    if (argc > 1) return 0;
    tell("prose", made_of("The next test takes a list of names, sees which are known and says so on the terminal.\n"));
    tell("build", made_of("[12/345] Compiling C++ object src/lib.a.p/net_http-client.cpp.o (depends: 3)\n"));
    tell("json", made_of("{\"id\": 1234, \"name\": \"value\", \"time\": \"2026-11-26T14:00:00Z\", \"ok\": true}\n"));
    tell("zeros", std::string(4u << 20, '\0'));
    tell("base64", made_of("MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n"));
    return 0;
}
