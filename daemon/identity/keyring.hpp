// The keys that tokens are signed with: one signs, those before it are believed until their last token has expired.
//
// The seed of the one that signs is DIR/<kid>.key (see base/sign_key.hpp); of the others only the public half is kept.
// On the io thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/sign_key.hpp"
#include "shared/api_identity.hpp"
#include "store/statements.hpp"

namespace owhale::identity {

class Keyring {
public:
    // Opens the key that signs; the first start makes it. state_unavailable, with what to do, when its file is missing,
    // damaged, somebody else's or open to others.
    static Result<std::unique_ptr<Keyring>> open(store::Database& database, std::string dir, std::int64_t now);

    const SignKey& current() const { return *current_; }
    std::int64_t made() const { return made_; } // when the current one was
    const SignKey::Public* find(std::string_view kid) const;
    std::vector<std::string> retired() const;
    api::Jwks jwks() const;

    // Rotation in two steps, so that it can be written down between them: a new key's file, then its use.
    Result<SignKey> prepare() const;
    Status adopt(SignKey key, std::int64_t now);
    void discard(const SignKey& key) const;
    // A retired one is believed no more.
    Status drop(const std::string& kid);

private:
    Keyring(store::Database& database, std::string dir) : statements_(database), dir_(std::move(dir)) {}
    Status load(std::int64_t now);
    Status open_current(const std::string& kid, std::int64_t now);
    std::string path_of(const std::string& kid) const { return dir_ + "/" + kid + ".key"; }

    store::Statements statements_;
    std::string dir_;
    std::optional<SignKey> current_;
    std::int64_t made_ = 0;
    std::map<std::string, SignKey::Public, std::less<>> trusted_; // the current one too
};

} // namespace owhale::identity
