#include "audit/words.hpp"

namespace owhale::audit {

Result<Words> Words::open(store::Database& database) {
    auto find = TRY(database.prepare("SELECT id FROM words WHERE text = ?"));
    auto add = TRY(database.prepare("INSERT INTO words (text) VALUES (?) RETURNING id"));
    return Words(std::move(find), std::move(add));
}

Result<std::int64_t> Words::id_of(std::string_view text) {
    if (const auto known = known_.find(text); known != known_.end()) return known->second;
    if (known_.size() >= kMostKnown) known_.clear();
    std::int64_t id = 0;
    for (auto* statement : {&find_, &add_}) {
        auto row = statement->with(text);
        if (!TRY(row.next())) continue;
        id = row.integer(0);
        if (statement == &add_) CHECK(row.run());
        break;
    }
    known_.emplace(std::string(text), id);
    return id;
}

} // namespace owhale::audit
