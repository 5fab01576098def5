// owhalectl secrets: what the vault tells of them.
#include <ctime>
#include <memory>
#include <unistd.h>

#include "cli/accounts.hpp"
#include "cli/commands/commands.hpp"
#include "cli/commands/secrets.hpp"
#include "cli/each.hpp"
#include "cli/escape.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"
#include "cli/passwords.hpp"
#include "cli/prompt.hpp"
#include "cli/units.hpp"

namespace owhale::cli {
namespace {

struct Named {
    std::vector<std::string> names;
    std::string owner;
    bool all = false, password_stdin = false;
};

// Of owhaled's answer: the standard alphabet, padded.
Result<std::string> from_base64(std::string_view text) {
    constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    out.reserve(text.size());
    unsigned bits = 0, count = 0;
    for (const char c : text.substr(0, text.find('='))) {
        const auto letter = kLetters.find(c);
        if (letter == std::string_view::npos) return fail(Code::internal, "owhaled's answer is no base64");
        bits = bits << 6 | static_cast<unsigned>(letter);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        out += static_cast<char>(bits >> count & 0xff);
    }
    return out;
}

std::string hosts_of(const api::Secret& secret) {
    std::string out;
    for (const auto& host : secret.hosts) (out += out.empty() ? "" : ", ") += described(host);
    return out.empty() ? "-" : out;
}

bool has_expired(const api::Secret& secret) {
    return secret.expires && parse_time(*secret.expires) <= std::time(nullptr);
}

void ask_owner(const Named& named, Call& call) {
    if (named.all) call.query.emplace_back("owner", "*");
    if (!named.owner.empty()) call.query.emplace_back("owner", named.owner);
}

Result<int> list(Context& context, const Named& named) {
    Call call{.verb = "secrets.list"};
    ask_owner(named, call);
    const auto body = TRY(context.ask(std::move(call)));
    if (TRY(context.printed_json(body, "secrets"))) return kOk;
    const auto secrets = TRY(read_secrets(body)).secrets;
    Table table({"NAME", "OWNER", "HOSTS", "VERSION", "EXPIRES", "LAST USED"}, 2);
    std::string names;
    for (const auto& secret : secrets) {
        names += secret.name + "\n";
        const auto ends = !secret.expires ? "never" : when_in_short(*secret.expires);
        table.row(
            {{secret.name},
             {secret.owner},
             {hosts_of(secret)},
             {std::to_string(secret.version)},
             {ends, has_expired(secret) ? Tone::bad : Tone::plain},
             {secret.last_used ? format_age(*secret.last_used, std::time(nullptr)) + " ago" : "never", Tone::dim}});
    }
    CHECK(print(context.globals().quiet ? names : table.text(context.look())));
    return kOk;
}

std::string all_of(const std::optional<std::vector<std::string>>& list) {
    return list ? joined(*list) : "";
}

Result<int> show(Context& context, const Named& named) {
    Call call{.verb = "secrets.show", .id = named.names.front()};
    ask_owner(named, call);
    const auto body = TRY(context.ask(std::move(call)));
    if (TRY(context.printed_json(body))) return kOk;
    const auto secret = TRY(read_secret(body));
    Fields fields;
    fields.add("Secret", secret.name, Tone::bold);
    fields.add("Owner", secret.owner);
    fields.add("Version", std::to_string(secret.version));
    fields.add("Length", std::to_string(secret.length) + " bytes");
    fields.add("Variable", secret.variable);
    fields.add("A run sees", secret.placeholder);
    for (const auto& host : secret.hosts) fields.add("Goes to", described(host));
    if (secret.hosts.empty()) fields.add("Goes to", "no host: --secret " + secret.name + "=env alone", Tone::warn);
    fields.add("As", secret.hosts.empty() ? "" : secret.header + ": " + secret.prefix + "…");
    fields.add("Endpoint", secret.endpoint_variable.value_or(""));
    fields.add("For", all_of(secret.access.principals));
    fields.add("For roles", all_of(secret.access.roles));
    fields.add("Profiles", secret.access.profiles ? all_of(secret.access.profiles) : "any");
    fields.add("Made", when(secret.created));
    fields.add("Changed", when(secret.updated));
    fields.add("Expires", secret.expires ? when(secret.expires) : "never",
               has_expired(secret) ? Tone::bad : Tone::plain);
    fields.add("Used", std::to_string(secret.uses) + (secret.uses == 1 ? " time" : " times"));
    fields.add("Last used", secret.last_used ? when(secret.last_used) : "never");
    CHECK(print(fields.text(context.look())));
    return kOk;
}

// As it is, without a line end, for a pipe; a terminal gets one, and nothing that would steer it.
Result<int> reveal(Context& context, const Named& named) {
    guard_secrets();
    CHECK(prove_from_stdin(context, named.password_stdin));
    const auto& name = named.names.front();
    auto body = TRY(context.ask({.verb = "secrets.reveal", .id = name, .act = "show the value of " + name}));
    if (TRY(context.printed_json(body))) return kOk;
    auto read = TRY(read_secret_value(body));
    wipe(body);
    if (read.value_base64 && context.look().terminal)
        return fail(Code::unsupported, "the value is no text", "send it to a file: owhalectl secrets reveal … > FILE");
    const Secret value(read.value ? std::move(*read.value) : TRY(from_base64(read.value_base64.value_or(""))));
    CHECK(print(context.look().terminal ? escaped(value.text()) + "\n" : value.text()));
    return kOk;
}

Result<int> remove(Context& context, const Named& named) {
    CHECK(prove_from_stdin(context, named.password_stdin));
    return for_each_named(named.names, [&](const std::string& name) -> Status {
        Call call{.verb = "secrets.remove", .id = name, .act = "remove the secret " + name};
        ask_owner(named, call);
        TRY(context.ask(std::move(call)));
        return print(name + "\n");
    });
}

} // namespace

void declare_secrets(Command root) {
    auto secrets = root.sub("secrets", "Keys that runs use and cannot read");
    declare_secrets_set(secrets);
    auto listed = secrets.sub("ls", "List your secrets, without their values");
    auto whose = std::make_shared<Named>();
    listed.flag("-a,--all", whose->all, "everybody's, for who may see them");
    listed.option("--owner", whose->owner, "WHO", "another's: user:bob, unix:1000");
    listed.handler([whose](Context& context) { return list(context, *whose); });
    const auto one = [&](const std::string& name, const std::string& help) {
        auto command = secrets.sub(name, help);
        auto named = std::make_shared<Named>();
        named->names.emplace_back();
        command.positional("NAME", named->names.front(), "the secret");
        return std::pair(command, named);
    };
    auto [shown, which] = one("show", "Show where a secret may go, who may use it, how often it was used");
    shown.option("--owner", which->owner, "WHO", "another's, for who may see them");
    shown.handler([which](Context& context) { return show(context, *which); });
    auto [revealed, value] = one("reveal", "Print a value; never in strict mode");
    declare_proof(revealed, value->password_stdin);
    revealed.handler([value](Context& context) { return reveal(context, *value); });
    declare_secrets_rotate(secrets);
    auto removed = secrets.sub("rm", "Remove secrets; runs that use them lose them at once");
    auto gone = std::make_shared<Named>();
    removed.positionals("NAME", gone->names, "the secrets");
    removed.option("--owner", gone->owner, "WHO", "another's, for who may remove them");
    declare_proof(removed, gone->password_stdin);
    removed.handler([gone](Context& context) { return remove(context, *gone); });
    declare_secrets_import(secrets);
    declare_secrets_rekey(secrets);
}

} // namespace owhale::cli
