#include "config/severities.hpp"

#include <algorithm>
#include <string>

#include "config/lists.hpp"
#include "config/units.hpp"

namespace owhale::config {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kMostPeople = 16;
constexpr std::chrono::milliseconds kShortest = 1s, kLongest = 7 * 24h;

std::unexpected<Error> no_severity(std::string_view name) {
    return fail(Code::invalid_value, "\"" + std::string(name) + "\" is no severity",
                "use none, low, medium, high or critical");
}

// Gives each word's value to the severity that it names, or to all that no word has named yet.
template <typename T, typename Read>
Status read_each(std::string_view text, std::array<T, kSeverities.size()>& out, Read read) {
    for (const auto& word : split_words(text)) {
        const auto equals = word.find('=');
        if (equals == word.npos) {
            out.fill(TRY(read(word)));
            continue;
        }
        const auto at = std::ranges::find(kSeverities, word.substr(0, equals));
        if (at == kSeverities.end()) return no_severity(word.substr(0, equals));
        out[static_cast<std::size_t>(at - kSeverities.begin())] = TRY(read(word.substr(equals + 1)));
    }
    return {};
}

Result<std::uint32_t> people(const std::string& text) {
    const auto count = TRY(parse_count(text));
    if (count < 1 || count > kMostPeople)
        return fail(Code::invalid_value, text + " people are out of range", "use 1 to 16");
    return static_cast<std::uint32_t>(count);
}

Result<std::chrono::milliseconds> lifetime(const std::string& text) {
    const auto time = TRY(parse_duration(text));
    if (time < kShortest || time > kLongest)
        return fail(Code::invalid_value, text + " is out of range", "use 1s to 7d");
    return time;
}

} // namespace

std::size_t severity_rank(std::string_view name) {
    const auto at = std::ranges::find(kSeverities, name);
    return at == kSeverities.end() ? kSeverities.size() - 1 : static_cast<std::size_t>(at - kSeverities.begin());
}

Result<Quorums> parse_quorum(std::string_view text) {
    Quorums out;
    out.fill(1);
    CHECK(read_each(text, out, people));
    return out;
}

Result<Expiries> parse_expiry(std::string_view text, std::chrono::milliseconds otherwise) {
    Expiries out;
    out.fill(otherwise);
    CHECK(read_each(text, out, lifetime));
    return out;
}

} // namespace owhale::config
