#include "cli/accounts.hpp"

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <ctime>

#include "cli/messages.hpp"
#include "cli/units.hpp"

namespace owhale::cli {
namespace {

constexpr auto kFirstPassword = "first password"; // a check of doctor's
constexpr std::string_view kEveryones = ":any";

struct Words {
    std::string_view permission, own, everyones;
};
constexpr std::array kWords = {
    Words{"runs_create", "run commands", ""},
    Words{"runs_read", "look at runs", "look at runs"},
    Words{"runs_control", "steer and end runs", "steer and end runs"},
    Words{"boxes", "boxes and workspaces", "boxes and workspaces"},
    Words{"approvals_read", "see requests that wait", "see requests that wait"},
    Words{"approvals_decide", "decide on requests", "decide on requests"},
    Words{"grants", "see and end standing grants", "see and end standing grants"},
    Words{"events", "follow events", "follow events"},
    Words{"freeze", "freeze", "freeze anybody (thawing takes a person's password)"},
    Words{"audit_read", "read the audit log", "read the audit log"},
    Words{"system_read", "see status, settings and profiles", ""},
    Words{"metrics", "", "read everybody's counts and times (owhalectl metrics)"},
    Words{"account", "change its password", ""},
    Words{"sessions", "see and end sessions", "see and end sessions"},
    Words{"tokens", "make tokens for agents", "see and revoke tokens"},
    Words{"devices", "pair and remove devices", "see and remove devices"},
    Words{"users", "", "manage accounts, and who may use the socket"},
};

std::string_view words_for(std::string_view permission, bool everyones) {
    for (const auto& row : kWords)
        if (row.permission == permission) return everyones ? row.everyones : row.own;
    return permission; // of a newer owhaled
}

// To the nearest whole one: what was made for seven days has seven left.
std::string span(std::int64_t seconds) {
    const auto whole = [seconds](std::int64_t unit) { return std::to_string((seconds + unit / 2) / unit); };
    if (seconds < 60) return whole(1) + "s";
    if (seconds < 3570) return whole(60) + "m";
    if (seconds < 172'800) return whole(3600) + "h";
    return whole(86'400) + "d";
}

// owhaled's own advice on the first login is for who speaks HTTP.
Error in_our_words(Context& context, const std::string& name, Error error) {
    const bool first = error.code == Code::forbidden && error.next.find("setup-code") != std::string::npos;
    if (!first || !context.client().peer().host) return error;
    error.next =
        "owhalectl login " + name +
        " --setup-code FILE, with the content of the file setup-code in the state folder of an owhaled on this "
        "machine; or owhalectl setup over its socket";
    return error;
}

Secret kept_token(Context& context) {
    const auto* token = context.client().token();
    return Secret(token != nullptr && !token_in_environment() ? token->token.text() : "");
}

// As far as owhaled lets us: the session may be over, or another owhaled's.
void end_session(Context& context, const Secret& token) {
    if (token.empty()) return;
    Call call{.verb = "logout"};
    call.headers.emplace_back("Authorization", "Bearer " + token.text());
    static_cast<void>(context.ask(std::move(call)));
}

} // namespace

const std::vector<std::string> kRoles = {"admin", "approver", "agent", "auditor", "monitor"};

Result<LoggedIn> log_in(Context& context, const std::string& name, const Secret& password,
                        const std::optional<std::string>& setup_code) {
    api::LoginRequest request{name, password.text(), setup_code};
    Call call{.verb = "login", .body = write(request), .anonymous = true};
    wipe(request.password);
    auto answer = context.ask(std::move(call));
    if (!answer) return std::unexpected(in_our_words(context, name, std::move(answer).error()));
    auto login = TRY(read_login(*answer));
    wipe(*answer);
    const Secret former = kept_token(context);
    auto file = TRY(keep_token(context.client().peer().name,
                               {Secret(std::move(login.access_token)), login.principal, login.expires_at, ""}));
    end_session(context, former);
    context.client().reconnect();
    return LoggedIn{std::move(login), std::move(file)};
}

Status refuse_in_cage(Context& context) {
    const auto body = context.ask({.verb = "whoami", .anonymous = true});
    const auto self = body ? read_whoami(*body) : std::unexpected(body.error());
    if (!self || !self->principal.starts_with("run:")) return {};
    return fail(Code::forbidden,
                "this is inside of a cage, where you are " + self->principal +
                    ": a run is who it is, and has no password",
                "do it outside of the cage");
}

std::string told_as_json(const api::Login& login) {
    namespace json = boost::json;
    return json::serialize(json::object{{"principal", login.principal},
                                        {"roles", json::array(login.roles.begin(), login.roles.end())},
                                        {"session", login.session},
                                        {"expires_at", login.expires_at}});
}

bool first_password_stands(Context& context) {
    const auto body = context.ask({.verb = "doctor", .anonymous = true});
    const auto doctor = body ? read_doctor(*body) : std::unexpected(body.error());
    if (!doctor) return false;
    for (const auto& check : doctor->checks)
        if (check.name == kFirstPassword) return check.state != "ok";
    return false;
}

void declare(Command command, Whose& whose, const std::string& things) {
    command.flag("-a,--all", whose.all, "everyone's " + things + ", for those who may see them");
    command.option("--user", whose.user, "NAME", "this account's " + things, Kind::user);
}

void ask_for(const Whose& whose, Call& call) {
    if (whose.all) call.query.emplace_back("all", "1");
    if (!whose.user.empty()) call.query.emplace_back("user", whose.user);
}

std::vector<std::string> split(const std::vector<std::string>& words) {
    std::vector<std::string> all;
    for (std::string_view rest : words) {
        for (bool more = true; more;) {
            const auto comma = rest.find(',');
            if (comma != 0 && !rest.empty()) all.emplace_back(rest.substr(0, comma));
            more = comma != std::string_view::npos;
            if (more) rest.remove_prefix(comma + 1);
        }
    }
    return all;
}

std::string joined(const std::vector<std::string>& words) {
    std::string out;
    for (const auto& word : words) out += (out.empty() ? "" : ", ") + word;
    return out;
}

std::string in_words(const std::vector<std::string>& permissions, bool everyones) {
    std::string out;
    for (std::string_view permission : permissions) {
        if (permission.ends_with(kEveryones) != everyones) continue;
        if (everyones) permission.remove_suffix(kEveryones.size());
        const auto words = words_for(permission, everyones);
        if (!words.empty()) out += (out.empty() ? "" : ", ") + std::string(words);
    }
    return out;
}

std::string when(const std::optional<std::string>& rfc3339) {
    if (!rfc3339) return "";
    const auto then = parse_time(*rfc3339);
    if (then < 0) return *rfc3339;
    return in_seconds(*rfc3339) + " (" + when_in_short(*rfc3339) + ")";
}

std::string when_in_short(const std::string& rfc3339) {
    const auto then = parse_time(rfc3339);
    const auto now = static_cast<std::int64_t>(std::time(nullptr));
    if (then < 0) return rfc3339;
    return then > now ? "in " + span(then - now) : span(now - then) + " ago";
}

} // namespace owhale::cli
