#include "sandbox/digest.hpp"

#include "base/sha256_blocks.hpp"

#include <chrono>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vector>

namespace owhale::sandbox {
namespace {

constexpr std::size_t kMaxKnown = 4096;
constexpr off_t kMaxProgram = off_t{512} << 20;
constexpr std::size_t kChunk = 256u << 10;
constexpr std::chrono::seconds kHashTime{10};

Result<std::string> hash_file(int fd) {
    Sha256 hash;
    std::vector<char> chunk(kChunk);
    for (off_t at = 0; at <= kMaxProgram;) {
        const auto n = ::pread(fd, chunk.data(), chunk.size(), at);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail_errno("reading the program");
        if (n == 0) return hash.hex();
        hash.update({chunk.data(), static_cast<std::size_t>(n)});
        at += n;
    }
    return std::string();
}

bool still(const struct stat& st, const wire::PathFact& fact) {
    return st.st_ino == fact.ino && static_cast<std::uint64_t>(st.st_size) == fact.size &&
           st.st_mtim.tv_sec * 1'000'000'000 + st.st_mtim.tv_nsec == fact.mtime_ns &&
           st.st_ctim.tv_sec * 1'000'000'000 + st.st_ctim.tv_nsec == fact.ctime_ns;
}

Result<std::string> hash_unchanged(int fd, const wire::PathFact& fact) {
    auto digest = TRY(hash_file(fd));
    struct stat after{};
    if (::fstat(fd, &after) != 0 || !still(after, fact)) return std::string();
    return digest;
}

} // namespace

std::string to_hex(std::string_view bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    out.reserve(2 * bytes.size());
    for (const char byte : bytes) {
        out += kDigits[static_cast<unsigned char>(byte) >> 4];
        out += kDigits[static_cast<unsigned char>(byte) & 15];
    }
    return out;
}

std::string sha256_hex(std::string_view bytes) {
    Sha256 hash;
    hash.update(bytes);
    return hash.hex();
}

// libsodium has no code for the processor's own SHA instructions, which are several times as fast: whole blocks go
// through these where they exist; what is left over, the padding and the count stay libsodium's.
void Sha256::update(std::string_view bytes) {
    constexpr std::uint64_t kBlock = 64;
    const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
    auto size = bytes.size();
    if (const auto begun = state_.count / 8 % kBlock; begun != 0 && size >= kBlock) {
        const auto rest = kBlock - begun;
        crypto_hash_sha256_update(&state_, at, rest);
        at += rest;
        size -= rest;
    }
    if (const auto blocks = size / kBlock; blocks != 0 && state_.count / 8 % kBlock == 0 && has_sha_instructions()) {
        compress_blocks(state_.state, at, blocks);
        state_.count += blocks * kBlock * 8;
        at += blocks * kBlock;
        size -= blocks * kBlock;
    }
    crypto_hash_sha256_update(&state_, at, size);
}

std::string Sha256::hex() const {
    auto copy = state_;
    unsigned char digest[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_final(&copy, digest);
    return to_hex({reinterpret_cast<const char*>(digest), sizeof digest});
}

boost::asio::awaitable<std::string> ProgramDigests::of(Fd fd, wire::PathFact fact, std::uint32_t uid) {
    const Key key{fact.dev, fact.ino, fact.size, fact.mtime_ns, fact.ctime_ns};
    if (const auto found = known_.find(key); found != known_.end()) co_return found->second;
    // Not even fstat() here: a FUSE server may leave it without an answer.
    Blocking::Job job = [fd = std::make_shared<Fd>(std::move(fd)), fact] { return hash_unchanged(fd->get(), fact); };
    auto digest = co_await blocking_.run(uid, std::move(job), kHashTime);
    if (!digest) co_return std::string();
    if (known_.size() >= kMaxKnown) known_.clear();
    if (!digest->empty()) known_[key] = *digest;
    co_return *digest;
}

} // namespace owhale::sandbox
