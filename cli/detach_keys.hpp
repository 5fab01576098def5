// Finds the detach keys, Ctrl-P Ctrl-Q, in what is typed.
#pragma once

#include <string>
#include <string_view>

namespace owhale::cli {

class DetachKeys {
public:
    struct Typed {
        std::string data; // for the run
        bool detach = false;
    };
    // A Ctrl-P at the end is held back until the next key, or flush().
    Typed take(std::string_view typed) {
        Typed result;
        for (const char c : typed) {
            if (held_ && c == kSecond) {
                held_ = false;
                result.detach = true;
                return result;
            }
            if (held_) result.data += kFirst;
            held_ = c == kFirst;
            if (!held_) result.data += c;
        }
        return result;
    }
    // What was held back: the next key was long in coming, so it was meant for the run.
    std::string flush() {
        if (!held_) return {};
        held_ = false;
        return std::string(1, kFirst);
    }
    bool holds() const { return held_; }

private:
    static constexpr char kFirst = 0x10, kSecond = 0x11;
    bool held_ = false;
};

} // namespace owhale::cli
