#include "vault/vault.hpp"

#include <set>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "redact/known.hpp"
#include "vault/access.hpp"
#include "vault/rules.hpp"

namespace owhale::vault {
namespace {

std::unexpected<Error> unknown(const std::string& name) {
    return fail(Code::not_found, "there is no secret " + name + " that you may use",
                "`owhalectl secrets ls` lists yours; its owner shares one with --allow-principal or --allow-role");
}

Status check_kind(const identity::Principal& who) {
    if (who.kind != identity::Kind::run && who.kind != identity::Kind::anonymous) return {};
    return fail(Code::secret_denied, who.name + " has no secrets: a run gets those that it was started with",
                "start it with --secret NAME outside of the cage");
}

bool is_env(const api::SecretUse& use) {
    return use.as && *use.as == "env";
}

} // namespace

Vault::Vault(Parts parts, const GivenKey& given)
    : parts_(std::move(parts)), keep_(std::move(parts_.database), given, parts_.cost),
      uses_(std::make_shared<Uses>(parts_.io, keep_, parts_.audit)) {}

Vault::~Vault() {
    if (!keep_.closed()) uses_->store();
}

std::unique_ptr<Vault> Vault::open(Parts parts, const GivenKey& given) {
    std::unique_ptr<Vault> vault(new Vault(std::move(parts), given));
    if (!vault->closed()) (void)vault->check_all(); // what does not open has closed it
    if (const auto& why = vault->closed(); why && given.how != "off") log::warning(to_line(*why));
    if (vault->keep_.rekey_begun())
        log::warning("the vault's key in force is the new one of a rekey that was cut off",
                     {{"next", "owhalectl secrets rekey --file, once more, as root"}});
    return vault;
}

Status Vault::check_all() {
    redact::Lesson lesson;
    for (const auto& [place, held] : keep_.rows()) {
        const auto value = TRY(keep_.value(place));
        lesson.add(value.text());
    }
    return {};
}

void Vault::teach(const SecretBytes& value) {
    redact::Lesson lesson;
    lesson.add(value.text());
}

api::Secret Vault::shown(const Keep::Held& held) {
    auto out = held.meta.secret;
    const auto uses = uses_->of(place_of(held.meta));
    out.uses = uses.count;
    if (uses.last != 0) out.last_used = rfc3339(uses.last);
    return out;
}

// One's own first; then the one that somebody shares, which has to be the only one.
Result<const Keep::Held*> Vault::held_of(const identity::Principal& who, const std::string& name) const {
    const auto slash = name.rfind('/');
    if (slash != std::string::npos) {
        const auto* held = keep_.find({name.substr(0, slash), name.substr(slash + 1)});
        if (held == nullptr || !may_use(who, held->meta)) return unknown(name);
        return held;
    }
    if (const auto* own = keep_.find({who.name, name}); own != nullptr && is_owner(who, own->meta)) return own;
    const Keep::Held* found = nullptr;
    for (const auto& [place, held] : keep_.rows()) {
        if (place.name != name || !may_use(who, held.meta)) continue;
        if (found != nullptr)
            return fail(Code::conflict, "two owners share a secret " + name + " with you",
                        "name one: " + place.owner + "/" + name + ", or " + found->meta.secret.owner + "/" + name);
        found = &held;
    }
    if (found == nullptr) return unknown(name);
    return found;
}

Result<const Keep::Held*> Vault::usable(const identity::Principal& who, const std::string& profile,
                                        const std::string& name) const {
    if (closed()) return std::unexpected(*closed());
    CHECK(check_kind(who));
    const auto* held = TRY(held_of(who, name));
    CHECK(check_standing(held->meta, profile, rfc3339(wall_clock_us())));
    return held;
}

Result<api::Secret> Vault::find(const identity::Principal& who, const std::string& profile,
                                const std::string& name) const {
    return TRY(usable(who, profile, name))->meta.secret;
}

Result<std::vector<RunSecret>> Vault::for_run(const identity::Principal& who, const std::string& profile,
                                              const std::vector<api::SecretUse>& uses) {
    std::vector<RunSecret> out;
    std::set<std::string> variables;
    for (const auto& use : uses) {
        if (is_env(use)) continue;
        CHECK(keep_.check());
        const auto* held = TRY(usable(who, profile, use.name));
        if (use.variable) CHECK(check_variable(*use.variable));
        auto secret = run_secret(*held, who, profile, use);
        if (!variables.insert(secret.variable).second ||
            (!secret.endpoint_variable.empty() && !variables.insert(secret.endpoint_variable).second))
            return fail(Code::invalid_value, "two secrets of the run want the variable " + secret.variable,
                        "give one of them another variable");
        out.push_back(std::move(secret));
    }
    return out;
}

RunSecret Vault::run_secret(const Keep::Held& held, const identity::Principal& who, const std::string& profile,
                            const api::SecretUse& use) {
    const auto& secret = held.meta.secret;
    const auto place = place_of(held.meta);
    RunSecret out;
    out.name = secret.name;
    out.owner = secret.owner;
    out.variable = use.variable.value_or(secret.variable);
    out.placeholder = secret.placeholder;
    out.header = secret.header;
    out.prefix = secret.prefix;
    out.hosts = secret.hosts;
    out.endpoint_variable = secret.endpoint_variable.value_or("");
    out.open = [this, place, who, profile] { return open_now(place, who, profile); };
    out.note_use = [this, place](const std::string& run, const std::string& host) { uses_->note(place, run, host); };
    return out;
}

// Asked again each time: the secret, its expiry and its owner's word may have changed while the run went on.
Result<SecretBytes> Vault::open_now(const Place& place, const identity::Principal& who, const std::string& profile) {
    if (closed()) return std::unexpected(*closed());
    const auto* held = keep_.find(place);
    const auto now = parts_.refreshed ? parts_.refreshed(who) : std::optional(who);
    if (held == nullptr || !now || !may_use(*now, held->meta))
        return fail(Code::secret_denied,
                    "the secret " + place.name + " was removed, or is not for " + who.name + " any more",
                    "ask its owner, " + place.owner);
    CHECK(check_standing(held->meta, profile, rfc3339(wall_clock_us())));
    return keep_.value(place);
}

Result<EnvValue> Vault::open_value(const identity::Principal& who, const std::string& profile,
                                   const api::SecretUse& use) {
    const auto* held = TRY(usable(who, profile, use.name));
    const auto variable = use.variable.value_or(held->meta.secret.variable);
    CHECK(check_variable(variable));
    auto value = TRY(open_now(place_of(held->meta), who, profile));
    if (value.text().find('\0') != std::string_view::npos)
        return fail(Code::invalid_value, "the secret " + use.name + " has a zero byte, which no environment carries",
                    "use it by placeholder, or store it in base64");
    return EnvValue{variable, std::move(value)};
}

void Vault::note_use(const std::string& owner, const std::string& name, const std::string& run,
                     const std::string& host) {
    uses_->note({owner, name}, run, host);
}

} // namespace owhale::vault
