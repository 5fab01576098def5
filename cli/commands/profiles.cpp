// owhalectl profiles: the cages there are.
#include <memory>

#include "cli/commands/commands.hpp"
#include "cli/escape.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"

namespace owhale::cli {
namespace {

Result<int> list(Context& context) {
    const auto body = TRY(context.ask({.verb = "profiles.list"}));
    if (TRY(context.printed_json(body, "profiles"))) return kOk;
    Table table({"NAME", "DESCRIPTION"}, 1);
    std::string names;
    for (const auto& profile : TRY(read_profiles(body)).profiles) {
        names += profile.name + "\n";
        table.row({{profile.name}, {profile.description}});
    }
    CHECK(print(context.globals().quiet ? names : table.text(context.look())));
    return kOk;
}

Result<int> show(Context& context, const std::string& name) {
    const auto body = TRY(context.ask({.verb = "profiles.show", .id = name}));
    if (TRY(context.printed_json(body))) return kOk;
    const auto profile = TRY(read_profile(body));
    Fields fields;
    fields.add("Profile", profile.name, Tone::bold);
    fields.add("For", profile.description);
    fields.add("From", profile.source);
    fields.add("Digest", profile.digest);
    const auto text = context.look().terminal ? escaped_lines(profile.text) : profile.text;
    CHECK(print(fields.text(context.look()) + "\n" + text + (text.ends_with('\n') ? "" : "\n")));
    return kOk;
}

} // namespace

void declare_profiles(Command root) {
    auto profiles = root.sub("profiles", "The cages there are");
    profiles.sub("ls", "List the profiles").handler(list);
    auto command = profiles.sub("show", "Show a profile as owhaled reads it");
    auto name = std::make_shared<std::string>();
    command.positional("NAME", *name, "the profile", Kind::profile);
    command.handler([name](Context& context) { return show(context, *name); });
}

} // namespace owhale::cli
