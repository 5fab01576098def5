// Signed checkpoints of the log: made, kept and given out.
//
// The key is DIR/audit.key. The origin, which is also the key's name, is made with the first of them and stays:
// owhaled/<hostname>/<first 8 hexadecimal digits of the public key's SHA-256>.
#pragma once

#include <optional>
#include <string>

#include "audit/merkle/note.hpp"
#include "base/sign_key.hpp"
#include "store/database.hpp"

namespace owhale::audit {

struct Signed {
    std::string note;
    std::uint64_t size = 0;
    merkle::Hash root{};
    std::int64_t time = 0; // microseconds
};

class Checkpoints {
public:
    // Makes key and origin the first time. Refuses (state_unavailable) a key that is not the log's, and a log whose key
    // is missing: `database` outlives it.
    static Result<Checkpoints> open(store::Database& database, const std::string& dir);

    const merkle::NoteKey& key() const { return name_; }
    // Signs and keeps one; the newest that is kept when that is of the same size already. What it is of has to be on disk.
    Result<Signed> make(std::uint64_t size, const merkle::Hash& root);
    // The newest that is kept, its signature verified; none of a log that has none yet.
    Result<std::optional<Signed>> newest();

private:
    Checkpoints(store::Database& database, SignKey key, merkle::NoteKey name)
        : database_(database), key_(std::move(key)), name_(std::move(name)) {}
    Status keep(const Signed& made);
    store::Database& database_;
    SignKey key_;
    merkle::NoteKey name_;
    std::int64_t thinned_ = 0; // the hour in which old ones were last thinned out
};

} // namespace owhale::audit
