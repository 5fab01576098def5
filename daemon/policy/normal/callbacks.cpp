// Functions that are values: called by a name in a text, handed on to others, or the code's own.
#include <algorithm>

#include "policy/normal/paths.hpp"
#include "policy/normal/things.hpp"

namespace owhale::policy::normal {
namespace {

// Calls whose first text is the name of what is called.
bool calls_named(std::string_view by) {
    constexpr std::string_view kNames[] = {"send",       "public_send",
                                           "__send__",   "call_user_func",
                                           "array_map",  "call_user_func_array",
                                           "array_walk", "forward_static_call",
                                           "ob_start",   "forward_static_call_array",
                                           "invoke",     "register_shutdown_function"};
    return std::ranges::find(kNames, by) != std::end(kNames);
}

// … and those that take it behind something else.
bool calls_back(std::string_view by) {
    constexpr std::string_view kNames[] = {"array_map",    "array_filter",   "array_walk",
                                           "array_reduce", "usort",          "uasort",
                                           "uksort",       "iterator_apply", "preg_replace_callback"};
    return std::ranges::find(kNames, by) != std::end(kNames);
}

} // namespace

bool Evaluator::is_executor(const std::string& name) const {
    const Effect effect = effect_of(language_, name);
    return effect == Effect::shell || effect == Effect::argv || effect == Effect::exec || effect == Effect::eval ||
           effect == Effect::removeall || effect == Effect::remove;
}

// Each element of a list is given by itself, and what stands apart as one.
void Evaluator::run_callback(const std::string& name, const Arguments& given) {
    Arguments single;
    for (const auto& one : given) {
        if (one.is_object) continue; // options
        if (!one.is_list)
            single.push_back(one);
        else if (one.parts != nullptr)
            for (const auto& part : *one.parts) call(name, {}, {part});
        else
            for (const auto& part : one.list) call(name, {}, {text_of(part)});
    }
    while (!single.empty() && (!single[0].known || single[0].is_name)) single.erase(single.begin());
    if (single.empty()) return;
    const auto number = [](const Thing& one) { return one.text.find_first_not_of("0123456789") == std::string::npos; };
    if (single.size() > 1 && number(single[0])) single.erase(single.begin()); // setTimeout(f, 0, …)
    call(name, {}, std::move(single));
}

// A function that runs something is handed on: it will be called, with what stands beside it.
std::optional<Thing> Evaluator::call_back(const Thing& base, const Arguments& given) {
    for (std::size_t i = 0; i < given.size(); ++i) {
        if (!given[i].is_name || !is_executor(given[i].text)) continue;
        Arguments rest;
        if (base.known && !base.is_name) rest.push_back(base);
        for (std::size_t k = 0; k < given.size(); ++k)
            if (k != i) rest.push_back(given[k]);
        if (!rest.empty()) run_callback(given[i].text, rest);
        return given[i]; // promisify(exec), partial(os.system)
    }
    return std::nullopt;
}

std::optional<Thing> Evaluator::call_by_name(const std::string& name, const Thing& base, const Arguments& given) {
    const std::string by = last_part(name);
    const bool text = !given.empty() && is_known(given[0]) && is_executor(given[0].text);
    if (text && calls_named(by)) {
        run_callback(given[0].text, Arguments(given.begin() + 1, given.end()));
        return Thing{};
    }
    if (language_.name == "php" && (calls_back(by) || by == "ReflectionFunction" || by == "fromCallable"))
        for (const auto& one : given)
            if (is_known(one) && is_executor(one.text)) {
                Arguments rest;
                for (const auto& other : given)
                    if (&other != &one) rest.push_back(other);
                run_callback(one.text, rest);
                Thing out;
                out.is_name = true;
                out.text = one.text;
                return out;
            }
    // f.call(…), f.apply(this, […]), f.bind(…), f.to_proc
    const bool applies = by == "call" || by == "apply" || by == "bind" || by == "to_proc" || by == "invoke" ||
                         by == "__call__" || by == "unbind" || by == "curry";
    if (applies && name.size() > by.size() + 1) {
        std::string function = name.substr(0, name.size() - by.size() - 1);
        while (function.ends_with(".to_proc") || function.ends_with(".unbind")) function.resize(function.rfind('.'));
        if (!is_executor(function)) return std::nullopt;
        if (!given.empty()) {
            const bool receiver = language_.name == "javascript";
            Arguments rest(given.begin() + (receiver ? 1 : 0), given.end());
            if (rest.size() == 1 && rest[0].is_list && rest[0].parts != nullptr && by == "apply") rest = *rest[0].parts;
            if (!rest.empty()) return call(function, {}, std::move(rest));
        }
        Thing out;
        out.is_name = true;
        out.text = function;
        return out;
    }
    if (by == "Reflect.apply" || name == "Reflect.apply")
        if (given.size() > 2 && given[0].is_name)
            return call(given[0].text, {}, given[2].parts != nullptr ? *given[2].parts : Arguments{given[2]});
    (void)base;
    return std::nullopt;
}

// getattr(os, 'system'), method(:system), attrgetter('system')(os): a name.
std::optional<Thing> Evaluator::attribute(const std::string& name, const Thing& base, const Arguments& given) {
    const std::string last = last_part(name);
    Thing out;
    out.is_name = true;
    if ((name == "vars" || name == "globals" || name == "locals") && language_.name == "python") {
        out.text = !given.empty() && given[0].is_name ? given[0].text : "builtins";
        return out;
    }
    if (last == "__getattribute__" && !given.empty() && is_known(given[0])) {
        out.text = name.substr(0, name.size() - std::string_view(".__getattribute__").size()) + "." + given[0].text;
        return out;
    }
    const bool method = language_.name == "ruby" && (last == "method" || last == "instance_method" ||
                                                     last == "const_get" || last == "public_method");
    const bool can = language_.name == "perl" && last == "can";
    const bool getter = language_.name == "python" && last == "attrgetter";
    if ((method || can || getter) && !given.empty() && is_known(given[0])) {
        out.text = given[0].text;
        if (getter) out.text = "attrgetter:" + out.text;
        return out;
    }
    if (name.starts_with("attrgetter:") && !given.empty() && given[0].is_name) {
        out.text = given[0].text + "." + name.substr(std::string_view("attrgetter:").size());
        return out;
    }
    if (language_.name == "python" && last == "methodcaller" && given.size() > 1 && is_known(given[0]) &&
        is_executor("os." + given[0].text)) {
        run_callback("os." + given[0].text, Arguments(given.begin() + 1, given.end()));
        return Thing{};
    }
    (void)base;
    return std::nullopt;
}

// A list grows by what its methods are given.
std::optional<Thing> Evaluator::mutate(const std::string& last, const Thing& base, const Arguments& given) {
    constexpr std::string_view kBehind[] = {"append", "push",    "add",     "extend",     "insert",
                                            "concat", "unshift", "prepend", "array_push", "appendleft"};
    if (std::ranges::find(kBehind, last) == std::end(kBehind)) return std::nullopt;
    const bool function = !base.known && !given.empty() && // push @list, …
                          (given[0].is_list || (language_.name == "perl" && is_text(given[0])));
    const Thing& list = function ? given[0] : base;
    if (last == "concat" && is_text(base)) {
        Thing out = base;
        for (const auto& one : given) out = joined(std::move(out), one);
        return out;
    }
    if (!list.is_list && !function) return std::nullopt;
    std::vector<Thing> parts;
    if (!list.is_list)
        parts.push_back(list);
    else if (list.parts != nullptr)
        parts = *list.parts;
    else
        for (const auto& one : list.list) parts.push_back(text_of(one));
    std::vector<Thing> more;
    for (std::size_t i = function ? 1 : last == "insert" ? 1 : 0; i < given.size(); ++i) {
        const bool flat = given[i].is_list && given[i].parts != nullptr && last != "append" && last != "add";
        if (flat)
            more.insert(more.end(), given[i].parts->begin(), given[i].parts->end());
        else
            more.push_back(given[i]);
    }
    const bool front = last == "unshift" || last == "prepend" || last == "appendleft" ||
                       (last == "insert" && !given.empty() && given[0].text == "0");
    parts.insert(front ? parts.begin() : parts.end(), more.begin(), more.end());
    Thing out = list_of(std::move(parts));
    out.is_object = list.is_object;
    out.decoded |= list.decoded;
    if (!list.variable.empty() && last != "concat") bind(list.variable, out);
    out.variable = list.variable;
    return out;
}

std::string Evaluator::imported(const std::string& name) const {
    if (name.find('.') != std::string::npos || effect_of(language_, name) != Effect::none) return name;
    for (const auto& module : star_)
        if (effect_of(language_, module + "." + name) != Effect::none) return module + "." + name;
    return name;
}

// What is given to a function of the code's own is known in its body when the code is read again.
std::optional<Thing> Evaluator::call_own(const std::string& name, const Arguments& given) {
    const bool own = parameters_.contains(name) || returns_.contains(name);
    if (!own) return std::nullopt;
    auto& all = given_[name];
    if (first_ && all.size() < kMaxList) {
        all.resize(std::max(all.size(), std::min<std::size_t>(given.size(), 16)));
        for (std::size_t i = 0; i < given.size() && i < all.size(); ++i) {
            if (!is_text(given[i]) && !given[i].is_list) continue;
            if (all[i].known && all[i].text != given[i].text) {
                std::vector<Thing> both;
                if (all[i].any && all[i].parts != nullptr)
                    both = *all[i].parts;
                else
                    both.push_back(all[i]);
                if (both.size() < 16) both.push_back(given[i]);
                all[i] = list_of(std::move(both));
                all[i].any = true;
            } else
                all[i] = given[i];
            all[i].variable.clear();
        }
    }
    const auto found = returns_.find(name);
    return found == returns_.end() ? std::nullopt : std::optional(found->second);
}

// def name(a, b=1): function name(a, b) {
void Evaluator::definition() {
    ++at_;
    if (!is_name()) return;
    function_ = peek()->text;
    ++at_;
    if (!is("(")) return;
    auto& parameters = parameters_[function_];
    const bool again = !parameters.empty();
    const auto found = given_.find(function_);
    std::size_t index = 0;
    auto i = at_ + 1;
    for (int depth = 1; i < tokens_.size() && depth > 0 && i < at_ + 256; ++i) {
        if (tokens_[i].kind == TokenKind::string) continue;
        if (tokens_[i].text == "(" || tokens_[i].text == "[") ++depth;
        if (tokens_[i].text == ")" || tokens_[i].text == "]") --depth;
        const std::string& before = tokens_[i - 1].text;
        if (depth != 1 || tokens_[i].kind != TokenKind::name ||
            (before != "(" && before != "," && before != "*" && before != "&" && before != "$"))
            continue;
        if (index == 0 && (tokens_[i].text == "self" || tokens_[i].text == "cls")) continue;
        if (!again && parameters.size() < 16) parameters.push_back(tokens_[i].text);
        if (found != given_.end() && index < found->second.size() && found->second[index].known)
            bind(tokens_[i].text, found->second[index]);
        ++index;
    }
    if (i < at_ + 256) at_ = i;
}

// --- where it happens

std::string Evaluator::folder_of(const Arguments& given) const {
    const auto is_folder = [](const Thing& one) { return one.keyword == "cwd" || one.keyword == "chdir"; };
    for (const auto& one : given) {
        if (is_folder(one) && is_text(one)) return in_folder(one.text);
        if (one.is_object && one.parts != nullptr)
            for (const auto& member : *one.parts)
                if (is_folder(member) && is_text(member)) return in_folder(member.text);
    }
    return folder_;
}

std::string Evaluator::in_folder(std::string path) const {
    if (folder_.empty() || path.starts_with('/') || path.starts_with('~') || path.starts_with(kHole)) return path;
    return join_path(folder_, path);
}

void Evaluator::emit_shell(std::string text, const std::string& folder) {
    if (out_.shell.size() >= 256) return;
    if (!folder.empty()) out_.shell_folders[out_.shell.size()] = folder;
    out_.shell.push_back(std::move(text));
}

void Evaluator::emit_words(std::vector<std::string> words, const std::string& folder) {
    if (out_.commands.size() >= 256 || words.empty()) return;
    if (!folder.empty()) out_.command_folders[out_.commands.size()] = folder;
    out_.commands.push_back(std::move(words));
}

} // namespace owhale::policy::normal
