#include "redact/finding.hpp"

#include <algorithm>

#include "redact/assignment.hpp"
#include "redact/jwt.hpp"

namespace owhale::redact {
namespace {

constexpr std::string_view kUrlSign = "://", kPemSign = "-----BEGIN ", kDashes = "-----";
constexpr std::size_t kMaxPemLabel = 48;
constexpr std::size_t kMaxAuthority = 256;

bool is_word(char c) {
    return is_of(Alphabet::word, c);
}

bool is_hex(char c) {
    return is_of(Alphabet::hex, c) || (c >= 'A' && c <= 'F');
}

// "\x1b[01;31m" ends in a letter, and what follows it begins a word all the same: grep's colours.
bool ends_escape(std::string_view before) {
    if (before.size() < 3 || !is_of(Alphabet::alnum, before.back())) return false;
    const auto from = before.find_last_not_of("0123456789;", before.size() - 2);
    return from != std::string_view::npos && from > 0 && before[from] == '[' && before[from - 1] == '\x1b';
}

bool at_word_start(std::string_view text, std::size_t at) {
    if (at == 0 || !is_word(text[at - 1])) return true;
    const auto before = text.substr(at > kContext ? at - kContext : 0, std::min(at, kContext));
    const auto size = before.size();
    if (size >= 2 && before[size - 2] == '\\' && is_of(Alphabet::alnum, before[size - 1]))
        return true; // \n in a string
    if (size >= 3 && before[size - 3] == '%' && is_hex(before[size - 2]) && is_hex(before[size - 1])) return true;
    return ends_escape(before);
}

// How many bytes of the alphabet follow, at most `most`.
std::size_t run_of(std::string_view text, std::size_t at, Alphabet alphabet, std::size_t most) {
    const auto end = std::min(text.size(), at + most);
    auto i = at;
    while (i < end && is_of(alphabet, text[i])) ++i;
    return i - at;
}

bool holds_digit(std::string_view text) {
    return text.find_first_of("0123456789") != std::string_view::npos;
}

enum class Begins { no, partly, yes };
Begins begins(std::string_view text, std::string_view with) {
    if (text.starts_with(with)) return Begins::yes;
    return with.starts_with(text) ? Begins::partly : Begins::no;
}

Finding waiting(bool told) {
    Finding found;
    found.kind = Finding::Kind::wait;
    found.told = told;
    return found;
}

Finding by_row(const SecretRow& row, std::string_view text, std::size_t at, bool final) {
    const auto started = begins(text.substr(at), row.prefix);
    if (started == Begins::no || ((row.traits & kWordStart) != 0 && !at_word_start(text, at))) return {};
    if (started == Begins::partly) return final ? Finding{} : waiting(false);
    const auto from = at + row.prefix.size();
    const auto enough = row.most != 0 ? row.most + 1 : std::max(row.least, kDecided);
    const auto run = run_of(text, from, row.alphabet, enough);
    const bool ended = final || from + run < text.size();
    if (run < enough && !ended) return waiting(run >= kTellTale);
    if (run < row.least || (row.most != 0 && run > row.most)) return {};
    if ((row.traits & kHoldsDigit) != 0 && !holds_digit(text.substr(from, run))) return {};
    const bool keeps = (row.traits & kKeepsPrefix) != 0;
    return {.kind = Finding::Kind::secret,
            .keep = keeps ? row.prefix.size() : 0,
            .cut = run + (keeps ? 0 : row.prefix.size()),
            .label = row.label,
            .rest = row.alphabet,
            .open = run == enough};
}

Finding by_rows(std::string_view text, std::size_t at, bool final) {
    for (const auto& row : rows_from(text[at])) {
        const auto found = by_row(row, text, at, final);
        if (found.kind != Finding::Kind::none) return found;
    }
    return {};
}

Finding private_key(std::string_view text, std::size_t at, bool final) {
    const auto rest = text.substr(at);
    const auto started = begins(rest, kPemSign);
    if (started == Begins::no) return {};
    if (started == Begins::partly) return final ? Finding{} : waiting(rest.size() > kDashes.size());
    const auto label = rest.substr(kPemSign.size(), kMaxPemLabel + kDashes.size());
    const auto line_end = label.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ");
    if (line_end == std::string_view::npos)
        return final || label.size() == kMaxPemLabel + kDashes.size() ? Finding{} : waiting(true);
    const auto ended = begins(label.substr(line_end), kDashes);
    if (ended == Begins::no) return {};
    if (ended == Begins::partly) return final ? Finding{} : waiting(true);
    const auto name = label.substr(0, line_end);
    if (!name.ends_with("PRIVATE KEY") && !name.ends_with("PRIVATE KEY BLOCK")) return {};
    Finding found;
    found.kind = Finding::Kind::private_key;
    found.keep = kPemSign.size() + line_end + kDashes.size();
    return found;
}

// scheme://user:PASSWORD@: from the first sign after the scheme.
Finding url_password(std::string_view text, std::size_t at, bool final) {
    if (at == 0 || !is_word(text[at - 1])) return {};
    const auto started = begins(text.substr(at), kUrlSign);
    if (started == Begins::no) return {};
    if (started == Begins::partly) return final ? Finding{} : waiting(false);
    const auto from = at + kUrlSign.size();
    const auto authority = text.substr(from, kMaxAuthority);
    const auto end = authority.find_first_of("@/?# \t\r\n\"'`<>\\");
    const auto colon = authority.substr(0, end).find(':');
    if (end == std::string_view::npos) {
        if (final || authority.size() == kMaxAuthority) return {};
        const auto port = colon == std::string_view::npos ? std::string_view() : authority.substr(colon + 1);
        return waiting(port.find_first_not_of("0123456789") != std::string_view::npos);
    }
    if (authority[end] != '@' || colon == std::string_view::npos || colon + 1 == end) return {};
    return {.kind = Finding::Kind::secret,
            .keep = kUrlSign.size() + colon + 1,
            .cut = end - colon - 1,
            .label = "url-password"};
}

} // namespace

Finding find_secret(std::string_view text, std::size_t at, bool final) {
    switch (text[at]) {
    case ':':
        if (const auto found = url_password(text, at, final); found.kind != Finding::Kind::none) return found;
        return assigned_secret(text, at, final);
    case '=':
        return assigned_secret(text, at, final);
    case '-':
        return private_key(text, at, final);
    case 'e':
        if (at_word_start(text, at))
            if (const auto found = json_web_token(text, at, final); found.kind != Finding::Kind::none) return found;
        return by_rows(text, at, final);
    default:
        return by_rows(text, at, final);
    }
}

} // namespace owhale::redact
