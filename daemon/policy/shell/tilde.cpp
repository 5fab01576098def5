// Tildes: ~ and ~name at the start of a word, and in an assignment's value after = and each colon.
#include "policy/shell/characters.hpp"
#include "policy/shell/finish.hpp"

namespace owhale::policy::shell {

namespace {

bool is_plain(const Part& part) {
    return part.kind == PartKind::literal && !part.quoted;
}

// Cuts one literal at its tildes. `last`: nothing follows it, so that a name may run to its end.
class Cutter {
public:
    Cutter(Part part, bool value, bool last) : part_(std::move(part)), value_(value), last_(last) {}

    void cut(std::size_t first, std::vector<Part>& out) {
        const std::string_view text = part_.text;
        std::size_t from = 0;
        for (auto at = first; at != std::string_view::npos; at = next(at)) {
            const auto end = text.find_first_of(value_ ? "/:" : "/", at);
            if (text.substr(at, 1) != "~" || (end == std::string_view::npos && !last_)) continue;
            const auto stop = std::min(end, text.size());
            keep(from, at, out);
            keep(at, stop, out);
            out.back().kind = PartKind::tilde;
            out.back().text.erase(0, 1);
            from = stop;
        }
        keep(from, text.size(), out);
    }

private:
    // Behind the next colon of a value.
    std::size_t next(std::size_t at) const {
        const auto colon = value_ ? part_.text.find(':', at) : std::string::npos;
        return colon == std::string::npos ? colon : colon + 1;
    }

    void keep(std::size_t from, std::size_t to, std::vector<Part>& out) {
        if (from == to) return;
        Part piece;
        piece.text = part_.text.substr(from, to - from);
        const auto place = [&](std::size_t offset) {
            return std::min(part_.span.begin + static_cast<std::uint32_t>(offset), part_.span.end);
        };
        piece.span = {place(from), to == part_.text.size() ? part_.span.end : place(to)};
        out.push_back(std::move(piece));
    }

    Part part_;
    bool value_, last_;
};

} // namespace

std::size_t assignment_prefix(const std::vector<Part>& parts) {
    if (parts.empty() || !is_plain(parts[0]) || !is_name_start(static_cast<unsigned char>(parts[0].text[0]))) return 0;
    const std::string_view text = parts[0].text;
    std::size_t at = 0;
    while (at < text.size() && is_name(static_cast<unsigned char>(text[at]))) ++at;
    if (text.substr(at, 2) == "+=") return at + 2;
    return text.substr(at, 1) == "=" ? at + 1 : 0;
}

void find_tildes(std::vector<Part>& parts, Style style, bool last) {
    const auto prefix = style.argument ? assignment_prefix(parts) : 0;
    const bool value = style.value || prefix > 0;
    std::vector<Part> out;
    out.reserve(parts.size());
    for (std::size_t i = 0; i < parts.size(); ++i) {
        auto& part = parts[i];
        const bool possible = is_plain(part) && part.text.contains('~') && (i == 0 || value);
        if (!possible) {
            out.push_back(std::move(part));
            continue;
        }
        const auto first = i == 0 ? prefix : part.text.find(':');
        const auto start = i > 0 && first != std::string::npos ? first + 1 : first;
        Cutter(std::move(part), value, last && i + 1 == parts.size()).cut(start, out);
    }
    parts = std::move(out);
}

} // namespace owhale::policy::shell
