// owhalectl profiles: the cages there are.
#include <fcntl.h>
#include <filesystem>
#include <memory>

#include "base/fd.hpp"
#include "cli/commands/commands.hpp"
#include "cli/escape.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"
#include "cli/whole_files.hpp"

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

constexpr std::size_t kLargest = std::size_t{256} << 10;

// owhaled reads it as it would from its folder, in place of a profile of that name; nothing is loaded.
Result<int> check(Context& context, const std::string& path) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (!file)
        return cannot_open(escaped(path),
                           "name a profile's file that is there; owhalectl profiles ls has those in force");
    auto text = TRY(read_all(file.get(), path, kLargest));
    if (!text) return fail(Code::profile_invalid, escaped(path) + " is over 256 KiB", "is it the right file?");
    const api::ProfileCheckRequest request{std::filesystem::path(path).stem().string(), std::move(*text)};
    auto answer = context.ask({.verb = "profiles.check", .body = write(request)});
    if (!answer && answer.error().code == Code::invalid_value) { // the file is wrong, and how we were called is not
        auto error = std::move(answer).error();
        error.code = Code::profile_invalid;
        return std::unexpected(std::move(error));
    }
    const auto body = TRY(std::move(answer));
    if (TRY(context.printed_json(body))) return kOk;
    const auto profile = TRY(read_profile(body));
    if (!context.globals().quiet)
        CHECK(print("the profile " + escaped(profile.name) + " is valid: " + escaped(profile.description) + "\n"));
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
    auto checked = profiles.sub("check", "Tell whether owhaled would take a profile; nothing is loaded");
    auto path = std::make_shared<std::string>();
    checked.positional("FILE", *path, "a file as they lie in owhaled's folder, called NAME.toml", Kind::file);
    checked.handler([path](Context& context) { return check(context, *path); });
}

} // namespace owhale::cli
