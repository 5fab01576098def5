// owhalectl policy import: another agent's permissions as a file of rules.
#include <boost/json/serialize.hpp>
#include <memory>

#include "cli/commands/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/policy_import.hpp"
#include "cli/run_options.hpp"

namespace owhale::cli {
namespace {

struct Arguments {
    std::string from, file;
};

Result<int> import(Context& context, const Arguments& arguments) {
    if (arguments.from != "claude-code")
        return fail(Code::bad_request, "permissions of '" + arguments.from + "' are not known here",
                    "owhalectl policy import claude-code FILE");
    const auto text = TRY(read_text(arguments.file, policy::kMaxRuleFile, "the settings"));
    const auto imported = TRY(import_claude_code(text, arguments.file));
    CHECK(print(imported.rules));
    if (context.globals().quiet) return kOk;
    for (const auto& why : imported.left) note("not kept: " + why);
    note(std::to_string(imported.kept) + " permissions kept; review the file, then put it into /etc/owhaled/policy.d");
    return kOk;
}

} // namespace

void declare_policy_import(Command policy) {
    auto command = policy.sub(
        "import", "Print another agent's permissions (claude-code) as rules, and say what could not be kept");
    auto arguments = std::make_shared<Arguments>();
    command.positional("FORMAT", arguments->from, "whose permissions", Kind::choice, {"claude-code"});
    command.positional("FILE", arguments->file, "its settings.json; - reads stdin", Kind::file);
    command.handler([arguments](Context& context) { return import(context, *arguments); });
}

} // namespace owhale::cli
