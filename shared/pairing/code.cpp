#include "shared/pairing/code.hpp"

#include <algorithm>
#include <sodium.h>

namespace owhale::pairing {
namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; // no I, L, O and U
constexpr std::size_t kMostTyped = 64;

// '\0' for what is no character of a code.
char canonical(char c) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (c == 'I' || c == 'L') return '1';
    if (c == 'O') return '0';
    return kAlphabet.find(c) == std::string_view::npos ? '\0' : c;
}

bool is_between(char c) {
    return c == '-' || c == ' ' || c == '\t';
}

std::unexpected<Error> no_code() {
    return fail(Code::invalid_value, "a pairing code is eight letters and digits, as in 7K3M-9QXT",
                "`owhalectl pair new` shows one; blanks, dashes and case do not matter");
}

} // namespace

std::string new_code() {
    std::string code(kCodeSize, '0');
    for (auto& c : code) c = kAlphabet[::randombytes_uniform(kAlphabet.size())];
    return code;
}

Result<std::string> read_code(std::string_view typed) {
    if (typed.size() > kMostTyped) return no_code();
    std::string code;
    for (const char c : typed) {
        if (is_between(c)) continue;
        const char good = canonical(c);
        if (good == '\0') return no_code();
        code += good;
    }
    if (code.size() != kCodeSize) return no_code();
    return code;
}

std::string shown_code(std::string_view code) {
    return std::string(code.substr(0, kCodeSize / 2)) + "-" + std::string(code.substr(kCodeSize / 2));
}

std::string_view hint_of(std::string_view code) {
    return code.substr(0, kHintSize);
}

bool is_hint(std::string_view text) {
    return text.size() == kHintSize &&
           std::ranges::all_of(text, [](char c) { return kAlphabet.find(c) != std::string_view::npos; });
}

} // namespace owhale::pairing
