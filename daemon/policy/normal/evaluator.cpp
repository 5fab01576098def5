// Reads expressions off tokens.
#include "policy/normal/evaluator.hpp"

#include <algorithm>

#include "policy/normal/value.hpp"

namespace owhale::policy::normal {
namespace {

constexpr int kMaxDepth = 40;

constexpr std::size_t kMaxBound = 512, kMaxString = 64 << 10;

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

} // namespace owhale::policy::normal
