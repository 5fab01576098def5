// Bytes that nobody else may read: between guard pages, locked into memory where the kernel permits it, out of core dumps,
// wiped when let go (libsodium's sodium_malloc). Moved, never copied by accident.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <sodium.h>
#include <span>
#include <string_view>
#include <utility>

namespace owhale {

class SecretBytes {
public:
    SecretBytes() = default;
    explicit SecretBytes(std::size_t size)
        : data_(static_cast<std::uint8_t*>(::sodium_malloc(size == 0 ? 1 : size))), size_(size) {
        if (data_ == nullptr) throw std::bad_alloc();
    }
    explicit SecretBytes(std::string_view text) : SecretBytes(text.size()) {
        if (size_ != 0) __builtin_memcpy(data_, text.data(), size_);
    }
    SecretBytes(SecretBytes&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
    SecretBytes& operator=(SecretBytes&& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        return *this;
    }
    ~SecretBytes() { ::sodium_free(data_); }

    std::uint8_t* data() { return data_; }
    const std::uint8_t* data() const { return data_; }
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    std::string_view text() const { return {reinterpret_cast<const char*>(data_), size_}; }
    std::span<const std::uint8_t> span() const { return {data_, size_}; }

private:
    std::uint8_t* data_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace owhale
