// Expands words: parts to fields.
#include "policy/normal/expansion.hpp"

#include <algorithm>

#include "policy/normal/arithmetic.hpp"
#include "policy/normal/paths.hpp"

namespace owhale::policy::normal {
namespace {

constexpr std::size_t kMaxFields = 1024;
constexpr std::size_t kMaxParts = 2048;
constexpr int kMaxNesting = 48;

using Parts = std::vector<const shell::Part*>;

// A word with braces is several words; over the bound it is one that is not known.
bool unfold(const shell::Word& word, std::vector<Parts>& out, int depth) {
    std::vector<Parts> made(1);
    if (depth > 16) return false;
    for (const auto& part : word.parts) {
        if (part.kind != shell::PartKind::brace || part.words.empty()) {
            for (auto& parts : made) parts.push_back(&part);
            continue;
        }
        std::vector<Parts> alternatives, next;
        for (const auto& alternative : part.words)
            if (!unfold(alternative, alternatives, depth + 1)) return false;
        if (alternatives.size() * made.size() > kMaxFields) return false;
        for (const auto& head : made)
            for (const auto& tail : alternatives) {
                next.push_back(head);
                next.back().insert(next.back().end(), tail.begin(), tail.end());
            }
        made = std::move(next);
    }
    out.insert(out.end(), std::make_move_iterator(made.begin()), std::make_move_iterator(made.end()));
    return out.size() <= kMaxFields;
}

std::string glob_text(const std::string& text) {
    const bool address = text.starts_with('[') && text.find("::") != std::string_view::npos &&
                         text.find_first_not_of("[]:.0123456789abcdefABCDEF") == std::string_view::npos;
    if (address) return std::string(text); // http://[::1]/: no file is called so, and it stays as it is
    if (text == "?" || text.starts_with('[')) return std::string(kAnyByte);
    return std::string(text == "**" ? kHole : kAnyName);
}

bool is_number(const std::string& text) {
    return !text.empty() && text.size() < 10 && text.find_first_not_of("0123456789") == std::string::npos;
}

} // namespace

struct Expander::Fields { // being built
    std::vector<std::string> done;
    std::string current;
    bool open = false;
    std::string separators;

    void add(std::string_view text) {
        current += text;
        open = true;
    }
    void close() {
        if (open) done.push_back(std::move(current));
        current.clear();
        open = false;
    }
    // Not quoted: separators split, patterns are active.
    void add_split(std::string_view text) {
        for (std::size_t at = 0; at < text.size(); ++at) {
            const char c = text[at];
            if (c == '\0') {
                add(text.substr(at, 2));
                ++at;
            } else if (separators.find(c) != std::string::npos) {
                const bool blank = c == ' ' || c == '\t' || c == '\n';
                if (!blank && !open) add("");
                close();
            } else if (c == '*')
                add(kAnyName);
            else if (c == '?')
                add(kAnyByte);
            else
                add(text.substr(at, 1));
        }
    }
};

std::vector<Value> Expander::fields(const shell::Word& word) {
    std::vector<Value> out;
    if (word.parts.empty()) return {Value{"", word.span}};
    if (word.parts.size() > kMaxParts) { // more than anybody writes; what compares such words would take too long
        budget_.exhausted = true;
        return {};
    }
    std::vector<Parts> words;
    if (!unfold(word, words, 0)) return {Value{hole(word.span, "a brace expansion has too many words"), word.span}};
    const Cell* ifs = state_.get("v:IFS");
    for (const auto& parts : words) {
        Fields fields;
        const bool known_ifs =
            ifs != nullptr && ifs->values.size() == 1 && ifs->values.front().find('\0') == std::string::npos;
        fields.separators = known_ifs ? ifs->values.front() : " \t\n";
        if (parts.empty()) continue;
        for (const auto* piece : parts) part(*piece, fields, true);
        fields.close();
        for (auto& text : fields.done) {
            budget_.spend(text.size() + 16);
            if (budget_.exhausted) return out;
            out.push_back({std::move(text), word.span});
        }
    }
    return out;
}

Value Expander::single(const shell::Word& word) {
    Fields fields;
    for (const auto& piece : word.parts) part(piece, fields, false);
    budget_.spend(fields.current.size() + 16);
    return {std::move(fields.current), word.span};
}

std::string Expander::pattern(const shell::Word& word) {
    std::string out;
    for (const auto& piece : word.parts) {
        if (piece.kind == shell::PartKind::glob) {
            out += piece.text;
            continue;
        }
        Fields fields;
        part(piece, fields, false);
        const bool active = !piece.quoted && piece.kind == shell::PartKind::parameter;
        for (const char c : fields.current) {
            if (!active && (c == '*' || c == '?' || c == '[' || c == '\\')) out += '\\';
            out += c;
        }
    }
    return out;
}

void Expander::part(const shell::Part& piece, Fields& into, bool split) {
    if (++depth_ > kMaxNesting) {
        into.add(hole(piece.span, "expansions are nested too deeply"));
        --depth_;
        return;
    }
    switch (piece.kind) {
    case shell::PartKind::literal:
        into.add(piece.text);
        break;
    case shell::PartKind::parameter:
        parameter(piece, into, split);
        break;
    case shell::PartKind::command:
        substitution(piece, into, split);
        break;
    case shell::PartKind::arithmetic:
        into.add(arithmetic_text(piece));
        break;
    case shell::PartKind::process_in:
    case shell::PartKind::process_out: {
        const Stream& stream = run(piece);
        into.add(substituter_.name_stream(stream));
        break;
    }
    case shell::PartKind::glob:
        into.add(split ? glob_text(piece.text) : piece.text);
        break;
    case shell::PartKind::tilde:
        into.add(tilde(piece.text));
        break;
    case shell::PartKind::brace:
        into.add(hole(piece.span, "a brace expansion has too many words"));
        break;
    }
    --depth_;
}

std::string Expander::hole(Span span, std::string reason) {
    opaque.push_back({span, std::move(reason)});
    return std::string(kHole);
}

std::string Expander::tilde(const std::string& name) {
    const Cell* cwd = state_.get(".");
    if (name == "+") return cwd == nullptr ? facts_.cwd : cwd->values.front();
    if (name == "root") return "/root";
    if (name == "-") return look_name("OLDPWD", {}).text;
    if (!name.empty()) return "/home/" + name;
    return look_name("HOME", {}).text;
}

const Stream& Expander::run(const shell::Part& piece) {
    const auto found = ran.find(&piece);
    if (found != ran.end()) return found->second;
    return ran.emplace(&piece, substituter_.substitute(piece)).first->second;
}

void Expander::substitution(const shell::Part& piece, Fields& into, bool split) {
    const Stream& stream = run(piece);
    taint.add(stream.taint);
    const bool active = split && !piece.quoted;
    if (stream.known) {
        std::string_view text = stream.text;
        while (text.ends_with('\n')) text.remove_suffix(1);
        budget_.spend(text.size());
        if (active)
            into.add_split(text);
        else
            into.add(text);
    } else if (!stream.names.empty() && active) {
        for (const auto& name : stream.names) {
            into.add(name);
            into.close();
        }
    } else
        into.add(hole(piece.span, "what a command prints is known only when it runs"));
}

// Of "$@" the first is 1, of an array 0.
std::vector<std::string> Expander::slice(const shell::Parameter& parameter, const std::vector<std::string>& list) {
    const auto number = [&](std::size_t index) -> std::optional<long> {
        const std::string value = run_arithmetic(argument(parameter, index), {});
        if (!is_number(value.substr(value.starts_with('-') ? 1 : 0))) return std::nullopt;
        return std::stol(value);
    };
    const auto size = static_cast<long>(list.size());
    const bool counted = parameter.arguments.size() > 1;
    const auto from = number(0), count = counted ? number(1) : std::optional(size);
    if (!from || !count || *count < 0) return {std::string(kHole)};
    const bool arguments = parameter.name == "@" || parameter.name == "*";
    const long first = *from < 0 ? size + *from : arguments && *from > 0 ? *from - 1 : *from;
    if (first < 0 || first >= size) return {};
    return {list.begin() + first, list.begin() + std::min(size, first + *count)};
}

void Expander::parameter(const shell::Part& piece, Fields& into, bool split) {
    Looked looked = look(*piece.parameter, piece.span);
    const bool active = split && !piece.quoted;
    if (looked.several && piece.parameter->op == ":") { // "${@:2}": which words is a matter of the numbers
        looked.list = slice(*piece.parameter, looked.list);
        if (looked.list.size() == 1 && looked.list.front() == kHole)
            hole(piece.span, "which words of a list are taken is known only when it runs");
    }
    if (looked.several && (piece.parameter->op.empty() || piece.parameter->op == ":")) {
        const bool joined = piece.quoted && (piece.parameter->name == "*" || !split);
        for (std::size_t i = 0; i < looked.list.size(); ++i) {
            if (i > 0 && (joined || !split))
                into.add(" ");
            else if (i > 0)
                into.close();
            if (active)
                into.add_split(looked.list[i]);
            else
                into.add(looked.list[i]);
        }
        return;
    }
    if (looked.several) {
        for (std::size_t i = 0; i < looked.list.size(); ++i) looked.text += (i > 0 ? " " : "") + looked.list[i];
        looked.set = !looked.list.empty();
    }
    bool none = false;
    const std::string text = operate(*piece.parameter, std::move(looked), piece.span, none);
    budget_.spend(text.size());
    if (active)
        into.add_split(text);
    else
        into.add(text);
}

std::string Expander::arithmetic_text(const shell::Part& piece) {
    return run_arithmetic(piece.text, piece.words);
}

// Arithmetic takes what a name holds for arithmetic, and expands a subscript in it: x='a[$(id)]'; echo $((x)) runs id.
// `decoded`: the text is no longer as written, what is substituted in it has not been seen.
void Expander::look_in_arithmetic(std::string_view text, bool decoded, int depth) {
    constexpr std::size_t kMaxNames = 32, kMaxText = 4096;
    if (text.size() > kMaxText || looks_ == 0) return;
    --looks_;
    const bool runs = text.find('[') != std::string_view::npos &&
                      (text.find("$(") != std::string_view::npos || text.find('`') != std::string_view::npos);
    if (runs && decoded) return substituter_.expand_again(std::string(text), {});
    std::string name;
    std::size_t names = 0;
    for (std::size_t i = 0; i <= text.size() && depth < 4 && names < kMaxNames; ++i) {
        const char c = i < text.size() ? text[i] : ' ';
        if (c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
            name += c;
            continue;
        }
        const Cell* cell = name.empty() || is_number(name) ? nullptr : state_.get("v:" + name);
        name.clear();
        if (cell == nullptr) continue;
        ++names;
        const auto values = cell->array ? cell->elements : cell->values;
        for (const auto& value : values)
            if (!is_number(value)) look_in_arithmetic(value, true, depth + 1);
    }
}

std::string Expander::run_arithmetic(std::string_view text, const std::vector<shell::Word>& words) {
    for (const auto& word : words) look_in_arithmetic(single(word).text, true); // what it runs is seen
    look_in_arithmetic(text, words.empty());
    std::string_view inner = text;
    if (inner.starts_with("$((") && inner.ends_with("))")) inner = inner.substr(3, inner.size() - 5);
    const auto value = arithmetic(inner, [this](std::string_view name) -> std::optional<std::string> {
        const Cell* cell = state_.get("v:" + std::string(name));
        if (is_number(std::string(name))) cell = nullptr;
        if (cell == nullptr || cell->array || cell->values.size() != 1) return std::nullopt;
        return cell->values.front();
    });
    if (value) return std::to_string(*value);
    return std::string(kAnyName); // a number that is not known
}

} // namespace owhale::policy::normal
