#include "base/log.hpp"

#include <atomic>
#include <cstdlib>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace owhale::log {
namespace {

std::atomic<Level> threshold{Level::info};
std::atomic<std::string (*)(std::string_view)> mask_of{nullptr};

std::string masked(std::string_view text) {
    const auto mask = mask_of.load();
    return mask != nullptr ? mask(text) : std::string(text);
}

// Whether the journal reads stderr: systemd names the stream's device and inode (systemd.exec(5)). What others read has
// no priority before each line.
bool is_journals() {
    const char* named = std::getenv("JOURNAL_STREAM");
    struct stat st{};
    return named != nullptr && ::fstat(STDERR_FILENO, &st) == 0 &&
           std::to_string(st.st_dev) + ":" + std::to_string(st.st_ino) == named;
}

bool plain(std::string_view value) {
    if (value.empty()) return false;
    for (const unsigned char c : value)
        if (c <= ' ' || c == '"' || c == '\\' || c == '=' || c == 0x7f) return false;
    return true;
}

void append_escaped(std::string& line, std::string_view value) {
    constexpr std::string_view hex = "0123456789abcdef";
    for (const unsigned char c : value) {
        if (c == '"' || c == '\\')
            (line += '\\') += static_cast<char>(c);
        else if (c < ' ' || c == 0x7f)
            ((line += "\\x") += hex[c >> 4]) += hex[c & 15];
        else
            line += static_cast<char>(c);
    }
}

} // namespace

void set_level(Level level) {
    threshold = level;
}

void set_mask(std::string (*mask)(std::string_view)) {
    mask_of = mask;
}

void write(Level level, std::string_view message, std::initializer_list<Field> fields) {
    if (level > threshold.load()) return;
    std::string line;
    if (is_journals()) line = "<" + std::to_string(static_cast<int>(level)) + ">";
    append_escaped(line, masked(message));
    for (const auto& [key, given] : fields) {
        const auto value = masked(given);
        ((line += ' ') += key) += '=';
        if (plain(value)) {
            line += value;
        } else {
            line += '"';
            append_escaped(line, value);
            line += '"';
        }
    }
    line += '\n';
    // One write per line: lines of several threads do not mix, and a closed stderr must not end the broker.
    [[maybe_unused]] const auto n = ::write(STDERR_FILENO, line.data(), line.size());
}

} // namespace owhale::log
