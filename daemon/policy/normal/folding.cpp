// A table of programs that are run here, over constants.
#include "policy/normal/folding.hpp"

#include <algorithm>

#include "policy/normal/paths.hpp"

namespace owhale::policy::normal {
namespace {

struct Call {
    const std::vector<Value>& argv;
    const Stream& in;
    const Place& place;

    std::vector<std::string> operands() const {
        std::vector<std::string> out;
        for (std::size_t i = 1; i < argv.size(); ++i)
            if (argv[i].text.size() < 2 || argv[i].text[0] != '-') out.push_back(argv[i].text);
        return out;
    }
    bool flag(char letter) const {
        return std::ranges::any_of(argv, [&](const Value& value) {
            return value.text.size() > 1 && value.text[0] == '-' && value.text[1] != '-' &&
                   value.text.find(letter) != std::string::npos;
        });
    }
    bool word(std::string_view text) const {
        return std::ranges::any_of(argv, [&](const Value& value) { return value.text == text; });
    }
    // -x VALUE or -xVALUE
    std::optional<std::string> value(char letter) const {
        const std::string name{'-', letter};
        for (std::size_t i = 1; i < argv.size(); ++i) {
            if (argv[i].text == name && i + 1 < argv.size()) return argv[i + 1].text;
            if (argv[i].text.starts_with(name) && argv[i].text.size() > 2) return argv[i].text.substr(2);
        }
        return std::nullopt;
    }
};

using Answer = std::optional<Folded>;

Answer text(std::string value, bool decoded = false) {
    return Folded{true, std::move(value), {}, decoded};
}

bool is_known(std::string_view value) {
    return value.find('\0') == std::string_view::npos;
}

Answer echo(const Call& call) {
    std::size_t at = 1;
    bool newline = true, escapes = false;
    for (; at < call.argv.size(); ++at) {
        const std::string& word = call.argv[at].text;
        if (word.size() < 2 || word[0] != '-' || word.find_first_not_of("neE", 1) != std::string::npos) break;
        newline = newline && word.find('n') == std::string::npos;
        escapes = escapes || word.find('e') != std::string::npos;
    }
    std::string out;
    for (std::size_t i = at; i < call.argv.size(); ++i) out += (i > at ? " " : "") + call.argv[i].text;
    const bool coded = escapes && (out.find("\\x") != std::string::npos || out.find("\\0") != std::string::npos);
    return text((escapes ? unescape(out, true) : out) + (newline ? "\n" : ""), coded);
}

std::string directive(char kind, const std::string& argument) {
    if (kind == 'b') return unescape(argument, true);
    if (kind == 'c') return argument.substr(0, 1);
    if (kind == 'x' && !argument.empty() && argument.size() < 10 &&
        argument.find_first_not_of("0123456789") == std::string::npos) {
        std::string out;
        for (auto value = std::stoul(argument); value > 0; value /= 16)
            out.insert(out.begin(), "0123456789abcdef"[value % 16]);
        return out.empty() ? "0" : out;
    }
    return argument;
}

Answer print_formatted(const Call& call) {
    std::size_t at = 1;
    if (at < call.argv.size() && call.argv[at].is("--")) ++at;
    if (at >= call.argv.size() || call.argv[at].text.starts_with("-v")) return std::nullopt;
    const std::string raw = call.argv[at++].text, format = unescape(raw, false);
    const bool coded =
        raw.find("\\x") != std::string::npos ||
        (raw.find('\\') != std::string::npos && raw.find_first_of("01", raw.find('\\')) == raw.find('\\') + 1);
    std::string out;
    std::size_t used = 0;
    do {
        used = 0;
        for (std::size_t i = 0; i < format.size(); ++i) {
            if (format[i] != '%') {
                out += format[i];
                continue;
            }
            auto kind = i + 1;
            while (kind < format.size() &&
                   std::string_view("-+ #0123456789.").find(format[kind]) != std::string_view::npos)
                ++kind;
            i = kind;
            if (kind >= format.size()) break;
            if (format[kind] == '%')
                out += '%';
            else {
                out += directive(format[kind], at < call.argv.size() ? call.argv[at].text : "");
                ++at;
                ++used;
            }
        }
    } while (used > 0 && at < call.argv.size() && out.size() < kMaxFolded);
    return text(std::move(out), coded);
}

Answer decode64(const Call& call) {
    if (!call.in.known || !call.operands().empty()) return std::nullopt;
    if (!call.flag('d') && !call.flag('D') && !call.word("--decode")) return std::nullopt;
    const auto out = decode_base64(call.in.text);
    return out ? text(*out, true) : std::nullopt;
}

Answer decode32(const Call& call) {
    if (!call.in.known || (!call.flag('d') && !call.word("--decode"))) return std::nullopt;
    const auto out = decode_base32(call.in.text);
    return out ? text(*out, true) : std::nullopt;
}

Answer unhex(const Call& call) {
    if (!call.in.known || !call.flag('r')) return std::nullopt;
    if (!call.flag('p')) return std::nullopt;
    const auto out = decode_hex(call.in.text);
    return out ? text(*out, true) : std::nullopt;
}

Answer openssl(const Call& call) {
    const bool base64 = call.word("base64") || (call.word("enc") && (call.word("-base64") || call.word("-a")));
    if (!call.in.known || !base64 || !call.word("-d")) return std::nullopt;
    const auto out = decode_base64(call.in.text);
    return out ? text(*out, true) : std::nullopt;
}

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

// A number that a program of one's own wrote down: server.pid of the workspace, /tmp/app.pid.
bool is_own_number(std::string_view path) {
    const auto slash = path.rfind('/');
    const auto folder = slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
    const bool workspace = folder.find_first_of("~.") == std::string_view::npos && !folder.starts_with('/');
    return path.ends_with(".pid") && (path.starts_with("/tmp/") || path.starts_with("./") || workspace);
}

Answer pass(const Call& call) {
    const auto files = call.operands();
    if (files.size() == 1 && files[0] == "/dev/null") return text("");
    if (files.size() == 1 && call.argv.size() == 2 && is_own_number(files[0]))
        return text(std::string(kAnyName) + "\n");
    const bool own = files.empty() || (files.size() == 1 && files[0] == "-");
    if (!own || call.argv.size() > 2) return std::nullopt;
    if (!call.in.known && call.in.names.empty()) return std::nullopt;
    return Folded{call.in.known, call.in.text, call.in.names, false};
}

Answer pass_names(const Call& call) { // an order or a selection of names is names
    if (call.in.names.empty()) return std::nullopt;
    return Folded{false, "", call.in.names, false};
}

Answer base(const Call& call) {
    const auto words = call.operands();
    if (words.empty()) return std::nullopt;
    std::string name(base_name(words[0]));
    if (words.size() > 1 && name.ends_with(words[1]) && is_known(name)) name.resize(name.size() - words[1].size());
    return text(name + "\n");
}

Answer folder(const Call& call) {
    const auto words = call.operands();
    return words.size() == 1 ? text(parent_path(words[0]) + "\n") : std::nullopt;
}

Answer own_folder(const Call& call) {
    return text(call.place.cwd + "\n");
}

Answer whole_path(const Call& call) {
    const auto words = call.operands();
    return words.size() == 1 ? text(absolute_path(words[0], call.place.cwd) + "\n") : std::nullopt;
}

Answer which(const Call& call) {
    const auto words = call.operands();
    return words.size() == 1 ? text(words[0] + "\n") : std::nullopt;
}

Answer temporary(const Call&) {
    return text("/tmp/tmp." + std::string(kAnyName) + "\n");
}
Answer one_name(const Call&) {
    return text(std::string(kAnyName) + "\n");
}
Answer numbers(const Call& call) { // lsof -t -i:3000
    const bool terse = std::ranges::any_of(call.argv, [](const Value& word) {
        return word.text.starts_with("-t") || word.text.starts_with("-nt") || word.is("-it") || word.is("-nPt");
    });
    return terse ? one_name(call) : std::nullopt;
}
Answer found_process(const Call& call) { // by its name it is one, by its user it is all of theirs
    const bool many = std::ranges::any_of(call.argv, [](const Value& word) {
        const auto& text = word.text;
        return text.size() > 1 && text[0] == '-' && std::string_view("uUtgGsv").find(text[1]) != std::string_view::npos;
    });
    return many ? std::nullopt : one_name(call);
}
Answer nothing(const Call&) {
    return text("");
}
Answer user_name(const Call& call) {
    return call.argv.size() > 2 ? std::nullopt : text(std::string(kAnyName) + "\n");
}

Answer git(const Call& call) {
    std::size_t i = 1;
    while (i + 1 < call.argv.size() && call.argv[i].text.starts_with('-'))
        i += call.argv[i].is("-C") || call.argv[i].is("-c") ? 2 : 1;
    if (i >= call.argv.size()) return std::nullopt;
    const std::string& sub = call.argv[i].text;
    const bool names = sub == "ls-files" || sub == "ls-tree" || call.word("--name-only") ||
                       call.word("--diff-filter") ||
                       (sub == "grep" && (call.flag('l') || call.word("--files-with-matches")));
    if (names) {
        Folded out{false, "", {call.place.cwd + "/" + std::string(kHole)}, false};
        if (sub == "ls-files" && i + 1 == call.argv.size()) out.names.push_back(call.place.cwd); // all of it
        return out;
    }
    if (sub == "rev-parse" && call.word("--show-toplevel"))
        return text((call.place.workspace.empty() ? call.place.cwd : call.place.workspace) + "\n");
    if (sub == "rev-parse" && call.word("--git-dir")) return text(".git\n");
    if (sub == "rev-parse" || sub == "merge-base" || sub == "describe" || sub == "hash-object" || sub == "write-tree" ||
        sub == "commit-tree" || sub == "stash" || sub == "var")
        return text(std::string(kAnyName) + "\n"); // a revision
    if (sub == "rev-list" || (sub == "log" && (call.word("--format=%H") || call.word("--format=%h") ||
                                               call.word("--pretty=%H") || call.word("--pretty=format:%H") ||
                                               call.word("--format=%ct") || call.word("--pretty=format:%h"))))
        return Folded{false, "", {std::string(kAnyName)}, false};
    return std::nullopt;
}

// Names below the folders that are listed.
Answer listed(const Call& call) {
    Folded out;
    std::vector<std::string> roots, names;
    bool options = false, filtered = false;
    for (std::size_t i = 1; i < call.argv.size(); ++i) {
        const auto& word = call.argv[i].text;
        options = options || word.starts_with("-") || word.starts_with("(") || word.starts_with("!");
        if (!options) roots.push_back(absolute_path(word, call.place.cwd));
        filtered = filtered || (word.starts_with("-") && word != "-type" && !word.starts_with("-print") &&
                                word != "-maxdepth" && word != "-mindepth");
        if ((word != "-name" && word != "-iname") || i + 1 >= call.argv.size()) continue;
        std::string name(kHole);
        for (const char c : call.argv[i + 1].text) name += c == '*' ? std::string(kAnyName) : std::string(1, c);
        names.push_back(std::move(name));
    }
    if (call.word("-exec") || call.word("-execdir") || call.word("-printf")) return std::nullopt;
    if (roots.empty()) roots.push_back(call.place.cwd);
    if (names.empty() || names.size() > 8 || call.word("!") || call.word("-not")) names = {std::string(kHole)};
    for (const auto& root : roots) {
        if (!filtered) out.names.push_back(root); // all of it
        for (const auto& name : names) out.names.push_back((root == "/" ? "" : root) + "/" + name);
    }
    return out;
}

// ls tells the names in folders without the folders; patterns are told as they are found.
Answer list_names(const Call& call) {
    Folded out;
    for (const auto& word : call.operands())
        if (word.find('\0') != std::string::npos) out.names.push_back(word);
    if (out.names.empty()) out.names.push_back(std::string(kAnyName));
    return out;
}

Answer searched(const Call& call) {
    if (!call.flag('l') && !call.word("--files-with-matches")) return pass_names(call);
    auto words = call.operands();
    if (words.empty()) return std::nullopt;
    Folded out;
    for (std::size_t i = 1; i < words.size(); ++i)
        out.names.push_back(absolute_path(words[i], call.place.cwd) + "/" + std::string(kHole));
    if (out.names.empty()) out.names.push_back(call.place.cwd + "/" + std::string(kHole));
    return out;
}

Answer sequence(const Call& call) {
    const auto words = call.operands();
    const auto last = count_of(words.empty() ? std::nullopt : std::optional(words.back()));
    const auto first = words.size() == 2 ? count_of(words[0]) : std::optional<std::size_t>(1);
    if (!last || !first || words.size() > 2 || call.argv.size() != words.size() + 1 || *last > 64)
        return text(std::string(kAnyName) + "\n");
    std::string out;
    for (auto i = *first; i <= *last; ++i) out += std::to_string(i) + "\n";
    return text(out);
}

Answer awk_field(const Call& call) { // a column of names is names still, of words a word
    return call.in.names.empty() ? std::nullopt : pass_names(call);
}

struct Row {
    std::string_view name;
    Answer (*run)(const Call&);
};
constexpr Row kRows[] = {{"awk", awk_field},
                         {"base32", decode32},
                         {"base64", decode64},
                         {"basename", base},
                         {"cat", pass},
                         {"cut", cut},
                         {"date", one_name},
                         {"dirname", folder},
                         {"echo", echo},
                         {"egrep", searched},
                         {"false", nothing},
                         {"fd", listed},
                         {"fdfind", listed},
                         {"fgrep", searched},
                         {"find", listed},
                         {"getconf", one_name},
                         {"git", git},
                         {"gprintf", print_formatted},
                         {"grep", searched},
                         {"head", head},
                         {"hostname", one_name},
                         {"id", user_name},
                         {"ls", list_names},
                         {"lsof", numbers},
                         {"mktemp", temporary},
                         {"nproc", one_name},
                         {"pgrep", found_process},
                         {"pidof", one_name},
                         {"openssl", openssl},
                         {"printf", print_formatted},
                         {"pwd", own_folder},
                         {"readlink", whole_path},
                         {"realpath", whole_path},
                         {"rev", reverse},
                         {"rg", searched},
                         {"sed", edit},
                         {"seq", sequence},
                         {"sort", pass_names},
                         {"tac", pass_names},
                         {"tail", tail},
                         {"tee", pass},
                         {"tr", translate},
                         {"true", nothing},
                         {"uname", one_name},
                         {"uniq", pass_names},
                         {"uuidgen", one_name},
                         {"wc", one_name},
                         {"which", which},
                         {"whoami", one_name},
                         {"xxd", unhex},
                         {":", nothing},
                         {"arch", one_name},
                         {"logname", one_name},
                         {"tty", one_name}};

bool takes_unknown(std::string_view name) { // words that are not known may stand in what comes out
    constexpr std::string_view kNames[] = {
        "echo", "printf", "basename", "dirname", "realpath", "readlink", "find",     "ls",    "grep",  "fd",
        "date", "mktemp", "git",      "cat",     "sort",     "which",    "pwd",      "wc",    "id",    "uname",
        "head", "tail",   "uniq",     "rg",      "egrep",    "awk",      "hostname", "pgrep", "pidof", "lsof"};
    return std::ranges::find(kNames, name) != std::end(kNames);
}

} // namespace

std::optional<Folded> fold(std::string_view program, const std::vector<Value>& argv, const Stream& in,
                           const Place& place) {
    const auto* row = std::ranges::find(kRows, program, &Row::name);
    if (row == std::end(kRows)) return std::nullopt;
    std::size_t size = in.text.size();
    const bool holes = std::ranges::any_of(argv, [&](const Value& value) {
        size += value.text.size();
        return value.known() != Known::known;
    });
    if (size > kMaxFolded || (holes && !takes_unknown(program))) return std::nullopt;
    auto out = row->run({argv, in, place});
    if (out && (out->text.size() > kMaxFolded || out->names.size() > 64)) return std::nullopt;
    return out;
}

} // namespace owhale::policy::normal
