#include "policy/shell/parser.hpp"

#include "policy/shell/grammar.hpp"

namespace owhale::policy::shell {

namespace {

SyntaxError over_bytes(std::string_view text, std::size_t bytes) {
    return {{0, static_cast<std::uint32_t>(std::min<std::size_t>(text.size(), UINT32_MAX))},
            "the text has " + std::to_string(text.size()) + " bytes and " + std::to_string(bytes) +
                " are read at most; run it in parts",
            true};
}

} // namespace

Parsed<Script> parse(std::string_view text, const Bounds& bounds) {
    if (text.size() > bounds.bytes || text.size() >= UINT32_MAX) return std::unexpected(over_bytes(text, bounds.bytes));
    if (const auto nul = text.find('\0'); nul != std::string_view::npos) {
        const auto at = static_cast<std::uint32_t>(nul);
        return std::unexpected(SyntaxError{{at, at + 1}, "a NUL byte, which no shell keeps; take it out", false});
    }
    Shared shared(bounds, text.size());
    return Grammar(Reader(text), shared).whole();
}

} // namespace owhale::policy::shell
