#include "approvals/offer.hpp"

#include <algorithm>
#include <array>

#include "approvals/template.hpp"
#include "approvals/workspace_code.hpp"
#include "policy/normal/normalize.hpp"
#include "policy/normal/programs.hpp"
#include "redact/redactor.hpp"

namespace owhale::approvals {
namespace {

using policy::NormalForm;
using policy::SimpleCommand;

constexpr std::size_t kLongestText = 64u << 10; // bytes that are read here, on the io thread

// Facts that leave open what would run.
constexpr std::array<std::string_view, 17> kOpen = {
    "program.unknown",    "program.fetched", "program.hidden", "program.temporary", "code.fetched",
    "code.decoded",       "code.unknown",    "code.stdin",     "code.opaque",       "stdin.fetched",
    "option.unknown",     "operand.unknown", "socket.shell",   "redirect.network",  "function.shadows",
    "function.recursive", "interactive"};
// Languages that cannot start a program of their own choosing.
constexpr std::array<std::string_view, 3> kTame = {"sed", "jq", "sql"};

bool has(const std::vector<std::string>& list, std::string_view wanted) {
    return std::ranges::find(list, wanted) != list.end();
}

bool is_tame(std::string_view language) {
    return std::ranges::find(kTame, language) != kTame.end();
}

bool runs_code(const policy::RoleRow& role) {
    using enum policy::Role;
    constexpr std::array kCode = {shell, shell_rest, code, code_rest, code_file, module};
    return std::ranges::find(kCode, role.role) != kCode.end() && !is_tame(role.argument.view());
}

const policy::ProgramRow* row_of(const SimpleCommand& command) {
    const auto* row = command.sub.empty() ? nullptr : policy::find_program(command.program + " " + command.sub);
    return row != nullptr ? row : policy::find_program(command.program);
}

bool is_interpreter(const SimpleCommand& command) {
    const auto* row = policy::find_program(command.program);
    if (row == nullptr) return false;
    if (const auto read = row->value("stdin"); !read.empty() && !is_tame(read)) return true;
    for (const auto& form : policy::forms_of(*row))
        if (std::ranges::any_of(policy::roles_of(form), runs_code)) return true;
    return false;
}

bool is_wrapper(const SimpleCommand& command) {
    for (const auto* row : {policy::find_program(command.program), row_of(command)})
        if (row != nullptr && (row->has("wrap") || row->has("stop") || row->has("remote")) && !is_interpreter(command))
            return true;
    return has(command.facts, "carries");
}

const api::FrozenFile* bound_file(const api::Frozen& frozen, std::string_view path) {
    const auto found = std::ranges::find(frozen.files, path, &api::FrozenFile::path);
    return found == frozen.files.end() || found->digest.empty() ? nullptr : &*found;
}

// A script that an interpreter is told to run, and whose content is part of the plan.
bool names_bound_script(const api::Frozen& frozen, const SimpleCommand& command) {
    return std::ranges::any_of(command.accesses, [&](const policy::Access& access) {
        const auto* file = access.act == policy::Act::execute ? bound_file(frozen, access.path) : nullptr;
        return file != nullptr && file->role == "script";
    });
}

// Whether what it does it to is known only when it runs.
bool is_open(const SimpleCommand& command) {
    const auto has_hole = [](const std::string& text) {
        return text.find('\0') != std::string::npos;
    }; // a hole, or a glob
    return !command.opaque.empty() || !command.unknown_variables.empty() ||
           std::ranges::any_of(command.argv, [&](const auto& word) { return has_hole(word.text); }) ||
           std::ranges::any_of(command.env, [&](const auto& one) { return has_hole(one.value.text); }) ||
           std::ranges::any_of(command.accesses, [&](const auto& access) { return has_hole(access.path); }) ||
           std::ranges::any_of(command.hosts, [&](const auto& host) { return has_hole(host.name + host.port); });
}

std::string called(const SimpleCommand& command) {
    return "`" + command.program + (command.sub.empty() ? "" : " " + command.sub) + "`";
}

std::optional<std::string> why_not(const api::Frozen& frozen, const SimpleCommand& command) {
    if (command.program.empty()) return "which program runs is known only when it runs";
    if (is_open(command)) return "a part of " + called(command) + " is known only when it runs";
    for (const auto& carrier : command.via)
        if (carrier != "$()") return "`" + carrier + "` runs another command: who agrees to it agrees to anything";
    if (is_wrapper(command)) return called(command) + " runs another command: who agrees to it agrees to anything";
    for (const auto& fact : command.facts)
        if (std::ranges::find(kOpen, fact) != kOpen.end())
            return "what " + called(command) + " does is known only when it runs (" + fact + ")";
    if (std::ranges::any_of(command.code, [](const auto& code) { return !is_tame(code.language); }))
        return "it holds code, and code is agreed to one time after another";
    if (frozen.script && !command.known_program && bound_file(frozen, command.path) == nullptr)
        return called(command) +
               " is no program that owhaled knows, and nothing binds what a script finds by that name";
    if (is_interpreter(command) && !names_bound_script(frozen, command))
        return called(command) + " is an interpreter: who agrees to it agrees to anything";
    return std::nullopt;
}

// Code of the workspace whose content is no part of the plan.
std::string loads(const api::Frozen& frozen, const SimpleCommand& command) {
    if (is_interpreter(command)) return called(command) + " loads what its script names from the workspace";
    if (runs_workspace_code(command.program, command.sub))
        return called(command) + " runs hooks or files of the workspace";
    // The plan binds the shell that reads it; the search path may lead through folders that the agent writes.
    if (frozen.script && !command.argv.empty() && bound_file(frozen, command.path) == nullptr)
        return called(command) + " is looked for only when the script runs";
    if (!has(command.facts, "code.workspace")) return "";
    const bool bound = has(command.facts, "program.workspace") && bound_file(frozen, command.path) != nullptr;
    return bound ? "" : called(command) + " runs code of the workspace, such as its Makefile or its tests";
}

void add(std::string& shape, std::string_view what) {
    (shape += what) += '\x1f';
}

// Two commands of one shape do the same to other things.
std::string shape_of(const SimpleCommand& command) {
    std::string shape;
    add(shape, command.program);
    add(shape, command.sub);
    for (const auto& option : command.options) add(shape, option.name);
    add(shape, std::to_string(command.operands.size()));
    for (const auto& access : command.accesses)
        add(shape,
            std::to_string(static_cast<int>(access.act)) + (access.recursive ? "r" : "") + (access.sent ? "s" : ""));
    for (const auto& host : command.hosts) add(shape, host.scheme + "://" + host.name + ":" + host.port);
    for (const auto& fact : command.facts) add(shape, fact);
    return shape += '\n';
}

std::optional<std::string> too_long(const api::Frozen& frozen) {
    std::size_t size = frozen.script.value_or("").size();
    for (const auto& word : frozen.argv.value_or(std::vector<std::string>{})) size += word.size() + 1;
    if (size <= kLongestText) return std::nullopt;
    return "it is longer than 64 KiB";
}

std::optional<std::string> why_once(const api::Frozen& frozen, const api::Verdict& verdict) {
    if (verdict.decision != "ask") return "only what the policy asks about is granted";
    if (verdict.severity.value_or("") == "critical") return "what is critical is agreed to one time after another";
    if (frozen.code || frozen.language) return "it is code, and code is agreed to one time after another";
    if (frozen.argv.has_value() == frozen.script.has_value()) return "it is no command";
    if (verdict.opaque && !verdict.opaque->empty())
        return "part of it is known only when it runs: " + verdict.opaque->front().reason;
    if (frozen.files.empty()) return "its program was not found";
    for (const auto& file : frozen.files)
        if (file.digest.empty()) return file.path + " could not be read, so nothing binds what it is";
    return too_long(frozen);
}

NormalForm form_of(const api::Frozen& frozen) {
    policy::Request request;
    if (frozen.argv) request.argv = *frozen.argv;
    request.script = frozen.script;
    request.net = frozen.net;
    policy::Facts facts;
    facts.cwd = frozen.cwd;
    facts.workspace = frozen.workspace;
    return policy::normalize(request, facts);
}

// The argument as a place, where it may well be another one the next time: files of the workspace, and numbers.
std::string suggested(const std::string& argument, bool is_operand, Folder folder) {
    if (!is_operand) return argument;
    if (is_number(argument)) return "<number>";
    const bool names_file = argument.find('/') != std::string::npos || argument.find('.') != std::string::npos;
    return names_file && inside(argument, folder) ? "<path>" : argument;
}

std::optional<std::vector<std::string>> suggest_template(const api::Frozen& frozen) {
    if (!frozen.argv || frozen.argv->size() > kMostWords) return std::nullopt;
    const auto form = form_of(frozen);
    if (form.commands.size() != 1 || !form.commands.front().code.empty()) return std::nullopt;
    const auto& operands = form.commands.front().operands;
    std::vector<std::string> out;
    for (const auto& argument : *frozen.argv) {
        if (redact::redacted(argument) != argument) return std::nullopt;
        const bool is_operand = !out.empty() && std::ranges::any_of(operands, [&](const auto& operand) {
            return operand.text == argument;
        });
        out.push_back(suggested(argument, is_operand, {frozen.cwd, frozen.workspace}));
    }
    const auto parsed = parse_template(out);
    if (!parsed || !parsed->varies()) return std::nullopt;
    return out;
}

} // namespace

Reading read(const api::Frozen& frozen, const api::Verdict& verdict) {
    Reading reading;
    reading.refused = why_once(frozen, verdict);
    if (reading.refused) return reading;
    const auto form = form_of(frozen);
    if (form.refused) reading.refused = "it cannot be read: " + form.refused->reason;
    if (!reading.refused && !form.opaque.empty())
        reading.refused = "part of it is known only when it runs: " + form.opaque.front().reason;
    for (const auto& command : form.commands) {
        if (!reading.refused) reading.refused = why_not(frozen, command);
        if (reading.workspace_code.empty()) reading.workspace_code = loads(frozen, command);
        reading.shape += shape_of(command);
    }
    if (form.commands.empty() && !reading.refused) reading.refused = "it runs nothing";
    return reading;
}

api::GrantOffer offer(const api::Frozen& frozen, const api::Verdict& verdict) {
    api::GrantOffer out;
    auto reading = read(frozen, verdict);
    out.refused = std::move(reading.refused);
    if (out.refused) return out;
    out.once_only = !reading.workspace_code.empty();
    out.template_ = suggest_template(frozen);
    out.binds = frozen.files;
    return out;
}

} // namespace owhale::approvals
