#include "cli/messages.hpp"

#include "shared/codec.hpp"

namespace owhale::cli {
namespace {

// What owhaled sends and we cannot read comes from another version of it: say so.
template <typename T> Result<T> read(std::string_view text) {
    auto message = codec::decode<T>(text);
    if (message) return message;
    auto error = std::move(message).error();
    error.code = Code::internal;
    error.message = "owhaled's answer is not understood: " + error.message;
    error.next = "use an owhalectl of owhaled's own version (owhalectl version, owhalectl -o json status)";
    return std::unexpected(std::move(error));
}

} // namespace

Result<api::Problem> read_problem(std::string_view text) {
    return read<api::Problem>(text);
}
Result<api::Run> read_run(std::string_view text) {
    return read<api::Run>(text);
}
Result<api::RunList> read_runs(std::string_view text) {
    return read<api::RunList>(text);
}
Result<api::Why> read_why(std::string_view text) {
    return read<api::Why>(text);
}
Result<api::Verdict> read_verdict(std::string_view text) {
    return read<api::Verdict>(text);
}
Result<api::Box> read_box(std::string_view text) {
    return read<api::Box>(text);
}
Result<api::BoxList> read_boxes(std::string_view text) {
    return read<api::BoxList>(text);
}
Result<api::Workspace> read_workspace(std::string_view text) {
    return read<api::Workspace>(text);
}
Result<api::WorkspaceList> read_workspaces(std::string_view text) {
    return read<api::WorkspaceList>(text);
}
Result<api::Publish> read_publish(std::string_view text) {
    return read<api::Publish>(text);
}
Result<api::Secret> read_secret(std::string_view text) {
    return read<api::Secret>(text);
}
Result<api::SecretList> read_secrets(std::string_view text) {
    return read<api::SecretList>(text);
}
Result<api::SecretValue> read_secret_value(std::string_view text) {
    return read<api::SecretValue>(text);
}
Result<api::Rekeyed> read_rekeyed(std::string_view text) {
    return read<api::Rekeyed>(text);
}
Result<api::Freeze> read_freeze(std::string_view text) {
    return read<api::Freeze>(text);
}
Result<api::FreezeList> read_freezes(std::string_view text) {
    return read<api::FreezeList>(text);
}
Result<api::ServerStatus> read_status(std::string_view text) {
    return read<api::ServerStatus>(text);
}
Result<api::Whoami> read_whoami(std::string_view text) {
    return read<api::Whoami>(text);
}
Result<api::Doctor> read_doctor(std::string_view text) {
    return read<api::Doctor>(text);
}
Result<api::ConfigList> read_config(std::string_view text) {
    return read<api::ConfigList>(text);
}
Result<api::Profile> read_profile(std::string_view text) {
    return read<api::Profile>(text);
}
Result<api::ProfileList> read_profiles(std::string_view text) {
    return read<api::ProfileList>(text);
}
Result<api::AuditEntry> read_audit_entry(std::string_view text) {
    return read<api::AuditEntry>(text);
}
Result<api::AuditList> read_audit(std::string_view text) {
    return read<api::AuditList>(text);
}
Result<api::AuditStats> read_audit_stats(std::string_view text) {
    return read<api::AuditStats>(text);
}
Result<api::Login> read_login(std::string_view text) {
    return read<api::Login>(text);
}
Result<api::Session> read_session(std::string_view text) {
    return read<api::Session>(text);
}
Result<api::SessionList> read_sessions(std::string_view text) {
    return read<api::SessionList>(text);
}
Result<api::Revoked> read_revoked(std::string_view text) {
    return read<api::Revoked>(text);
}
Result<api::Token> read_token(std::string_view text) {
    return read<api::Token>(text);
}
Result<api::TokenList> read_tokens(std::string_view text) {
    return read<api::TokenList>(text);
}
Result<api::TokenMade> read_token_made(std::string_view text) {
    return read<api::TokenMade>(text);
}
Result<api::User> read_user(std::string_view text) {
    return read<api::User>(text);
}
Result<api::UserList> read_users(std::string_view text) {
    return read<api::UserList>(text);
}
Result<api::UserMade> read_user_made(std::string_view text) {
    return read<api::UserMade>(text);
}
Result<api::PairMade> read_pair_made(std::string_view text) {
    return read<api::PairMade>(text);
}
Result<api::PairingList> read_pairings(std::string_view text) {
    return read<api::PairingList>(text);
}
Result<api::JoinAnswer> read_join_answer(std::string_view text) {
    return read<api::JoinAnswer>(text);
}
Result<api::JoinState> read_join_state(std::string_view text) {
    return read<api::JoinState>(text);
}
Result<api::Device> read_device(std::string_view text) {
    return read<api::Device>(text);
}
Result<api::DeviceList> read_devices(std::string_view text) {
    return read<api::DeviceList>(text);
}
Result<api::Authority> read_authority(std::string_view text) {
    return read<api::Authority>(text);
}
Result<api::OneTime> read_one_time(std::string_view text) {
    return read<api::OneTime>(text);
}
Result<api::Access> read_access_row(std::string_view text) {
    return read<api::Access>(text);
}
Result<api::AccessList> read_access(std::string_view text) {
    return read<api::AccessList>(text);
}
Result<api::KeyRotated> read_key_rotated(std::string_view text) {
    return read<api::KeyRotated>(text);
}
Result<api::ModeTable> read_mode(std::string_view text) {
    return read<api::ModeTable>(text);
}
Result<api::StepUp> read_step_up(std::string_view text) {
    return read<api::StepUp>(text);
}
Result<api::Approval> read_approval(std::string_view text) {
    return read<api::Approval>(text);
}
Result<api::ApprovalList> read_approvals(std::string_view text) {
    return read<api::ApprovalList>(text);
}
Result<api::ApprovalStats> read_stats(std::string_view text) {
    return read<api::ApprovalStats>(text);
}
Result<api::Grant> read_grant(std::string_view text) {
    return read<api::Grant>(text);
}
Result<api::HostEntry> read_host(std::string_view text) {
    return read<api::HostEntry>(text);
}
Result<api::HostList> read_hosts(std::string_view text) {
    return read<api::HostList>(text);
}
Result<api::HostVerdict> read_host_verdict(std::string_view text) {
    return read<api::HostVerdict>(text);
}
Result<api::GrantList> read_grants(std::string_view text) {
    return read<api::GrantList>(text);
}
Result<api::DecidedList> read_decided(std::string_view text) {
    return read<api::DecidedList>(text);
}

std::string write(const api::RunRequest& message) {
    return codec::to_text(message);
}
std::string write(const api::ExecRequest& message) {
    return codec::to_text(message);
}
std::string write(const api::CheckRequest& message) {
    return codec::to_text(message);
}
std::string write(const api::SignalRequest& message) {
    return codec::to_text(message);
}
std::string write(const api::KillRequest& message) {
    return codec::to_text(message);
}
std::string write(const api::HostAllowRequest& message) {
    return codec::to_text(message);
}
std::string write(const api::WorkspaceRequest& message) {
    return codec::to_text(message);
}
std::string write(const api::ProfileCheckRequest& message) {
    return codec::to_text(message);
}
std::string write(const api::PublishRequest& message) {
    return codec::to_text(message);
}
std::string write(const api::HostCheckRequest& message) {
    return codec::to_text(message);
}
std::string write(const api::FreezeRequest& message) {
    return codec::to_text(message);
}
std::string write(const api::Run& message) {
    return codec::to_text(message);
}
std::string write(const api::Doctor& message) {
    return codec::to_text(message);
}
std::string write(const api::LoginRequest& message) {
    return codec::to_text(message);
}
std::string write(const api::PasswordRequest& message) {
    return codec::to_text(message);
}
std::string write(const api::TokenRequest& message) {
    return codec::to_text(message);
}
std::string write(const api::UserRequest& message) {
    return codec::to_text(message);
}
std::string write(const api::PairRequest& message) {
    return codec::to_text(message);
}
std::string write(const api::JoinRequest& message) {
    return codec::to_text(message);
}
std::string write(const api::JoinProof& message) {
    return codec::to_text(message);
}
std::string write(const api::ConfirmRequest& message) {
    return codec::to_text(message);
}
std::string write(const api::DeviceChange& message) {
    return codec::to_text(message);
}
std::string write(const api::RolesRequest& message) {
    return codec::to_text(message);
}
std::string write(const api::StepUpRequest& message) {
    return codec::to_text(message);
}
std::string write(const api::Approval& message) {
    return codec::to_text(message);
}
std::string write(const api::ApproveRequest& message) {
    return codec::to_text(message);
}
std::string write(const api::DenyRequest& message) {
    return codec::to_text(message);
}
std::string write(const api::SecretRequest& message) {
    return codec::to_text(message);
}
std::string write(const api::SecretValue& message) {
    return codec::to_text(message);
}
std::string write(const api::DecideRequest& message) {
    return codec::to_text(message);
}

} // namespace owhale::cli
