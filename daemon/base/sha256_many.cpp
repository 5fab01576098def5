#include "base/sha256_many.hpp"

#include <algorithm>

#include "base/sha256.hpp"
#include "base/sha256_blocks.hpp"

namespace owhale {
namespace {

using Digest = std::array<std::uint8_t, 32>;

constexpr std::size_t kBlock = 64;

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

// One message on its way: whole blocks out of the text, the first and the last ones out of a copy.
class Lane {
public:
    bool busy() const { return out_ != nullptr; }
    std::uint32_t* state() { return state_.data(); }
    const unsigned char* blocks() const { return blocks_; }
    std::size_t count() const { return count_; }

    void begin(std::uint8_t first, std::string_view text, Digest& out) {
        state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
        out_ = &out;
        bits_ = 8 * (text.size() + 1);
        own_[0] = first;
        const auto head = std::min(text.size(), kBlock - 1);
        std::copy_n(bytes_of(text), head, own_.begin() + 1);
        rest_ = text.substr(head);
        if (head < kBlock - 1) return end(head + 1);
        blocks_ = own_.data();
        count_ = 1;
    }
    // `count` blocks are taken.
    void advance(std::size_t count) {
        blocks_ += kBlock * count;
        count_ -= count;
        if (count_ != 0) return;
        if (ending_) return finish();
        blocks_ = bytes_of(rest_);
        count_ = rest_.size() / kBlock;
        rest_.remove_prefix(kBlock * count_);
        if (count_ != 0) return;
        std::copy_n(bytes_of(rest_), rest_.size(), own_.begin());
        end(rest_.size());
    }

private:
    // The last blocks: what is in the copy already, and the padding.
    void end(std::size_t filled) {
        ending_ = true;
        count_ = filled < kBlock - 8 ? 1 : 2;
        blocks_ = own_.data();
        std::fill(own_.begin() + static_cast<std::ptrdiff_t>(filled), own_.end(), 0);
        own_[filled] = 0x80;
        for (std::size_t i = 0; i < 8; ++i)
            own_[kBlock * count_ - 1 - i] = static_cast<unsigned char>(bits_ >> (8 * i));
    }
    void finish() {
        for (std::size_t i = 0; i < out_->size(); ++i)
            (*out_)[i] = static_cast<std::uint8_t>(state_[i / 4] >> (24 - 8 * (i % 4)));
        out_ = nullptr;
        ending_ = false;
    }
    std::array<std::uint32_t, 8> state_{};
    std::array<unsigned char, 2 * kBlock> own_{};
    const unsigned char* blocks_ = nullptr;
    std::size_t count_ = 0;
    std::string_view rest_;
    std::uint64_t bits_ = 0;
    bool ending_ = false;
    Digest* out_ = nullptr;
};

void one_by_one(std::uint8_t first, std::span<const std::string_view> texts, std::span<Digest> out) {
    for (std::size_t i = 0; i < texts.size(); ++i) {
        Sha256 hash;
        hash.update({&first, 1});
        hash.update({bytes_of(texts[i]), texts[i].size()});
        out[i] = hash.digest();
    }
}

} // namespace

void sha256_many(std::uint8_t first, std::span<const std::string_view> texts, std::span<Digest> out) {
    if (!has_sha_instructions()) return one_by_one(first, texts, out);
    std::array<Lane, 2> lanes;
    std::size_t next = 0;
    for (;;) {
        for (auto& lane : lanes)
            if (!lane.busy() && next < texts.size()) {
                lane.begin(first, texts[next], out[next]);
                ++next;
            }
        auto& [a, b] = lanes;
        if (a.busy() && b.busy()) {
            const auto count = std::min(a.count(), b.count());
            compress_two(a.state(), a.blocks(), b.state(), b.blocks(), count);
            a.advance(count);
            b.advance(count);
        } else if (a.busy() || b.busy()) {
            auto& last = a.busy() ? a : b;
            const auto count = last.count();
            compress_blocks(last.state(), last.blocks(), count);
            last.advance(count);
        } else {
            return;
        }
    }
}

} // namespace owhale
