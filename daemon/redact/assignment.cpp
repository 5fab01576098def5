#include "redact/assignment.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

namespace owhale::redact {
namespace {

constexpr std::size_t kLeastValue = 12, kMostSigns = 6;
constexpr std::size_t kLeastCredential = 8;

struct NameRow {
    std::string_view ending; // of the name in lower case, without _ - and .
    std::string_view label;
};
constexpr std::array kNames = {
    NameRow{"authorization", "authorization"},
    NameRow{"secretaccesskey", "aws-secret-key"},
    NameRow{"password", "password"},
    NameRow{"passwd", "password"},
    NameRow{"passphrase", "password"},
    NameRow{"pwd", "password"},
    NameRow{"token", "token"},
    NameRow{"secret", "secret"},
    NameRow{"apikey", "api-key"},
    NameRow{"accesskey", "secret"},
    NameRow{"secretkey", "secret"},
    NameRow{"privatekey", "secret"},
    NameRow{"authkey", "secret"},
    NameRow{"accountkey", "secret"},
    NameRow{"credential", "secret"},
    NameRow{"credentials", "secret"},
    NameRow{"auth", "secret"},
};
constexpr std::string_view kLastLetters = "nydetlsh"; // of these endings
constexpr std::array<std::string_view, 4> kSchemes = {"bearer ", "basic ", "token ", "apikey "};

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

// The name that ends at `at`: quotes and spaces between it and the sign do not count.
std::string_view name_before(std::string_view text, std::size_t at) {
    const auto least = at > kContext ? at - kContext : 0;
    auto end = at;
    while (end > least && (text[end - 1] == '"' || text[end - 1] == '\'' || text[end - 1] == ' ')) --end;
    auto begin = end;
    while (begin > least && (is_of(Alphabet::dotted, text[begin - 1]))) --begin;
    return text.substr(begin, end - begin);
}

bool is_sign(char c) {
    return c == ' ' || c == '\t' || c == '"' || c == '\'' || c == '=' || c == '>';
}

enum class Scheme { none, partly, there };
Scheme scheme_at(std::string_view text, std::size_t& length) {
    std::string start;
    for (const char c : text.substr(0, 8)) start += lower(c);
    for (const auto scheme : kSchemes) {
        length = scheme.size();
        if (start.starts_with(scheme)) return Scheme::there;
        if (scheme.starts_with(start)) return Scheme::partly;
    }
    return Scheme::none;
}

std::size_t run_of(std::string_view text, Alphabet alphabet) {
    std::size_t n = 0;
    while (n < text.size() && n < kDecided && is_of(alphabet, text[n])) ++n;
    return n;
}

double entropy(std::string_view text) {
    std::array<unsigned, 256> count{};
    for (const char c : text) ++count[static_cast<unsigned char>(c)];
    double bits = 0;
    for (const auto n : count)
        if (n != 0) bits -= n * std::log2(static_cast<double>(n) / static_cast<double>(text.size()));
    return bits / static_cast<double>(text.size());
}

Finding waiting(bool told) {
    Finding found;
    found.kind = Finding::Kind::wait;
    found.told = told;
    return found;
}

Finding found(std::size_t keep, std::size_t cut, std::string_view label, Alphabet rest) {
    return {
        .kind = Finding::Kind::secret, .keep = keep, .cut = cut, .label = label, .rest = rest, .open = cut == kDecided};
}

Finding credential(std::string_view value, std::size_t keep, bool final) {
    const auto run = run_of(value, Alphabet::bearer);
    if (run == value.size() && run < kDecided && !final) return waiting(run >= kTellTale);
    return run < kLeastCredential ? Finding{} : found(keep, run, "authorization", Alphabet::bearer);
}

Finding plain_value(std::string_view value, std::size_t keep, std::string_view label, bool final) {
    const auto run = run_of(value, Alphabet::value);
    if (run == value.size() && run < kDecided && !final) return waiting(run >= kValueTellTale);
    const bool called = run < value.size() && value[run] == '('; // a function's name
    if (called || !is_random(value.substr(0, run))) return {};
    return found(keep, run, label, Alphabet::value);
}

} // namespace

std::string_view secret_name(std::string_view name) {
    if (name.empty() || kLastLetters.find(lower(name.back())) == std::string_view::npos) return {};
    std::array<char, kContext> letters{};
    std::size_t size = 0;
    for (const char c : name.substr(name.size() - std::min(name.size(), kContext)))
        if (c != '_' && c != '-' && c != '.') letters[size++] = lower(c);
    const std::string_view plain(letters.data(), size);
    for (const auto& row : kNames)
        if (plain.ends_with(row.ending)) return row.label;
    return {};
}

bool is_random(std::string_view value) {
    if (value.size() < kLeastValue || std::string_view("/.~$%*<@#!?").find(value.front()) != std::string_view::npos)
        return false;
    const auto count = [&](auto is) { return static_cast<std::size_t>(std::ranges::count_if(value, is)); };
    const auto digits = count([](char c) { return c >= '0' && c <= '9'; });
    const auto uppers = count([](char c) { return c >= 'A' && c <= 'Z'; });
    const auto lowers = count([](char c) { return c >= 'a' && c <= 'z'; });
    if (digits == 0 || uppers + lowers < 3) return false;
    // my_token_v2, config.tokens1: words, and a number at one end.
    const bool words = uppers == 0 || lowers == 0;
    if (words && digits * 6 < value.size()) return false;
    if (value.find("://") != std::string_view::npos) return false;
    return entropy(value) >= (value.size() < 20 ? 2.9 : 3.2);
}

Finding assigned_secret(std::string_view text, std::size_t at, bool final) {
    const auto label = secret_name(name_before(text, at));
    if (label.empty()) return {};
    auto from = at + 1;
    while (from < text.size() && from <= at + kMostSigns && is_sign(text[from])) ++from;
    if (from == text.size()) return final ? Finding{} : waiting(false);
    const auto value = text.substr(from);
    std::size_t scheme = 0;
    const auto named = scheme_at(value, scheme);
    if (named == Scheme::partly && !final) return waiting(false);
    if (named == Scheme::there) return credential(value.substr(scheme), from + scheme - at, final);
    if (label == "authorization") return credential(value, from - at, final);
    return plain_value(value, from - at, label, final);
}

} // namespace owhale::redact
