// Brace expansion, of which bash says that it is textual and comes first: {a,b}, nested, and {1..9}.
#include <algorithm>

#include "policy/shell/characters.hpp"
#include "policy/shell/finish.hpp"
#include "policy/shell/parser.hpp"
#include "policy/shell/sequence.hpp"

namespace owhale::policy::shell {

namespace {

struct Mark { // an active { , or }
    std::size_t part, offset;
    char byte;
    std::size_t close = 0;           // of an open brace: its closing mark, 0 without one
    std::vector<std::size_t> commas; // of an open brace: those of its own level
};

std::size_t product(std::size_t a, std::size_t b) {
    return std::min(a * b, kMaxBrace + 1);
}

// How many words these parts make, at most kMaxBrace + 1.
std::size_t count_words(const std::vector<Part>& parts) {
    std::size_t count = 1;
    for (const auto& part : parts) {
        if (part.kind != PartKind::brace || part.words.empty()) continue;
        std::size_t sum = 0;
        for (const auto& word : part.words) sum = std::min(sum + count_words(word.parts), kMaxBrace + 1);
        count = product(count, sum);
    }
    return count;
}

class Braces {
public:
    Braces(Word& word, BraceBudget& budget) : word_(word), budget_(budget) {
        find();
        match();
    }

    void expand() {
        if (!stray_ && std::ranges::none_of(marks_, [](const Mark& mark) { return mark.close > 0; })) return;
        auto parts = stray_ ? whole() : build({0, 0}, {word_.parts.size(), 0}, 0, marks_.size(), 0);
        if (count_words(parts) > kMaxBrace) close_braces(parts);
        word_.parts = std::move(parts);
    }

private:
    struct Place {
        std::size_t part, offset;
    };

    void find() {
        for (std::size_t i = 0; i < word_.parts.size(); ++i) {
            const auto& part = word_.parts[i];
            if (part.kind != PartKind::literal || part.quoted) continue;
            for (auto at = part.text.find_first_of("{,}"); at != std::string::npos;
                 at = part.text.find_first_of("{,}", at + 1))
                marks_.push_back({i, at, part.text[at], 0, {}});
        }
    }

    void match() {
        std::vector<std::size_t> open;
        for (std::size_t i = 0; i < marks_.size(); ++i) {
            if (marks_[i].byte == '{') open.push_back(i);
            if (open.empty() || marks_[i].byte == '{') {
                stray_ |= marks_[i].byte == '}' && single_;
                continue;
            }
            if (marks_[i].byte == ',') {
                marks_[open.back()].commas.push_back(i);
                continue;
            }
            close(open.back(), i);
            open.pop_back();
        }
    }

    void close(std::size_t open, std::size_t at) {
        const bool expands = !marks_[open].commas.empty() || sequence_of(between(open, at));
        if (expands)
            marks_[open].close = at;
        else
            single_ |= between(open, at).find("..") == std::string_view::npos;
    }

    // The text between two marks, when it is one unquoted literal.
    std::string_view between(std::size_t open, std::size_t close) const {
        const auto& from = marks_[open];
        const auto& to = marks_[close];
        if (from.part != to.part || close != open + 1) return {};
        return std::string_view(word_.parts[from.part].text).substr(from.offset + 1, to.offset - from.offset - 1);
    }

    Place at(std::size_t mark) const { return {marks_[mark].part, marks_[mark].offset}; }
    Place after(std::size_t mark) const { return {marks_[mark].part, marks_[mark].offset + 1}; }

    // The parts from one place to another; the marks [first, last) lie between them.
    std::vector<Part> build(Place from, Place to, std::size_t first, std::size_t last, std::size_t depth) {
        std::vector<Part> out;
        for (auto i = first; i < last; ++i) {
            const auto close = marks_[i].close;
            if (close == 0) continue;
            move(from, at(i), out);
            auto brace = one(i, close, depth + 1);
            from = after(close);
            for (auto& piece : brace) out.push_back(std::move(piece));
            i = close;
        }
        move(from, to, out);
        return out;
    }

    // One brace of all that lies between the first and the last: what bash makes of it is not modelled.
    std::vector<Part> whole() {
        std::size_t first = 0, last = marks_.size() - 1;
        while (marks_[first].byte != '{') ++first;
        while (marks_[last].byte != '}') --last;
        std::vector<Part> out;
        move({0, 0}, at(first), out);
        for (auto& part : closed(first, last)) out.push_back(std::move(part));
        move(after(last), {word_.parts.size(), 0}, out);
        return out;
    }

    std::vector<Part> one(std::size_t open, std::size_t close, std::size_t depth) {
        std::vector<Part> out(1);
        auto& brace = out.front();
        brace.kind = PartKind::brace;
        brace.span = {place(at(open)), std::max(place(at(open)), place(after(close)))};
        const bool sequence = marks_[open].commas.empty();
        if (depth > budget_.depth) return closed(open, close);
        if (sequence ? !members(brace, between(open, close)) : !alternatives(brace, open, close, depth))
            return closed(open, close);
        return out;
    }

    bool members(Part& brace, std::string_view text) {
        const auto sequence = *sequence_of(text);
        if (sequence.count() > kMaxBrace || !spend(sequence.count())) return false;
        for (std::size_t i = 0; i < sequence.count(); ++i) {
            Word word;
            word.span = brace.span;
            word.parts.push_back(literal(sequence.member(i), brace.span));
            brace.words.push_back(std::move(word));
        }
        return true;
    }

    bool alternatives(Part& brace, std::size_t open, std::size_t close, std::size_t depth) {
        auto ends = std::move(marks_[open].commas);
        ends.push_back(close);
        if (ends.size() > kMaxBrace || !spend(ends.size())) return marks_[open].commas = std::move(ends), false;
        auto before = open;
        for (const auto end : ends) {
            Word word;
            word.span = {place(after(before)), std::max(place(after(before)), place(at(end)))};
            word.parts = build(after(before), at(end), before + 1, end, depth);
            brace.words.push_back(std::move(word));
            before = end;
        }
        return true;
    }

    bool spend(std::size_t words) {
        if (words > budget_.left) return false;
        budget_.left -= words;
        return true;
    }

    // A brace that is not expanded here: its text, and the expansions in it behind, so that none is lost.
    std::vector<Part> closed(std::size_t open, std::size_t close) {
        std::vector<Part> out(1), inside;
        move(at(open), after(close), inside);
        out[0].kind = PartKind::brace;
        out[0].span = {place(at(open)), std::max(place(at(open)), place(after(close)))};
        for (auto& part : inside) {
            out[0].text += part.text;
            if (part.kind != PartKind::literal) out.push_back(std::move(part));
        }
        return out;
    }

    void move(Place from, Place to, std::vector<Part>& out) {
        for (auto i = from.part; i <= to.part && i < word_.parts.size(); ++i) {
            auto& part = word_.parts[i];
            if (part.kind != PartKind::literal || part.quoted) {
                if (i != to.part || to.offset > 0) out.push_back(std::move(part));
                continue;
            }
            const auto begin = i == from.part ? from.offset : 0;
            const auto end = i == to.part ? to.offset : part.text.size();
            if (begin < end)
                out.push_back(literal(part.text.substr(begin, end - begin), {place({i, begin}), place({i, end})}));
        }
    }

    std::uint32_t place(Place at) const {
        if (at.part >= word_.parts.size()) return word_.span.end;
        const auto& part = word_.parts[at.part];
        return std::min(part.span.begin + static_cast<std::uint32_t>(at.offset), part.span.end);
    }

    static Part literal(std::string text, Span span) {
        Part part;
        part.text = std::move(text);
        part.span = span;
        return part;
    }

    Word& word_;
    BraceBudget& budget_;
    std::vector<Mark> marks_;
    bool single_ = false; // a {a} was seen
    bool stray_ = false;  // and a } of nothing after it: bash then reads {a},b} as one brace
};

void close_into(std::vector<Part>& parts, std::string& text, std::vector<Part>& expansions) {
    for (auto& part : parts) {
        text += part.text;
        for (std::size_t i = 0; part.kind == PartKind::brace && i < part.words.size(); ++i) {
            text += i == 0 ? "{" : ",";
            close_into(part.words[i].parts, text, expansions);
            text += i + 1 == part.words.size() ? "}" : "";
        }
        if (part.kind != PartKind::brace && part.kind != PartKind::literal) expansions.push_back(std::move(part));
    }
}

} // namespace

void close_braces(std::vector<Part>& parts) {
    std::vector<Part> out;
    for (auto& part : parts) {
        if (part.kind != PartKind::brace || part.words.empty()) {
            out.push_back(std::move(part));
            continue;
        }
        std::vector<Part> one(1), expansions;
        one[0] = std::move(part);
        Part brace;
        brace.kind = PartKind::brace;
        brace.span = one[0].span;
        close_into(one, brace.text, expansions);
        out.push_back(std::move(brace));
        for (auto& expansion : expansions) out.push_back(std::move(expansion));
    }
    parts = std::move(out);
}

void expand_braces(Word& word, BraceBudget& budget) {
    const bool possible = std::ranges::any_of(word.parts, [](const Part& part) {
        return part.kind == PartKind::literal && !part.quoted && part.text.contains('{');
    });
    if (possible) Braces(word, budget).expand();
}

} // namespace owhale::policy::shell
