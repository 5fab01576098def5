#include "policy/explain.hpp"

#include <algorithm>
#include <array>

namespace owhale::policy {
namespace {

constexpr std::size_t kMostLines = 40;     // of the text
constexpr std::size_t kMostCommands = 500; // drawn; a person reads no more

constexpr std::array<std::string_view, kActs> kActWords = {"reads",   "lists",    "writes", "removes",
                                                           "changes", "executes", "mounts"};

Style style_of(Decision decision) {
    return decision == Decision::allow ? Style::allow : decision == Decision::ask ? Style::ask : Style::deny;
}

struct SourceLine {
    std::size_t begin, end, number;
};

std::vector<SourceLine> lines_of(std::string_view text) {
    std::vector<SourceLine> out;
    for (std::size_t begin = 0; begin <= text.size();) {
        const auto end = std::min(text.find('\n', begin), text.size());
        if (begin < text.size() || out.empty()) out.push_back({begin, end, out.size() + 1});
        begin = end + 1;
    }
    return out;
}

bool overlaps(const SourceLine& line, Span span) {
    return span.begin < std::max(line.end, line.begin + 1) && span.end > line.begin;
}

// The first line of a window that holds the segment.
std::size_t first_shown(const std::vector<SourceLine>& lines, Span segment) {
    if (lines.size() <= kMostLines) return 0;
    const auto at = std::ranges::find_if(lines, [&](const auto& line) { return overlaps(line, segment); });
    const auto index = static_cast<std::size_t>(at - lines.begin());
    return std::min(index > 3 ? index - 3 : 0, lines.size() - kMostLines);
}

class Drawing {
public:
    Drawing(const NormalForm& form, const Verdict& verdict, const Screen& screen)
        : form_(form), verdict_(verdict), screen_(screen) {
        children_.resize(form.commands.size());
        for (std::size_t i = 0; i < form.commands.size(); ++i) {
            const auto carrier = form.commands[i].carrier;
            const bool nested = carrier >= 0 && static_cast<std::size_t>(carrier) < i;
            (nested ? children_[static_cast<std::size_t>(carrier)] : tops_).push_back(i);
        }
    }

    std::vector<DrawnLine> lines() {
        // An explicit stack: how deep commands hold commands is the text's to say.
        struct Open {
            const std::vector<std::size_t>* list;
            std::size_t next;
            std::string indent;
        };
        std::vector<Open> open = {{&tops_, 0, ""}};
        while (!open.empty() && drawn_ < kMostCommands) {
            auto& top = open.back();
            if (top.next == top.list->size()) {
                open.pop_back();
                continue;
            }
            const auto number = (*top.list)[top.next++];
            const bool last = top.next == top.list->size(), nested = open.size() > 1;
            const auto indent = top.indent;
            const auto below = indent + (!nested ? "" : last ? "   " : "│  ");
            command(number,
                    indent + (!nested ? ""
                              : last  ? "└─ "
                                      : "├─ "),
                    below + (children_[number].empty() ? "   " : "│  "));
            open.push_back({&children_[number], 0, below});
        }
        if (form_.commands.size() > drawn_)
            out_.push_back(
                {{Style::dim, "… and " + std::to_string(form_.commands.size() - drawn_) + " more commands"}});
        return std::move(out_);
    }

private:
    std::string safe(std::string_view text) const { return screen_.escaped(shown(text)); }

    std::string path(std::string_view text) const { return safe(text); }

    Style decided(std::size_t number) const {
        auto strongest = Decision::allow;
        for (const auto& finding : verdict_.findings)
            if (finding.command == number) strongest = std::max(strongest, finding.decision);
        return style_of(strongest);
    }

    void command(std::size_t number, const std::string& head, const std::string& below) {
        ++drawn_;
        const auto& command = form_.commands[number];
        DrawnLine line = {{Style::dim, head}};
        const auto program = command.program.empty()
                                 ? std::string(command.argv.empty() ? "(no program)" : "(unknown program)")
                                 : safe(command.program);
        line.push_back({decided(number) == Style::allow ? Style::strong : decided(number), program});
        if (!command.sub.empty()) line.push_back({Style::strong, " " + safe(command.sub)});
        for (const auto& option : command.options)
            line.push_back(
                {Style::plain, " " + safe(option.name) + (option.value ? "=" + safe(option.value->text) : "")});
        for (const auto& operand : command.operands) line.push_back({Style::plain, " " + safe(operand.text)});
        out_.push_back(std::move(line));
        details(command, below);
        findings(number, below);
    }

    void row(const std::string& indent, std::string_view name, std::string text, Style style = Style::plain) {
        std::string padded(name);
        padded.resize(std::max<std::size_t>(padded.size(), 9), ' ');
        out_.push_back({{Style::dim, indent + padded + " "}, {style, std::move(text)}});
    }

    void list(const std::string& indent, std::string_view name, const std::vector<std::string>& words) {
        std::string text;
        for (const auto& word : words) text += (text.empty() ? "" : ", ") + safe(word);
        if (!text.empty()) row(indent, name, std::move(text));
    }

    void details(const SimpleCommand& command, const std::string& indent) {
        list(indent, "via", command.via);
        for (const auto& variable : command.env)
            row(indent, "env", safe(variable.name) + "=" + safe(variable.value.text));
        for (const auto& access : command.accesses)
            row(indent, kActWords[static_cast<std::size_t>(access.act)],
                path(access.path) + (access.recursive ? " and all below" : "") + (access.sent ? ", and sends it" : ""));
        for (const auto& host : command.hosts)
            row(indent, host.listens ? "listens" : host.sends ? "sends to" : "connects", address(host));
        for (const auto& code : command.code) row(indent, "code", safe(code.language) + calls(code));
        list(indent, "facts", command.facts);
        for (const auto& opaque : command.opaque) row(indent, "unknown", safe(opaque.reason), Style::ask);
    }

    std::string address(const Host& host) const {
        const auto name = host.name.empty() ? std::string("somewhere that is not known") : safe(host.name);
        return (host.scheme.empty() ? "" : safe(host.scheme) + " ") + name +
               (host.port.empty() ? "" : ":" + safe(host.port));
    }

    std::string calls(const Code& code) const {
        std::string out;
        for (const auto& call : code.calls) out += (out.empty() ? ", calls " : ", ") + safe(call);
        return out;
    }

    void findings(std::size_t number, const std::string& indent) {
        for (const auto& finding : verdict_.findings) {
            if (finding.command != number) continue;
            auto text = std::string(finding.rule->id) + "  " + screen_.escaped(finding.rule->reason);
            if (!finding.unknown.empty()) text += " (if `" + screen_.escaped(finding.unknown) + "` is so)";
            row(indent, name_of(finding.decision), std::move(text), style_of(finding.decision));
        }
    }

    const NormalForm& form_;
    const Verdict& verdict_;
    const Screen& screen_;
    std::vector<std::vector<std::size_t>> children_;
    std::vector<std::size_t> tops_;
    std::vector<DrawnLine> out_;
    std::size_t drawn_ = 0;
};

} // namespace

std::vector<DrawnLine> draw_source(const NormalForm& form, const Verdict& verdict, const Screen& screen) {
    const std::string_view text = form.text;
    const auto lines = lines_of(text);
    const bool marked = verdict.decision != Decision::allow;
    std::vector<DrawnLine> out;
    const auto first = first_shown(lines, verdict.segment);
    for (auto i = first; i < std::min(lines.size(), first + kMostLines); ++i) {
        const auto& line = lines[i];
        const auto cut = [&](std::size_t from, std::size_t to) { return screen.escaped(text.substr(from, to - from)); };
        const auto begin = std::clamp<std::size_t>(verdict.segment.begin, line.begin, line.end);
        const auto end = std::clamp<std::size_t>(verdict.segment.end, begin, line.end);
        if (!marked || !overlaps(line, verdict.segment)) {
            out.push_back({{Style::plain, cut(line.begin, line.end)}});
            continue;
        }
        const auto style = style_of(verdict.decision);
        const auto before = cut(line.begin, begin), segment = cut(begin, end);
        out.push_back({{Style::plain, before}, {style, segment}, {Style::plain, cut(end, line.end)}});
        out.push_back({{Style::plain, std::string(screen.width(before), ' ')},
                       {style, std::string(std::max<std::size_t>(screen.width(segment), 1), '^')}});
    }
    if (lines.size() > kMostLines)
        out.push_back(
            {{Style::dim, "(lines " + std::to_string(first + 1) + " to " + std::to_string(first + kMostLines) + " of " +
                              std::to_string(lines.size()) + ")"}});
    return out;
}

std::vector<DrawnLine> draw_commands(const NormalForm& form, const Verdict& verdict, const Screen& screen) {
    return Drawing(form, verdict, screen).lines();
}

} // namespace owhale::policy
