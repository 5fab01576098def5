#include "policy/shell/finish.hpp"

#include <algorithm>

namespace owhale::policy::shell {

namespace {

// Text that ends in the midst of a tilde's name, so that the name goes on in what follows.
bool ends_in_tilde(const Part& part) {
    if (part.kind != PartKind::literal || part.quoted) return false;
    const std::string_view text = part.text;
    const auto tilde = text.rfind('~');
    if (tilde == std::string_view::npos || text.substr(tilde).contains('/')) return false;
    return tilde == 0 || text[tilde - 1] == '=' || text[tilde - 1] == ':';
}

bool begins_with_slash(const Part& part) {
    return part.kind == PartKind::literal && part.text.starts_with('/');
}

// ~{a,b} and {~a,b}c: names that come together only when the braces are expanded.
bool splits_tilde(const Part& part, const Part& next) {
    if (part.kind != PartKind::brace) return next.kind == PartKind::brace && ends_in_tilde(part);
    if (begins_with_slash(next)) return false;
    return std::ranges::any_of(
        part.words, [](const Word& word) { return !word.parts.empty() && ends_in_tilde(word.parts.back()); });
}

void close_split_tildes(std::vector<Part>& parts) {
    for (std::size_t i = 0; i + 1 < parts.size(); ++i)
        if (splits_tilde(parts[i], parts[i + 1])) return close_braces(parts);
}

void finish_parts(std::vector<Part>& parts, Style style, bool first, bool last) {
    close_split_tildes(parts);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const bool ends = i + 1 == parts.size() ? last : begins_with_slash(parts[i + 1]);
        if (parts[i].kind == PartKind::brace)
            for (auto& word : parts[i].words) finish_parts(word.parts, style, first && i == 0, ends);
    }
    if (first || style.value) find_tildes(parts, style, last);
    if (style.globs) find_brackets(parts);
}

} // namespace

void finish(Word& word, Style style, BraceBudget& budget) {
    const bool value = style.declares && assignment_prefix(word.parts) > 0;
    if (style.braces && !value) expand_braces(word, budget);
    finish_parts(word.parts, style, true, true);
}

} // namespace owhale::policy::shell
