// What calls make of constants: joined, decoded, turned round.
#include <algorithm>
#include <optional>

#include "policy/normal/folding.hpp"
#include "policy/normal/things.hpp"

namespace owhale::policy::normal {
namespace {

std::optional<int> number_of(const Thing& thing) {
    if (!is_known(thing) || thing.text.empty() || thing.text.size() > 7) return std::nullopt;
    const bool hex = thing.text.starts_with("0x");
    if (thing.text.find_first_not_of(hex ? "0123456789abcdefABCDEFx" : "0123456789") != std::string::npos)
        return std::nullopt;
    return std::stoi(thing.text, nullptr, hex ? 16 : 10);
}

} // namespace

// What only changes how a text is written down.
Thing Evaluator::fold(const std::string& called, const Thing& base, const Arguments& given, bool& done) {
    const std::string last = last_part(called);
    done = true;
    if ((called == "require" || called == "__import__" || called == "importlib.import_module" || called == "import") &&
        given.size() == 1 && is_known(given[0]) && language_.name != "php" && language_.name != "lua") {
        Thing out;
        out.is_name = true;
        out.text = given[0].text.starts_with("node:") ? given[0].text.substr(5) : given[0].text;
        if (out.text.starts_with('.') || out.text.starts_with('/'))
            out_.accesses.push_back({out.text.ends_with(".json") ? Act::read : Act::execute, out.text});
        return out;
    }
    if (last == "format" && is_text(base)) {
        return formatted(base, given);
    }
    if ((called == "sprintf" || called == "format" || called == "string.format" || called == "util.format" ||
         called == "Kernel.format") &&
        !given.empty() && is_text(given[0]))
        return formatted(given[0], Arguments(given.begin() + 1, given.end()));
    if ((last == "replace" || last == "replaceAll" || last == "sub" || last == "gsub") && is_text(base) &&
        given.size() > 1)
        return replaced(base, given);
    if (called == "str_replace" && given.size() > 2 && is_text(given[2]))
        return replaced(given[2], {given[0], given[1]});
    if ((last == "bytes" || last == "bytearray" || called == "Buffer.from") && given.size() == 1 && given[0].is_list &&
        !given[0].list.empty()) {
        Thing out = text_of("");
        out.decoded = true;
        for (const auto& one : given[0].list) {
            const auto code = number_of(text_of(one));
            out.text +=
                code && *code > 0 && *code < 256 ? std::string(1, static_cast<char>(*code)) : std::string(kHole);
        }
        return out;
    }
    if (called == "eval" && given.size() == 1 && is_known(given[0]) &&
        is_executor(given[0].text)) { // eval('os.system')
        Thing out;
        out.is_name = true;
        out.text = given[0].text;
        return out;
    }
    if ((called == "array" || called == "list" || called == "tuple" || called == "set" || called == "Array.of") &&
        !given.empty())
        return given.size() == 1 && given[0].is_list ? given[0] : list_of(given);
    if (called == "table.concat" && !given.empty() && given[0].is_list) {
        std::string out;
        for (std::size_t i = 0; i < given[0].list.size(); ++i)
            out += (i > 0 && given.size() > 1 ? given[1].text : "") + given[0].list[i];
        return text_of(out);
    }
    if (called == "getattr" && given.size() >= 2 && is_known(given[1])) {
        Thing out;
        out.is_name = true;
        out.text = (given[0].is_name ? given[0].text + "." : "") + given[1].text;
        return out;
    }
    if ((called == "chr" || called == "String.fromCharCode" || last == "chr") && !given.empty()) {
        std::string out;
        for (const auto& one : given) {
            const auto code = number_of(one);
            if (!code || *code <= 0 || *code > 255) {
                done = false;
                return {};
            }
            out += static_cast<char>(*code);
        }
        Thing made = text_of(out);
        made.decoded = true;
        return made;
    }
    if (last == "join" && is_text(base) && given.size() == 1 && given[0].is_list) {
        std::string out;
        for (std::size_t i = 0; i < given[0].list.size(); ++i) out += (i > 0 ? base.text : "") + given[0].list[i];
        Thing made = text_of(out);
        made.decoded = given[0].decoded;
        return made;
    }
    if (last == "join" && base.is_list) {
        std::string out;
        for (std::size_t i = 0; i < base.list.size(); ++i)
            out += (i > 0 && !given.empty() ? given[0].text : "") + base.list[i];
        return text_of(out);
    }
    if (last == "split" && is_known(base) && !base.is_list && (given.empty() || is_known(given[0]))) {
        Thing out;
        out.known = out.is_list = true;
        const std::string by = given.empty() || given[0].text.empty() ? " " : given[0].text;
        for (std::size_t from = 0; from <= base.text.size() && out.list.size() < 64;) {
            const auto end = std::min(base.text.find(by, from), base.text.size());
            if (end > from || !given.empty()) out.list.push_back(base.text.substr(from, end - from));
            from = end + by.size();
        }
        return out;
    }
    for (const std::string_view same : {"decode",
                                        "encode",
                                        "toString",
                                        "strip",
                                        "trim",
                                        "rstrip",
                                        "lstrip",
                                        "chomp",
                                        "str",
                                        "String",
                                        "bytes",
                                        "Path",
                                        "PurePath",
                                        "pathlib.Path",
                                        "Pathname.new",
                                        "os.path.expanduser",
                                        "shlex.split",
                                        "file",
                                        "File",
                                        "Paths.get",
                                        "Path.of",
                                        "path.resolve",
                                        "os.path.abspath",
                                        "Path.new",
                                        "resolve",
                                        "toPath",
                                        "absolute",
                                        "expanduser",
                                        "as_posix",
                                        "Pathname",
                                        "freeze",
                                        "shlex.quote",
                                        "os.fsencode",
                                        "bytearray",
                                        "path.expand",
                                        "normalizePath",
                                        "expand-file-name",
                                        "File.expand_path",
                                        "os.path.realpath",
                                        "realpath"}) {
        if (same != called && !(last == same && is_text(base) && same.find('.') == std::string_view::npos)) continue;
        if (same == "file" && language_.name == "r") break;
        Thing out = is_text(base) ? base : given.empty() ? Thing{} : given[0];
        if ((last == "Path" || last == "PurePath" || called == "path.resolve" || called == "Paths.get" ||
             called == "Path.of") &&
            is_text(out))
            for (std::size_t i = 1; i < given.size(); ++i) {
                const std::string next = is_text(given[i]) ? given[i].text : std::string(kHole);
                out.text = next.starts_with('/') ? next : out.text + "/" + next;
            }
        if (same == "shlex.split" && is_text(out)) {
            out.is_list = true;
            std::string word;
            for (const char c : out.text + " ") {
                if (c != ' ')
                    word += c;
                else if (!word.empty())
                    out.list.push_back(std::move(word)), word.clear();
            }
        }
        if (same == "decode" && !given.empty() && is_known(given[0]) && is_text(base) &&
            (given[0].text == "hex" || given[0].text == "base64" || given[0].text.starts_with("rot")))
            return decode(given[0].text == "base64" ? "base64" : given[0].text == "hex" ? "hex" : "other", {base});
        return out;
    }
    if ((last == "join" && (called.ends_with("path.join") || called == "File.join" || called == "Path.join")) &&
        !given.empty()) {
        std::vector<std::string> out(1);
        for (const auto& one : given) {
            const auto parts = one.is_list && !one.list.empty() && one.list.size() * out.size() <= 64
                                   ? one.list
                                   : std::vector{is_text(one) ? one.text : std::string(kHole)};
            std::vector<std::string> next;
            for (const auto& start : out)
                for (const auto& part : parts)
                    next.push_back(start + (start.empty() || start.ends_with('/') ? "" : "/") + part);
            out = std::move(next);
        }
        if (out.size() > 1) {
            Thing several;
            several.known = several.is_list = true;
            several.list = std::move(out);
            return several;
        }
        return text_of(out.front());
    }
    if (last == "joinpath" && is_text(base)) {
        std::string out = base.text;
        for (const auto& one : given) out += "/" + (is_text(one) ? one.text : std::string(kHole));
        return text_of(out);
    }
    if (last == "mkdtemp" || last == "mkdtempSync" || last == "mktmpdir" || last == "mkstemp" || last == "tempdir")
        return text_of("/tmp/tmp" + std::string(kAnyName));
    if (last == "gettempdir" || last == "tmpdir" || last == "sys_get_temp_dir") return text_of("/tmp");
    if (last == "home" || last == "homedir") return text_of("~"); // Path.home(), os.homedir(), Dir.home()
    if (called == "os.path.expandvars" || last == "getenv" || called == "os.environ.get" || called == "Deno.env.get" ||
        called == "process.env" || called == "ENV.fetch" || called == "os.environ.copy") {
        const std::string asked = given.empty() ? "" : given[0].text;
        if (asked == "HOME" || asked == "USERPROFILE" || asked.starts_with("$HOME"))
            return text_of("~" + (asked.starts_with("$HOME") ? asked.substr(5) : std::string()));
        Thing out = text_of(std::string(kHole));
        out.secret = true;
        return out;
    }
    if (last == "reverse" && is_known(base)) {
        Thing out = base;
        std::ranges::reverse(out.text);
        out.decoded = true;
        return out;
    }
    done = false;
    return {};
}

// Names in a folder, or those that fit a pattern.
Thing Evaluator::listed(const std::string& called, const Thing& base, const Arguments& given) {
    constexpr std::string_view kTelling[] = {"exists", "stat",       "lstat",  "is_file",
                                             "access", "existsSync", "isfile", "isdir"};
    if (!given.empty() && given[0].is_list && !given[0].list.empty()) {
        Thing all = given[0];
        for (auto& one : all.list) one += "/" + std::string(kHole);
        return all;
    }
    const Thing* place = is_text(base) ? &base : !given.empty() && is_text(given[0]) ? &given[0] : nullptr;
    if (place == nullptr || called.find("path.") != std::string::npos ||
        std::ranges::find(kTelling, last_part(called)) != std::end(kTelling))
        return {};
    std::string names;
    for (const char c : place->text) names += c == '*' ? std::string(kAnyName) : std::string(1, c);
    if (names == place->text) names += "/" + std::string(kHole);
    return text_of(names);
}

Thing Evaluator::decode(const std::string& called, const Arguments& given) {
    Thing out;
    out.decoded = true;
    out.known = true;
    out.text = kHole;
    if (given.empty()) return out;
    out.fetched = given[0].fetched;
    const std::string name = lowered(called);
    if (called == "Buffer.from" && (given.size() < 2 || !is_known(given[1]) || given[1].text.starts_with("utf"))) {
        out = given[0];
        return out;
    }
    if (called == "String.fromCharCode") return out;
    if (!is_known(given[0])) return out;
    std::optional<std::string> text;
    const bool base64 =
        name.find("64") != std::string::npos || name == "atob" || (given.size() > 1 && given[1].text == "base64");
    const bool hex = name.find("hex") != std::string::npos || (given.size() > 1 && given[1].text == "hex") ||
                     (name == "pack" && given.size() > 1 && given[0].text.starts_with("H"));
    if (base64)
        text = decode_base64(given[0].text);
    else if (hex)
        text = decode_hex(name == "pack" ? given[1].text : given[0].text);
    else if (name == "urldecode" || name == "rawurldecode" || name == "decodeuricomponent" || name == "unescape") {
        text.emplace();
        for (std::size_t i = 0; i < given[0].text.size(); ++i) {
            const auto byte = given[0].text[i] == '%' && i + 2 < given[0].text.size()
                                  ? decode_hex(given[0].text.substr(i + 1, 2))
                                  : std::nullopt;
            *text += byte && byte->size() == 1 ? byte->front() : given[0].text[i];
            if (byte) i += 2;
        }
    } else if (name == "strrev") {
        text = given[0].text;
        std::ranges::reverse(*text);
    }
    if (name.ends_with("rot13") || (given.size() > 1 && given[1].text.starts_with("rot"))) {
        text = given[0].text;
        for (char& c : *text) {
            if (c >= 'a' && c <= 'z')
                c = static_cast<char>('a' + (c - 'a' + 13) % 26);
            else if (c >= 'A' && c <= 'Z')
                c = static_cast<char>('A' + (c - 'A' + 13) % 26);
        }
    }
    if (text && text->find('\0') == std::string::npos) out.text = *text;
    return out;
}

} // namespace owhale::policy::normal
