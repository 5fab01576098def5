#include "audit/index/words.hpp"

#include <algorithm>
#include <unordered_set>

#include "audit/index/letters.hpp"
#include "audit/index/strings.hpp"

namespace owhale::audit::index {
namespace {

constexpr std::size_t kMostTerms = 8;

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

bool is_word(Kind kind) {
    return kind == Kind::part || kind == Kind::foreign;
}

// Calls `take(begin, end of the name)` where an indexed word begins, until it answers true.
template <typename Take> bool each_start(const Folded& folded, Take take) {
    const std::string_view text = folded.text;
    auto seam = folded.seams.begin();
    for (std::size_t at = 0; at < text.size();) {
        if (kind_of(text[at]) == Kind::delimiter) {
            ++at;
            continue;
        }
        const auto end = name_end(text, at);
        const bool whole = is_uuid(text.substr(at, end - at));
        for (auto before = Kind::delimiter; at < end; ++at) {
            const auto kind = kind_of(text[at]);
            while (seam != folded.seams.end() && *seam < at) ++seam;
            const bool glued = seam != folded.seams.end() && *seam == at;
            if (is_word(kind) && (kind != before || glued) && take(at, end)) return true;
            before = kind;
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
    Folded folded;
    for (std::string_view text; out.all && strings.next(text);) {
        fold(text, folded);
        each_start(folded, [&](std::size_t begin, std::size_t end) {
            std::string word(word_at(folded.text, begin, end));
            if (seen.contains(word)) return false;
            out.all = seen.size() < kMostWords;
            if (out.all) seen.insert(std::move(word));
            return !out.all;
        });
    }
    while (!seen.empty()) out.words.push_back(std::move(seen.extract(seen.begin()).value()));
    return out;
}

Needle::Needle(std::string_view text) : raw_(text) {
    Folded folded;
    fold(text, folded);
    text_ = std::move(folded.text);
    const auto part = std::ranges::find_if(text_, is_word, kind_of);
    lead_ = static_cast<std::size_t>(part - text_.begin());
    for (auto at = lead_; at < text_.size() && terms_.size() < kMostTerms;) {
        // Of each name the first part's word: those of the further parts say no more.
        const auto end = name_end(text_, at);
        const bool open = end == text_.size();
        const auto word = word_at(text_, at, end);
        const bool prefix = open && word.size() < kLongestWord;
        if (!prefix || word.size() >= kShortestPrefix) terms_.push_back({std::string(word), prefix});
        at = end;
        while (at < text_.size() && !is_word(kind_of(text_[at]))) ++at;
    }
}

bool Needle::in_text(std::string_view text, Folded& folded) const {
    if (text_.empty()) return text.contains(raw_);
    fold(text, folded);
    if (folded.text.size() < text_.size()) return false;
    if (lead_ == text_.size()) return folded.text.contains(text_);
    return each_start(folded, [&](std::size_t begin, std::size_t) {
        return begin >= lead_ && std::string_view(folded.text).substr(begin - lead_).starts_with(text_);
    });
}

// What follows a blank may be the next argument.
bool Needle::in(std::string_view json) const {
    Strings strings(json);
    Folded folded;
    std::string list;
    for (std::string_view text; strings.next(text);) {
        if (!text_.contains(' ')) {
            if (in_text(text, folded)) return true;
            continue;
        }
        if (!strings.goes_on()) {
            if (in_text(list, folded)) return true;
            list.clear();
        } else {
            list += ' ';
        }
        list += text;
    }
    return !list.empty() && in_text(list, folded);
}

} // namespace owhale::audit::index
