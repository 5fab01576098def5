// Programs that make lines of lines, run over constants.
#include "policy/normal/folded_call.hpp"

namespace owhale::policy::normal::folded {
namespace {

std::string set_of(std::string_view spec) {
    if (spec == "[:upper:]") return "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    if (spec == "[:lower:]") return "abcdefghijklmnopqrstuvwxyz";
    if (spec == "[:digit:]") return "0123456789";
    if (spec == "[:space:]") return " \t\n\r\v\f";
    const std::string plain = unescape(spec, false);
    std::string out;
    for (std::size_t i = 0; i < plain.size(); ++i) {
        if (i + 2 >= plain.size() || plain[i + 1] != '-' || plain[i + 2] < plain[i]) {
            out += plain[i];
            continue;
        }
        for (int c = static_cast<unsigned char>(plain[i]); c <= static_cast<unsigned char>(plain[i + 2]) && c < 256;
             ++c)
            out += static_cast<char>(c);
        i += 2;
    }
    return out;
}

std::string lines(const std::string& all, std::size_t first, std::size_t count) {
    std::string out;
    std::size_t number = 0;
    for (std::size_t at = 0; at < all.size();) {
        const auto end = std::min(all.find('\n', at), all.size() - 1);
        if (number >= first && number - first < count) out += all.substr(at, end - at + 1);
        at = end + 1;
        ++number;
    }
    return out;
}

} // namespace

Answer reverse(const Call& call) {
    if (!call.in.known || call.argv.size() > 1) return std::nullopt;
    std::string out, line;
    for (const char c : call.in.text + (call.in.text.ends_with('\n') ? "" : "\n")) {
        if (c != '\n') {
            line.insert(line.begin(), c);
            if (line.size() > 8192) return std::nullopt;
            continue;
        }
        out += line + '\n';
        line.clear();
    }
    return text(out, true);
}

Answer translate(const Call& call) {
    const auto sets = call.operands();
    if (!call.in.known || sets.empty()) return std::nullopt;
    const bool erase = call.flag('d');
    std::string from = set_of(sets[0]), to = sets.size() > 1 ? set_of(sets[1]) : "";
    if (!erase && (to.empty() || call.flag('c') || call.flag('s'))) return std::nullopt;
    if (erase && call.flag('c')) return std::nullopt;
    std::string out;
    for (const char c : call.in.text) {
        const auto at = from.rfind(c);
        if (at == std::string::npos)
            out += c;
        else if (!erase)
            out += at < to.size() ? to[at] : to.back();
    }
    return text(out, true);
}

std::optional<std::size_t> count_of(const std::optional<std::string>& word) {
    if (!word || word->empty() || word->size() > 6 || word->find_first_not_of("0123456789") != std::string::npos)
        return std::nullopt;
    return std::stoul(*word);
}

Answer head(const Call& call) {
    if (!call.in.known && !call.in.names.empty() && call.operands().size() < 2)
        return Folded{false, "", call.in.names, false};
    if (!call.in.known) return std::nullopt;
    if (const auto bytes = count_of(call.value('c'))) return text(call.in.text.substr(0, *bytes));
    const auto count = count_of(call.value('n'));
    if (call.argv.size() == 1) return text(lines(call.in.text, 0, 10));
    return count ? text(lines(call.in.text, 0, *count)) : std::nullopt;
}

Answer tail(const Call& call) {
    if (!call.in.known && !call.in.names.empty() && call.operands().size() < 2)
        return Folded{false, "", call.in.names, false};
    if (!call.in.known) return std::nullopt;
    const auto bytes = count_of(call.value('c'));
    if (bytes) return text(call.in.text.substr(call.in.text.size() - std::min(*bytes, call.in.text.size())));
    const auto all = static_cast<std::size_t>(std::ranges::count(call.in.text, '\n'));
    const auto count = count_of(call.value('n'));
    if (!count && call.argv.size() > 1) return std::nullopt;
    const std::size_t wanted = count.value_or(10);
    return text(lines(call.in.text, all > wanted ? all - wanted : 0, wanted));
}

// -c N-M, -cN, -f N with -d
Answer cut(const Call& call) {
    if (!call.in.known) return std::nullopt;
    const auto characters = call.value('c'), field = call.value('f'), delimiter = call.value('d');
    std::string out;
    for (std::size_t at = 0; at < call.in.text.size();) {
        const auto end = std::min(call.in.text.find('\n', at), call.in.text.size());
        const std::string line = call.in.text.substr(at, end - at);
        at = end + 1;
        const std::string& range = characters ? *characters : field.value_or("");
        const auto dash = range.find('-');
        const auto low = count_of(range.substr(0, dash)),
                   high = dash == std::string::npos ? low : count_of(range.substr(dash + 1));
        if ((!low && dash != 0) || range.find(',') != std::string::npos) return std::nullopt;
        const std::size_t first = std::max<std::size_t>(low.value_or(1), 1), last = high.value_or(line.size() + 1);
        if (last < first) return std::nullopt;
        if (characters)
            out += first <= line.size() ? line.substr(first - 1, last - first + 1) : "";
        else {
            if (dash != std::string::npos) return std::nullopt;
            std::size_t from = 0;
            const char by = delimiter && !delimiter->empty() ? delimiter->front() : '\t';
            for (std::size_t i = 1; i < first && from != std::string::npos; ++i) {
                from = line.find(by, from);
                if (from != std::string::npos) ++from;
            }
            out += from == std::string::npos ? "" : line.substr(from, line.find(by, from) - from);
        }
        out += '\n';
    }
    return text(out);
}

// s/a/b/ with plain a and b
Answer edit(const Call& call) {
    const auto scripts = call.operands();
    if (!call.in.known || scripts.size() != 1 || call.flag('i') || scripts[0].size() < 4 || scripts[0][0] != 's')
        return std::nullopt;
    const std::string& script = scripts[0];
    const char by = script[1];
    const auto middle = script.find(by, 2), end = middle == std::string::npos ? middle : script.find(by, middle + 1);
    if (end == std::string::npos) return std::nullopt;
    const std::string from = script.substr(2, middle - 2), to = script.substr(middle + 1, end - middle - 1);
    const std::string flags = script.substr(end + 1);
    if (from.empty() || from.find_first_of("\\.*[]^$+?(){}|") != std::string::npos ||
        to.find_first_of("\\&") != std::string::npos)
        return std::nullopt;
    if (flags != "" && flags != "g") return std::nullopt;
    std::string out = call.in.text;
    for (auto at = out.find(from); at != std::string::npos && out.size() < kMaxFolded;
         at = out.find(from, at + to.size())) {
        out.replace(at, from.size(), to);
        if (flags.empty()) at = std::min(out.find('\n', at), out.size());
    }
    return text(out, true);
}

} // namespace owhale::policy::normal::folded
