#include "vault/keep.hpp"

#include <array>
#include <filesystem>
#include <sodium.h>

#include "base/log.hpp"
#include "shared/codec.hpp"
#include "vault/passphrase.hpp"

namespace owhale::vault {
namespace {

constexpr std::uint64_t kFewChanges = 16; // of a vault that is made anew, should its key not fit
constexpr const char* kRestore = "put the right one back from a backup, and start owhaled again";
constexpr const char* kAccept =
    "put state.db back from a backup; or go on with what is whole: owhalectl secrets rekey --accept";

bool same(const Digest& digest, std::string_view bytes) {
    return bytes.size() == digest.size() && ::sodium_memcmp(digest.data(), bytes.data(), digest.size()) == 0;
}

SecretBytes copy_of(const SecretBytes& key) {
    return SecretBytes(key.text());
}

std::string shown(const Place& place) {
    return place.owner + "/" + place.name;
}

} // namespace

Keep::Keep(store::Database database, const GivenKey& given, Argon2Cost cost)
    : database_(std::move(database)), mark_(std::filesystem::path(database_.path()).parent_path()), cost_(cost),
      how_(given.how), by_passphrase_(!given.passphrase.empty()) {
    const bool empty = settle_mark(); // without a key, too: the next start may make one then
    if (given.missing) {
        closed_ = given.missing;
        if (given.withheld && empty)
            closed_->next = "the vault holds no secret: start owhaled again, and it makes a key";
    } else if (const auto opened = open(given); !opened && !closed_) {
        (void)close(to_line(opened.error()), opened.error().next);
    }
}

std::unexpected<Error> Keep::close(std::string why, std::string next) {
    closed_ = Error{Code::vault_unavailable, "the vault is closed: " + why, std::move(next), 0, {}};
    return std::unexpected(*closed_);
}

std::unexpected<Error> Keep::damaged(std::string why) {
    damaged_ = true;
    return close(std::move(why), kAccept);
}

Status Keep::open(const GivenKey& given) {
    const auto head = TRY(read_head());
    const bool empty = TRY(read_rows()).empty();
    if (!head && empty) return make(given, 1);
    if (!head) return close("its head was removed from the database, and secrets are there", kRestore);
    if (TRY(unwrap(given, *head))) return load(*head);
    // A passphrase that was mistyped, or a setting that was changed, before anything was kept costs nothing.
    if (empty && head->generation <= kFewChanges) return make(given, head->generation + 1);
    if (by_passphrase_ == !head->salt.empty())
        return close(how_ + " is not the key that this vault was made with",
                     std::string(kRestore) + "; " + begin_anew(std::filesystem::path(database_.path()).parent_path()));
    return close(by_passphrase_ ? "it was made with a key, not with a passphrase"
                                : "it was made with a passphrase, not with a key",
                 "set vault-key in owhaled.conf to what it was");
}

Result<bool> Keep::holds_none() {
    auto row = TRY(statements_.use("SELECT 1 FROM secrets LIMIT 1"))->with();
    return !TRY(row.next());
}

bool Keep::settle_mark() {
    const auto empty = holds_none();
    if (!empty) return false; // what cannot be read is no reason for a key
    if (*empty)
        mark_.put();
    else if (const auto removed = mark_.remove(); !removed)
        log::error(to_line(removed.error()));
    return *empty;
}

// An empty vault: the first start's.
Status Keep::make(const GivenKey& given, std::uint64_t generation) {
    use_key(random_key());
    if (by_passphrase_) salt_ = new_salt();
    master_ = by_passphrase_ ? TRY(key_of_passphrase(given.passphrase, salt_, cost_)) : copy_of(given.keys.front());
    return write_vault(master_, salt_, {}, generation);
}

Result<bool> Keep::unwrap(const GivenKey& given, const HeadRow& row) {
    if (by_passphrase_ != !row.salt.empty()) return false;
    std::vector<SecretBytes> made;
    if (by_passphrase_) made.push_back(TRY(key_of_passphrase(given.passphrase, row.salt, row.cost)));
    const auto& keys = by_passphrase_ ? made : given.keys;
    for (const auto& master : keys) {
        auto key = open_sealed(master, bound_to_master(row.key_id, row.salt), row.wrapped);
        if (!key || key->size() != kKeyBytes) continue;
        use_key(std::move(*key));
        master_ = copy_of(master);
        salt_ = row.salt;
        begun_ = &master != &keys.front(); // a rekey that was cut off: its key is the one in force
        return true;
    }
    return false;
}

void Keep::use_key(SecretBytes key) {
    key_ = std::move(key);
    head_key_ = subkey(key_, "head");
    key_id_ = id_of(key_);
}

std::string Keep::bound_to_master(const std::string& key_id, const std::string& salt) {
    return Bound("owhale.vault-key.1").add(key_id).add(salt).text();
}

Status Keep::load(const HeadRow& head) {
    generation_ = head.generation;
    const auto found = TRY(read_rows());
    Rows rows;
    for (const auto& row : found) {
        auto meta = codec::decode<Meta>(row.meta);
        if (!meta || place_of(*meta) != row.place || meta->secret.version != row.version) return tell_damage(found);
        rows.emplace(row.place, Held{std::move(*meta), digest_of_row(row)});
    }
    if (!same(head_of(rows, head.generation), head.head)) return tell_damage(found);
    rows_ = std::move(rows);
    head_ = head_of(rows_, generation_);
    return {};
}

// Which of them it is, where one can be named.
std::unexpected<Error> Keep::tell_damage(const std::vector<Row>& rows) {
    for (const auto& row : rows)
        if (!open_row(row)) return damaged("the secret " + shown(row.place) + " was changed outside of owhaled");
    return damaged("secrets were removed, added or put back outside of owhaled");
}

Result<std::optional<Keep::HeadRow>> Keep::read_head() {
    auto row =
        TRY(statements_.use("SELECT generation, key_id, wrapped, salt, memory, passes, head FROM vault"))->with();
    if (!TRY(row.next())) return std::nullopt;
    HeadRow head{static_cast<std::uint64_t>(row.integer(0)), row.text(1), row.blob(2), row.blob(3), row.blob(6), {}};
    head.cost = {static_cast<std::uint64_t>(row.integer(4)), static_cast<std::uint64_t>(row.integer(5))};
    return head;
}

Result<std::vector<Keep::Row>> Keep::read_rows() {
    std::vector<Row> out;
    auto row = TRY(statements_.use("SELECT owner, name, version, meta, wrapped, sealed FROM secrets"))->with();
    while (TRY(row.next()))
        out.push_back({{row.text(0), row.text(1)},
                       static_cast<std::uint32_t>(row.integer(2)),
                       row.text(3),
                       row.blob(4),
                       row.blob(5)});
    return out;
}

Result<std::optional<Keep::Row>> Keep::read_row(const Place& place) {
    auto row = TRY(statements_.use("SELECT version, meta, wrapped, sealed FROM secrets WHERE owner = ?1 AND name = ?2"))
                   ->with(place.owner, place.name);
    if (!TRY(row.next())) return std::nullopt;
    return Row{place, static_cast<std::uint32_t>(row.integer(0)), row.text(1), row.blob(2), row.blob(3)};
}

Digest Keep::digest_of_row(const Row& row) {
    return digest_of(Bound("owhale.row.1")
                         .add(row.place.owner)
                         .add(row.place.name)
                         .add(std::uint64_t{row.version})
                         .add(row.meta)
                         .add(row.wrapped)
                         .add(row.sealed)
                         .text());
}

Digest Keep::head_of(const Rows& rows, std::uint64_t generation) const {
    Bound bound("owhale.head.1");
    bound.add(generation).add(key_id_).add(std::uint64_t{rows.size()});
    for (const auto& [place, held] : rows)
        bound.add(place.owner)
            .add(place.name)
            .add(std::string_view(reinterpret_cast<const char*>(held.digest.data()), held.digest.size()));
    return keyed_digest(head_key_, bound.text());
}

std::string Keep::head() const {
    std::array<char, 2 * sizeof head_ + 1> hex{};
    ::sodium_bin2hex(hex.data(), hex.size(), head_.data(), head_.size());
    return hex.data();
}

const Keep::Held* Keep::find(const Place& place) const {
    const auto at = rows_.find(place);
    return at == rows_.end() ? nullptr : &at->second;
}

Status Keep::check() {
    if (closed_) return std::unexpected(*closed_);
    const auto head = TRY(read_head());
    if (head && head->generation == generation_ && same(head_, head->head)) return {};
    return damaged("its head was changed outside of owhaled");
}

Result<SecretBytes> Keep::value(const Place& place) {
    CHECK(check());
    const auto* held = find(place);
    if (held == nullptr) return fail(Code::not_found, "there is no such secret", "`owhalectl secrets ls` lists them");
    const auto row = TRY(read_row(place));
    if (!row) return damaged("the secret " + shown(place) + " was removed outside of owhaled");
    auto opened = digest_of_row(*row) == held->digest ? open_row(*row) : fail(Code::internal, "changed");
    if (!opened) return damaged("the secret " + shown(place) + " was changed outside of owhaled");
    return opened;
}

Result<SecretBytes> Keep::data_key(const Row& row) const {
    const auto bound = Bound("owhale.data-key.1")
                           .add(key_id_)
                           .add(row.place.owner)
                           .add(row.place.name)
                           .add(std::uint64_t{row.version})
                           .text();
    auto key = open_sealed(key_, bound, row.wrapped);
    if (!key || key->size() != kKeyBytes) return fail(Code::internal, "the seal of a value's key is broken");
    return std::move(*key);
}

Result<SecretBytes> Keep::open_row(const Row& row) const {
    const auto key = TRY(data_key(row));
    auto value = open_sealed(key, bound_to_value(row), row.sealed);
    if (!value) return fail(Code::internal, "the seal of a value is broken");
    return std::move(*value);
}

std::string Keep::bound_to_value(const Row& row) {
    return Bound("owhale.secret.1")
        .add(row.place.owner)
        .add(row.place.name)
        .add(std::uint64_t{row.version})
        .add(row.meta)
        .text();
}

} // namespace owhale::vault
