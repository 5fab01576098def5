// The broker's parts that lie in its state folder, in the order in which they are opened.
#include "broker.hpp"
#include "sandbox/machine.hpp"
#include "state_folder.hpp"
#include "store/lock.hpp"
#include "store/migrations.hpp"

namespace owhale {

Status Broker::open() {
    CHECK(reach_state_folder(settings_));
    CHECK(expect_log(ready_.heads, settings_.state_dir, settings_.audit_heads));
    lock_ = TRY(store::lock_state(settings_.state_dir));
    store::while_migrating([this] { notify_.migrating(); });
    CHECK(open_audit());
    database_ = TRY(store::Database::open(settings_.state_dir + "/state.db", store::Durability::process,
                                          store::Checkpoints::aside));
    CHECK(store::migrate(*database_, "state"));
    key_ = TRY(sandbox::ReceiptKey::open(settings_.state_dir));
    sums_.emplace(io_.get_executor(), *audit_);
    profiles_ = TRY(sandbox::Profiles::load(settings_.profile_dir));
    identity_ = TRY(open_identity());
    audit_->name_devices([this](const std::string& principal) { return identity_->device_name(principal); });
    hosts_.emplace(sandbox::HostRegister::Parts{*audit_, *database_, settings_.hosts_dir}, sandbox::machine().lists);
    CHECK(hosts_->load());
    workspaces_.emplace(sandbox::WorkspaceRegister::Parts{*audit_, *database_});
    CHECK(workspaces_->load());
    CHECK(open_vault());
    const auto executor = io_.get_executor();
    grants_.emplace(approvals::Grants::Parts{executor, settings_, *audit_, *database_});
    prompt_counts_.emplace(approvals::PromptCounts::Parts{executor, settings_, *audit_, *database_});
    approval_stats_.emplace(*prompt_counts_, *database_);
    return {};
}

Result<std::unique_ptr<identity::Service>> Broker::open_identity() {
    const auto end_runs = [this](const std::string& principal) {
        if (runs_) runs_->kill_all_of(principal);
    };
    return identity::Service::open({io_.get_executor(),
                                    settings_,
                                    *database_,
                                    *audit_,
                                    std::move(unix_roles_),
                                    end_runs,
                                    nullptr,
                                    {},
                                    [this](const std::string& device) {
                                        if (server_) server_->cut(device);
                                    }});
}

// On a connection of its own: what it commits survives the loss of power, as the audit log does.
Status Broker::open_vault() {
    auto database = TRY(
        store::Database::open(settings_.state_dir + "/state.db", store::Durability::power, store::Checkpoints::aside));
    vault::Parts parts{io_.get_executor(),
                       std::move(database),
                       *audit_,
                       [this](const identity::Principal& who) -> std::optional<identity::Principal> {
                           if (who.kind != identity::Kind::user) return who;
                           return identity_->person(who.name);
                       },
                       {settings_.argon2_memory, settings_.argon2_passes},
                       vault::SharedHosts(vault_given_.shared_hosts)};
    vault_ = vault::Vault::open(std::move(parts), vault_given_.key);
    vault_given_ = {}; // what it needs of the key it has
    secrets_.emplace(*vault_);
    return {};
}

} // namespace owhale
