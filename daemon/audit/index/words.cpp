#include "audit/index/words.hpp"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "audit/index/strings.hpp"

namespace owhale::audit::index {
namespace {

constexpr std::size_t kMostTerms = 8;

enum class Kind : unsigned char { delimiter, joint, part };

constexpr std::array<Kind, 256> kKinds = [] {
    std::array<Kind, 256> kinds{};
    for (int c = 0; c < 256; ++c) {
        const bool word = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c >= 0x80;
        const bool joint = std::string_view("_-.+~%#").find(static_cast<char>(c)) != std::string_view::npos;
        kinds[static_cast<std::size_t>(c)] = word ? Kind::part : joint ? Kind::joint : Kind::delimiter;
    }
    return kinds;
}();

Kind kind_of(char c) {
    return kKinds[static_cast<unsigned char>(c)];
}

char folded(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

std::string fold(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), folded);
    return out;
}

std::size_t name_end(std::string_view text, std::size_t at) {
    while (at < text.size() && kind_of(text[at]) != Kind::delimiter) ++at;
    return at;
}

bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// 8-4-4-4-12: found by its beginning only, for its parts are of no use to anyone.
bool is_uuid(std::string_view name) {
    if (name.size() != 36) return false;
    for (std::size_t i = 0; i < name.size(); ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? name[i] != '-' : !is_hex(name[i])) return false;
    }
    return true;
}

// Calls `take(begin, end of the name)` where an indexed word begins, until it answers true.
template <typename Take> bool each_start(std::string_view text, Take take) {
    for (std::size_t at = 0; at < text.size();) {
        if (kind_of(text[at]) == Kind::delimiter) {
            ++at;
            continue;
        }
        const auto end = name_end(text, at);
        const bool whole = is_uuid(text.substr(at, end - at));
        for (bool inside = false; at < end; ++at) {
            const bool part = kind_of(text[at]) == Kind::part;
            if (part && !inside && take(at, end)) return true;
            inside = part;
            if (whole) break;
        }
        at = end;
    }
    return false;
}

std::string_view word_at(std::string_view text, std::size_t begin, std::size_t end) {
    return text.substr(begin, std::min(end - begin, kLongestWord));
}

} // namespace

Words words_of(std::string_view json) {
    std::unordered_set<std::string> seen;
    Words out;
    Strings strings(json);
    for (std::string_view text; out.all && strings.next(text);)
        each_start(text, [&](std::size_t begin, std::size_t end) {
            auto word = fold(word_at(text, begin, end));
            if (seen.contains(word)) return false;
            out.all = seen.size() < kMostWords;
            if (out.all) seen.insert(std::move(word));
            return !out.all;
        });
    while (!seen.empty()) out.words.push_back(std::move(seen.extract(seen.begin()).value()));
    return out;
}

Needle::Needle(std::string_view text) : text_(fold(text)) {
    const auto part = std::ranges::find(text_, Kind::part, kind_of);
    lead_ = static_cast<std::size_t>(part - text_.begin());
    for (auto at = lead_; at < text_.size() && terms_.size() < kMostTerms;) {
        // Of each name the first part's word: those of the further parts say no more.
        const auto end = name_end(text_, at);
        const bool open = end == text_.size();
        const auto word = word_at(text_, at, end);
        const bool prefix = open && word.size() < kLongestWord;
        if (!prefix || word.size() >= kShortestPrefix) terms_.push_back({std::string(word), prefix});
        at = end;
        while (at < text_.size() && kind_of(text_[at]) != Kind::part) ++at;
    }
}

bool Needle::in_text(std::string_view text) const {
    if (text.size() < text_.size()) return false;
    if (lead_ == text_.size()) return !std::ranges::search(text, text_, {}, folded).empty();
    return each_start(text, [&](std::size_t begin, std::size_t) {
        if (begin < lead_ || begin - lead_ + text_.size() > text.size()) return false;
        return std::ranges::equal(text.substr(begin - lead_, text_.size()), text_, {}, folded);
    });
}

bool Needle::in(std::string_view json) const {
    Strings strings(json);
    for (std::string_view text; strings.next(text);)
        if (in_text(text)) return true;
    return false;
}

} // namespace owhale::audit::index
