// What fills disks and memory: output and input without an end, and files of many gigabytes.
#include "policy/normal/volume.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "policy/normal/endless.hpp"
#include "policy/normal/walk.hpp"

namespace owhale::policy::normal {
namespace {

constexpr double kHugeFile = 10.0 * (1 << 30), kManyLines = 1e8;

// What they read they pass on.
constexpr std::array<std::string_view, 37> kPassing = {
    "cat",   "tee",   "base64", "base32",  "openssl",  "pv",      "xxd",     "od",   "tr",  "gzip",
    "pigz",  "bzip2", "xz",     "zstd",    "lz4",      "hexdump", "dd",      "cp",   "sed", "awk",
    "gawk",  "mawk",  "grep",   "strings", "fold",     "rev",     "cut",     "uniq", "nl",  "paste",
    "rsync", "lzma",  "lzop",   "brotli",  "uuencode", "dcfldd",  "ddrescue"};
// They say nothing before their input has ended.
constexpr std::array<std::string_view, 16> kGathering = {
    "sort",      "tac",   "shuf",  "tail",   "wc",    "md5sum", "sha1sum", "sha256sum",
    "sha512sum", "cksum", "b2sum", "sponge", "split", "less",   "logger",  "systemd-cat"};
// Options that say how much of it.
struct Limit {
    std::string_view program, option;
};
constexpr std::array<Limit, 10> kLimits = {{{"xxd", "-l"},
                                            {"od", "-N"},
                                            {"hexdump", "-n"},
                                            {"grep", "-m"},
                                            {"grep", "-q"},
                                            {"sort", "--random-source"},
                                            {"shuf", "--random-source"},
                                            {"shuf", "-i"},
                                            {"shuf", "-e"},
                                            {"pv", "-S"}}};

template <std::size_t N> bool is_any(std::string_view word, const std::array<std::string_view, N>& list) {
    return std::ranges::find(list, word) != list.end();
}

bool is_endless_device(const Access& access) {
    return access.act == Act::read && (access.path == "/dev/zero" || access.path == "/dev/urandom" ||
                                       access.path == "/dev/random" || access.path == "/dev/full");
}

bool is_number(std::string_view text) {
    return !text.empty() && text.size() < 16 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

double number_of(std::string_view text) {
    double out = 0;
    for (const char c : text) out = out * 10 + (c - '0');
    return out;
}

// a..z, 1..5000, 1..100..2
double count_of(std::string_view range) {
    const auto dots = range.find("..");
    if (dots == std::string_view::npos) return static_cast<double>(1 + std::ranges::count(range, ','));
    const auto first = range.substr(0, dots);
    auto last = range.substr(dots + 2);
    last = last.substr(0, last.find(".."));
    if (is_number(first) && is_number(last)) return std::abs(number_of(last) - number_of(first)) + 1;
    return first.size() == 1 && last.size() == 1 ? std::abs(last[0] - first[0]) + 1 : 1;
}

constexpr double kNoEnd = 1e100; // seq 1 inf

// seq LAST, seq FIRST LAST, seq FIRST STEP LAST
double seq_of(std::string_view text) {
    double out = 0;
    for (std::size_t at = 0; at < text.size() && text[at] != ')' && text[at] != '`' && text[at] != '|';) {
        auto end = text.find_first_of(" \t)`|", at);
        if (end == std::string_view::npos) end = text.size();
        const auto word = text.substr(at, end - at);
        if (is_number(word)) out = number_of(word);
        if (word == "inf" || word == "infinity") out = kNoEnd;
        if (const auto e = word.find('e');
            e != std::string_view::npos && is_number(word.substr(0, e)) && is_number(word.substr(e + 1)))
            out = number_of(word.substr(0, e)) * std::pow(10, std::min(number_of(word.substr(e + 1)), 100.0));
        at = end == at ? end + 1 : end;
        if (end < text.size() && text[end] != ' ' && text[end] != '\t') break;
    }
    return std::max(out, 1.0);
}

} // namespace

double size_of(std::string_view text) {
    double value = 0, scale = 1;
    std::size_t at = 0;
    bool fraction = false;
    for (; at < text.size() && ((text[at] >= '0' && text[at] <= '9') || text[at] == '.'); ++at) {
        if (text[at] == '.')
            fraction = true;
        else
            value = value * 10 + (text[at] - '0'), scale *= fraction ? 10 : 1;
    }
    if (at == 0) return 0;
    value /= scale;
    if (at == text.size()) return value;
    constexpr std::string_view kUnits = "kmgtpezy";
    const char unit = text[at] >= 'A' && text[at] <= 'Z' ? static_cast<char>(text[at] + 32) : text[at];
    const auto power = kUnits.find(unit);
    const auto rest = text.substr(at + 1);
    if (power == std::string_view::npos || (rest != "" && rest != "B" && rest != "iB" && rest != "b")) return 0;
    return value * std::pow(1024, static_cast<double>(power + 1));
}

double words_of(std::string_view source) {
    for (const std::string_view head : {"$(seq ", "`seq ", "\"$(seq "})
        if (source.starts_with(head)) return seq_of(source.substr(head.size()));
    double out = 1;
    for (auto at = source.find('{'); at != std::string_view::npos; at = source.find('{', at + 1)) {
        const auto end = source.find('}', at);
        if (end == std::string_view::npos) break;
        if (at == 0 || source[at - 1] != '$') out *= count_of(source.substr(at + 1, end - at - 1));
    }
    return std::min(out, 1e300);
}

static bool is_limited(const Call& call) {
    if (std::ranges::any_of(kLimits, [&](const Limit& limit) {
            return limit.program == call.program && call.arguments.has(limit.option);
        }))
        return true;
    const auto has = [&](std::string_view text) {
        return std::ranges::any_of(call.argv,
                                   [&](const Value& word) { return word.text.find(text) != std::string::npos; });
    };
    if (call.program == "dd") return has("count=");
    if (call.program == "sed") return has("q");
    return call.program.ends_with("awk") && (has("exit") || has("system("));
}

// Output without an end, and where it fills a disk or a machine's time.
void Walk::note_endless(Call& call, Stream& out) {
    const bool passes = is_any(call.program, kPassing), gathers = is_any(call.program, kGathering);
    const bool counted = is_limited(call);
    const bool device = std::ranges::any_of(at(call.slot).accesses, is_endless_device);
    const Stream* in = call.in();
    const bool endless = device || (in != nullptr && in->endless);
    const bool bounded = std::ranges::find(call.frame.via, "timeout") != call.frame.via.end();
    const bool source = call.program == "yes" || (call.program == "jot" && !call.arguments.operands.empty() &&
                                                  call.arguments.operands[0].text == "0");
    out.endless = (source || (passes && endless && !counted)) && !bounded;
    out.endless_slot = call.slot;
    const bool writes = !call.io.out.empty() || std::ranges::any_of(at(call.slot).accesses, [](const Access& access) {
        return access.act == Act::write;
    });
    if (out.endless && writes) add_fact(call.slot, "output.endless");
    if (adds_to_own_input(call)) add_fact(call.slot, "output.endless");
    if ((gathers && endless && !counted && !bounded) || (out.endless && !call.io.out.empty()))
        add_fact(call.slot, "input.endless");
    note_huge(call);
    note_source(call);
    note_commands(call);
}

// cat x | tee -a x, tail -f x >> x: it reads what it writes.
bool Walk::adds_to_own_input(const Call& call) {
    if (call.program == "tail" && call.arguments.has("-f"))
        for (const auto& read : at(call.slot).accesses)
            for (const auto& write : at(call.slot).accesses)
                if (read.act == Act::read && write.act == Act::write && read.path == write.path) return true;
    if (call.program != "tee" || !call.arguments.has("-a")) return false;
    for (std::size_t i = call.slot; i-- > 0 && out_.commands[i].pipeline == out_.commands[call.slot].pipeline;)
        for (const auto& read : out_.commands[i].accesses)
            for (const auto& write : out_.commands[call.slot].accesses)
                if (read.act == Act::read && write.act == Act::write && read.path == write.path &&
                    read.path.find('\0') == std::string::npos)
                    return true;
    return false;
}

// Source that is written and compiled in one breath.
void Walk::note_source(Call& call) {
    constexpr std::array<std::string_view, 14> kCompilers = {"gcc",   "cc", "g++",   "c++", "clang", "clang++", "tcc",
                                                             "rustc", "go", "javac", "c99", "c89",   "kotlinc", "ghc"};
    if (!is_any(call.program, kCompilers)) return;
    const std::string language = call.program == "go" ? "go" : call.program == "rustc" ? "rust" : "c";
    const auto source = [&](const std::string& text) {
        std::vector<std::string> facts;
        scan_endless(language, text, facts);
        at(call.slot).code.push_back({language, {text, call.argv[0].span}, {}});
        for (const auto& fact : facts) add_fact(call.slot, fact);
    };
    bool fetched = false;
    for (const auto& operand : call.arguments.operands)
        if (const Cell* cell = file(operand.text)) {
            fetched = fetched || cell->taint.fetched;
            if (cell->values.size() == 1) source(cell->values[0]);
        }
    if (fetched) { // and what is made of it
        const Value* made = call.arguments.value_of("-o");
        std::string name = made != nullptr ? made->text : "a.out";
        if (made == nullptr && language == "rust" && !call.arguments.operands.empty())
            name = call.arguments.operands[0].text.substr(0, call.arguments.operands[0].text.rfind('.'));
        note_fetched(call, {std::move(name), call.argv[0].span});
    }
    if (const Stream* in = call.in(); in != nullptr && in->known) source(in->text);
}

// Programs that take commands from their input, in languages of their own: rules can look at the text.
void Walk::note_commands(Call& call) {
    constexpr std::array<std::string_view, 54> kReaders = {
        "m4",    "sc-im", "ghci",  "jupyter", "erb",    "doxygen",   "troff", "groff",  "more",   "less",    "tclsh",
        "wish",  "jjs",   "cobc",  "cpan",    "dc",     "lldb",      "jdb",   "jshell", "emacs",  "maxima",  "sbcl",
        "clisp", "guile", "ocaml", "scala",   "erl",    "iex",       "swipl", "perl",   "dart",   "kotlinc", "vim",
        "vi",    "ex",    "nvim",  "view",    "ed",     "dmenu_run", "rofi",  "rails",  "irb",    "console", "ninja",
        "cpio",  "gvpr",  "at",    "batch",   "expect", "gdb",       "pry",   "bundle", "octave", "gnuplot"};
    const Stream* in = call.in();
    if (!is_any(call.program, kReaders) || !at(call.slot).code.empty() || in == nullptr || !in->known ||
        in->text.empty())
        return;
    at(call.slot).code.push_back({"text", {in->text, call.argv[0].span}, {}});
}

// Files of many gigabytes, by what the options say.
void Walk::note_huge(Call& call) {
    const auto value = [&](std::string_view name) {
        const Value* given = call.arguments.value_of(name);
        return given == nullptr ? 0.0 : size_of(given->text);
    };
    double size = 0;
    const auto& operands = call.arguments.operands;
    const auto last = operands.empty() ? 0.0 : size_of(operands.back().text);
    if (call.program == "fallocate")
        size = value("-l");
    else if (call.program == "truncate")
        size = value("-s");
    else if (call.program == "head" || call.program == "tail")
        size = value("-c");
    else if (call.program == "dd") {
        double block = 512, count = 0;
        for (std::size_t i = 1; i < call.argv.size(); ++i) {
            const std::string_view word = call.argv[i].text;
            if (word.starts_with("bs=")) block = size_of(word.substr(3));
            if (word.starts_with("count=")) count = size_of(word.substr(6));
        }
        size = block * count;
    } else if (call.program == "openssl" && call.arguments.sub == "rand")
        size = last;
    else if (call.program == "mkfile" || call.program == "xfs_mkfile")
        size = operands.empty() ? 0 : size_of(operands.front().text);
    else if (call.program == "seq") {
        std::string words;
        for (const auto& operand : operands) words += operand.text + " ";
        size = seq_of(words) >= kManyLines ? kHugeFile : 0;
    } else if (call.program == "qemu-img")
        for (const auto& option : call.arguments.options)
            if (option.value && option.value->text.find("preallocation=f") != std::string::npos) size = last;
    if (size >= kHugeFile) add_fact(call.slot, "output.huge");
}

// The end of a pipeline: nothing that follows can end what is in it.
void Walk::close_endless(const Stream& out, const Frame& frame) {
    if (out.endless && !frame.piped && out.endless_slot < out_.commands.size())
        add_fact(out.endless_slot, "input.endless");
}

} // namespace owhale::policy::normal
