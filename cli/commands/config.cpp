// owhalectl config: the settings in force and where each came from, and whether a file of them is one.
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <unistd.h>

#include "cli/commands/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"
#include "cli/own_commands.hpp"

namespace owhale::cli {
namespace {

Result<int> show(Context& context) {
    const auto body = TRY(context.ask({.verb = "config.show"}));
    if (TRY(context.printed_json(body, "settings"))) return kOk;
    const bool verbose = context.globals().verbose;
    Table table(verbose ? std::vector<std::string>{"KEY", "VALUE", "FROM", "MEANING"}
                        : std::vector<std::string>{"KEY", "VALUE", "FROM"},
                1);
    for (const auto& row : TRY(read_config(body)).settings) {
        std::vector<Cell> cells = {
            {row.key}, {row.value}, {row.source, row.source == "default" ? Tone::dim : Tone::plain}};
        if (verbose) cells.push_back({row.help});
        table.row(std::move(cells));
    }
    CHECK(print(table.text(context.look())));
    return kOk;
}

// Of the same installation, or the same build.
Result<std::string> owhaled_program() {
    const auto beside = std::filesystem::path(TRY(own_program())).parent_path().parent_path();
    for (const auto* place : {"sbin/owhaled", "daemon/owhaled"})
        if (const auto path = (beside / place).string(); ::access(path.c_str(), X_OK) == 0) return path;
    return fail(Code::not_found, "owhaled is not installed beside owhalectl",
                "install it on this machine: it reads its settings itself");
}

// Our own OWHALE_SOCKET and the like are no settings of the service's.
void forget_own_variables() {
    std::vector<std::string> names;
    for (char** each = environ; *each != nullptr; ++each)
        if (const std::string_view one(*each); one.starts_with("OWHALE_"))
            names.emplace_back(one.substr(0, one.find('=')));
    for (const auto& name : names) ::unsetenv(name.c_str());
}

// What a setting means is known to owhaled alone: this becomes its --check-config.
Result<int> check(Context& context, const std::vector<std::string>& files) {
    if (files.size() > 1) return fail(Code::bad_request, "owhaled has one file of settings", "name one at a time");
    if (TRY(context.where()).host)
        return fail(Code::unsupported, "settings are checked on the machine that they are for", "leave --host out");
    auto program = TRY(owhaled_program());
    std::string word = "--check-config", option = "--config", path = files.empty() ? "" : files.front();
    std::vector<char*> argv = {program.data(), word.data()};
    if (!path.empty()) argv.insert(argv.end(), {option.data(), path.data()});
    argv.push_back(nullptr);
    forget_own_variables();
    ::execv(program.c_str(), argv.data());
    return fail_errno("running " + program);
}

} // namespace

void declare_config(Command root) {
    auto config = root.sub("config", "owhaled's settings");
    auto checked = config.sub("check", "Check a file of settings, as owhaled reads it when it starts");
    auto files = std::make_shared<std::vector<std::string>>();
    checked.positionals("FILE", *files, "default: owhaled's own", Kind::file, false);
    checked.handler([files](Context& context) { return check(context, *files); });
    config.sub("show", "Show the settings in force and where each came from").handler(show);
}

} // namespace owhale::cli
