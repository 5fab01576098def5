#include "identity/nonces.hpp"

#include <algorithm>
#include <sodium.h>
#include <string>

namespace owhale::identity {

Nonces::Nonces(std::int64_t now) : buckets_(kBuckets), start_(now + kAhead) {
    static_assert(sizeof key_ == crypto_shorthash_KEYBYTES && sizeof(std::uint64_t) == crypto_shorthash_BYTES);
    ::randombytes_buf(key_.data(), key_.size());
}

std::uint64_t Nonces::hash_of(std::string_view keyid, std::string_view nonce) const {
    std::string text(keyid);
    (text += '\n') += nonce; // neither has one
    std::uint64_t hash = 0;
    ::crypto_shorthash(reinterpret_cast<unsigned char*>(&hash), reinterpret_cast<const unsigned char*>(text.data()),
                       text.size(), key_.data());
    return hash;
}

Nonces::Answer Nonces::look(std::int64_t created, std::int64_t now, Known known) const {
    if (created > now + kAhead) return Answer::too_new;
    if (created < now - kSkew || created <= floor_) return Answer::too_old;
    if (known == Known::since || created > start_) return Answer::fresh;
    // What is signed at this moment would not do either; unless the clock has gone back since the start, it soon will.
    const bool soon = now <= start_ && start_ <= now + kAhead;
    return soon ? Answer::starting : Answer::too_old;
}

Nonces::Answer Nonces::take(std::string_view keyid, std::string_view nonce, std::int64_t created, std::int64_t now,
                            Known known) {
    if (const auto answer = look(created, now, known); answer != Answer::fresh) return answer;
    const auto hash = hash_of(keyid, nonce);
    auto& bucket = buckets_[hash % kBuckets];
    const auto is_it = [&](const Entry& entry) { return entry.created != 0 && entry.hash == hash; };
    if (std::ranges::any_of(bucket, is_it)) return Answer::seen;
    const auto is_spare = [&](const Entry& entry) { return entry.created < now - kSkew; }; // its time is over
    const auto spare = std::ranges::find_if(bucket, is_spare);
    if (spare == bucket.end()) return Answer::full;
    floor_ = std::max(floor_, spare->created);
    *spare = {hash, created};
    return Answer::fresh;
}

} // namespace owhale::identity
