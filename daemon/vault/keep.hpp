// The secrets as they lie in the database, each sealed for itself, and one head over all of them.
//
//   master key -> wraps the vault's key -> wraps each value's own key -> seals the value; bound to it: owner, name, version
//   and Meta (hosts, header, access, expiry), so that no row can be swapped and no list of hosts be edited.
//   head: hash, keyed with the vault's key, over the generation and all rows: none can be removed, added or put back.
//
// What was verified stays in memory, without the values; a row that is used is compared with it, and so is the head. At the
// first mismatch the keep closes for good. On one thread. A connection of its own, durable against loss of power: the audit
// log names the generation, and must never be ahead of it.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shared/api_secrets.hpp"
#include "shared/error.hpp"
#include "store/statements.hpp"
#include "vault/empty_mark.hpp"
#include "vault/given_key.hpp"
#include "vault/seal.hpp"

namespace owhale::vault {

struct Meta {                 // sealed with the value
    api::Secret secret;       // without uses and last_used
    std::int64_t account = 0; // of its owner when that is `user:`: a later account of the same name is another owner
};
BOOST_DESCRIBE_STRUCT(Meta, (), (secret, account))

struct Place { // of a secret
    std::string owner, name;
    auto operator<=>(const Place&) const = default;
};
inline Place place_of(const Meta& meta) {
    return {meta.secret.owner, meta.secret.name};
}

struct Argon2Cost {
    std::uint64_t memory = 0, passes = 0; // bytes; libsodium's opslimit
};

class Keep {
public:
    struct Held { // verified
        Meta meta;
        Digest digest; // of the row
    };
    using Rows = std::map<Place, Held>;

    // `cost`: of a passphrase, at the first start. Always answers: a keep that cannot be opened is closed.
    Keep(store::Database database, const GivenKey& given, Argon2Cost cost);
    Keep(const Keep&) = delete;
    Keep& operator=(const Keep&) = delete;

    const std::optional<Error>& closed() const { return closed_; }
    // vault_unavailable when it is closed, or what lies in the database is not what was written.
    Status check();
    // The reason is told by every later answer. Of what the log knows better.
    std::unexpected<Error> damaged(std::string why);

    const Rows& rows() const { return rows_; }
    const Held* find(const Place& place) const;
    std::uint64_t generation() const { return generation_; }
    std::string head() const; // hex
    const std::string& key_id() const { return key_id_; }
    const std::string& how() const { return how_; } // where the master key comes from
    bool by_passphrase() const { return by_passphrase_; }
    // The key in force is that of PATH.new: a rekey was cut off before it gave the file its name.
    bool rekey_begun() const { return begun_; }
    // The key is right, what lies in the database is not: accept() would help.
    bool is_damaged() const { return closed_ && damaged_; }

    Result<SecretBytes> value(const Place& place);          // not_found
    Status put(const Meta& meta, const SecretBytes& value); // new, or in the place of one
    Status remove(const Place& place);
    // A new key of the vault, all values' keys wrapped anew, in one transaction. `master`: the new master key, or `passphrase`
    // what it is to be made of; both empty: the master key stays.
    Status rekey(SecretBytes master, SecretBytes passphrase);
    // What a damaged or older database still holds: rows whose own seal is whole stay, the others go; the generation goes on
    // after `generation`. Names those that went.
    Result<std::vector<std::string>> accept(std::uint64_t generation);

    struct Uses {
        std::uint64_t count = 0;
        std::int64_t last = 0; // microseconds since the epoch
    };
    Uses uses(const Place& place);
    Status count_use(const Place& place, std::uint64_t more, std::int64_t at);

private:
    struct Row {
        Place place;
        std::uint32_t version = 0;
        std::string meta, wrapped, sealed;
    };
    struct HeadRow {
        std::uint64_t generation = 0;
        std::string key_id, wrapped, salt, head;
        Argon2Cost cost;
    };
    Status open(const GivenKey& given);
    Status make(const GivenKey& given, std::uint64_t generation);
    Result<bool> unwrap(const GivenKey& given, const HeadRow& row); // false: the key is another
    Status load(const HeadRow& row);
    std::unexpected<Error> tell_damage(const std::vector<Row>& rows);
    Result<bool> holds_none();
    bool settle_mark(); // by the database; whether it holds no secret
    Result<std::optional<HeadRow>> read_head();
    Result<std::vector<Row>> read_rows();
    Result<std::optional<Row>> read_row(const Place& place);
    Row sealed_row(const Meta& meta, const SecretBytes& value) const;
    Result<SecretBytes> open_row(const Row& row) const; // internal: its seal is broken
    Result<SecretBytes> data_key(const Row& row) const;
    void wrap(Row& row, const SecretBytes& data_key) const;
    Result<Rows> wrap_all(const std::vector<std::pair<Row, SecretBytes>>& opened);
    Status rekey_with(const std::vector<std::pair<Row, SecretBytes>>& opened, SecretBytes master,
                      SecretBytes passphrase, std::uint64_t generation);
    Status write_row(const Row& row);
    Status write_head(const Rows& rows, std::uint64_t generation);
    Status write_vault(const SecretBytes& master, const std::string& salt, const Rows& rows, std::uint64_t generation);
    Digest head_of(const Rows& rows, std::uint64_t generation) const;
    void adopt(Rows rows, std::uint64_t generation);
    void use_key(SecretBytes key);
    std::unexpected<Error> close(std::string why, std::string next);
    static Digest digest_of_row(const Row& row);
    static std::string bound_to_value(const Row& row);
    static std::string bound_to_master(const std::string& key_id, const std::string& salt);

    store::Database database_;
    store::Statements statements_{database_};
    EmptyMark mark_;
    Argon2Cost cost_;
    std::string how_;
    bool by_passphrase_ = false;
    std::optional<Error> closed_;
    bool damaged_ = false;
    SecretBytes master_, key_, head_key_; // the given one; the vault's own, and what its head is keyed with
    std::string salt_;                    // of a passphrase
    bool begun_ = false;
    std::string key_id_;
    Rows rows_;
    std::uint64_t generation_ = 0;
    Digest head_{};
};

} // namespace owhale::vault
