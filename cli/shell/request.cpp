#include "cli/shell/request.hpp"

#include <iterator>
#include <sstream>
#include <utility>

#include "cli/environment.hpp"
#include "cli/shell/variables.hpp"
#include "cli/shell/wrappers.hpp"

namespace owhale::cli::shell {
namespace {

constexpr auto kShell = "/bin/bash";
constexpr auto kPrompt = R"([caged] \w \$ )";

void add(std::vector<std::string>& to, const std::vector<std::string>& words) {
    to.insert(to.end(), words.begin(), words.end());
}

// Long options first: bash takes none behind short ones.
std::vector<std::string> shell_words(const Invocation& invocation) {
    std::vector<std::string> words = {kShell};
    for (const auto& option : invocation.options)
        if (option.starts_with("--")) words.push_back(option);
    if (invocation.interactive && invocation.rc_file) add(words, {"--rcfile", *invocation.rc_file});
    if (invocation.interactive && !invocation.rc_file) words.emplace_back("--norc");
    for (const auto& option : invocation.options)
        if (!option.starts_with("--")) words.push_back(option);
    if (invocation.interactive) words.emplace_back("-i");
    return words;
}

bool is_plain(const Invocation& invocation) {
    return invocation.options.empty() && !invocation.interactive && !invocation.name && !invocation.text.empty();
}

void set_string(Asked& asked, const Invocation& invocation) {
    auto frame = unwrapped(invocation.text, roots_here());
    asked.folder_file = std::move(frame.folder_file);
    if (is_plain(invocation)) {
        asked.request.script = std::move(frame.script);
        return;
    }
    auto words = shell_words(invocation);
    add(words, {"-c", "--", frame.script, invocation.name.value_or("bash")});
    add(words, invocation.arguments);
    asked.request.argv = std::move(words);
}

void set_file(Asked& asked, const Invocation& invocation) {
    auto words = shell_words(invocation);
    if (invocation.text.starts_with('-') || invocation.text.starts_with('+')) words.emplace_back("--");
    words.push_back(invocation.text);
    add(words, invocation.arguments);
    asked.request.argv = std::move(words);
}

void set_input(Asked& asked, const Invocation& invocation, bool terminal) {
    auto words = shell_words(invocation);
    words.emplace_back("-s");
    if (!invocation.arguments.empty()) words.emplace_back("--");
    add(words, invocation.arguments);
    asked.request.argv = std::move(words);
    asked.fed = !terminal;
}

std::vector<std::string> environment(const Invocation& invocation) {
    auto variables = variables_for_this_command();
    variables.emplace_back(std::string("SHELL=") + kShell); // ours would be called in the cage, where owhaled is not
    if (invocation.interactive) variables.emplace_back(std::string("PS1=") + kPrompt);
    return variables;
}

Status check_text(const Invocation& invocation) {
    CHECK(check_words(invocation.arguments));
    return check_words({invocation.text, invocation.name.value_or("")});
}

Status check_options(const RunOptions& options) {
    if (!options.detach && !options.tty && !options.no_stdin && !options.approve_here) return {};
    return fail(Code::invalid_value, "OWHALE_SH_OPTIONS: -d, -t, -n and --approve-here are for owhalectl run alone",
                "take them out");
}

} // namespace

Result<RunOptions> options_here() {
    RunOptions options;
    const auto text = own_variable("OWHALE_SH_OPTIONS");
    if (!text) return options;
    std::istringstream words(*text);
    std::vector<std::string> arguments = {"run"};
    arguments.insert(arguments.end(), std::istream_iterator<std::string>(words), {});
    Tree tree("owhalectl", "options of owhalectl run for each script");
    auto command = tree.root().sub("run", "options of owhalectl run");
    declare(command, options);
    command.handler([](Context&) -> Result<int> { return 0; }, Exits::like_run);
    const auto parsed = tree.parse(arguments);
    if (!parsed)
        return fail(Code::bad_request, "OWHALE_SH_OPTIONS: " + parsed.error().error.message, parsed.error().error.next);
    if (!parsed->handler)
        return fail(Code::bad_request, "OWHALE_SH_OPTIONS asks for help", "owhalectl help run lists the options");
    CHECK(check_options(options));
    return options;
}

Result<Asked> asked_of(Context& context, const Invocation& invocation, bool terminal) {
    CHECK(check_text(invocation));
    auto options = TRY(options_here());
    options.tty = terminal;
    auto variables = environment(invocation);
    options.env.insert(options.env.begin(), variables.begin(), variables.end()); // what was asked for by -e comes last
    const bool far = TRY(context.where()).host.has_value();
    Asked asked;
    asked.request = TRY(request_of(options, true, far));
    if (asked.request.path) asked.request.path = path_without_us(*asked.request.path);
    if (invocation.from == From::string) set_string(asked, invocation);
    if (invocation.from == From::file) set_file(asked, invocation);
    if (invocation.from == From::input) set_input(asked, invocation, terminal);
    return asked;
}

} // namespace owhale::cli::shell
