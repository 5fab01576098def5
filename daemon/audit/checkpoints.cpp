#include "audit/checkpoints.hpp"

#include <algorithm>
#include <unistd.h>

#include "audit/damaged.hpp"
#include "base/clock.hpp"
#include "base/sha256.hpp"
#include "store/transaction.hpp"

namespace owhale::audit {
namespace {

constexpr std::int64_t kHour = 3'600'000'000, kDay = 24 * kHour; // microseconds
constexpr std::size_t kLongestHost = 64;
constexpr auto kAside = "; only a new log can begin without it: move audit.db and audit.key away together";

// The host's name, of what can stand in a key's name.
std::string host() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
    std::string out;
    for (const char c : std::string_view(name.data()).substr(0, kLongestHost)) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
        if (plain || c == '.') out += c;
    }
    return out.empty() ? "localhost" : out;
}

Result<std::optional<merkle::NoteKey>> known(store::Database& database) {
    auto find = TRY(database.prepare("SELECT origin, key FROM identity"));
    auto row = find.with();
    if (!TRY(row.next())) return std::nullopt;
    merkle::NoteKey name{row.text(0), {}};
    const auto key = row.blob(1);
    if (key.size() == name.key.size()) std::ranges::copy(key, name.key.begin());
    return name;
}

Result<merkle::NoteKey> introduce(store::Database& database, const SignKey& key) {
    const auto& bytes = key.public_key();
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    merkle::NoteKey name{"owhaled/" + host() + "/" + sha256_text(text).substr(0, 8), bytes};
    auto add = TRY(database.prepare("INSERT INTO identity (one, origin, key, time) VALUES (1, ?, ?, ?)"));
    CHECK(add.with(name.name, std::span<const std::uint8_t>(name.key), wall_clock_us()).run());
    return name;
}

// A log that has an identity is never given another key by itself.
Result<SignKey> open_key(const std::string& path, bool may_make) {
    auto key = SignKey::open(path);
    if (key || key.error().errnum != ENOENT) return key;
    if (may_make) return SignKey::make(path);
    return fail(Code::state_unavailable, path + " is missing: the audit log's checkpoints were signed with it",
                std::string("put it back from a backup") + kAside);
}

} // namespace

Result<Checkpoints> Checkpoints::open(store::Database& database, const std::string& dir) {
    auto name = TRY(known(database));
    const auto path = dir + "/audit.key";
    auto key = TRY(open_key(path, !name));
    if (!name) name = TRY(introduce(database, key));
    if (key.public_key() != name->key)
        return fail(Code::state_unavailable, path + " is not the key that the audit log's checkpoints were signed with",
                    std::string("put the right one back from a backup") + kAside);
    return Checkpoints(database, std::move(key), std::move(*name));
}

Result<Signed> Checkpoints::make(std::uint64_t size, const merkle::Hash& root) {
    auto last = TRY(newest());
    if (last && last->size == size) return *std::move(last);
    Signed made{{}, size, root, wall_clock_us()};
    made.note =
        merkle::sign({name_.name, size, root}, name_, [this](std::string_view text) { return key_.sign(text); });
    CHECK(keep(made));
    return made;
}

Status Checkpoints::keep(const Signed& made) {
    auto transaction = TRY(database_.begin());
    auto add = TRY(database_.prepare("INSERT INTO checkpoints (size, time, note) VALUES (?, ?, ?)"));
    CHECK(add.with(made.size, made.time, made.note).run());
    const auto hour = made.time / kHour;
    if (hour != thinned_) {
        auto thin = TRY(database_.prepare("DELETE FROM checkpoints WHERE time < ?1 AND size NOT IN"
                                          " (SELECT max(size) FROM checkpoints GROUP BY time / ?2)"));
        CHECK(thin.with(made.time - kDay, kHour).run());
    }
    CHECK(transaction.commit());
    thinned_ = hour;
    return {};
}

Result<std::optional<Signed>> Checkpoints::newest() {
    auto find = TRY(database_.prepare("SELECT size, time, note FROM checkpoints ORDER BY size DESC LIMIT 1"));
    auto row = find.with();
    if (!TRY(row.next())) return std::nullopt;
    Signed last{row.text(2), static_cast<std::uint64_t>(row.integer(0)), {}, row.integer(1)};
    const auto checkpoint = merkle::verify(last.note, name_);
    if (!checkpoint || checkpoint->size != last.size)
        return damaged_log("the audit log's checkpoint of " + std::to_string(last.size) +
                               " events is forged or damaged" + (checkpoint ? "" : ": " + checkpoint.error().message),
                           database_.path(), "put audit.db back from a backup");
    last.root = checkpoint->root;
    return last;
}

} // namespace owhale::audit
