// owhalectl pair new: a code for one device, as letters and as a picture; then the question whether the right one came.
#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <sys/utsname.h>
#include <thread>
#include <unistd.h>

#include "cli/accounts.hpp"
#include "cli/bars.hpp"
#include "cli/commands/commands.hpp"
#include "cli/commands/pair.hpp"
#include "cli/device_url.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"
#include "cli/passwords.hpp"
#include "cli/prompt.hpp"
#include "cli/qr.hpp"
#include "cli/units.hpp"
#include "shared/pairing/terms.hpp"

namespace owhale::cli {
namespace {

constexpr std::chrono::milliseconds kLook{1000}; // how often it is asked whether somebody joined
constexpr auto kExample = "owhalectl pair new --name \"my phone\" --can approve,audit --for 90d";

struct Arguments {
    std::string name, life, url;
    std::vector<std::string> can;
    bool no_wait = false, password_stdin = false;
};

// All that can be seen to be wrong from here, before a password is asked for.
Result<api::PairRequest> request_of(const Arguments& arguments) {
    if (arguments.name.empty()) return fail(Code::bad_request, "--name is missing: what to call the device", kExample);
    if (arguments.name.size() > pairing::kLongestName)
        return fail(Code::invalid_value,
                    "--name: a device's name has " + std::to_string(pairing::kLongestName) + " bytes at most",
                    kExample);
    api::PairRequest request{arguments.name, TRY(powers_of(arguments.can)), {}};
    if (request.can.empty()) return fail(Code::bad_request, "--can is missing: what the device may do", kExample);
    if (arguments.life.empty()) return request;
    request.for_ms = TRY(parse_duration_ms(arguments.life, "--for"));
    if (*request.for_ms < pairing::kShortestLife || *request.for_ms > pairing::kLongestLife)
        return fail(Code::invalid_value, "--for " + arguments.life + ": " + std::string(pairing::kLives), kExample);
    return request;
}

std::string own_name() {
    utsname machine{};
    return ::uname(&machine) == 0 ? machine.nodename : "localhost";
}

// As owhaled's setting `hosts` calls the machine first, as far as we may read that, else as it calls itself.
std::string name_of_machine(Context& context) {
    const auto body = context.ask({.verb = "config.show"});
    const auto config = body ? read_config(*body) : std::unexpected(body.error());
    if (!config) return own_name();
    const auto hosts = std::ranges::find(config->settings, "hosts", &api::ConfigRow::key);
    const auto names = hosts == config->settings.end() ? "" : hosts->value;
    const auto begin = names.find_first_not_of(" \t,");
    if (begin == std::string::npos) return own_name();
    return names.substr(begin, names.find_first_of(" \t,", begin) - begin);
}

struct Address {
    std::string url, fingerprint;
    bool here_alone = false; // nobody named it, and no other device reaches it
};

void warn_of_loopback(const std::string& url) {
    note("owhaled listens on this machine alone: no other device reaches " + url);
    note("for that: tcp = 0.0.0.0:7717 and hosts = NAME in owhaled.conf, and restart owhaled; or --url URL for a "
         "tunnel");
}

// Where a device reaches this owhaled: as it was named, as we reach it ourselves, or where it listens.
Result<Address> address_for(Context& context, const std::optional<Host>& named) {
    const auto body = TRY(context.ask({.verb = "status"}));
    const auto status = TRY(read_status(body));
    if (!status.tls_fingerprint)
        return fail(Code::unsupported, "no device can join: owhaled does not listen with TLS",
                    "set tcp = 0.0.0.0:7717, hosts = NAME and tls = on in owhaled.conf, and restart owhaled: man "
                    "owhaled.conf");
    if (named) return Address{named->url(), *status.tls_fingerprint, false};
    const auto& own = context.client().peer().host;
    const auto tcp = status.tcp.substr(0, status.tcp.find(' '));
    const auto host =
        own && own->tls ? *own : TRY(device_url_for(tcp, is_everywhere(tcp) ? name_of_machine(context) : ""));
    return Address{host.url(), *status.tls_fingerprint, host.is_loopback()};
}

// The answer, and what the device needs beside the code.
std::string with_address(const std::string& body, const Address& address) {
    boost::system::error_code error;
    auto value = boost::json::parse(body, error);
    if (error || !value.is_object()) return body;
    value.get_object()["url"] = address.url;
    value.get_object()["fingerprint"] = address.fingerprint;
    return boost::json::serialize(value);
}

// The code that is there was shown on a terminal that may be gone.
Error in_our_words(Error error) {
    constexpr std::string_view kUse = "use it, or ";
    if (error.code == Code::conflict && error.next.starts_with(kUse)) error.next.erase(0, kUse.size());
    if (error.code == Code::unauthenticated)
        error.next = "log in: owhalectl login; the first account is owhalectl setup's, others an admin's: owhalectl "
                     "users add NAME";
    return error;
}

// Where it cannot be drawn the letters below do as well.
Status show_picture(const Look& look, const std::string& text) {
    const auto code = qr_code(text, ink());
    if (code && look.colour && (look.columns == 0 || code->columns <= look.columns)) return print(code->picture);
    note(!code ? "no picture of the code: the address is too long for one"
         : !look.colour
             ? "no picture of the code: it needs colours, which --no-color, NO_COLOR or the terminal keep out"
             : "no picture of the code: it is " + std::to_string(code->columns) + " columns wide, and this terminal " +
                   std::to_string(look.columns));
    return {};
}

Status show(Context& context, const api::PairMade& made, const std::string& address) {
    const auto& look = context.look();
    if (look.terminal) CHECK(show_picture(look, address + "/app#" + made.code));
    Fields fields;
    fields.add("Code", made.code, Tone::bold);
    fields.add("Good until", when(made.expires) + ", for one device and five tries");
    fields.add("On that device", "owhalectl pair join " + address);
    return print(fields.text(look));
}

Result<int> wait(Context& context, const std::string& id) {
    if (!context.globals().quiet) note("waiting for the device; Ctrl-C leaves it to owhalectl pair confirm " + id);
    std::uint64_t told = 0;
    for (;;) {
        std::this_thread::sleep_for(kLook);
        const auto pairing = TRY(find_pairing(context, id));
        while (told < pairing.wrong)
            note("somebody tried a wrong code (" + std::to_string(++told) + " of " + std::to_string(pairing::kTries) +
                 ")");
        if (pairing.state != "open") return confirm_pairing(context, pairing, {}, "");
    }
}

Result<int> make(Context& context, const Arguments& arguments) {
    const auto request = TRY(request_of(arguments));
    std::optional<Host> named;
    if (!arguments.url.empty()) named = TRY(parse_device_url(arguments.url));
    CHECK(prove_from_stdin(context, arguments.password_stdin));
    const auto address = TRY(address_for(context, named));
    const bool waits = !arguments.no_wait && can_ask() && context.look().format == Format::table;
    if (waits) context.ask_password_once(); // for the code and for the device
    const auto body = context.ask({.verb = "pair.create", .body = write(request), .act = "make a code for a device"});
    if (!body) return std::unexpected(in_our_words(body.error()));
    if (address.here_alone && !context.globals().quiet) warn_of_loopback(address.url);
    if (TRY(context.printed_json(with_address(*body, address)))) return kOk;
    const auto made = TRY(read_pair_made(*body));
    if (context.globals().quiet && !waits) {
        CHECK(print(made.code + "\n"));
        return kOk;
    }
    CHECK(show(context, made, address.url));
    if (waits) return wait(context, made.id);
    note("when the device has joined: owhalectl pair confirm " + made.id);
    return kOk;
}

} // namespace

void declare_pair_new(Command pair) {
    auto command = pair.sub("new", "Make a code for one device, good for ten minutes, and wait for the device");
    auto arguments = std::make_shared<Arguments>();
    command.option("--name", arguments->name, "NAME", "what to call the device in lists");
    command.options("--can", arguments->can, "POWER,…", "what it may do: " + pairing::all_powers());
    command.option("--for", arguments->life, "TIME", "how long it is good: 12h, 90d; default 90d");
    command.option("--url", arguments->url, "URL",
                   "how the device reaches this owhaled: https://HOST:PORT; default: where it listens");
    command.flag("--no-wait", arguments->no_wait, "print the code and go; owhalectl pair confirm does the rest");
    declare_proof(command, arguments->password_stdin);
    command.handler([arguments](Context& context) { return make(context, *arguments); });
}

} // namespace owhale::cli
