// A string that is overwritten when it goes out of scope, wherever it lies.
#pragma once

#include <sodium.h>
#include <string>
#include <utility>

namespace owhale::identity {

// Owned: moved along with whoever needs it next.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::string& text) : text_(text) { ::sodium_memzero(text.data(), text.size()), text.clear(); }
    Secret(Secret&& other) noexcept : text_(other.text_) { other.wipe(); } // by copy: a short one lies in the object
    Secret& operator=(Secret&&) = delete;
    ~Secret() { wipe(); }
    const std::string& text() const { return text_; }

private:
    void wipe() { ::sodium_memzero(text_.data(), text_.size()), text_.clear(); }
    std::string text_;
};

// Borrowed: of a request's body, which somebody else owns. A string that was moved from keeps its bytes, if it was short:
// so all that it has room for is overwritten.
class WipeAtEnd {
public:
    explicit WipeAtEnd(std::string& text) : text_(text) {}
    WipeAtEnd(const WipeAtEnd&) = delete;
    WipeAtEnd& operator=(const WipeAtEnd&) = delete;
    ~WipeAtEnd() {
        text_.resize(text_.capacity());
        ::sodium_memzero(text_.data(), text_.size());
    }

private:
    std::string& text_;
};

} // namespace owhale::identity
