#include "sandbox/boxes.hpp"

#include <algorithm>

#include "base/clock.hpp"

namespace owhale::sandbox {

void Boxes::used(const Use& use) {
    const auto now = rfc3339(wall_clock_us());
    auto& row = rows_[use.key];
    if (row.box.id.empty())
        row = {use.principal, use.uid, {use.key, use.workspace, now, now, {}}, use.profile, use.fence};
    row.box.last_used = now;
}

std::vector<Boxes::Row> Boxes::to_end_for(const Use& use) const {
    if (rows_.contains(use.key)) return {};
    std::vector<Row> its;
    for (const auto& [key, row] : rows_)
        if (row.principal == use.principal && row.fence == use.fence) its.push_back(row);
    if (its.size() < kMost) return {};
    std::ranges::sort(its, {}, [](const Row& row) { return row.box.last_used; });
    return its;
}

void Boxes::ended(const std::string& key) {
    rows_.erase(key);
}

std::vector<Boxes::Row> Boxes::list(const std::string& principal, bool any) const {
    std::vector<Row> out;
    for (const auto& [key, row] : rows_)
        if (any || row.principal == principal) out.push_back(row);
    return out;
}

Result<Boxes::Row> Boxes::find(const std::string& key, const std::string& principal, bool any) const {
    const auto found = rows_.find(key);
    if (found == rows_.end() || (!any && found->second.principal != principal))
        return fail(Code::not_found, "there is no such box", "`owhalectl box ls` lists yours");
    return found->second;
}

} // namespace owhale::sandbox
