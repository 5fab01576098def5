// The memory that request bodies under way may take, all connections' together.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

namespace owhale::transport {

// What one body has taken of it; given back with the request. On the io thread.
class BodyShare {
public:
    // Of a body this much is free, so that no crowd of large bodies keeps an ordinary request out: it is bounded by the
    // number of connections.
    static constexpr std::size_t kFree = 16u << 10; // bytes

    // `taken`: bytes of all shares, common to them and kept alive by each. `most`: up to where this one may bring it.
    BodyShare(std::shared_ptr<std::size_t> taken, std::size_t most) : taken_(std::move(taken)), most_(most) {}
    ~BodyShare() { *taken_ -= mine_; }
    BodyShare(const BodyShare&) = delete;
    BodyShare& operator=(const BodyShare&) = delete;

    // The body is `bytes` long by now; false: there is no room for that.
    bool grow(std::size_t bytes) {
        const auto wanted = bytes > kFree ? bytes - kFree : 0;
        if (wanted <= mine_) return true;
        if (*taken_ + (wanted - mine_) > most_) return false;
        *taken_ += wanted - mine_;
        mine_ = wanted;
        return true;
    }

private:
    std::shared_ptr<std::size_t> taken_;
    std::size_t most_;
    std::size_t mine_ = 0;
};

} // namespace owhale::transport
