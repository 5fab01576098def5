// Bracket patterns: […] over the literals and patterns of one word.
#include <algorithm>
#include <compare>

#include "policy/shell/finish.hpp"

namespace owhale::policy::shell {

namespace {

bool is_plain(const Part& part) {
    return part.kind == PartKind::literal && !part.quoted;
}

struct Place {
    std::size_t part = 0, offset = 0;
    friend auto operator<=>(const Place&, const Place&) = default;
};

class Brackets {
public:
    explicit Brackets(std::vector<Part>& parts) : parts_(parts) {
        std::size_t run = 0;
        for (std::size_t i = 0; i < parts_.size(); ++i) {
            // Unquoted text as written is what a bracket may run over; at the rest a run ends.
            const bool open = is_plain(parts_[i]) || (parts_[i].kind == PartKind::glob && parts_[i].words.empty());
            runs_.push_back(open ? run : ++run);
            run += open ? 0 : 1;
            if (is_plain(parts_[i])) note_closes(i);
        }
    }

    std::vector<Part> all() {
        for (std::size_t i = 0; i < parts_.size();) {
            if (is_plain(parts_[i])) {
                i = literal(i);
            } else {
                out_.push_back(std::move(parts_[i++]));
            }
        }
        return std::move(out_);
    }

private:
    void note_closes(std::size_t i) {
        const auto& text = parts_[i].text;
        for (auto at = text.find(']'); at != std::string::npos; at = text.find(']', at + 1)) closes_.push_back({i, at});
    }

    // One literal from its front: text before a bracket, the bracket, and again. The next part to look at.
    std::size_t literal(std::size_t i) {
        std::size_t from = 0;
        for (auto open = parts_[i].text.find('['); open != std::string::npos; open = parts_[i].text.find('[', from)) {
            seek(first_close({i, open}));
            if (next_ == closes_.size()) break;
            keep(i, from, open);
            const auto close = closes_[next_];
            if (runs_[close.part] == runs_[i]) {
                pattern({i, open}, close);
                i = close.part;
                from = close.offset + 1;
            } else { // quotes or expansions inside: its ends are patterns, the rest is as it is
                keep(i, open, open + 1, PartKind::glob);
                from = open + 1;
            }
        }
        keep(i, from, parts_[i].text.size());
        return i + 1;
    }

    // A ] that comes first, also after ! or ^, is a member.
    Place first_close(Place open) const {
        const auto& text = parts_[open.part].text;
        const auto first = open.offset + 1;
        const bool negated = first < text.size() && (text[first] == '!' || text[first] == '^');
        return {open.part, first + (negated ? 2 : 1)};
    }

    void seek(Place from) {
        while (next_ < closes_.size() && closes_[next_] < from) ++next_;
    }

    void pattern(Place open, Place close) {
        Part glob;
        glob.kind = PartKind::glob;
        glob.span = {place(open), std::max(place(open), place({close.part, close.offset + 1}))};
        for (auto i = open.part; i <= close.part; ++i) {
            const auto from = i == open.part ? open.offset : 0;
            glob.text += parts_[i].text.substr(from, i == close.part ? close.offset + 1 - from : std::string::npos);
        }
        out_.push_back(std::move(glob));
    }

    void keep(std::size_t i, std::size_t from, std::size_t to, PartKind kind = PartKind::literal) {
        if (from >= to) return;
        Part piece;
        piece.kind = kind;
        piece.text = parts_[i].text.substr(from, to - from);
        piece.span = {place({i, from}), to == parts_[i].text.size() ? parts_[i].span.end : place({i, to})};
        out_.push_back(std::move(piece));
    }

    std::uint32_t place(Place at) const {
        const auto& span = parts_[at.part].span;
        return std::min(span.begin + static_cast<std::uint32_t>(at.offset), span.end);
    }

    std::vector<Part>& parts_;
    std::vector<Part> out_;
    std::vector<std::size_t> runs_; // of each part
    std::vector<Place> closes_;     // every unquoted ]
    std::size_t next_ = 0;          // among them
};

} // namespace

void find_brackets(std::vector<Part>& parts) {
    const bool possible =
        std::ranges::any_of(parts, [](const Part& part) { return is_plain(part) && part.text.contains('['); });
    if (possible) parts = Brackets(parts).all();
}

} // namespace owhale::policy::shell
