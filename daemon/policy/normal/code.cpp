// Reads code by what its language is: programs by their calls, lines of commands by what escapes to a shell.
#include "policy/normal/code.hpp"

#include <algorithm>

#include "policy/normal/endless.hpp"
#include "policy/normal/evaluator.hpp"
#include "policy/normal/letters.hpp"
#include "policy/normal/value.hpp"

namespace owhale::policy::normal {

void scan_sed(std::string_view text, Scanned& out); // sed.cpp

namespace {

std::string_view trimmed(std::string_view line) {
    while (!line.empty() && (line.front() == ' ' || line.front() == '\t' || line.front() == ':' || line.front() == ';'))
        line.remove_prefix(1);
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    return line;
}

// py3 …, lua …: another language goes on in the line.
constexpr std::pair<std::string_view, std::string_view> kInner[] = {
    {"py ", "python"},     {"py3 ", "python"},
    {"python ", "python"}, {"python3 ", "python"},
    {"pyx ", "python"},    {"lua ", "lua"},
    {"perl ", "perl"},     {"ruby ", "ruby"},
    {"tcl ", "tcl"},       {"python-interactive ", "python"},
    {"script ", "python"}};

constexpr std::pair<std::string_view, Act> kFiles[] = {
    {"w ", Act::write},         {"w! ", Act::write},       {"write ", Act::write},     {"write! ", Act::write},
    {"sav ", Act::write},       {"saveas ", Act::write},   {"r ", Act::read},          {"read ", Act::read},
    {"e ", Act::read},          {"edit ", Act::read},      {"source ", Act::execute},  {"so ", Act::execute},
    {".read ", Act::execute},   {"\\i ", Act::execute},    {".output ", Act::write},   {".once ", Act::write},
    {".import ", Act::read},    {".open ", Act::write},    {".save ", Act::write},     {".backup ", Act::write},
    {"\\o ", Act::write},       {"lcd ", Act::list},       {"put ", Act::read},        {"mput ", Act::read},
    {"luafile ", Act::execute}, {"pyfile ", Act::execute}, {"py3file ", Act::execute}, {"load ", Act::execute}};

void scan_line(const LanguageRow& language, std::string_view line, Scanned& out) {
    line = trimmed(line);
    if (line.empty()) return;
    std::string_view escapes = language.escapes;
    while (!escapes.empty()) {
        const auto end = escapes.find('\n');
        const auto mark = escapes.substr(0, end);
        if (line.starts_with(mark)) {
            std::string_view rest = line.substr(mark.size());
            while (!rest.empty() && (rest.back() == '"' || rest.back() == '\'') && mark.size() > 4)
                rest.remove_suffix(1);
            if (!trimmed(rest).empty()) out.shell.emplace_back(rest);
            return;
        }
        escapes.remove_prefix(end + 1);
    }
    for (const auto& [mark, inner] : kInner)
        if (line.starts_with(mark) && (language.name == "vim" || language.name == "gdb")) {
            out.code.emplace_back(inner, line.substr(mark.size()));
            return;
        }
    if (language.name == "vim" && (line == "shell" || line == "sh" || line == "sh!" || line == "terminal"))
        out.facts.push_back("interactive"), out.shell.push_back("sh");
    for (const auto& [mark, act] : kFiles)
        if (line.starts_with(mark)) {
            const auto path = trimmed(line.substr(mark.size()));
            if (!path.empty() && path.find_first_of("'\"(") == std::string_view::npos)
                out.accesses.push_back({act, std::string(path.substr(0, path.find(' ')))});
        }
}

// COPY … FROM PROGRAM '…', COPY t TO '/file', INTO OUTFILE '…', LOAD DATA INFILE '…'
void scan_sql(std::string_view text, Scanned& out) {
    const std::string small = lowered(text);
    const auto quoted = [&](std::size_t from) -> std::string {
        const auto start = text.find('\'', from);
        if (start == std::string_view::npos || start > from + 8) return "";
        const auto end = text.find('\'', start + 1);
        return std::string(text.substr(start + 1, end == std::string_view::npos ? end : end - start - 1));
    };
    for (const auto& [word, act] : {std::pair{"outfile", Act::write},
                                    {"dumpfile", Act::write},
                                    {"infile", Act::read},
                                    {"attach database", Act::write}})
        for (auto at = small.find(word); at != std::string::npos; at = small.find(word, at + 1))
            if (const auto path = quoted(at + std::string_view(word).size()); !path.empty())
                out.accesses.push_back({act, path});
    for (auto at = small.find(" program"); at != std::string::npos; at = small.find(" program", at + 1))
        if (const auto command = quoted(at + 8); !command.empty()) out.shell.push_back(command);
    if (const auto copy = small.find("copy "); copy != std::string::npos)
        for (const auto& [word, act] : {std::pair{" to ", Act::write}, {" from ", Act::read}})
            if (const auto at = small.find(word, copy); at != std::string::npos)
                if (const auto path = quoted(at + std::string_view(word).size() - 1); path.starts_with('/'))
                    out.accesses.push_back({act, path});
}

// The end of what a bracket at `open` holds.
std::size_t closed(std::string_view text, std::size_t open, char up, char down) {
    int depth = 0;
    for (std::size_t i = open; i < text.size(); ++i) {
        if (text[i] == up) ++depth;
        if (text[i] == down && --depth == 0) return i;
    }
    return text.size();
}

// Recipes, and what is run while it is read.
void scan_make(std::string_view text, Scanned& out) {
    for (std::size_t from = 0; from < text.size();) {
        const auto end = std::min(text.find('\n', from), text.size());
        std::string_view line = text.substr(from, end - from);
        from = end + 1;
        const auto colon = line.find(':');
        const auto semicolon = line.find(';', colon == std::string_view::npos ? line.size() : colon);
        if (line.starts_with('\t'))
            line.remove_prefix(1);
        else if (semicolon != std::string_view::npos && line.substr(0, colon).find('$') == std::string_view::npos)
            line = line.substr(semicolon + 1);
        else
            continue;
        while (!line.empty() && std::string_view("@-+ ").find(line.front()) != std::string_view::npos)
            line.remove_prefix(1);
        std::string recipe; // $$ is the shell's $
        for (std::size_t i = 0; i < line.size(); ++i) {
            recipe += line[i];
            if (line[i] == '$' && i + 1 < line.size() && line[i + 1] == '$') ++i;
        }
        if (!recipe.empty()) out.shell.push_back(std::move(recipe));
    }
    for (const std::string_view mark : {"$(shell", "${shell"})
        for (auto at = text.find(mark); at != std::string_view::npos; at = text.find(mark, at + 1)) {
            const auto end = mark[1] == '(' ? closed(text, at + 1, '(', ')') : closed(text, at + 1, '{', '}');
            if (at + 8 < end) out.shell.emplace_back(text.substr(at + 8, end - at - 8));
        }
    for (auto at = text.find("$(file"); at != std::string_view::npos; at = text.find("$(file", at + 1)) {
        const auto start = text.find_first_not_of("> <", at + 6);
        if (start == std::string_view::npos) break;
        out.accesses.push_back(
            {text.substr(at, start - at).find('>') != std::string_view::npos ? Act::write : Act::read,
             std::string(text.substr(start, text.find_first_of(",)", start) - start))});
    }
}

// Five fields, or @daily, and a command.
void scan_crontab(std::string_view text, Scanned& out) {
    for (std::size_t from = 0; from < text.size();) {
        const auto end = std::min(text.find('\n', from), text.size());
        std::string_view line = text.substr(from, end - from);
        from = end + 1;
        const int fields = line.starts_with('@') ? 1 : 5;
        if (line.empty() || line.starts_with('#')) continue;
        std::size_t at = 0;
        for (int i = 0; i < fields && at < line.size(); ++i) {
            at = std::min(line.find_first_of(" \t", at), line.size());
            at = std::min(line.find_first_not_of(" \t", at), line.size());
        }
        if (at < line.size()) out.shell.emplace_back(line.substr(at));
    }
}

void scan_tex(std::string_view text, Scanned& out) {
    for (const std::string_view mark : {"write18{", "ShellEscape{", "|\"", "input{|"})
        for (auto at = text.find(mark); at != std::string_view::npos; at = text.find(mark, at + 1)) {
            const auto start = at + mark.size();
            const auto end = mark.ends_with('{') ? closed(text, start - 1, '{', '}')
                                                 : std::min(text.find_first_of("\"}", start), text.size());
            out.shell.emplace_back(text.substr(start, end - start));
        }
    if (const auto at = text.find("directlua{"); at != std::string_view::npos)
        out.code.emplace_back("lua", text.substr(at + 10, closed(text, at + 9, '{', '}') - at - 10));
}

} // namespace

Scanned scan_code(std::string_view language, std::string_view text, std::vector<std::string> args) {
    Scanned out;
    if (language == "sed") {
        scan_sed(text, out);
        return out;
    }
    if (language == "make" || language == "tex") {
        language == "make" ? scan_make(text, out) : scan_tex(text, out);
        return out;
    }
    if (language == "crontab") {
        scan_crontab(text, out);
        return out;
    }
    if (language == "csh" || language == "tasksh") { // close enough to be judged as sh
        out.shell.emplace_back(text);
        return out;
    }
    scan_endless(language, text, out.facts);
    const LanguageRow* row = find_language(language);
    if (row == nullptr) {
        out.facts.push_back("code.opaque");
        return out;
    }
    if (!row->escapes.empty())
        for (std::size_t from = 0; from < text.size();) {
            const auto end = std::min(text.find_first_of("\n|", from), text.size());
            const bool whole = text.substr(from).find('!') != std::string_view::npos || row->name != "vim";
            const auto stop = whole ? std::min(text.find('\n', from), text.size()) : end;
            scan_line(*row, text.substr(from, stop - from), out);
            from = stop + 1;
        }
    if (row->name == "sql") scan_sql(text, out);
    Evaluator(*row, text, out, std::move(args)).run();
    return out;
}

} // namespace owhale::policy::normal
