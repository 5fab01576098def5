// owhalectl pair new: a code for one device, as letters and as a picture; then the question whether the right one came.
#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>
#include <unistd.h>

#include "cli/accounts.hpp"
#include "cli/commands/commands.hpp"
#include "cli/commands/pair.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"
#include "cli/passwords.hpp"
#include "cli/prompt.hpp"
#include "cli/qr.hpp"
#include "cli/units.hpp"

namespace owhale::cli {
namespace {

constexpr std::chrono::milliseconds kLook{1000}; // how often it is asked whether somebody joined

struct Arguments {
    std::string name, life, url;
    std::vector<std::string> can;
    bool no_wait = false, password_stdin = false;
};

Result<api::PairRequest> request_of(const Arguments& arguments) {
    api::PairRequest request{arguments.name, split(arguments.can), {}};
    if (request.name.empty() || request.can.empty())
        return fail(Code::bad_request, "a device needs a name and powers",
                    "owhalectl pair new --name \"my phone\" --can approve,audit --for 90d");
    if (!arguments.life.empty()) request.for_ms = TRY(parse_duration_ms(arguments.life, "--for"));
    return request;
}

// Where a device reaches this owhaled: as it was named, or where it listens.
Result<std::string> address_for(Context& context, const Arguments& arguments) {
    const auto body = TRY(context.ask({.verb = "status"}));
    const auto status = TRY(read_status(body));
    if (!status.tls_fingerprint)
        return fail(Code::unsupported, "no device can join: owhaled does not listen with TLS",
                    "set tcp and tls = on in owhaled.conf, and restart owhaled: man owhaled.conf");
    return arguments.url.empty() ? "https://" + status.tcp.substr(0, status.tcp.find(' ')) : arguments.url;
}

Status show(Context& context, const api::PairMade& made, const std::string& address) {
    const auto& look = context.look();
    if (look.terminal && !context.globals().no_color)
        if (const auto picture = qr_code(address + "/app#" + made.code, look.columns)) CHECK(print(*picture));
    Fields fields;
    fields.add("Code", made.code, Tone::bold);
    fields.add("Good until", when(made.expires) + ", for one device and five tries");
    fields.add("On that device", "owhalectl pair join " + address);
    return print(fields.text(look));
}

Result<int> wait(Context& context, const std::string& id) {
    if (!context.globals().quiet) note("waiting for the device; Ctrl-C leaves it to owhalectl pair confirm " + id);
    std::uint64_t before = 0, told = 0;
    for (;;) {
        std::this_thread::sleep_for(kLook);
        const auto pairing = TRY(find_pairing(context, id));
        if (pairing.state != "open") return confirm_pairing(context, pairing, {}, "");
        // One that began since the last look may be the right device's, which has yet to prove itself.
        const auto wrong = std::min(before, pairing.tries);
        if (wrong > told)
            note("somebody tried a wrong code (" + std::to_string(wrong) + " of " + std::to_string(kMostTries) + ")");
        told = std::max(told, wrong);
        before = pairing.tries;
    }
}

Result<int> make(Context& context, const Arguments& arguments) {
    const auto request = TRY(request_of(arguments));
    CHECK(prove_from_stdin(context, arguments.password_stdin));
    const auto address = TRY(address_for(context, arguments));
    const bool waits = !arguments.no_wait && can_ask() && context.look().format == Format::table;
    if (waits) context.ask_password_once(); // for the code and for the device
    const auto body =
        TRY(context.ask({.verb = "pair.create", .body = write(request), .act = "make a code for a device"}));
    if (TRY(context.printed_json(body))) return kOk;
    const auto made = TRY(read_pair_made(body));
    if (context.globals().quiet && !waits) {
        CHECK(print(made.code + "\n"));
        return kOk;
    }
    CHECK(show(context, made, address));
    if (waits) return wait(context, made.id);
    note("when the device has joined: owhalectl pair confirm " + made.id);
    return kOk;
}

} // namespace

void declare_pair_new(Command pair) {
    auto command = pair.sub("new", "Make a code for one device, good for ten minutes, and wait for the device");
    auto arguments = std::make_shared<Arguments>();
    command.option("--name", arguments->name, "NAME", "what to call the device in lists");
    command.options("--can", arguments->can, "POWER,…", "what it may do: approve, audit, runs, freeze");
    command.option("--for", arguments->life, "TIME", "how long it is good: 12h, 90d; default 90d");
    command.option("--url", arguments->url, "URL", "how the device reaches this owhaled; default: where it listens");
    command.flag("--no-wait", arguments->no_wait, "print the code and go; owhalectl pair confirm does the rest");
    declare_proof(command, arguments->password_stdin);
    command.handler([arguments](Context& context) { return make(context, *arguments); });
}

} // namespace owhale::cli
