// What changes the keep: each in one transaction, with the head that follows from it.
#include <algorithm>

#include "base/crash_point.hpp"
#include "shared/codec.hpp"
#include "store/transaction.hpp"
#include "vault/keep.hpp"
#include "vault/passphrase.hpp"

namespace owhale::vault {
namespace {

std::span<const std::uint8_t> bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
std::string_view text(const Digest& digest) {
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

} // namespace

void Keep::wrap(Row& row, const SecretBytes& data_key) const {
    const auto bound = Bound("owhale.data-key.1")
                           .add(key_id_)
                           .add(row.place.owner)
                           .add(row.place.name)
                           .add(std::uint64_t{row.version})
                           .text();
    row.wrapped = seal(key_, bound, data_key.text());
}

Keep::Row Keep::sealed_row(const Meta& meta, const SecretBytes& value) const {
    Row row{place_of(meta), meta.secret.version, codec::to_text(meta), {}, {}};
    const auto key = random_key();
    wrap(row, key);
    row.sealed = seal(key, bound_to_value(row), value.text());
    return row;
}

Status Keep::write_row(const Row& row) {
    return TRY(statements_.use("INSERT INTO secrets (owner, name, version, meta, wrapped, sealed) "
                               "VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (owner, name) DO UPDATE SET "
                               "version = ?3, meta = ?4, wrapped = ?5, sealed = ?6"))
        ->with(row.place.owner, row.place.name, row.version, row.meta, bytes(row.wrapped), bytes(row.sealed))
        .run();
}

Status Keep::write_head(const Rows& rows, std::uint64_t generation) {
    const auto head = head_of(rows, generation);
    return TRY(statements_.use("UPDATE vault SET generation = ?1, head = ?2"))
        ->with(generation, bytes(text(head)))
        .run();
}

Status Keep::write_vault(const SecretBytes& master, const std::string& salt, const Rows& rows,
                         std::uint64_t generation) {
    const auto wrapped = seal(master, bound_to_master(key_id_, salt), key_.text());
    const auto head = head_of(rows, generation);
    std::optional<std::span<const std::uint8_t>> stored_salt;
    std::optional<std::uint64_t> memory, passes;
    if (!salt.empty()) stored_salt = bytes(salt), memory = cost_.memory, passes = cost_.passes;
    CHECK(TRY(statements_.use("INSERT OR REPLACE INTO vault (id, generation, key_id, wrapped, salt, memory, passes, "
                              "head) VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7)"))
              ->with(generation, key_id_, bytes(wrapped), stored_salt, memory, passes, bytes(text(head)))
              .run());
    adopt(rows, generation);
    return {};
}

void Keep::adopt(Rows rows, std::uint64_t generation) {
    rows_ = std::move(rows);
    generation_ = generation;
    head_ = head_of(rows_, generation_);
}

Status Keep::put(const Meta& meta, const SecretBytes& value) {
    CHECK(check());
    CHECK(mark_.remove()); // before: a secret that is stored is never beside it
    const auto row = sealed_row(meta, value);
    Held held{meta, digest_of_row(row)};
    auto before = rows_.find(row.place);
    const auto old = before == rows_.end() ? std::nullopt : std::optional(before->second);
    rows_.insert_or_assign(row.place, std::move(held));
    const auto written = [&]() -> Status {
        auto transaction = TRY(database_.begin());
        CHECK(write_row(row));
        crash_point("vault.put");
        CHECK(write_head(rows_, generation_ + 1));
        return transaction.commit();
    }();
    if (!written) {
        rows_.erase(row.place);
        if (old) rows_.emplace(row.place, *old);
        if (rows_.empty()) mark_.put();
        return written;
    }
    ++generation_;
    head_ = head_of(rows_, generation_);
    return {};
}

Status Keep::remove(const Place& place) {
    CHECK(check());
    const auto at = rows_.find(place);
    if (at == rows_.end()) return fail(Code::not_found, "there is no such secret", "`owhalectl secrets ls` lists them");
    auto rows = rows_;
    rows.erase(place);
    auto transaction = TRY(database_.begin());
    CHECK(TRY(statements_.use("DELETE FROM secrets WHERE owner = ?1 AND name = ?2"))
              ->with(place.owner, place.name)
              .run());
    CHECK(TRY(statements_.use("DELETE FROM secret_uses WHERE owner = ?1 AND name = ?2"))
              ->with(place.owner, place.name)
              .run());
    CHECK(write_head(rows, generation_ + 1));
    CHECK(transaction.commit());
    adopt(std::move(rows), generation_ + 1);
    if (rows_.empty()) mark_.put();
    return {};
}

Result<Keep::Rows> Keep::wrap_all(const std::vector<std::pair<Row, SecretBytes>>& opened) {
    Rows rows;
    for (const auto& [old, key] : opened) {
        auto row = old;
        wrap(row, key);
        CHECK(write_row(row));
        crash_point("rekey.row");
        rows.emplace(row.place, Held{TRY(codec::decode<Meta>(row.meta)), digest_of_row(row)});
    }
    return rows;
}

Status Keep::rekey(SecretBytes master, SecretBytes passphrase) {
    CHECK(check());
    std::vector<std::pair<Row, SecretBytes>> opened;
    for (auto& row : TRY(read_rows())) {
        const auto* held = find(row.place);
        if (held == nullptr || held->digest != digest_of_row(row))
            return close("the secret " + row.place.owner + "/" + row.place.name + " was changed outside of owhaled",
                         "start owhaled again: it tells what can be done");
        auto key = TRY(data_key(row));
        opened.emplace_back(std::move(row), std::move(key));
    }
    if (opened.size() != rows_.size())
        return close("secrets were removed outside of owhaled", "start owhaled again: it tells what can be done");
    return rekey_with(opened, std::move(master), std::move(passphrase), generation_ + 1);
}

Status Keep::rekey_with(const std::vector<std::pair<Row, SecretBytes>>& opened, SecretBytes master,
                        SecretBytes passphrase, std::uint64_t generation) {
    auto salt = passphrase.empty() && master.empty() ? salt_ : std::string();
    if (!passphrase.empty()) {
        salt = new_salt();
        master = TRY(key_of_passphrase(passphrase, salt, cost_));
    } else if (master.empty()) {
        master = SecretBytes(master_.text());
    }
    auto old_key = std::exchange(key_, SecretBytes());
    const auto old_rows = rows_;
    const auto old_generation = generation_;
    use_key(random_key());
    crash_point("rekey.before");
    auto written = [&]() -> Status {
        auto transaction = TRY(database_.begin());
        CHECK(database_.execute("DELETE FROM secrets"));
        const auto rows = TRY(wrap_all(opened));
        CHECK(write_vault(master, salt, rows, generation));
        crash_point("rekey.uncommitted");
        return transaction.commit();
    }();
    if (!written) {
        use_key(std::move(old_key));
        adopt(old_rows, old_generation);
        return written;
    }
    crash_point("rekey.committed");
    master_ = std::move(master);
    salt_ = std::move(salt);
    (void)database_.execute("PRAGMA wal_checkpoint(TRUNCATE)"); // what the old key opens leaves the log, when it can
    return {};
}

Result<std::vector<std::string>> Keep::accept(std::uint64_t generation) {
    if (!is_damaged())
        return fail(Code::conflict, "nothing in the vault is damaged", "owhalectl secrets rekey needs no --accept");
    std::vector<std::pair<Row, SecretBytes>> whole;
    std::vector<std::string> gone;
    for (auto& row : TRY(read_rows())) {
        const auto meta = codec::decode<Meta>(row.meta);
        auto key = data_key(row);
        const bool good = meta && place_of(*meta) == row.place && meta->secret.version == row.version && open_row(row);
        if (good)
            whole.emplace_back(std::move(row), std::move(*key));
        else
            gone.push_back(row.place.owner + "/" + row.place.name);
    }
    CHECK(rekey_with(whole, {}, {}, std::max(generation, generation_) + 1));
    closed_.reset();
    damaged_ = false;
    if (rows_.empty()) mark_.put();
    return gone;
}

Keep::Uses Keep::uses(const Place& place) {
    const auto find = statements_.use("SELECT uses, last_used FROM secret_uses WHERE owner = ?1 AND name = ?2");
    if (!find) return {};
    auto row = (*find)->with(place.owner, place.name);
    const auto there = row.next();
    if (!there || !*there) return {};
    return {static_cast<std::uint64_t>(row.integer(0)), row.integer(1)};
}

Status Keep::count_use(const Place& place, std::uint64_t more, std::int64_t at) {
    return TRY(statements_.use(
                   "INSERT INTO secret_uses (owner, name, uses, last_used) VALUES (?1, ?2, ?3, ?4) "
                   "ON CONFLICT (owner, name) DO UPDATE SET uses = uses + ?3, last_used = max(last_used, ?4)"))
        ->with(place.owner, place.name, more, at)
        .run();
}

} // namespace owhale::vault
