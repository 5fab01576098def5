#include "cli/export_lines.hpp"

#include <boost/json/parse.hpp>
#include <charconv>

#include "cli/messages.hpp"

namespace owhale::cli {
namespace {

constexpr std::string_view kJsonl = "{\"seq\":", kHead = "{\"checkpoint\":", kProblem = "{\"problem\":",
                           kCef = "CEF:0|", kCefSequence = "externalId=", kCefHash = " cs1Label=leafHash cs1=",
                           kJsonlHash = ",\"hash\":\"";
constexpr std::size_t kLongestLine = 32u << 20; // an event has at most 8 MiB, escaped once more by ocsf

std::optional<std::uint64_t> number_at(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end == text.data()) return std::nullopt;
    return value;
}

// A member of an object within an object; null when there is none.
boost::json::value member_of(std::string_view line, std::string_view object, std::string_view name) {
    boost::system::error_code error;
    const auto value = boost::json::parse(line, error);
    if (error || !value.is_object()) return nullptr;
    const auto* inner = value.get_object().if_contains(object);
    const auto* found = inner != nullptr && inner->is_object() ? inner->get_object().if_contains(name) : nullptr;
    return found == nullptr ? boost::json::value(nullptr) : *found;
}

std::optional<std::uint64_t> ocsf_sequence(std::string_view line) {
    const auto number = member_of(line, "metadata", "sequence");
    if (!number.is_int64() || number.get_int64() < 0) return std::nullopt;
    return static_cast<std::uint64_t>(number.get_int64());
}

// Behind the seventh bar that no backslash stands before, where owhaled puts the number: elsewhere strangers may write
// what looks like one.
std::string_view cef_extension(std::string_view line) {
    std::size_t bars = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == '\\')
            ++i;
        else if (line[i] == '|' && ++bars == 7)
            return line.substr(i + 1);
    }
    return {};
}

std::optional<std::uint64_t> cef_sequence(std::string_view line) {
    const auto extension = cef_extension(line);
    return extension.starts_with(kCefSequence) ? number_at(extension.substr(kCefSequence.size())) : std::nullopt;
}

std::string hash_after(std::string_view text, std::string_view mark) {
    constexpr std::size_t kDigits = 64;
    const auto at = text.find(mark);
    return at == text.npos ? std::string() : std::string(text.substr(at + mark.size(), kDigits));
}

Error problem_of(std::string_view line) {
    Error error{Code::internal, "owhaled could not go on with the export", "", 0, {}};
    const auto detail = member_of(line, "problem", "detail");
    if (detail.is_string()) error.message += ": " + std::string(detail.get_string());
    return error;
}

} // namespace

std::optional<std::uint64_t> sequence_of(std::string_view line) {
    if (line.starts_with(kJsonl)) return number_at(line.substr(kJsonl.size()));
    if (line.starts_with(kHead)) return std::nullopt;
    return line.starts_with(kCef) ? cef_sequence(line) : ocsf_sequence(line);
}

std::string hash_of(std::string_view line) {
    if (line.starts_with(kJsonl)) return hash_after(line, kJsonlHash);
    if (line.starts_with(kCef)) return hash_after(cef_extension(line), kCefHash);
    const auto hash = member_of(line, "unmapped", "leaf_hash");
    return hash.is_string() ? std::string(hash.get_string()) : std::string();
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
