#include "cli/export_lines.hpp"

#include <boost/json/parse.hpp>
#include <charconv>

#include "cli/messages.hpp"

namespace owhale::cli {
namespace {

constexpr std::string_view kJsonl = "{\"seq\":", kHead = "{\"checkpoint\":", kProblem = "{\"problem\":",
                           kCef = "CEF:0|", kCefSequence = " externalId=";
constexpr std::size_t kLongestLine = 32u << 20; // an event has at most 8 MiB, escaped once more by ocsf

std::optional<std::uint64_t> number_at(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end == text.data()) return std::nullopt;
    return value;
}

std::optional<std::uint64_t> ocsf_sequence(std::string_view line) {
    boost::system::error_code error;
    const auto value = boost::json::parse(line, error);
    if (error || !value.is_object()) return std::nullopt;
    const auto* metadata = value.get_object().if_contains("metadata");
    const auto* number =
        metadata != nullptr && metadata->is_object() ? metadata->get_object().if_contains("sequence") : nullptr;
    if (number == nullptr || !number->is_int64() || number->get_int64() < 0) return std::nullopt;
    return static_cast<std::uint64_t>(number->get_int64());
}

Error problem_of(std::string_view line) {
    Error error{Code::internal, "owhaled could not go on with the export", "", 0, {}};
    boost::system::error_code failed;
    const auto value = boost::json::parse(line, failed);
    if (failed || !value.is_object()) return error;
    const auto* problem = value.get_object().if_contains("problem");
    const auto* detail =
        problem != nullptr && problem->is_object() ? problem->get_object().if_contains("detail") : nullptr;
    if (detail != nullptr && detail->is_string()) error.message += ": " + std::string(detail->get_string());
    return error;
}

} // namespace

std::optional<std::uint64_t> sequence_of(std::string_view line) {
    if (line.starts_with(kJsonl)) return number_at(line.substr(kJsonl.size()));
    if (line.starts_with(kHead)) return std::nullopt;
    if (!line.starts_with(kCef)) return ocsf_sequence(line);
    const auto at = line.find(kCefSequence);
    return at == std::string_view::npos ? std::nullopt : number_at(line.substr(at + kCefSequence.size()));
}

std::string_view format_of(std::string_view line) {
    if (line.starts_with(kJsonl) || line.starts_with(kHead)) return "jsonl";
    if (line.starts_with(kCef)) return "cef";
    return ocsf_sequence(line) ? "ocsf" : "";
}

Status ExportLines::take(std::string_view bytes) {
    const auto end = bytes.rfind('\n');
    if (end == std::string_view::npos) {
        if (rest_.size() + bytes.size() > kLongestLine) return fail(Code::internal, "a line of the export has no end");
        rest_ += bytes;
        return {};
    }
    rest_ += bytes.substr(0, end + 1);
    const auto whole = std::exchange(rest_, std::string(bytes.substr(end + 1)));
    return give(whole);
}

Status ExportLines::give(std::string_view lines) {
    std::size_t good = 0, begin = 0; // what is to go out; where the line at hand begins
    const auto flush = [&](std::size_t end) -> Status {
        const auto part = lines.substr(good, end - good);
        bytes_ += part.size();
        return part.empty() ? Status{} : sink_(part);
    };
    std::string_view last;
    for (std::size_t end = 0; (end = lines.find('\n', begin)) != std::string_view::npos; begin = end + 1) {
        const auto line = lines.substr(begin, end - begin);
        if (line.starts_with(kProblem)) {
            CHECK(flush(begin));
            return std::unexpected(problem_of(line));
        }
        if (line.empty()) {
            CHECK(flush(begin));
            good = end + 1;
        } else if (!line.starts_with(kHead)) {
            last = line;
        }
    }
    CHECK(flush(lines.size()));
    if (!last.empty()) last_ = last;
    return {};
}

std::optional<std::uint64_t> ExportLines::last() const {
    return last_.empty() ? std::nullopt : sequence_of(last_);
}

} // namespace owhale::cli
