// Text that must not outlive its use: passwords and tokens.
#pragma once

#include <string>
#include <utility>

namespace owhale::cli {

// Overwrites the text before it is freed.
void wipe(std::string& text);

// Before the first secret is in memory: no debugger, core dump or /proc/PID/mem of another program of our uid reads it
// from then on (PR_SET_DUMPABLE), and whatever is freed is overwritten by the allocator (M_PERTURB): JSON and HTTP
// make copies that nothing here could wipe.
void guard_secrets();

class Secret {
public:
    Secret() = default;
    explicit Secret(std::string text) : text_(std::move(text)) {}
    Secret(Secret&& other) noexcept : text_(other.text_) { wipe(other.text_); }
    Secret& operator=(Secret&& other) noexcept {
        wipe(text_);
        text_ = other.text_;
        wipe(other.text_);
        return *this;
    }
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    ~Secret() { wipe(text_); }

    const std::string& text() const { return text_; }
    bool empty() const { return text_.empty(); }

private:
    std::string text_;
};

} // namespace owhale::cli
