#include "policy/shell/builder.hpp"

namespace owhale::policy::shell {

Part literal_of(std::string_view text, bool quoted, Span span) {
    Part part;
    part.quoted = quoted;
    part.span = span;
    part.text = text;
    return part;
}

Word word_of(std::string_view text, Span span) {
    Word word;
    word.span = span;
    word.parts.push_back(literal_of(text, false, span));
    return word;
}

std::vector<Word> expansions(Word word) {
    std::vector<Word> out;
    for (auto& part : word.parts) {
        if (part.kind == PartKind::literal) continue;
        Word own;
        own.span = part.span;
        own.parts.push_back(std::move(part));
        out.push_back(std::move(own));
    }
    return out;
}

const std::string* plain_text(const Word& word) {
    if (word.parts.size() != 1) return nullptr;
    const auto& part = word.parts.front();
    return part.kind == PartKind::literal && !part.quoted ? &part.text : nullptr;
}

Part& Builder::literal_part(bool quoted, Span at) {
    const bool same = !parts_.empty() && parts_.back().kind == PartKind::literal && parts_.back().quoted == quoted;
    if (!same) parts_.push_back(literal_of({}, quoted, at));
    parts_.back().span.end = at.end;
    return parts_.back();
}

void Builder::literal(char byte, bool quoted, Span at) {
    literal_part(quoted, at).text += byte;
}

void Builder::quoted(std::string_view text, Span at) {
    literal_part(true, at).text += text;
}

void Builder::pattern(std::string_view text, Span at) {
    auto part = literal_of(text, false, at);
    part.kind = PartKind::glob;
    parts_.push_back(std::move(part));
}

// Empty quotes beside a quoted part add nothing to it.
void Builder::drop_empty() {
    std::vector<Part> out;
    out.reserve(parts_.size());
    for (std::size_t i = 0; i < parts_.size(); ++i) {
        const bool empty = parts_[i].kind == PartKind::literal && parts_[i].text.empty();
        const bool beside = (!out.empty() && out.back().quoted) || (i + 1 < parts_.size() && parts_[i + 1].quoted);
        if (!empty || !beside) out.push_back(std::move(parts_[i]));
    }
    parts_ = std::move(out);
}

Word Builder::take(Span span) {
    if (parts_.size() > 1) drop_empty();
    Word word;
    word.span = span;
    word.parts = std::move(parts_);
    parts_.clear();
    const auto& parts = word.parts;
    if (parts.size() == 1 && parts[0].kind == PartKind::literal && parts[0].text.empty()) word.parts.clear();
    return word;
}

} // namespace owhale::policy::shell
