// owhalectl hosts: which hosts runs may reach, and by whose word.
#include <ctime>
#include <memory>

#include "cli/accounts.hpp"
#include "cli/approvals.hpp"
#include "cli/commands/commands.hpp"
#include "cli/each.hpp"
#include "cli/escape.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"
#include "cli/passwords.hpp"
#include "cli/units.hpp"
#include "shared/host_text.hpp"

namespace owhale::cli {
namespace {

constexpr int kAsks = 10, kDenies = 11; // as policy check says it
constexpr auto kList = "owhalectl hosts ls lists them";

struct AllowArguments {
    std::vector<std::string> hosts;
    std::string profile, principal, time;
    bool password_stdin = false;
};

std::string text_of(const api::HostRule& rule) {
    auto out =
        rule.host.find(':') == std::string::npos || rule.host.starts_with('[') ? rule.host : "[" + rule.host + "]";
    if (!rule.ports) return out;
    for (std::size_t i = 0; i < rule.ports->size(); ++i) out += (i == 0 ? ":" : ",") + std::to_string((*rule.ports)[i]);
    return out;
}

Result<int> list(Context& context) {
    const auto body = TRY(context.ask({.verb = "hosts.list"}));
    if (TRY(context.printed_json(body, "hosts"))) return kOk;
    const auto now = std::time(nullptr);
    Table table({"ID", "HOST", "FROM", "FOR", "PROFILE", "ENDS"}, 2); // whom it reaches is shown whole
    for (const auto& entry : TRY(read_hosts(body)).hosts) {
        const bool standing = !entry.id.empty();
        table.row({{standing ? short_id(entry.id) : "-"},
                   {text_of(entry.rule), standing ? Tone::bold : Tone::plain},
                   {entry.from, standing ? Tone::plain : Tone::dim},
                   {entry.principal.value_or(standing ? "all" : "who names it")},
                   {entry.profile.value_or("-")},
                   {entry.expires ? relative(*entry.expires, now) : "-"}});
    }
    CHECK(print(table.text(context.look())));
    return kOk;
}

// A line for a name opens no private address that the name leads to: that is told now, not when a run is refused.
Status warn_of_address(Context& context, const api::HostEntry& entry) {
    const auto& rule = entry.rule;
    if (rule.host.find_first_of("*@/:") != std::string::npos || context.globals().quiet) return {};
    api::HostCheckRequest request;
    request.url = rule.host + ":" + std::to_string(rule.ports && !rule.ports->empty() ? rule.ports->front() : 443);
    request.profile = entry.profile;
    const auto body = context.ask({.verb = "hosts.check", .body = write(request)});
    if (!body) return {}; // the line stands; what the name leads to is nobody's promise
    const auto verdict = TRY(read_host_verdict(*body));
    if (verdict.rule == "private-address")
        note(escaped(rule.host) + " is not reached by it now: " + escaped(verdict.reason) +
             (verdict.change ? " (" + escaped(*verdict.change) + ")" : ""));
    return {};
}

Result<int> allow(Context& context, const AllowArguments& arguments) {
    CHECK(prove_from_stdin(context, arguments.password_stdin));
    context.ask_password_once();
    for (const auto& text : arguments.hosts) {
        api::HostAllowRequest request;
        request.rule = TRY(owhale::parse_host(text));
        if (!arguments.profile.empty()) request.profile = arguments.profile;
        if (!arguments.principal.empty()) request.principal = arguments.principal;
        if (!arguments.time.empty()) request.for_ms = TRY(parse_duration_ms(arguments.time, "--for"));
        Call call{.verb = "hosts.allow", .body = write(request), .act = "let runs reach " + text};
        const auto body = TRY(context.ask(std::move(call)));
        if (TRY(context.printed_json(body))) continue;
        const auto entry = TRY(read_host(body));
        CHECK(print(context.globals().quiet
                        ? entry.id + "\n"
                        : text_of(entry.rule) + " may be reached by runs of " + entry.principal.value_or("everybody") +
                              (entry.profile ? " with the profile " + *entry.profile : "") +
                              " that start from now on (" + short_id(entry.id) + ")\n"));
        CHECK(warn_of_address(context, entry));
    }
    return kOk;
}

// By id, its end, or the host itself.
Result<std::string> id_of(Context& context, const std::string& named) {
    const auto body = TRY(context.ask({.verb = "hosts.list"}));
    std::vector<std::string> ids;
    for (const auto& entry : TRY(read_hosts(body)).hosts) {
        if (entry.id.empty()) continue;
        if (text_of(entry.rule) == named || entry.rule.host == named) return entry.id;
        ids.push_back(entry.id);
    }
    return meant_id(named, ids, "standing line", kList);
}

Result<int> remove(Context& context, const std::vector<std::string>& named) {
    return for_each_named(named, [&](const std::string& one) -> Status {
        const auto id = TRY(id_of(context, one));
        TRY(context.ask({.verb = "hosts.remove", .id = id}));
        return print(id + "\n");
    });
}

Result<int> check(Context& context, const std::string& url, const std::string& profile) {
    api::HostCheckRequest request;
    request.url = url;
    if (!profile.empty()) request.profile = profile;
    const auto body = TRY(context.ask({.verb = "hosts.check", .body = write(request)}));
    const bool printed = TRY(context.printed_json(body));
    const auto verdict = TRY(read_host_verdict(body));
    const bool allowed = verdict.decision == "allow";
    if (!printed) {
        Fields fields;
        fields.add("Decision", verdict.decision,
                   allowed                     ? Tone::good
                   : verdict.decision == "ask" ? Tone::warn
                                               : Tone::bad);
        fields.add("Reason", verdict.reason);
        fields.add("Rule", verdict.rule);
        for (const auto& address : verdict.addresses) fields.add("Address", address);
        fields.add("To change it", verdict.change.value_or(""));
        CHECK(print(fields.text(context.look())));
    }
    return allowed ? kOk : verdict.decision == "ask" ? kAsks : kDenies;
}

} // namespace

void declare_hosts(Command root) {
    auto hosts = root.sub("hosts", "Which hosts runs with a scoped network may reach");
    auto listed = hosts.sub("ls", "List standing lines, and what profiles and lists have");
    listed.handler([](Context& context) { return list(context); });
    auto allowed = hosts.sub("allow", "Let hosts through for runs that start from now on");
    auto arguments = std::make_shared<AllowArguments>();
    allowed.option("--profile", arguments->profile, "NAME", "for runs with this profile alone", Kind::profile);
    allowed.option("--principal", arguments->principal, "P", "for this principal alone: unix:1000, user:alice");
    allowed.option("--for", arguments->time, "TIME", "for so long: 1h, 30d");
    declare_proof(allowed, arguments->password_stdin);
    allowed.positionals("HOST[:PORT]", arguments->hosts, "names, *.NAME, addresses with ports, ranges, @LIST");
    allowed.handler([arguments](Context& context) { return allow(context, *arguments); });
    auto removed = hosts.sub("rm", "Take standing lines away");
    auto named = std::make_shared<std::vector<std::string>>();
    removed.positionals("HOST", *named, "the host as it is listed, or the line's id");
    removed.handler([named](Context& context) { return remove(context, *named); });
    auto checked = hosts.sub("check", "Tell whether a run would reach a URL: exit code 0 allow, 10 ask, 11 deny");
    auto url = std::make_shared<std::string>(), profile = std::make_shared<std::string>();
    checked.option("--profile", *profile, "NAME", "of a run with this profile", Kind::profile);
    checked.positional("URL", *url, "https://api.example.com/v1, or HOST:PORT");
    checked.handler([url, profile](Context& context) { return check(context, *url, *profile); });
}

} // namespace owhale::cli
