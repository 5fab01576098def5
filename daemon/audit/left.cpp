#include "audit/left.hpp"

#include "audit/run_bytes.hpp"

namespace owhale::audit {
namespace {

constexpr const char* kLeft =
    "SELECT e.time, v.text, p.text, b.text, o.text, e.run, d.seq, d.time FROM events e"
    " JOIN words v ON v.id = e.event JOIN words p ON p.id = e.principal JOIN words b ON b.id = e.verb"
    " JOIN words o ON o.id = e.outcome"
    " JOIN drops d ON d.through = (SELECT min(through) FROM drops WHERE through >= ?1) WHERE e.seq = ?1";

} // namespace

Result<std::vector<Left>> left_of(store::Database& database, const std::vector<std::uint64_t>& seqs) {
    auto find = TRY(database.prepare(kLeft));
    std::vector<Left> all;
    for (const auto seq : seqs) {
        auto row = find.with(seq);
        if (!TRY(row.next())) continue;
        all.push_back({seq, row.integer(0), row.text(1), row.text(2), row.text(3), row.text(4),
                       from_run_bytes(row.blob(5)), static_cast<std::uint64_t>(row.integer(6)), row.integer(7)});
    }
    return all;
}

} // namespace owhale::audit
