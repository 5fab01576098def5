#include "egress/report.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "base/utf8.hpp"

namespace owhale::egress {

std::string bounded_reason(const std::string& reason) {
    constexpr std::size_t kMost = 400;
    if (reason.size() <= kMost) return reason;
    return reason.substr(0, size_to_cut(reason, kMost)) + "...";
}

std::size_t Report::note(const std::string& host, std::uint16_t port, const std::string& how,
                         const std::string& verdict, const std::string& rule, const std::string& reason) {
    const auto known = rows_.find({host, port, how, verdict});
    if (known != rows_.end()) {
        ++report_.hosts[known->second].count;
        return known->second;
    }
    const bool refused = verdict == "deny";
    if (report_.hosts.size() >= kMostRows || (refused && refused_ >= kMostRefused)) {
        ++report_.more;
        return kMostRows;
    }
    api::NetTry row{host, port, how, verdict, rule, bounded_reason(reason), {}, 1, 0, 0, 0, rfc3339(wall_clock_us()),
                    {},   {}};
    rows_.emplace(std::tuple(host, port, how, verdict), report_.hosts.size());
    report_.hosts.push_back(std::move(row));
    if (refused) ++refused_;
    return report_.hosts.size() - 1;
}

void Report::connected(std::size_t row, const std::string& address) {
    ++report_.connections;
    if (auto* entry = at(row)) entry->address = address;
}

void Report::ended(std::size_t row, std::uint64_t ms) {
    if (auto* entry = at(row)) entry->ms = std::max(entry->ms, ms);
}

void Report::remark(const std::string& host, std::uint16_t port, const std::string& reason) {
    for (auto& row : report_.hosts)
        if (row.host == host && row.port == port && row.verdict != "deny" && row.reason.empty())
            row.reason = bounded_reason(reason);
}

void Report::approved(std::size_t row, const std::string& approval) {
    if (auto* entry = at(row)) entry->approval = approval;
}

void Report::secret(std::size_t row, const std::string& name) {
    auto* entry = at(row);
    if (entry == nullptr) return;
    if (!entry->secrets) entry->secrets.emplace();
    if (std::ranges::find(*entry->secrets, name) == entry->secrets->end()) entry->secrets->push_back(name);
}

bool Report::count(std::size_t row, std::uint64_t up, std::uint64_t down) {
    report_.up += up;
    report_.down += down;
    if (auto* entry = at(row)) {
        entry->up += up;
        entry->down += down;
    }
    return !spent();
}

} // namespace owhale::egress
