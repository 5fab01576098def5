#include "cli/approval_source.hpp"

#include <algorithm>
#include <utility>

#include "cli/escape.hpp"
#include "policy/normal/normalize.hpp"

namespace owhale::cli {
namespace {

constexpr std::size_t kMostFolded = 64u << 10; // a longer text is wrapped, not read
constexpr std::size_t kEmptyLines = 4;         // and more in a row are counted instead of drawn

policy::Request request_of(const api::Approval& approval) {
    policy::Request request;
    request.argv = approval.command;
    if (!approval.frozen) return request;
    const auto& frozen = *approval.frozen;
    if (frozen.script) {
        request.argv.clear();
        request.script = frozen.script;
    } else if (frozen.code) {
        request.argv.clear();
        request.language = frozen.language.value_or("");
        request.code = frozen.code;
    } else if (frozen.argv) {
        request.argv = *frozen.argv;
    }
    return request;
}

std::string in_shell_words(const std::vector<std::string>& argv) {
    std::string out;
    for (const auto& word : argv) out += (out.empty() ? "" : " ") + quoted(word);
    return out;
}

std::string text_of(const policy::Request& request) {
    if (request.script) return *request.script;
    if (request.code) return *request.code;
    policy::Request words;
    words.argv = request.argv;
    return policy::normalize(words, policy::Facts{}).text;
}

// Its text, and where commands begin in it: those of words within words belong to the word.
void read(const policy::Request& request, Source& source) {
    source.text = text_of(request);
    if (source.text.empty()) source.text = in_shell_words(request.argv); // what cannot be read is shown all the same
    const bool shell = !request.code || request.language == "bash";
    if (!shell || source.text.size() > kMostFolded) return;
    for (const auto& command : policy::normalize(request, policy::Facts{}).commands)
        if (command.carrier < 0) source.folds.push_back(command.span.begin);
    std::ranges::sort(source.folds);
}

// By its place, if what stands there is what owhaled says that decided; masked secrets move places.
void mark(const api::Verdict& verdict, Source& source) {
    if (!verdict.segment || verdict.segment->empty()) return;
    const auto& segment = *verdict.segment;
    const auto begin = verdict.segment_begin.value_or(0), end = verdict.segment_end.value_or(0);
    const bool inside = begin < end && end <= source.text.size();
    if (inside && std::string_view(source.text).substr(begin, end - begin).starts_with(segment)) {
        source.begin = begin;
        source.end = end;
        return;
    }
    const auto at = source.text.find(segment);
    const bool once = at != std::string::npos && source.text.find(segment, at + 1) == std::string::npos;
    if (!once) {
        source.apart = segment;
        return;
    }
    source.begin = at;
    source.end = at + segment.size();
}

class Drawing {
public:
    Drawing(const Source& source, std::size_t columns, Tone decided) : source_(source), decided_(decided) {
        const auto count = static_cast<std::size_t>(std::ranges::count(source.text, '\n')) + 1;
        if (count > 1) digits_ = std::to_string(count).size() + 1;
        room_ = std::max<std::size_t>(columns > digits_ + 3 ? columns - digits_ - 3 : 0, 8);
    }

    std::vector<Line> lines() {
        const std::string_view text = source_.text;
        for (std::size_t begin = 0; begin <= text.size(); ++number_) {
            const auto end = std::min(text.find('\n', begin), text.size());
            const auto line = text.substr(begin, end - begin);
            if (begin == text.size() && number_ > 1) break; // the end of the last line
            if (is_blank(line) && !text.empty())
                ++empty_;
            else
                whole(line, begin);
            begin = end + 1;
        }
        tell_empty();
        return std::move(out_);
    }

private:
    Line gutter(std::size_t number, bool odd) const {
        auto text = number == 0 ? "" : std::to_string(number);
        if (digits_ > 0) text.insert(0, digits_ - std::min(digits_, text.size()), ' ');
        if (digits_ == 0) text.clear();
        return {{Tone::dim, text + " "}, {odd ? Tone::warn : Tone::dim, odd ? "! " : "│ "}};
    }

    void tell_empty() {
        const auto count = std::exchange(empty_, 0);
        if (count > kEmptyLines) {
            auto line = gutter(0, false);
            line.push_back({Tone::dim, "(" + std::to_string(count) + " lines of blanks)"});
            out_.push_back(std::move(line));
            return;
        }
        for (auto i = count; i > 0; --i) out_.push_back(gutter(number_ - i, false));
    }

    void whole(std::string_view line, std::size_t from) {
        tell_empty();
        auto glyphs = glyphs_of(line, from);
        std::size_t total = 0;
        for (const auto& glyph : glyphs) total += glyph.columns;
        bool first = true;
        for (const auto part : total > room_ ? folded(glyphs) : std::vector<Row>{{0, glyphs.size()}}) {
            const std::vector<Glyph> some(glyphs.begin() + static_cast<std::ptrdiff_t>(part.begin),
                                          glyphs.begin() + static_cast<std::ptrdiff_t>(part.end));
            for (const auto row : rows_of(some, room_)) {
                draw(some, row, first ? number_ : 0);
                first = false;
            }
        }
    }

    std::vector<Row> folded(const std::vector<Glyph>& glyphs) const {
        std::vector<Row> out;
        Row part;
        for (std::size_t i = 1; i < glyphs.size(); ++i) {
            if (!std::ranges::binary_search(source_.folds, glyphs[i].byte)) continue;
            part.end = i;
            out.push_back(part);
            part.begin = i;
        }
        part.end = glyphs.size();
        out.push_back(part);
        return out;
    }

    void draw(const std::vector<Glyph>& glyphs, Row row, std::size_t number) {
        bool odd = false, marked = false;
        std::string carets;
        auto text = std::vector<Glyph>(glyphs.begin() + static_cast<std::ptrdiff_t>(row.begin),
                                       glyphs.begin() + static_cast<std::ptrdiff_t>(row.end));
        for (auto& glyph : text) {
            const bool decides = glyph.byte >= source_.begin && glyph.byte < source_.end;
            odd = odd || glyph.odd;
            marked = marked || decides;
            carets.append(glyph.columns, decides ? '^' : ' ');
            if (decides && glyph.tone == Tone::plain) glyph.tone = decided_;
        }
        auto line = gutter(number, odd);
        for (auto& piece : line_of(text, {0, text.size()}, Tone::plain)) line.push_back(std::move(piece));
        out_.push_back(std::move(line));
        if (!marked) return;
        while (carets.ends_with(' ')) carets.pop_back();
        out_.push_back({{Tone::plain, std::string(digits_ + 3, ' ')}, {decided_, std::move(carets)}});
    }

    const Source& source_;
    Tone decided_;
    std::size_t digits_ = 0, room_ = 0, number_ = 1, empty_ = 0;
    std::vector<Line> out_;
};

} // namespace

Source source_of(const api::Approval& approval) {
    Source source;
    read(request_of(approval), source);
    mark(approval.verdict, source);
    return source;
}

std::vector<Line> draw_source(const Source& source, std::size_t columns, Tone decided) {
    return Drawing(source, columns, decided).lines();
}

std::string command_line(const api::Approval& approval) {
    return in_one_line(in_shell_words(approval.command));
}

} // namespace owhale::cli
