#include "start_failure.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <string_view>
#include <thread>

#include "base/log.hpp"
#include "base/log_prefix.hpp"

namespace owhale {
namespace {

// journald asks the kernel who we are when it reads, and of who has ended it knows no unit: `systemctl status` would not have it.
constexpr std::chrono::milliseconds kUntilRead{200};

void add_lines(std::vector<std::string>& lines, std::string_view text) {
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

} // namespace

std::vector<std::string> start_failure(const Error& error) {
    std::vector<std::string> lines;
    add_lines(lines, "owhaled cannot start: " + error.message);
    if (error.errnum != 0) lines.back() += std::string(": ") + std::strerror(error.errnum);
    if (!error.next.empty()) add_lines(lines, "next: " + error.next);
    return lines;
}

void tell_start_failure(const Error& error, const audit::Journald* journal) {
    const auto lines = start_failure(error);
    if (journal != nullptr && log::journal_reads()) {
        audit::JournalEntry entry;
        entry.add("SYSLOG_IDENTIFIER", "owhaled").add("PRIORITY", "3").add("MESSAGE", log::text_of(lines));
        if (journal->send(entry) == 0) return std::this_thread::sleep_for(kUntilRead);
    }
    log::write_lines(log::Level::error, lines);
}

} // namespace owhale
