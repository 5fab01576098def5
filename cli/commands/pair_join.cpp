// owhalectl pair join: this machine becomes a paired device of an owhaled elsewhere.
#include <memory>
#include <unistd.h>

#include "cli/accounts.hpp"
#include "cli/commands/commands.hpp"
#include "cli/device_names.hpp"
#include "cli/device_url.hpp"
#include "cli/exit_codes.hpp"
#include "cli/joining.hpp"
#include "cli/prompt.hpp"
#include "shared/pairing/code.hpp"
#include "shared/pairing/terms.hpp"

namespace owhale::cli {
namespace {

struct Arguments {
    std::string url, name;
    std::vector<std::string> more;
    bool replace = false;
};

std::string own_name() {
    std::string name(pairing::kLongestName, '\0');
    if (::gethostname(name.data(), name.size() - 1) != 0) return "owhalectl";
    name.resize(name.find('\0'));
    return name.empty() ? "owhalectl" : name;
}

// Never on the command line, where ps shows it: typed, or a line of stdin.
Result<std::string> code() {
    std::string typed;
    if (::isatty(STDIN_FILENO) == 1)
        typed = TRY(ask_line("Code that owhalectl pair new shows there: ")).value_or("");
    else
        typed = TRY(next_secret_from_stdin("the code")).text();
    if (typed.empty()) return fail(Code::bad_request, "no code was given", "owhalectl pair new, there, shows one");
    return pairing::read_code(typed);
}

// Whether a device that this machine is there already is to go for the new one. Nobody's key is lost unasked.
Result<bool> replaces(const std::optional<Joining::Before>& before, const Arguments& arguments) {
    if (!before) return false;
    if (!before->called) {
        note("the key in " + before->file + " is believed there no more (" + before->called.error().message +
             "): the new one takes its place");
        return false;
    }
    const auto name = called(before->principal, *before->called);
    const auto is =
        "this machine is a device of " + before->owner + " there already, " + name + ", by the key in " + before->file;
    if (arguments.replace) return true;
    if (!can_ask())
        return fail(Code::conflict, is,
                    "go on as that one, or pair this machine anew in its place: owhalectl pair join --replace " +
                        arguments.url);
    note(is);
    if (TRY(ask_yes("Replace it, as soon as the new one is confirmed? Type yes: "))) return true;
    return fail(Code::pairing_failed, "nothing is changed: this machine stays " + name,
                "owhalectl --host " + arguments.url + " whoami");
}

void tell_replaced(const Joining::Before& before, const api::JoinState& state) {
    const auto name = called(before.principal, *before.called);
    if (state.replaces)
        note(name + " is removed there: this one is in its place");
    else
        note(name + " stays paired there, and its key is gone from here: " + before.owner +
             " ends it with owhalectl "
             "devices rm " +
             before.principal.substr(kDevicePrincipal.size()));
}

Result<int> join(Context& context, const Arguments& arguments) {
    auto host = TRY(parse_device_url(arguments.url));
    if (!arguments.more.empty())
        return fail(Code::bad_request, "the code is asked for; it belongs on no command line, where ps shows it",
                    "owhalectl pair join " + host.url());
    host.fingerprint = context.globals().fingerprint;
    const auto url = host.url();
    Joining joining(std::move(host));
    CHECK(joining.reach());
    const auto before = TRY(joining.before());
    const bool replaces_it = TRY(replaces(before, arguments));
    const auto typed = TRY(code());
    auto state = TRY(joining.prove(typed, arguments.name.empty() ? own_name() : arguments.name, replaces_it));
    if (!context.globals().quiet) {
        note("the code is right. Words of this device: " + state.words);
        note("whoever made the code compares them, and confirms");
    }
    while (state.state == "joined") state = TRY(joining.wait());
    if (state.state != "paired")
        return fail(Code::pairing_failed, "the device was not confirmed: " + state.state, "ask for another code");
    const auto file = TRY(joining.keep(state));
    if (replaces_it) tell_replaced(*before, state);
    if (context.globals().quiet) {
        CHECK(print(state.device + "\n"));
        return kOk;
    }
    CHECK(print("this is a device of " + state.principal + " now, which may " + joined(state.can) + " until " +
                when(state.expires) + "\n"));
    note("its key is kept in " + file);
    note("now: owhalectl --host " + url + " whoami");
    return kOk;
}

} // namespace

void declare_pair_join(Command pair) {
    auto command = pair.sub("join", "Make this machine a device of an owhaled elsewhere; asks for the code");
    auto arguments = std::make_shared<Arguments>();
    command.positional("URL", arguments->url, "https://HOST:PORT of that owhaled");
    command.refused_words(arguments->more);
    command.option("--name", arguments->name, "NAME", "what this machine calls itself; default: its host name");
    command.flag("--replace", arguments->replace, "in place of the device that this machine is there already");
    command.handler([arguments](Context& context) { return join(context, *arguments); });
}

} // namespace owhale::cli
