// Reads expressions off tokens.
#include "policy/normal/evaluator.hpp"

#include <algorithm>

#include "policy/normal/value.hpp"

namespace owhale::policy::normal {
namespace {

constexpr int kMaxDepth = 40;
constexpr std::size_t kMaxList = 64, kMaxBound = 512, kMaxString = 64 << 10;

Thing joined(Thing left, const Thing& right) {
    if (left.is_list && right.is_list) {
        left.list.insert(left.list.end(), right.list.begin(), right.list.end());
        if (left.list.size() > kMaxList) left.list = {std::string(kHole)};
    } else if (right.is_list && left.known && !left.is_name && !left.is_list) { // one of them behind it
        left.is_list = true;
        for (const auto& one : right.list) left.list.push_back(left.text + one);
        left.text.clear();
    } else if (left.is_list && right.known && !right.is_name && !right.is_list) {
        for (auto& one : left.list) one += right.text;
    } else {
        if (left.is_name || !left.known) left.text = kHole;
        left.text += right.known && !right.is_name && !right.is_list ? right.text : std::string(kHole);
        if (left.text.size() > kMaxString) left.text = kHole;
        left.is_name = left.is_list = false;
    }
    left.known = true;
    left.decoded |= right.decoded;
    left.fetched |= right.fetched;
    left.secret |= right.secret;
    return left;
}

// The variable HOME, as languages name it.
bool means_home(std::string_view name) {
    constexpr std::string_view kNames[] = {"os.environ.HOME",
                                           "environ.HOME",
                                           "process.env.HOME",
                                           "env.HOME",
                                           "ENV.HOME",
                                           "_SERVER.HOME",
                                           "_ENV.HOME",
                                           "$_SERVER.HOME",
                                           "$_ENV.HOME",
                                           "Dir.home",
                                           "process.env.USERPROFILE",
                                           "$HOME",
                                           "$env.HOME"};
    return std::ranges::find(kNames, name) != std::end(kNames);
}

} // namespace

Evaluator::Evaluator(const LanguageRow& language, std::string_view text, Scanned& out)
    : language_(language), out_(out) {
    bool whole = true;
    tokens_ = tokens_of(language, text, whole);
    if (!whole) out_.opaque.push_back("this code is too long to be read whole");
    if (!whole) add_fact("code.opaque");
}

bool Evaluator::is(std::string_view text, std::size_t ahead) const {
    const Token* token = peek(ahead);
    return token != nullptr &&
           (token->kind == TokenKind::sign || token->kind == TokenKind::name || token->kind == TokenKind::line) &&
           token->text == text;
}

bool Evaluator::is_name(std::size_t ahead) const {
    const Token* token = peek(ahead);
    return token != nullptr && token->kind == TokenKind::name;
}

void Evaluator::run() {
    loops();
    while (at_ < tokens_.size()) {
        const auto before = at_;
        statement();
        if (at_ == before) ++at_;
    }
    if (language_.name == "awk") awk_flows();
    const auto is_shell = [](const std::string& text) {
        const std::string first = text.substr(0, text.find(' '));
        const auto slash = first.rfind('/');
        const std::string name = slash == std::string::npos ? first : first.substr(slash + 1);
        return name == "sh" || name == "bash" || name == "dash" || name == "zsh" || name == "ash" || name == "cmd" ||
               name == "cmd.exe" || name == "powershell";
    };
    bool starts =
        std::ranges::any_of(out_.shell, is_shell) ||
        std::ranges::any_of(out_.commands, [&](const auto& words) { return !words.empty() && is_shell(words[0]); });
    starts = starts || std::ranges::find(out_.facts, "code.unknown") != out_.facts.end();
    const bool listens = std::ranges::any_of(out_.hosts, &Host::listens);
    if ((socket_ && (dup_ || starts)) || (listens && starts && shell_)) add_fact("socket.shell");
    const bool reads = std::ranges::any_of(out_.accesses, [](const Access& access) { return access.act == Act::read; });
    if (sends_ && reads) {
        for (auto& access : out_.accesses) access.sent = access.sent || access.act == Act::read;
    }
    if (sends_)
        for (auto& host : out_.hosts) host.sends = true;
    out_.calls.assign(called_.begin(), called_.end());
}

void Evaluator::statement() {
    if (is("for") && language_.name == "python") {
        for (std::size_t i = at_ + 1; i < tokens_.size() && i < at_ + 12 && tokens_[i].kind != TokenKind::line; ++i)
            if (tokens_[i].text == "in") {
                if (loop_over(i)) return;
                break;
            }
    }
    if (is("import") || is("from") || is("use")) return import();
    for (const auto word : {"const", "let",   "var",  "my",  "our",    "local", "return", "print", "puts",
                            "echo",  "await", "not",  "if",  "while",  "elif",  "and",    "or",    "in",
                            "else",  "do",    "then", "for", "unless", "yield", "raise",  "throw", "void"})
        if (is(word) && !is("(", 1)) {
            ++at_;
            break;
        }
    // tr/a-z/n-za-m/ and s/…/…/ of perl change $_
    if (language_.name == "perl" && (is("tr") || is("y") || is("s")) &&
        (is("/", 1) || is("{", 1) || is("|", 1) || is("#", 1))) {
        Thing changed;
        changed.known = changed.decoded = true;
        changed.text = kHole;
        values_["_"] = std::move(changed);
        while (at_ < tokens_.size() && !is(";") && peek()->kind != TokenKind::line) ++at_;
        return;
    }
    // const {exec, spawn: run} = require('child_process')
    if (is("{") && is_name(1)) {
        std::vector<std::pair<std::string, std::string>> names;
        auto i = at_ + 1;
        for (; i < tokens_.size() && i < at_ + 64 && tokens_[i].text != "}"; ++i)
            if (tokens_[i].kind == TokenKind::name) {
                const bool renamed =
                    i + 2 < tokens_.size() && (tokens_[i + 1].text == ":" || tokens_[i + 1].text == "as");
                names.emplace_back(renamed ? tokens_[i + 2].text : tokens_[i].text, tokens_[i].text);
                if (renamed) i += 2;
            }
        if (i + 1 < tokens_.size() && tokens_[i].text == "}" && tokens_[i + 1].text == "=") {
            at_ = i + 2;
            const Thing from = expression(0);
            for (const auto& [name, member] : names)
                if (from.is_name && names_.size() < kMaxBound) names_[name] = from.text + "." + member;
            return;
        }
    }
    const bool assigns = is_name() && (is("=", 1) || is("+=", 1) || is(".=", 1) || (is(":", 1) && is("=", 2)));
    if (!assigns) {
        expression(0);
        return;
    }
    const std::string name = peek()->text;
    const bool adds = !is("=", 1) && !is(":", 1);
    at_ += is(":", 1) ? 3 : 2;
    Thing value = expression(0);
    if (is(",") && !value.is_list) { // a, b = …
        bind(name, {});
        return;
    }
    if (adds) value = joined(values_[name], value);
    bind(name, std::move(value));
}

void Evaluator::bind(const std::string& name, Thing value) {
    if (value.is_name && names_.size() < kMaxBound)
        names_[name] = value.text;
    else
        names_.erase(name);
    if (values_.size() < kMaxBound || values_.contains(name)) values_[name] = std::move(value);
}

// import a.b as c; from a import b as c, d; import {x} from 'y'; import x from 'y'; use A::B
void Evaluator::import() {
    const bool from = is("from");
    ++at_;
    std::string module;
    std::vector<std::pair<std::string, std::string>> names;
    bool imports = !from;
    std::string last;
    for (std::size_t i = 0; at_ < tokens_.size() && i < 256; ++i, ++at_) {
        const Token& token = tokens_[at_];
        if (token.kind == TokenKind::line || token.text == ";") break;
        if (token.kind == TokenKind::sign && token.text == "(" && language_.name != "python") {
            --at_;
            names_["import"] = "import";
            expression(0);
            return;
        }
        if (token.kind == TokenKind::string) module = token.text;
        if (token.kind == TokenKind::sign && (token.text == "." || token.text == "::") && !last.empty()) {
            if (at_ + 1 < tokens_.size() && tokens_[at_ + 1].kind == TokenKind::name) {
                if (imports && !from)
                    names.back().second += "." + tokens_[at_ + 1].text;
                else
                    module += "." + tokens_[at_ + 1].text;
                ++at_;
            }
            continue;
        }
        if (token.kind != TokenKind::name) continue;
        if (token.text == "import")
            imports = true;
        else if (token.text == "from")
            continue;
        else if (token.text == "as" && at_ + 1 < tokens_.size() && !names.empty()) {
            names.back().first = tokens_[++at_].text;
            if (names_.size() < kMaxBound) names_[names.back().first] = names.back().second;
        } else if (!imports)
            module += token.text;
        else
            names.emplace_back(token.text, token.text);
        last = token.text;
    }
    if (module.starts_with("node:")) module = module.substr(5);
    if (module == "fs/promises") module = "fs.promises";
    for (const auto& [name, full] : names) {
        if (names_.size() >= kMaxBound) break;
        if (from || (!module.empty() && language_.name == "javascript"))
            names_[name] =
                full == name && language_.name == "javascript" && names.size() == 1 ? module : module + "." + full;
    }
}

Thing Evaluator::expression(int depth) {
    if (depth > kMaxDepth) {
        ++at_;
        return {};
    }
    Thing value = term(depth + 1);
    while (at_ < tokens_.size()) {
        if (is("and") || is("or") || is("&&") || is("||") || is("//")) { // one of both
            ++at_;
            Thing right = expression(depth + 1);
            right.decoded |= value.decoded;
            right.fetched |= value.fetched;
            value = std::move(right);
            continue;
        }
        const bool joins = is(language_.concat) && !is("=", 1);
        const bool adjacent = value.known && !value.is_name && peek()->kind == TokenKind::string &&
                              (language_.triple || language_.name == "awk");
        if (joins) {
            ++at_;
            value = joined(std::move(value), term(depth + 1));
        } else if (adjacent)
            value = joined(std::move(value), term(depth + 1));
        else if (is("/") && language_.triple && value.known && !value.is_name && !value.is_list) { // Path / "x"
            ++at_;
            Thing slash;
            slash.known = true;
            slash.text = "/";
            value = joined(joined(std::move(value), slash), term(depth + 1));
        } else if (is("%") && language_.triple) { // "…" % x
            ++at_;
            term(depth + 1);
            value.text = kHole;
        } else
            break;
    }
    return value;
}

Thing Evaluator::term(int depth) {
    if (at_ >= tokens_.size()) return {};
    if (depth > kMaxDepth) {
        ++at_;
        return {};
    }
    const Token& token = tokens_[at_];
    if (token.kind == TokenKind::string) {
        Thing value;
        value.known = true;
        value.text = token.text;
        ++at_;
        return after(std::move(value), depth);
    }
    if (token.kind == TokenKind::shell) {
        out_.shell.push_back(token.text);
        called_.insert("`");
        shell_ = true;
        ++at_;
        return {};
    }
    if (token.kind == TokenKind::number) {
        Thing value;
        value.known = true;
        value.text = token.text;
        ++at_;
        return value;
    }
    if (token.kind == TokenKind::name) return name(depth);
    if (token.kind == TokenKind::line) return {};
    if (token.text == "(") {
        ++at_;
        return after(bracketed(")", depth), depth);
    }
    if (token.text == "[") {
        ++at_;
        Thing list;
        list.known = list.is_list = true;
        for (auto& item : arguments("]", depth)) {
            if (item.is_list)
                list.list.insert(list.list.end(), item.list.begin(), item.list.end());
            else if (item.is_name && (item.text == "sys.executable" || item.text == "process.execPath"))
                list.list.push_back(language_.name == "python" ? "python3" : "node");
            else
                list.list.push_back(item.known && !item.is_name ? item.text : std::string(kHole));
            list.decoded |= item.decoded;
            list.fetched |= item.fetched;
        }
        if (list.list.size() > kMaxList) list.list.resize(kMaxList);
        return after(std::move(list), depth);
    }
    if (token.text == "{") { // an object: what its members are
        ++at_;
        Thing list;
        list.known = list.is_list = true;
        for (auto& item : arguments("}", depth)) {
            if (item.is_list)
                list.list.insert(list.list.end(), item.list.begin(), item.list.end());
            else if (item.known && !item.is_name)
                list.list.push_back(item.text);
            list.secret |= item.secret;
        }
        if (list.list.size() > kMaxList) list.list.resize(kMaxList);
        return list;
    }
    ++at_;
    if (token.text == "\\" || token.text == "&" || token.text == "$" || token.text == "@" || token.text == "-" ||
        token.text == "!")
        return term(depth + 1);
    return {};
}

// ( … ): one value, or a list of them.
Thing Evaluator::bracketed(std::string_view close, int depth) {
    auto items = arguments(close, depth);
    if (items.size() == 1) return items[0];
    Thing list;
    list.known = list.is_list = true;
    for (const auto& item : items) {
        if (list.list.size() < kMaxList)
            list.list.push_back(item.known && !item.is_name ? item.text : std::string(kHole));
        list.decoded |= item.decoded;
    }
    return list;
}

Evaluator::Arguments Evaluator::arguments(std::string_view close, int depth) {
    Arguments out;
    while (at_ < tokens_.size() && !is(close)) {
        const auto before = at_;
        // name=value and name: value are told by their value
        if (is_name() && (is("=", 1) || (is(":", 1) && close != "]")) && !is("=", 2)) at_ += 2;
        Thing value = expression(depth + 1);
        if (out.size() < kMaxList && !(at_ == before)) out.push_back(std::move(value));
        while (at_ < tokens_.size() && !is(",") && !is(close) && !is(";")) {
            const auto inner = at_;
            if (is("(") || is("[") || is("{")) {
                const std::string open = peek()->text;
                ++at_;
                if (depth > kMaxDepth) continue;
                bracketed(open == "(" ? ")" : open == "[" ? "]" : "}", depth + 1);
            } else
                expression(depth + 1);
            if (at_ == inner) ++at_;
        }
        if (is(",") || is(";") || at_ == before) ++at_;
    }
    if (at_ < tokens_.size()) ++at_;
    return out;
}

// Words as a shell has them: powershell and tcl.
Evaluator::Arguments Evaluator::words(int depth) {
    Arguments out;
    while (at_ < tokens_.size() && out.size() < kMaxList) {
        const Token& first = *peek();
        if (first.kind == TokenKind::line || is(";") || is("|") || is(")") || is("}") || is("]")) break;
        if (is("(") || is("[")) {
            out.push_back(expression(depth + 1));
            continue;
        }
        Thing word;
        word.known = true;
        bool begun = false;
        while (at_ < tokens_.size() && (!begun || !peek()->spaced)) {
            if (peek()->kind == TokenKind::line || is(";") || is("|") || is(")") || is("(") || is("}") || is(","))
                break;
            const std::string& text = peek()->text;
            const auto value = values_.find(text);
            if (peek()->kind == TokenKind::name && text.starts_with('$')) {
                word.text +=
                    value != values_.end() && value->second.known && !value->second.is_name && !value->second.is_list
                        ? value->second.text
                        : std::string(kHole);
                if (value != values_.end())
                    word.decoded |= value->second.decoded, word.fetched |= value->second.fetched;
            } else
                word.text += text;
            begun = true;
            ++at_;
        }
        if (is(",")) ++at_;
        if (!begun) {
            ++at_;
            continue;
        }
        if (!word.text.starts_with('-') || language_.name == "tcl") out.push_back(std::move(word));
    }
    return out;
}

Evaluator::Arguments Evaluator::bare_arguments(int depth) {
    if (language_.insensitive || language_.name == "tcl") return words(depth);
    Arguments out;
    while (at_ < tokens_.size() && out.size() < kMaxList) {
        const auto before = at_;
        Thing value = expression(depth + 1);
        if (at_ == before) break;
        out.push_back(std::move(value));
        if (!is(",") && !is("=>")) {
            const bool more = (language_.lisp || language_.insensitive || language_.name == "tcl") &&
                              at_ < tokens_.size() && peek()->kind != TokenKind::line && !is(")") && !is(";") &&
                              !is("|") && !is("}");
            if (!more) break;
            continue;
        }
        ++at_;
        while (at_ < tokens_.size() && peek()->kind == TokenKind::line) ++at_;
    }
    return out;
}

Thing Evaluator::name(int depth) {
    Thing value;
    const std::string word = peek()->text;
    ++at_;
    if (word == "new" && is_name()) return name(depth + 1);
    if (word == "await" || word == "async") return term(depth + 1);
    if (const auto known = values_.find(word); known != values_.end() && !known->second.is_name && !is("(")) {
        Thing copy = known->second;
        return after(std::move(copy), depth);
    }
    const auto alias = names_.find(word);
    value.is_name = true;
    value.text = alias == names_.end() ? word : alias->second;
    return after(std::move(value), depth);
}

Thing Evaluator::subscript(Thing base, int depth) {
    ++at_;
    if (is(":") && is(":", 1) && is("-", 2)) { // [::-1]
        while (at_ < tokens_.size() && !is("]")) ++at_;
        ++at_;
        if (base.is_list)
            std::ranges::reverse(base.list);
        else if (base.text.find('\0') == std::string::npos)
            std::ranges::reverse(base.text);
        base.decoded = true;
        return base;
    }
    if (is("::")) {
        while (at_ < tokens_.size() && !is("]")) ++at_;
        ++at_;
        if (!base.is_list && base.text.find('\0') == std::string::npos) std::ranges::reverse(base.text);
        base.decoded = true;
        return base;
    }
    const auto items = arguments("]", depth);
    Thing value;
    if (base.is_name && items.size() == 1 && items[0].known && !items[0].is_name) { // os['system'], window["eval"]
        value = base;
        value.text += "." + items[0].text;
        return value;
    }
    value.decoded = base.decoded;
    value.fetched = base.fetched;
    return value;
}

Thing Evaluator::after(Thing base, int depth) {
    for (int rounds = 0; at_ < tokens_.size() && rounds < 256; ++rounds) {
        if (((language_.name == "lua" && is(":") && is_name(1)) || is(".") || is("->") || is("::") || is("\\") ||
             (is("?") && is(".", 1))) &&
            !(is(".") && language_.concat == "." && peek()->spaced)) {
            const std::size_t skip = is("?") ? 2 : 1;
            if (!is_name(skip)) break;
            const std::string member = peek(skip)->text;
            at_ += skip + 1;
            if ((member == "each" || member == "forEach" || member == "map") && base.known && !base.is_name)
                bind_each(base);
            if (is("(")) {
                ++at_;
                auto given = arguments(")", depth + 1);
                base = call(base.is_name ? base.text + "." + member : "." + member, base, std::move(given));
                continue;
            }
            if (language_.bare && base.is_name && at_ < tokens_.size() && (peek()->kind == TokenKind::string) &&
                peek()->spaced) {
                auto given = bare_arguments(depth + 1);
                base = call(base.text + "." + member, base, std::move(given));
                continue;
            }
            if (base.is_name)
                base.text += "." + member;
            else if (language_.bare)
                base = call("." + member, base, {});
            continue;
        }
        if (is("(") && language_.name == "php" && base.known && !base.is_name && !base.is_list &&
            effect_of(language_, base.text) != Effect::none)
            base.is_name = true;
        if (is("(") && base.is_name) {
            ++at_;
            auto given = arguments(")", depth + 1);
            const std::string called = base.text;
            base = call(called, {}, std::move(given));
            continue;
        }
        if (language_.name == "perl" && base.is_name && base.text == "ENV" && is("{") && is("}", 2)) { // $ENV{HOME}
            base.text += "." + peek(1)->text;
            at_ += 3;
            continue;
        }
        if (is("[") && !peek()->spaced) {
            if (depth > kMaxDepth) break;
            base = subscript(std::move(base), depth + 1);
            continue;
        }
        break;
    }
    if (base.is_name && means_home(base.text)) {
        base = {};
        base.known = true;
        base.text = "~";
        return base;
    }
    const bool word_follows = at_ < tokens_.size() &&
                              (peek()->kind == TokenKind::string || peek()->kind == TokenKind::name ||
                               (peek()->kind == TokenKind::number && effect_of(language_, base.text) != Effect::none) ||
                               (peek()->kind == TokenKind::shell && base.text == "eval"));
    const bool list_follows = at_ < tokens_.size() &&
                              (language_.insensitive || language_.name == "perl" || language_.name == "ruby") &&
                              (is("[") || is("-") || is("<") || is("/") || is(".") || is("~") || is("(") || is("*"));
    const bool bare =
        language_.bare || (language_.name == "php" && (base.text == "include" || base.text == "require" ||
                                                       base.text == "include_once" || base.text == "require_once"));
    if (bare && base.is_name && (word_follows || list_follows) && effect_of(language_, base.text) != Effect::none) {
        auto given = bare_arguments(depth + 1);
        const std::string called = base.text;
        base = call(called, {}, std::move(given));
    }
    return base;
}

// print | "cmd", "cmd" | getline, print > "file", getline < "file", "/inet/tcp/0/host/port"
void Evaluator::awk_flows() {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
        if (tokens_[i].kind != TokenKind::string) continue;
        const std::string& text = tokens_[i].text;
        const std::string before = i > 0 ? tokens_[i - 1].text : "",
                          after = i + 1 < tokens_.size() ? tokens_[i + 1].text : "";
        const std::string then = i + 2 < tokens_.size() ? tokens_[i + 2].text : "";
        if (text.starts_with("/inet")) {
            std::vector<std::string> parts(1);
            for (const char c : text) {
                if (c == '/')
                    parts.emplace_back();
                else
                    parts.back() += c;
            }
            if (parts.size() > 5) out_.hosts.push_back({.name = parts[4], .port = parts[5], .scheme = parts[2]});
            socket_ = true;
        } else if (((after == "|" || after == "|&") && then == "getline") || before == "|" || before == "|&") {
            out_.shell.push_back(text);
            shell_ = true;
        } else if (before == ">" || before == ">>")
            out_.accesses.push_back({Act::write, text});
        else if (before == "<")
            out_.accesses.push_back({Act::read, text});
    }
    bool piped = false; // cmd | getline, where cmd is not known
    for (std::size_t i = 0; i + 2 < tokens_.size(); ++i)
        piped =
            piped || (tokens_[i].kind == TokenKind::name &&
                      (tokens_[i + 1].text == "|" || tokens_[i + 1].text == "|&") && tokens_[i + 2].text == "getline");
    if (socket_ && piped) add_fact("socket.shell");
    if (piped) add_fact("code.unknown");
}

} // namespace owhale::policy::normal
