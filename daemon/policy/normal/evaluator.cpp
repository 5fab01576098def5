// Reads expressions off tokens.
#include "policy/normal/things.hpp"

#include <algorithm>

#include "policy/normal/value.hpp"

namespace owhale::policy::normal {
namespace {

constexpr int kMaxDepth = 40;

constexpr std::size_t kMaxBound = 512, kMaxString = 64 << 10;

} // namespace

Thing joined(Thing left, const Thing& right) {
    left.variable.clear();
    if (left.is_list && right.is_list && left.parts != nullptr && right.parts != nullptr && !left.any && !right.any) {
        std::vector<Thing> parts = *left.parts;
        parts.insert(parts.end(), right.parts->begin(), right.parts->end());
        return list_of(std::move(parts));
    }
    left.parts.reset();
    if (left.is_list && right.is_list) {
        left.list.insert(left.list.end(), right.list.begin(), right.list.end());
        if (left.list.size() > kMaxList) left.list = {std::string(kHole)};
    } else if (right.is_list && left.known && !left.is_name && !left.is_list) { // one of them behind it
        left.is_list = true;
        left.any = right.any;
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

Evaluator::Evaluator(const LanguageRow& language, std::string_view text, Scanned& out, std::vector<std::string> args)
    : language_(language), out_(out), args_(std::move(args)) {
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

// Under the name, and at the place, that the language has them.
void Evaluator::take_arguments() {
    if (args_.empty()) return;
    const std::string_view name = language_.name;
    std::vector<Thing> all;
    if (name == "python" || name == "php") all.push_back(text_of("-c"));
    if (name == "javascript") all = {text_of("node"), text_of("[eval]")};
    for (const auto& arg : args_) all.push_back(text_of(arg));
    const std::string variable = name == "python"       ? "sys.argv"
                                 : name == "javascript" ? "process.argv"
                                 : name == "php"        ? "argv"
                                                        : "ARGV";
    values_[variable] = list_of(std::move(all));
}

void Evaluator::pass() {
    take_arguments();
    loops();
    while (at_ < tokens_.size()) {
        const auto before = at_;
        statement();
        if (at_ == before) ++at_;
    }
}

void Evaluator::run() {
    const Scanned before = out_;
    pass();
    if (!given_.empty()) { // once more, with what functions are given
        out_ = before;
        values_.clear(), names_.clear(), called_.clear(), star_.clear();
        folder_.clear(), function_.clear();
        socket_ = dup_ = sends_ = shell_ = first_ = false;
        pass();
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

void Evaluator::statement(int depth) {
    if (is("for") && language_.name == "python") {
        for (std::size_t i = at_ + 1; i < tokens_.size() && i < at_ + 12 && tokens_[i].kind != TokenKind::line; ++i)
            if (tokens_[i].text == "in") {
                if (loop_over(i)) return;
                break;
            }
    }
    if (language_.name == "awk" && !is("{")) return awk_line(depth);
    if ((is("def") || is("function") || is("sub")) && is_name(1)) return definition();
    if (is("return") && !function_.empty()) {
        ++at_;
        Thing value = expression(depth);
        if (value.known && !value.is_name && returns_.size() < kMaxBound) returns_[function_] = std::move(value);
        return;
    }
    if (is("import") || is("from") || is("use")) return import();
    for (const auto word : {"const", "let",   "var",  "my",  "our",    "local", "return", "print", "puts",
                            "echo",  "await", "not",  "if",  "while",  "elif",  "and",    "or",    "in",
                            "else",  "do",    "then", "for", "unless", "yield", "raise",  "throw", "void"})
        if (is(word) && !is("(", 1)) {
            ++at_;
            break;
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
            const Thing from = expression(depth);
            for (const auto& [name, member] : names)
                if (from.is_name && names_.size() < kMaxBound) names_[name] = from.text + "." + member;
            return;
        }
    }
    if (is("{")) {
        braced(depth);
        return;
    }
    if (assign_several()) return;
    const bool assigns = is_name() && (is("=", 1) || is("+=", 1) || is(".=", 1) || (is(":", 1) && is("=", 2)));
    if (!assigns) {
        const Thing place = expression(depth);
        const bool member = is("=") && !is("=", 1) && !is(">", 1) && (place.is_name || !place.variable.empty());
        if (!member) return;
        ++at_;
        Thing value = expression(depth);
        if (place.is_name)
            bind(place.text, std::move(value));
        else if (place.is_list)
            bind(place.variable, joined(place, value.is_list ? value : list_of({value})));
        else
            bind(place.variable, std::move(value));
        return;
    }
    const std::string name = peek()->text;
    const bool adds = !is("=", 1) && !is(":", 1);
    at_ += is(":", 1) ? 3 : 2;
    Thing value = expression(depth);
    if (is(",") && !value.is_list && language_.triple) { // a = …, …
        std::vector<Thing> parts{std::move(value)};
        while (is(",") && parts.size() < kMaxList) {
            ++at_;
            parts.push_back(expression(depth));
        }
        value = list_of(std::move(parts));
    }
    if (adds) value = joined(values_[name], value);
    bind(name, std::move(value));
}

// a, b = X, Y
bool Evaluator::assign_several() {
    if (!is_name() || !is(",", 1) || !is_name(2)) return false;
    std::vector<std::string> names;
    std::size_t i = 0;
    for (; is_name(i) && names.size() < 16; i += 2) {
        names.push_back(peek(i)->text);
        if (!is(",", i + 1)) {
            ++i;
            break;
        }
    }
    if (!is("=", i) || is("=", i + 1)) return false;
    at_ += i + 1;
    std::vector<Thing> values{expression(0)};
    while (is(",") && values.size() < 16) {
        ++at_;
        values.push_back(expression(0));
    }
    if (values.size() == 1 && values[0].parts != nullptr) values = std::vector<Thing>(*values[0].parts);
    for (std::size_t k = 0; k < names.size(); ++k) bind(names[k], k < values.size() ? values[k] : Thing{});
    return true;
}

void Evaluator::bind(const std::string& name, Thing value) {
    value.variable.clear();
    if (name == "ARGV") touch(Act::read, {}, {value}); // perl, ruby and awk read these files
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
    const bool javascript = language_.name == "javascript";
    bool imports = !from, braced = false;
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
        if (token.kind == TokenKind::sign && token.text == "*" && from && imports && star_.size() < 32)
            star_.push_back(module);
        if (token.kind == TokenKind::sign && token.text == "{") braced = true;
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
        else if (token.text == "from" || (javascript && token.text == "as" && names.empty())) // import * as x
            continue;
        else if (token.text == "as" && at_ + 1 < tokens_.size() && !names.empty()) {
            names.back().first = tokens_[++at_].text;
            if (names_.size() < kMaxBound) names_[names.back().first] = names.back().second;
        } else if (!imports)
            module += token.text;
        else
            names.emplace_back(token.text, javascript && !braced ? "" : token.text); // x itself is the module
        last = token.text;
    }
    if (module.starts_with("node:")) module = module.substr(5);
    if (module == "fs/promises") module = "fs.promises";
    for (const auto& [name, full] : names) {
        if (names_.size() >= kMaxBound) break;
        if (from || (!module.empty() && javascript)) names_[name] = full.empty() ? module : module + "." + full;
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
            // open F, "<", "/etc/shadow" or die: a text that is known and not empty is what stays
            const bool stays = !is("and") && !is("&&") && value.known && !value.is_name && !value.text.empty();
            ++at_;
            Thing right = expression(depth + 1);
            if (stays) std::swap(value, right);
            right.decoded |= value.decoded;
            right.fetched |= value.fetched;
            value = std::move(right);
            continue;
        }
        const bool joins = is(language_.concat) && !is("=", 1);
        const bool awk = language_.name == "awk" && value.known && !value.is_name && !value.is_list;
        const bool adjacent =
            (value.known && !value.is_name && peek()->kind == TokenKind::string && (language_.triple || awk)) ||
            (awk && is_name() && (is("ENVIRON") || values_.contains(peek()->text)));
        if (is("=~") && (is("s///", 1) || is("tr//", 1) || is("m//", 1))) {
            ++at_;
            value = substituted(std::move(value));
        } else if (is("<<") && language_.name == "ruby" && value.known && !value.is_name) { // text << text, list << one
            ++at_;
            const std::string variable = value.variable;
            const Thing right = term(depth + 1);
            value = joined(std::move(value), value.is_list && !right.is_list ? list_of({right}) : right);
            if (!variable.empty()) bind(variable, value);
        } else if (joins) {
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
        } else if (is("%") && (language_.triple || language_.name == "ruby") && is_text(value)) { // "…" % x
            ++at_;
            const Thing right = term(depth + 1);
            value = formatted(value, right.is_list && right.parts != nullptr ? *right.parts : Arguments{right});
        } else if (language_.name == "awk" && depth < 36 &&
                   (((is("|") || is("|&")) && (printing_ || is("getline", 1))) ||
                    (printing_ && (is(">") || is(">>"))))) {
            awk_operators(value, depth);
        } else
            break;
    }
    return value;
}

} // namespace owhale::policy::normal
