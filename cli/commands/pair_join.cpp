// owhalectl pair join: this machine becomes a paired device of an owhaled elsewhere.
#include <memory>
#include <unistd.h>

#include "cli/accounts.hpp"
#include "cli/commands/commands.hpp"
#include "cli/device_url.hpp"
#include "cli/exit_codes.hpp"
#include "cli/joining.hpp"
#include "cli/prompt.hpp"
#include "shared/pairing/bound.hpp"
#include "shared/pairing/code.hpp"

namespace owhale::cli {
namespace {

struct Arguments {
    std::string url, name;
    std::vector<std::string> more;
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

Result<int> join(Context& context, const Arguments& arguments) {
    auto host = TRY(parse_device_url(arguments.url));
    if (!arguments.more.empty())
        return fail(Code::bad_request, "the code is asked for; it belongs on no command line, where ps shows it",
                    "owhalectl pair join " + host.url());
    host.fingerprint = context.globals().fingerprint;
    const auto url = host.url();
    Joining joining(std::move(host));
    CHECK(joining.reach());
    const auto typed = TRY(code());
    auto state = TRY(joining.prove(typed, arguments.name.empty() ? own_name() : arguments.name));
    if (!context.globals().quiet) {
        note("the code is right. Words of this device: " + state.words);
        note("whoever made the code compares them, and confirms");
    }
    while (state.state == "joined") state = TRY(joining.wait());
    if (state.state != "paired")
        return fail(Code::pairing_failed, "the device was not confirmed: " + state.state, "ask for another code");
    const auto file = TRY(joining.keep(state));
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
    command.handler([arguments](Context& context) { return join(context, *arguments); });
}

} // namespace owhale::cli
