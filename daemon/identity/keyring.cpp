#include "identity/keyring.hpp"

#include <algorithm>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.hpp"
#include "base/log.hpp"
#include "identity/base64url.hpp"
#include "store/transaction.hpp"

namespace owhale::identity {
namespace {

bool exists(const std::string& path) {
    return ::access(path.c_str(), F_OK) == 0;
}

std::unexpected<Error> lost(const std::string& path, const std::string& give_up) {
    return fail(Code::state_unavailable, "the key that signs tokens is missing: " + path,
                "put it back from a backup; or give it up with: touch " + give_up +
                    " (a new one is made then, and what it signed is believed until it expires)");
}

} // namespace

Result<std::unique_ptr<Keyring>> Keyring::open(store::Database& database, std::string dir, std::int64_t now) {
    CHECK(ensure_private_dir(dir, 0700));
    std::unique_ptr<Keyring> keyring(new Keyring(database, std::move(dir)));
    CHECK(keyring->load(now));
    return keyring;
}

Status Keyring::load(std::int64_t now) {
    std::string newest;
    {
        auto row =
            TRY(statements_.use("SELECT kid, public, created, retired FROM signing_keys ORDER BY created"))->with();
        while (TRY(row.next())) {
            const auto bytes = row.blob(1);
            std::ranges::copy(bytes, reinterpret_cast<char*>(trusted_[row.text(0)].data()));
            if (!row.null(3)) continue;
            newest = row.text(0);
            made_ = row.integer(2);
        }
    }
    return newest.empty() ? adopt(TRY(prepare()), now) : open_current(newest, now);
}

Status Keyring::open_current(const std::string& kid, std::int64_t now) {
    const auto path = path_of(kid);
    const auto give_up = dir_ + "/" + kid + ".retired";
    if (!exists(path) && errno == ENOENT) {
        if (!exists(give_up)) return lost(path, give_up);
        log::warning("the key that signs tokens was given up; a new one is made", {{"kid", kid}});
        CHECK(adopt(TRY(prepare()), now));
        ::unlink(give_up.c_str());
        return {};
    }
    auto key = TRY(SignKey::open(path));
    if (key.public_key() != trusted_.at(kid))
        return fail(Code::state_unavailable, path + " is another key than the one that signs tokens",
                    "put the right one back from a backup; or move it away and touch " + give_up);
    current_.emplace(std::move(key));
    return {};
}

const SignKey::Public* Keyring::find(std::string_view kid) const {
    const auto at = trusted_.find(kid);
    return at == trusted_.end() ? nullptr : &at->second;
}

std::vector<std::string> Keyring::retired() const {
    std::vector<std::string> out;
    for (const auto& [kid, key] : trusted_)
        if (kid != current_->id()) out.push_back(kid);
    return out;
}

api::Jwks Keyring::jwks() const {
    api::Jwks out;
    for (const auto& [kid, key] : trusted_)
        out.keys.push_back({"OKP", "Ed25519", to_base64url(std::span(key)), kid, "sig", "EdDSA"});
    return out;
}

Result<SignKey> Keyring::prepare() const {
    // The file's name is the key's id, which the key has to be there for.
    const auto unnamed = dir_ + "/next";
    auto key = TRY(SignKey::make(unnamed));
    if (::rename(unnamed.c_str(), path_of(key.id()).c_str()) != 0) return fail_errno(path_of(key.id()));
    return key;
}

Status Keyring::adopt(SignKey key, std::int64_t now) {
    auto transaction = TRY(statements_.database().begin());
    CHECK(TRY(statements_.use("UPDATE signing_keys SET retired = ?1 WHERE retired IS NULL"))->with(now).run());
    CHECK(TRY(statements_.use("INSERT INTO signing_keys (kid, public, created) VALUES (?1, ?2, ?3)"))
              ->with(key.id(), std::span<const std::uint8_t>(key.public_key()), now)
              .run());
    CHECK(transaction.commit());
    if (current_) discard(*current_);
    trusted_[key.id()] = key.public_key();
    current_.emplace(std::move(key));
    made_ = now;
    return {};
}

void Keyring::discard(const SignKey& key) const {
    if (::unlink(path_of(key.id()).c_str()) != 0)
        log::warning("a key file that is needed no more cannot be removed", {{"path", path_of(key.id())}});
}

Status Keyring::drop(const std::string& kid) {
    CHECK(TRY(statements_.use("DELETE FROM signing_keys WHERE kid = ?1 AND retired IS NOT NULL"))->with(kid).run());
    trusted_.erase(kid);
    return {};
}

} // namespace owhale::identity
