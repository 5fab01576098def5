// Options and operands to accesses, hosts, code and commands, by the roles of the program's row.
#include <algorithm>

#include "policy/normal/facts.hpp"
#include "policy/normal/paths.hpp"
#include "policy/normal/urls.hpp"
#include "policy/normal/walk.hpp"

namespace owhale::policy::normal {
namespace {

constexpr std::size_t kMaxAccesses = 4096;

bool looks_like_path(std::string_view text) {
    return text.starts_with('/') || text.starts_with("./") || text.starts_with("../") || text == "." || text == ".." ||
           text.find('/') != std::string_view::npos;
}

bool is_stream(std::string_view path) {
    return path == "-" || path == "/dev/null" || path == "/dev/stdin" || path == "/dev/stdout" || path == "/dev/stderr";
}

// tar -I zstd, git -c core.pager=less: programs that only pass on what they read.
bool is_filter(std::string_view text) {
    constexpr std::string_view kFilters[] = {"gzip",     "pigz", "bzip2", "pbzip2", "lbzip2", "xz",   "pixz",
                                             "lzma",     "lzip", "zstd",  "zstdmt", "lz4",    "lzop", "brotli",
                                             "compress", "cat",  "less",  "more",   "ssh"};
    return std::ranges::find(kFilters, text.substr(0, text.find(' '))) != std::end(kFilters) &&
           text.find_first_of(";|&$`<>()\n/") == std::string_view::npos;
}

// prog --version, prog help
bool only_asks(const Call& call) {
    constexpr std::string_view kWords[] = {"-v",      "-V",   "-h",    "--version", "--help",
                                           "version", "help", "-help", "-version"};
    return call.argv.size() == 2 && std::ranges::find(kWords, call.argv[1].text) != std::end(kWords);
}

} // namespace

void Walk::touch(std::size_t slot, Act act, const Value& value, bool recursive, bool sent) {
    if (value.text.empty() || is_stream(value.text)) return;
    if (auto host = host_of_url(value, "")) { // many programs take an address where they take a file
        if (act == Act::execute) add_fact(slot, "code.fetched");
        if (at(slot).hosts.size() < 256) at(slot).hosts.push_back(std::move(*host));
        return;
    }
    if (at(slot).accesses.size() > kMaxAccesses)
        return too_big(value.span, "one command names more files than can be judged");
    for (auto& path : absolute(value.text)) {
        budget_.spend(path.size());
        at(slot).accesses.push_back({act, std::move(path), value.span, recursive, sent});
    }
    if (value.text.starts_with(kHole)) add_fact(slot, "operand.unknown");
}

void Walk::touch_role(Call& call, const RoleRow& role, const Value& value) {
    const auto& options = call.arguments.options;
    if ((role.acts & bit(static_cast<unsigned>(Act::execute))) != 0)
        if (const Cell* cell = file(value.text); cell != nullptr && cell->taint.fetched)
            add_fact(call.slot, "program.fetched");
    if (role.sent && (value.is("-") || value.is("."))) call.sends_stdin = true;
    const bool recursive = role.recursive || std::ranges::any_of(options, [](const GivenOption& option) {
                               return option.row != nullptr && option.row->effect == "r";
                           });
    for (unsigned act = 0; act < 7; ++act) {
        constexpr Act kOrder[] = {Act::read, Act::list, Act::write, Act::remove, Act::change, Act::execute, Act::mount};
        if ((role.acts & bit(act)) != 0)
            touch(call.slot, kOrder[act], value, recursive, role.sent && kOrder[act] == Act::read);
    }
    if ((role.acts & bit(0)) == 0) return;
    const Cell* cell = file(value.text);
    if (cell == nullptr) return;
    call.taint.add(cell->taint);
    // A source that the same text wrote: what it does when it runs.
    constexpr std::pair<std::string_view, std::string_view> kSources[] = {
        {".c", "c"},       {".cc", "c"},       {".cpp", "c"},   {".go", "go"},  {".rs", "rust"},
        {".java", "java"}, {".hs", "haskell"}, {".nim", "nim"}, {".kt", "java"}};
    const Cell copy = *cell;
    for (const auto& [end, language] : kSources)
        if (value.text.ends_with(end) && copy.values.size() == 1 && call.row->has("compiles"))
            scan(call, std::string(language), {copy.values.front(), value.span});
}

void Walk::apply_arguments(Call& call) {
    call.arguments = read_arguments(*call.row, call.argv);
    at(call.slot).sub = call.arguments.sub;
    at(call.slot).operands = call.arguments.operands;
    for (const auto& operand : call.arguments.operands)
        if (operand.text.starts_with(kHole) && !call.arguments.ended) add_fact(call.slot, "option.unknown");
    apply_options(call);
    apply_flags(call);
    if (const FormRow* form = form_of(call.arguments)) apply_operands(call, *form);
    for (const auto* row : {call.arguments.program, call.arguments.row})
        if (row->has("net") && at(call.slot).hosts.empty() && !call.stays && !only_asks(call)) {
            const std::string registry(call.arguments.program->value("registry"));
            add_host(call, {.name = registry.empty() ? "" : "registry",
                            .scheme = registry.empty() ? std::string(row->value("scheme")) : registry});
        }
    settle_hosts(call);
    const std::string whole = call.arguments.sub.empty() ? std::string(call.row->name)
                                                         : std::string(call.row->name) + " " + call.arguments.sub;
    if (const auto* special = find_special(call.row->name)) (this->*special->run)(call);
    if (whole != call.row->name)
        if (const auto* special = find_special(whole)) (this->*special->run)(call);
}

void Walk::apply_options(Call& call) {
    for (const auto& option : call.arguments.options) {
        at(call.slot).options.push_back({option.name, option.value, option.span});
        if (option.name.starts_with('+') && call.row->has("plus") && call.row->value("stdin").empty() &&
            option.name.size() > 1)
            scan(call, "vim", {option.name.substr(1), option.span});
        if (option.row == nullptr) continue;
        const auto effect = option.row->effect;
        if (!effect.empty() && effect != "r" && effect != "s" && effect != "l" && is_fact(effect))
            add_fact(call.slot, effect);
        if (option.row->valued && option.value)
            apply_role(call, option.row->value, *option.value, static_cast<std::size_t>(-1));
    }
}

void Walk::apply_operands(Call& call, const FormRow& form) {
    const auto roles = roles_of(form);
    const auto& operands = call.arguments.operands;
    std::size_t many = roles.size();
    for (std::size_t i = 0; i < roles.size(); ++i)
        if (roles[i].many) many = i;
    const bool open = many < roles.size();
    const std::size_t after = open ? roles.size() - many - 1 : 0;
    std::size_t skipped = 0; // assignments before a command
    // chmod -w FILE, chattr -i FILE: the mode was taken for an option.
    const bool given =
        call.row->has("mode-first") &&
        std::ranges::any_of(call.arguments.options, [](const GivenOption& option) { return option.row == nullptr; });
    const std::size_t shift = given ? 1 : 0;
    for (std::size_t i = 0; i < operands.size() && !stopped(); ++i) {
        if (open && roles[many].role == Role::assign) {
            if (i == skipped && operands[i].text.find('=') != std::string::npos) {
                apply_role(call, roles[many], operands[i], i);
                ++skipped;
                continue;
            }
            const auto index = std::min(i - skipped + many + 1, roles.size() - 1);
            apply_role(call, roles[index], operands[i], i);
            if (roles[index].role == Role::command) return;
            continue;
        }
        std::size_t index = i + shift;
        if (open && i + after >= operands.size())
            index = roles.size() - (operands.size() - i);
        else if (open && i + shift > many)
            index = many;
        if (index >= roles.size()) return;
        apply_role(call, roles[index], operands[i], i);
        const bool number = !operands[i].text.empty() && operands[i].text.size() < 6 &&
                            operands[i].text.find_first_not_of("0123456789") == std::string::npos;
        if (number && i > 0 && roles[index].role == Role::text && index > 0 && roles[index - 1].role == Role::host &&
            !at(call.slot).hosts.empty() && at(call.slot).hosts.back().port.empty())
            at(call.slot).hosts.back().port = operands[i].text;
        const auto role = roles[index].role;
        if (role == Role::command || role == Role::shell_rest || role == Role::code_rest || role == Role::code_file ||
            role == Role::module)
            return;
    }
}

void Walk::apply_role(Call& call, const RoleRow& role, const Value& value, std::size_t index) {
    const auto rest = [&] {
        std::vector<Value> words;
        const auto& operands = call.arguments.operands;
        if (index < operands.size())
            words.assign(operands.begin() + static_cast<std::ptrdiff_t>(index), operands.end());
        else
            words.push_back(value);
        return words;
    };
    switch (role.role) {
    case Role::text:
        break;
    case Role::path:
        touch_role(call, role, value);
        break;
    case Role::dir:
        touch(call.slot, Act::list, value, false, false);
        if (!value.text.starts_with(kHole)) state_.set(".", absolute(value.text).front());
        break;
    case Role::command:
        carry(call, rest(), via_of(call));
        break;
    case Role::shell:
        if (!is_filter(value.text)) carry_code(call, "sh", value);
        break;
    case Role::shell_rest:
    case Role::code_rest: {
        Value joined{"", value.span};
        for (const auto& word : rest()) joined.text += (joined.text.empty() ? "" : " ") + word.text;
        carry_code(call, role.role == Role::shell_rest ? "sh" : std::string(role.argument), joined);
        break;
    }
    case Role::code:
        carry_code(call, std::string(role.argument), value);
        break;
    case Role::code_file: {
        auto words = rest();
        words.erase(words.begin());
        code_file(call, std::string(role.argument), value, std::move(words));
        break;
    }
    case Role::module: {
        call.code_given = true;
        at(call.slot).code.push_back({std::string(role.argument), {"", value.span}, {value.text}});
        // A module that is a program of its own is judged as that.
        const auto inner = out_.commands.size();
        if (index == static_cast<std::size_t>(-1) && find_program(value.text) != nullptr &&
            value.text != call.program) {
            std::vector<Value> words{value};
            words.insert(words.end(), call.arguments.operands.begin(), call.arguments.operands.end());
            carry(call, std::move(words), call.program);
            if (std::ranges::binary_search(at(call.slot).facts, "system.interpreter") && inner < out_.commands.size())
                add_fact(inner, "system.interpreter");
        } else
            add_fact(call.slot, "code.workspace");
        break;
    }
    case Role::host:
        add_host(call, host_of_word(value, call.row->value("scheme")));
        break;
    case Role::url:
        if (takes_items(call.program)) {
            apply_item(call, value);
            break;
        }
        if (value.text.starts_with("./") || value.text.starts_with("../")) { // a file, where an address may stand
            call.stays = true;
            touch(call.slot, Act::read, value, false, false);
            break;
        }
        if (auto host = host_of_url(value, call.row->value("scheme").empty() ? "http" : call.row->value("scheme")))
            add_host(call, *host);
        else if (value.text.starts_with("file:"))
            touch(call.slot, Act::read, {value.text.substr(value.text.find_first_not_of('/', 5) - 1), value.span},
                  false, false);
        break;
    case Role::port:
        apply_port(call, value);
        break;
    case Role::host_path:
        apply_host_path(call, role, value);
        break;
    case Role::data:
        apply_data(call, value);
        break;
    case Role::at_file:
        if (value.text.starts_with('@'))
            touch(call.slot, Act::read, {value.text.substr(1), value.span}, false, role.sent);
        break;
    case Role::assign:
        if (const auto equals = value.text.find('='); equals != std::string::npos)
            at(call.slot).env.push_back({value.text.substr(0, equals), {value.text.substr(equals + 1), value.span}});
        break;
    case Role::repository:
        apply_repository(call, value);
        break;
    case Role::package:
        apply_package(call, value);
        break;
    case Role::git_config:
        if (const auto equals = value.text.find('='); equals != std::string::npos)
            call.from_settings = true,
            apply_git_config(call, value.text.substr(0, equals), {value.text.substr(equals + 1), value.span});
        call.from_settings = false;
        break;
    case Role::git_config_env:
        apply_git_config_env(call, value);
        break;
    case Role::ssh_config:
        apply_ssh_config(call, value);
        break;
    }
}

void Walk::apply_flags(Call& call) {
    for (const auto* row : {call.arguments.program, call.arguments.row}) {
        std::string_view flags = row->flags;
        for (auto start = flags.find("fact="); start != std::string_view::npos;
             start = flags.find("fact=", start + 1)) {
            const auto fact = flags.substr(start + 5);
            add_fact(call.slot, fact.substr(0, fact.find(' ')));
        }
        if (only_asks(call)) continue;
        if (row->has("connect")) {
            Host host;
            host.scheme = row->value("scheme");
            host.name = row->value("host");
            host.sends = row->has("sends");
            add_host(call, std::move(host));
        }
        const bool known = std::ranges::any_of(at(call.slot).hosts, &Host::listens);
        if (row->has("listens") && !known) add_host(call, {.listens = true});
        if (row == call.arguments.program && call.arguments.program == call.arguments.row) break;
    }
    const bool quiet = !stdin_language(call).empty() &&
                       ((call.in() != nullptr && call.in()->given) || !call.arguments.operands.empty());
    if (call.arguments.program->has("interactive") && !quiet) add_fact(call.slot, "interactive");
    for (const auto& option : call.arguments.options)
        if (option.row != nullptr && option.row->effect == "l") add_host(call, {.listens = true});
}

// A program without a row: what looks like a path is read, and written where an option says that it is an output.
void Walk::apply_unknown(Call& call) {
    bool dashes = false, output = false;
    for (std::size_t i = 1; i < call.argv.size(); ++i) {
        const Value& word = call.argv[i];
        if (!dashes && word.text.size() > 1 && word.text[0] == '-') {
            dashes = word.is("--");
            const auto equals = word.text.find('=');
            GivenOption option{word.text.substr(0, equals), nullptr, std::nullopt, word.span};
            if (equals != std::string::npos) option.value = Value{word.text.substr(equals + 1), word.span};
            output = word.is("-o") || option.name == "--output" || option.name == "--out" || option.name == "-O";
            if (option.value) {
                if (looks_like_path(option.value->text))
                    touch(call.slot, output ? Act::write : Act::read, *option.value, false, false);
                if (auto host = host_of_url(*option.value, ""))
                    add_host(call, *host);
                else if (auto address = host_of_address(*option.value))
                    add_host(call, *address);
                output = false;
            }
            at(call.slot).options.push_back({option.name, option.value, word.span});
            continue;
        }
        at(call.slot).operands.push_back(word);
        if (auto host = host_of_url(word, ""))
            add_host(call, *host);
        else if (auto address = host_of_address(word))
            add_host(call, *address);
        else if (output || looks_like_path(word.text))
            touch(call.slot, output ? Act::write : Act::read, word, false, false);
        output = false;
    }
}

} // namespace owhale::policy::normal
