// Values that are known to be secret, whatever they look like: those of the vault. Also in base64 (whatever stands before),
// percent-encoded, and as the inside of a JSON string.
//
// The values themselves are not kept: keyed hashes of their beginnings are, and the first two bytes. A value counts from 8
// bytes on; its first 64 bytes tell it, and as many bytes as it has are masked then. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace owhale::redact {

inline constexpr std::size_t kLeastKnown = 8, kMostTold = 64;

struct KnownValues; // an immutable set

// Learns values; what was learnt stays until the process ends. Takes effect, for all of them, when it is destroyed.
class Lesson {
public:
    Lesson();
    Lesson(const Lesson&) = delete;
    Lesson& operator=(const Lesson&) = delete;
    ~Lesson();
    void add(std::string_view value);

private:
    void take(std::string_view form);
    std::unique_ptr<KnownValues> next_;
};

// A stage of the Redactor: known values are masked, all else passes. Holds back what may be the start of one.
class KnownFilter {
public:
    void push(std::string_view chunk, std::string& out);
    // What is held back is shown, but where its first 8 bytes are those of a value.
    void pause(std::string& out);
    void finish(std::string& out);
    std::string_view held() const { return std::string_view(buffer_).substr(shown_); }
    bool has_shy() const { return !told_ && shown_ < buffer_.size(); }

private:
    void scan(std::string& out, bool final);
    std::size_t drop_rest(std::size_t at);
    void give(std::size_t to, std::string& out);

    std::string buffer_;
    std::size_t given_ = 0; // bytes of buffer_ that are decided
    std::size_t shown_ = 0; // that were given out; beyond given_ after a pause
    std::size_t rest_ = 0;  // of a value that was told: so many bytes more go
    bool told_ = false;
};

} // namespace owhale::redact
