// owhalectl workspaces: folders that are registered, so that runs may write there in strict mode, too.
#include <filesystem>
#include <memory>

#include "cli/accounts.hpp"
#include "cli/commands/commands.hpp"
#include "cli/each.hpp"
#include "cli/escape.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"
#include "cli/passwords.hpp"
#include "cli/units.hpp"

namespace owhale::cli {
namespace {

struct AddArguments {
    std::vector<std::string> folders;
    std::string user;
    bool password_stdin = false;
};

Result<int> list(Context& context) {
    const auto body = TRY(context.ask({.verb = "workspaces.list"}));
    if (TRY(context.printed_json(body, "workspaces"))) return kOk;
    Table table({"UID", "SINCE", "BY", "FOLDER"}, 3);
    std::string paths;
    for (const auto& entry : TRY(read_workspaces(body)).workspaces) {
        paths += escaped(entry.path) + "\n";
        table.row({{std::to_string(entry.uid)},
                   {format_age(entry.created, std::time(nullptr)), Tone::dim},
                   {entry.by},
                   {entry.path}});
    }
    CHECK(print(context.globals().quiet ? paths : table.text(context.look())));
    return kOk;
}

// owhaled takes links out of it, as its owner reaches it.
Result<std::string> absolute(const std::string& folder) {
    std::error_code error;
    const auto path = std::filesystem::absolute(folder, error);
    if (error)
        return fail(Code::not_found, "the working folder is gone: " + error.message(), "go to one that is there");
    return path.string();
}

Result<int> add(Context& context, const AddArguments& arguments) {
    CHECK(prove_from_stdin(context, arguments.password_stdin));
    context.ask_password_once();
    for (const auto& folder : arguments.folders) {
        api::WorkspaceRequest request{TRY(absolute(folder)), {}};
        if (!arguments.user.empty()) request.run_as = arguments.user;
        Call call{.verb = "workspaces.add", .body = write(request), .act = "let runs write in " + request.path};
        const auto body = TRY(context.ask(std::move(call)));
        if (TRY(context.printed_json(body))) continue;
        const auto entry = TRY(read_workspace(body));
        CHECK(print(context.globals().quiet ? escaped(entry.path) + "\n"
                                            : "runs of uid " + std::to_string(entry.uid) + " may write in " +
                                                  escaped(entry.path) + " and below it from now on\n"));
    }
    return kOk;
}

// By its path as it is listed, or as it is called from here; or by its id.
Result<std::string> id_of(Context& context, const std::string& named) {
    const auto body = TRY(context.ask({.verb = "workspaces.list"}));
    std::error_code error;
    const auto real = std::filesystem::weakly_canonical(named, error).string();
    std::string found;
    for (const auto& entry : TRY(read_workspaces(body)).workspaces) {
        if (entry.id == named) return entry.id;
        if (entry.path != named && (error || entry.path != real)) continue;
        if (!found.empty())
            return fail(Code::conflict, escaped(named) + " is a workspace of several users",
                        "name it by its id: owhalectl -o jsonl workspaces ls");
        found = entry.id;
    }
    if (found.empty())
        return fail(Code::not_found, escaped(named) + " is no registered workspace",
                    "owhalectl workspaces ls lists what there is");
    return found;
}

Result<int> remove(Context& context, const std::vector<std::string>& named) {
    return for_each_named(named, [&](const std::string& one) -> Status {
        const auto id = TRY(id_of(context, one));
        TRY(context.ask({.verb = "workspaces.remove", .id = id}));
        return print(escaped(one) + "\n");
    });
}

} // namespace

void declare_workspaces(Command root) {
    auto workspaces =
        root.sub("workspaces", "Folders that are registered for runs to write in: strict mode has no others");
    workspaces.sub("ls", "List registered folders").handler(list);
    auto added = workspaces.sub("add", "Let runs write in a folder of yours, and below it");
    auto arguments = std::make_shared<AddArguments>();
    added.positionals("DIR", arguments->folders, "the folder", Kind::folder);
    added.option("--as", arguments->user, "USER", "for that user's runs, in a folder of theirs (root alone)");
    declare_proof(added, arguments->password_stdin);
    added.handler([arguments](Context& context) { return add(context, *arguments); });
    auto removed = workspaces.sub("rm", "Take them away; runs that live keep what they have");
    auto named = std::make_shared<std::vector<std::string>>();
    removed.positionals("DIR", *named, "the folder as it is listed, or its id", Kind::workspace);
    removed.handler([named](Context& context) { return remove(context, *named); });
}

} // namespace owhale::cli
