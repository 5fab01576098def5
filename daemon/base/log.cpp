#include "base/log_prefix.hpp"

#include <atomic>
#include <cstdlib>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include "base/utf8.hpp"

namespace owhale::log {
namespace {

constexpr std::size_t kLongestLine =
    16 << 10; // journald would make two entries of 48 KiB, the second without a priority

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

// C1 controls, and what changes the direction or the lines of the text around it (Unicode's Bidi_Control, U+2028, U+2029).
bool disguises(std::string_view character) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
    if (character.size() == 2) return byte(0) == 0xc2 && byte(1) < 0xa0;
    if (character.size() != 3 || byte(0) != 0xe2) return false;
    const bool marks = byte(1) == 0x80 && (byte(2) == 0x8e || byte(2) == 0x8f || (byte(2) >= 0xa8 && byte(2) <= 0xae));
    return marks || (byte(1) == 0x81 && byte(2) >= 0xa6 && byte(2) <= 0xa9);
}

void append_hex(std::string& line, std::string_view bytes) {
    constexpr std::string_view hex = "0123456789abcdef";
    for (const unsigned char c : bytes) ((line += "\\x") += hex[c >> 4]) += hex[c & 15];
}

void append_escaped(std::string& line, std::string_view value) {
    while (!value.empty()) {
        const auto size = utf8_character(value);
        const auto character = value.substr(0, size == 0 ? 1 : size);
        const auto c = static_cast<unsigned char>(character[0]);
        if (c == '"' || c == '\\')
            (line += '\\') += character;
        else if (size == 0 || c < ' ' || c == 0x7f || disguises(character))
            append_hex(line, character);
        else
            line += character;
        value.remove_prefix(character.size());
    }
}

// Between characters.
void cut(std::string& line) {
    if (line.size() <= kLongestLine) return;
    line.resize(size_to_cut(line, kLongestLine));
    line += "… (cut)";
}

} // namespace

void set_level(Level level) {
    threshold = level;
}

void set_mask(std::string (*mask)(std::string_view)) {
    mask_of = mask;
}

bool journal_reads() {
    return is_journals();
}

std::string prefix(Level level) {
    return is_journals() ? "<" + std::to_string(static_cast<int>(level)) + ">" : "";
}

std::string text_of(const std::vector<std::string>& lines) {
    std::string text;
    for (const auto& line : lines) {
        text += text.empty() ? "" : "\n  ";
        append_escaped(text, masked(line));
    }
    cut(text);
    return text;
}

void write_lines(Level level, const std::vector<std::string>& lines) {
    if (level > threshold.load()) return;
    auto text = prefix(level);
    for (const char c : text_of(lines)) {
        text += c;
        if (c == '\n') text += prefix(level);
    }
    text += '\n';
    [[maybe_unused]] const auto n = ::write(STDERR_FILENO, text.data(), text.size());
}

void write(Level level, std::string_view message, std::initializer_list<Field> fields) {
    if (level > threshold.load()) return;
    auto line = prefix(level);
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
    cut(line);
    line += '\n';
    // One write per line: lines of several threads do not mix, and a closed stderr must not end the broker.
    [[maybe_unused]] const auto n = ::write(STDERR_FILENO, line.data(), line.size());
}

} // namespace owhale::log
