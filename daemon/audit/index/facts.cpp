#include "audit/index/facts.hpp"

namespace owhale::audit::index {
namespace {

std::string begun(Fact kind) {
    return {'\xff', static_cast<char>(0x80 | static_cast<unsigned char>(kind))};
}

std::string as_phrase(std::string_view word) {
    std::string out = "\"";
    for (const char c : word) {
        if (c == '"') out += '"';
        out += c;
    }
    return out += '"';
}

} // namespace

std::string fact(Fact kind, std::uint64_t number) {
    auto out = begun(kind);
    for (; number != 0; number >>= 6) out += static_cast<char>(0x80 | (number & 0x3f));
    return out;
}

std::string run_fact(std::string_view id) {
    auto out = begun(Fact::run);
    unsigned held = 0, bits = 0;
    for (const char c : id) {
        held = held << 8 | static_cast<unsigned char>(c);
        for (bits += 8; bits >= 6; bits -= 6) out += static_cast<char>(0x80 | (held >> (bits - 6) & 0x3f));
    }
    if (bits != 0) out += static_cast<char>(0x80 | (held << (6 - bits) & 0x3f));
    return out;
}

std::string cut_off_fact() {
    return begun(Fact::cut_off);
}

void Expression::add(std::string_view operand) {
    if (!text_.empty()) text_ += " AND ";
    text_ += operand;
}

void Expression::any_of(std::span<const std::string> facts) {
    std::string out;
    for (const auto& one : facts) (out += out.empty() ? "(" : " OR ") += as_phrase(one);
    if (!out.empty()) add(out + ")");
}

void Expression::needle(const Needle& needle) {
    std::string out;
    for (const auto& [word, prefix] : needle.terms()) {
        (out += out.empty() ? "((" : " AND ") += as_phrase(word);
        if (prefix) out += " *";
    }
    if (!out.empty()) add(out + ") OR " + as_phrase(cut_off_fact()) + ")");
}

} // namespace owhale::audit::index
