// What the calls of a program do, by the table of its language.
#include <algorithm>
#include <optional>

#include "policy/normal/folding.hpp"
#include "policy/normal/things.hpp"
#include "policy/normal/urls.hpp"

namespace owhale::policy::normal {
namespace {

// What stands in {stdio: …, encoding: …, shell: …}, and is no word of the command.
bool is_setting(const std::string& text) {
    constexpr std::string_view kSettings[] = {"inherit", "pipe", "ignore", "utf8", "utf-8", "SIGTERM", "SIGKILL"};
    return text.find_first_not_of("0123456789") == std::string::npos ||
           std::ranges::find(kSettings, text) != std::end(kSettings);
}

} // namespace

void Evaluator::add_fact(std::string_view fact) {
    if (std::ranges::find(out_.facts, fact) == out_.facts.end()) out_.facts.emplace_back(fact);
}

Thing Evaluator::call(const std::string& called, const Thing& base, Arguments given) {
    std::string name = called.starts_with('.') ? called.substr(1) : called;
    constexpr std::string_view kWhole[] = {
        "global.", "globalThis.",         "window.", "builtins.", "__builtins__.", "CORE.",    "CORE.GLOBAL.",
        "self.",   "process.mainModule.", "main.",   "_G.",       "module.",       "builtins."};
    for (int i = 0; i < 4; ++i)
        for (const auto whole : kWhole)
            if (name.starts_with(whole) && name != "module._compile") name = name.substr(whole.size());
    for (auto at = name.find(".__dict__"); at != std::string::npos; at = name.find(".__dict__"))
        name.erase(at, std::string_view(".__dict__").size());
    name = imported(name);
    if (auto made = attribute(name, base, given)) return *made;
    if (auto made = call_by_name(name, base, given)) return *made;
    constexpr std::string_view kWords[] = {"if",    "while",  "for",   "return",  "and", "or",    "not",
                                           "elsif", "unless", "until", "foreach", "in",  "catch", "switch"};
    if (called_.size() < 1024 && std::ranges::find(kWords, name) == std::end(kWords)) called_.insert(name);
    if (auto made = mutate(last_part(name), base, given)) return *made;
    bool done = false;
    Thing folded = fold(name, base, given, done);
    if (done) return folded;
    Effect effect = effect_of(language_, name);
    if (last_part(name) == "constructor" && !given.empty() && is_text(given.back())) effect = Effect::eval;
    const bool later = name == "setTimeout" || name == "setInterval" || name == "setImmediate";
    if (effect == Effect::none || later)
        if (auto made = call_back(base, given)) return *made;
    if (effect == Effect::none)
        if (auto made = call_own(name, given)) return *made;
    if (effect == Effect::none && called.starts_with('.')) effect = effect_of(language_, "." + name);
    receiver_ = called.starts_with('.') && is_text(base); // a method of a path
    Thing out = effect == Effect::none ? Thing{} : apply(effect, name, base, given);
    for (const auto& one : given) {
        out.secret |= one.secret;
        if (effect == Effect::none) out.decoded |= one.decoded, out.fetched |= one.fetched;
    }
    out.decoded |= base.decoded;
    out.fetched |= base.fetched;
    out.secret |= base.secret;
    return out;
}

void Evaluator::run_shell(const Arguments& given, const std::string& called) {
    shell_ = true;
    const auto is_command = [](const Thing& one) {
        return one.keyword.empty() || one.keyword == "args" || one.keyword == "cmd" || one.keyword == "command";
    };
    const auto found = std::ranges::find_if(given, is_command);
    if (found == given.end()) return;
    const Thing& first = *found;
    if (first.decoded) add_fact("code.decoded");
    if (first.fetched) add_fact("code.fetched");
    const std::string folder = folder_of(given);
    if (first.is_list) {
        const auto is_line = [](const std::string& text) { return text.find(' ') != std::string::npos; };
        if (first.any && std::ranges::any_of(first.list, is_line)) // one of several
            for (const auto& one : first.list) emit_shell(one, folder);
        else
            emit_words(first.list, folder);
        return;
    }
    // system LIST of perl and ruby: words
    const bool pipes = called.find("popen") != std::string::npos; // its second argument is a mode
    const bool words = !pipes && given.size() > 1 && language_.bare && std::ranges::all_of(given, is_text);
    if (words) return run_words(given, false);
    if (given.size() > 1 && given[1].is_list && is_text(first) && (language_.name == "r" || language_.name == "perl"))
        return run_words(given, false);
    if (!is_text(first)) return add_fact("code.unknown");
    emit_shell(first.text, folder);
}

void Evaluator::run_words(const Arguments& given, bool repeats) {
    shell_ = true;
    std::vector<std::string> words;
    for (std::size_t i = 0; i < given.size(); ++i) {
        const Thing& one = given[i];
        if (one.is_name && i > 0) continue;
        if (one.is_object && i > 0)
            std::ranges::remove_copy_if(one.list, std::back_inserter(words), is_setting);
        else if (one.is_list)
            words.insert(words.end(), one.list.begin(), one.list.end());
        else if (is_text(one))
            words.push_back(one.text);
        else if (i == 0)
            words.push_back(std::string(kHole));
        if (one.decoded) add_fact("code.decoded");
        if (one.fetched) add_fact("code.fetched");
    }
    const bool again = words.size() > 2 && words[0].ends_with("/" + words[1]);  // {file: '/bin/sh', args: ['sh', …]}
    if ((repeats || again) && words.size() > 1) words.erase(words.begin() + 1); // execl(path, argv[0], …)
    emit_words(std::move(words), folder_of(given));
}

void Evaluator::run_code(const Arguments& given) {
    if (given.empty()) return;
    const Thing& code = is_text(given[0]) || given.size() == 1 ? given[0] : given.back();
    if (code.decoded) add_fact("code.decoded");
    if (code.fetched) add_fact("code.fetched");
    if (is_text(code) && code.text != kHole) {
        if (out_.code.size() < 64) out_.code.emplace_back(std::string(language_.name), code.text);
    } else if (!code.is_name || values_.contains(code.text)) {
        if (!code.fetched && !code.decoded) add_fact("code.unknown");
    } else
        add_fact("code.unknown");
}

void Evaluator::touch(Act act, const Thing& base, const Arguments& given, bool recursive, std::size_t index) {
    const Thing* path = receiver_ && index == 0                                                   ? &base
                        : index < given.size() && (is_text(given[index]) || given[index].is_list) ? &given[index]
                        : is_text(base)                                                           ? &base
                                                                                                  : nullptr;
    if (language_.insensitive && path != nullptr) // PowerShell's switches stand among the operands
        for (const auto& one : given)
            if (is_text(one)) path = &one;
    if (out_.accesses.size() > 512) return;
    if (path == nullptr) {
        if (!given.empty() || !base.is_name) out_.accesses.push_back({act, std::string(kHole), {}, recursive});
        return;
    }
    if (!path->is_list) out_.accesses.push_back({act, in_folder(path->text), {}, recursive});
    for (const auto& one : path->list) out_.accesses.push_back({act, in_folder(one), {}, recursive});
}

// By its mode: "w", "a", "x" and "+" write; perl's ">" does, and "|" is a command.
void Evaluator::open(const Thing& base, const Arguments& given, const std::string&) {
    if (language_.name == "perl" || language_.name == "tcl") {
        for (std::size_t i = language_.name == "tcl" ? 0 : 1; i < given.size(); ++i) {
            if (!is_text(given[i])) continue;
            std::string text = given[i].text;
            while (text.starts_with(' ')) text = text.substr(1);
            if (text.starts_with('|') || text.ends_with('|') || text.starts_with("-|")) {
                std::string command = text;
                std::erase(command, '|');
                if (command == "-" && i + 1 < given.size())
                    return run_words(Arguments(given.begin() + static_cast<std::ptrdiff_t>(i) + 1, given.end()), false);
                if (command == "-" || command.empty()) return;
                shell_ = true;
                emit_shell(command, folder_);
                return;
            }
            const bool writes =
                text.starts_with('>') || text.starts_with("+<") || text.starts_with('w') || text.starts_with('a');
            if (text == "<" || text == ">" || text == ">>" || text == "+<" || text.starts_with("<:") ||
                text.starts_with(">:")) {
                touch(writes ? Act::write : Act::read, {}, given, false, i + 1);
                return;
            }
            const auto start = text.find_first_not_of("<>+ ");
            if (start == std::string::npos || text[start] == '&') return;
            out_.accesses.push_back({text.starts_with('>') ? Act::write : Act::read, in_folder(text.substr(start))});
            return;
        }
        return;
    }
    std::string mode;
    for (std::size_t i = 0; i < given.size(); ++i)
        if (is_known(given[i]) && given[i].text.size() < 5 &&
            given[i].text.find_first_not_of("rwaxb+t") == std::string::npos && (i > 0 || is_text(base)))
            mode = given[i].text;
    const bool writes = mode.find_first_of("wax+") != std::string::npos;
    if (is_text(base) && !given.empty() && mode == given[0].text)
        return touch(writes ? Act::write : Act::read, base, {});
    if (language_.name == "ruby" && !given.empty() && is_text(given[0]) && given[0].text.starts_with('|')) {
        emit_shell(given[0].text.substr(1), folder_);
        return;
    }
    if (!given.empty() && is_text(given[0]) && given[0].text.find("://") != std::string::npos)
        return fetch(base, given, false);
    touch(writes ? Act::write : Act::read, base, given);
}

void Evaluator::connect(const Arguments& given, bool listens) {
    socket_ = socket_ || !listens;
    std::vector<std::string> words;
    for (const auto& one : given) {
        if (one.is_list)
            words.insert(words.end(), one.list.begin(), one.list.end());
        else if (one.known && !one.is_name)
            words.push_back(one.text);
        else
            words.push_back(std::string(kHole));
    }
    Host host;
    host.scheme = "tcp";
    host.listens = listens;
    for (const auto& word : words) {
        const bool number = !word.empty() && word.find_first_not_of("0123456789") == std::string::npos;
        if (number && host.port.empty())
            host.port = word;
        else if (!number && host.name.empty() && word != "tcp" && word != "udp") {
            const Host made = host_of_word({word, {}}, "tcp");
            host.name = made.name;
            if (!made.port.empty()) host.port = made.port;
        }
    }
    if (host.name == kHole) host.name.clear();
    if (out_.hosts.size() < 256) out_.hosts.push_back(std::move(host));
}

void Evaluator::fetch(const Thing& base, const Arguments& given, bool sends) {
    bool found = false;
    for (const auto& one : given) {
        if (!is_text(one)) {
            for (const auto& word : one.list)
                if (auto host = host_of_url({word, {}}, "")) out_.hosts.push_back(*host), found = true;
            continue;
        }
        const auto start = one.text.find("://");
        if (start == std::string::npos) continue;
        if (one.text.starts_with("file://")) {
            out_.accesses.push_back({Act::read, one.text.substr(7)});
            continue;
        }
        if (auto host = host_of_url({one.text, {}}, ""); host && out_.hosts.size() < 256)
            out_.hosts.push_back(*host), found = true;
    }
    (void)base;
    sends_ = sends_ || sends;
    if (!found && !sends) out_.hosts.push_back({.scheme = "http"});
}

Thing Evaluator::apply(Effect effect, const std::string& called, const Thing& base, const Arguments& given) {
    Thing out;
    switch (effect) {
    case Effect::none:
    case Effect::note:
        break;
    case Effect::shell:
        run_shell(given, called);
        break;
    case Effect::argv:
        run_words(given, false);
        break;
    case Effect::exec:
        run_words(given, true);
        break;
    case Effect::eval:
        if (language_.name == "php" && (called == "preg_replace" || called.starts_with("array_") ||
                                        called.starts_with("call_user") || called == "unserialize"))
            break;
        if (called == "setTimeout" || called == "setInterval") {
            if (given.empty() || !is_text(given[0])) break;
        }
        if (called == "compile") {
            if (!given.empty()) out = given[0];
            break;
        }
        run_code(called == "Function" || called.ends_with("constructor")
                     ? Arguments{given.empty() ? Thing{} : given.back()}
                     : given);
        break;
    case Effect::decode:
        return decode(called, given.empty() && is_text(base) ? Arguments{base} : given);
    case Effect::fetch:
        fetch(base, given, false);
        out.fetched = true;
        if (called.find("urlretrieve") != std::string::npos || called.find("download") != std::string::npos)
            if (given.size() > 1) touch(Act::write, {}, given, false, 1);
        if (std::ranges::any_of(given, &Thing::secret)) sends_ = true;
        break;
    case Effect::send:
        fetch(base, given, true);
        out.fetched = true;
        break;
    case Effect::connect:
        connect(given, false);
        break;
    case Effect::serve:
        connect(given, true);
        break;
    case Effect::dup:
        dup_ = true;
        break;
    case Effect::read:
        if (!given.empty() && is_text(given[0]) && given[0].text.find("://") != std::string::npos) {
            fetch(base, given, false);
            out.fetched = true;
            break;
        }
        touch(Act::read, base, given);
        out.secret = true;
        break;
    case Effect::write:
        touch(Act::write, base, given);
        break;
    case Effect::open:
        open(base, given, called);
        out.secret = true;
        break;
    case Effect::remove:
        touch(Act::remove, base, given);
        break;
    case Effect::removeall:
        touch(Act::remove, base, given, true);
        break;
    case Effect::list:
        touch(Act::list, base, given);
        return listed(called, base, given);
    case Effect::change:
        if ((language_.name == "perl" || language_.name == "ruby") && given.size() > 1)
            touch(Act::change, base, given, false, given.size() - 1);
        else
            touch(Act::change, base, given);
        break;
    case Effect::move:
        touch(Act::remove, base, given);
        if (const std::size_t to = receiver_ ? 0 : 1; given.size() > to) {
            receiver_ = false;
            touch(Act::write, {}, given, false, to);
        }
        break;
    case Effect::copy:
        touch(Act::read, base, given);
        if (given.size() > 1) touch(Act::write, {}, given, false, 1);
        break;
    case Effect::chdir:
        touch(Act::list, base, given);
        if (!given.empty() && !given[0].is_name) folder_ = is_text(given[0]) ? in_folder(given[0].text) : "";
        break;
    case Effect::execute:
        touch(Act::execute, base, given);
        break;
    }
    return out;
}

} // namespace owhale::policy::normal
