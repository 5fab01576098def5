// A table of programs that are run here, over constants.
#include "policy/normal/folded_call.hpp"

#include <algorithm>

#include "policy/normal/paths.hpp"

namespace owhale::policy::normal {

using namespace folded; // NOLINT: the table below names what stands in the files of that name

namespace {

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

// Whatever files it writes, too.
Answer copy(const Call& call) {
    if (!call.in.known && call.in.names.empty()) return std::nullopt;
    return Folded{call.in.known, call.in.text, call.in.names, false};
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

// command -v x, type -p x
Answer command_named(const Call& call) {
    const auto words = call.operands();
    const bool tells =
        call.argv.size() > 1 && (call.argv[1].is("-v") || call.argv[1].is("-p") || call.argv[1].is("-P"));
    return tells && words.size() == 1 && is_known(words[0]) ? text(words[0] + "\n") : std::nullopt;
}

Answer temporary(const Call&) {
    return text("/tmp/tmp." + std::string(kAnyName) + "\n");
}

Answer nothing(const Call&) {
    return text("");
}

Answer user_name(const Call& call) {
    return call.argv.size() > 2 ? std::nullopt : text(std::string(kAnyName) + "\n");
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

struct Row {
    std::string_view name;
    Answer (*run)(const Call&);
};

constexpr Row kRows[] = {{"awk", awk_field},
                         {"base32", decode32},
                         {"base64", decode64},
                         {"basename", base},
                         {"cat", pass},
                         {"command", command_named},
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
                         {"tee", copy},
                         {"tr", translate},
                         {"true", nothing},
                         {"type", command_named},
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
