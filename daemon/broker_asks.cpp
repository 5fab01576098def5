// What one part of the broker asks of another that it does not know: runs of the vault, questions about hosts of the register.
#include <algorithm>

#include "broker.hpp"
#include "sandbox/host_rule.hpp"

namespace owhale {
namespace {

using boost::asio::awaitable;

} // namespace

sandbox::SecretSource Broker::secrets_of_runs() {
    sandbox::SecretSource out;
    out.for_run = [this](const identity::Principal& who, const std::string& profile,
                         const std::vector<api::SecretUse>& uses) { return vault_->for_run(who, profile, uses); };
    out.open_value = [this](const identity::Principal& who, const std::string& profile,
                            const api::SecretUse& use) -> Result<sandbox::SecretSource::Value> {
        const auto secret = TRY(vault_->find(who, profile, use.name));
        auto opened = TRY(vault_->open_value(who, profile, use));
        return sandbox::SecretSource::Value{secret.owner, secret.name, std::move(opened.variable),
                                            std::move(opened.value)};
    };
    out.note_value = [this](const std::string& owner, const std::string& name, const std::string& run) {
        vault_->note_use(owner, name, run, "");
    };
    return out;
}

void Broker::open_questions() {
    const auto allowed = [this](const sandbox::NetRun& run, const api::HostRule& rule) {
        const auto covers = [&](const api::HostRule& wide) { return sandbox::covers(wide, rule); };
        return std::ranges::any_of(hosts_->standing(run.principal, run.profile), covers);
    };
    const auto told = [this](std::uint64_t run, std::string line) {
        if (egress_ && egress_->on_line) egress_->on_line(run, std::move(line));
    };
    host_questions_.emplace(approvals::HostQuestions::Parts{io_.get_executor(), *desk_, allowed, told});
}

// Of the run's principal alone, whatever the profile: who agreed looked at one run of its.
awaitable<Result<std::string>> Broker::allow_host(const api::Approval& approval, std::uint64_t for_ms, std::string by) {
    if (!approval.frozen || !approval.frozen->scope || approval.frozen->scope->hosts.size() != 1)
        co_return fail(Code::state_unavailable, "the request does not say which host");
    sandbox::HostRegister::Wanted wanted{approval.frozen->scope->hosts.front(),
                                         approval.principal,
                                         {},
                                         for_ms,
                                         "approval " + approval.id,
                                         std::move(by)};
    const auto entry = co_await hosts_->allow(std::move(wanted));
    if (!entry) co_return std::unexpected(entry.error());
    co_return entry->id;
}

} // namespace owhale
