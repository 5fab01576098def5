// The API's messages, read and written: the codec's templates are instantiated here and nowhere else in the CLI.
#pragma once

#include <string>
#include <string_view>

#include "shared/api.hpp"
#include "shared/api_approvals.hpp"
#include "shared/api_audit.hpp"
#include "shared/api_identity.hpp"
#include "shared/api_pairing.hpp"
#include "shared/api_profiles.hpp"
#include "shared/api_secrets.hpp"
#include "shared/api_workspaces.hpp"
#include "shared/error.hpp"

namespace owhale::cli {

Result<api::Problem> read_problem(std::string_view text);
Result<api::Run> read_run(std::string_view text);
Result<api::RunList> read_runs(std::string_view text);
Result<api::Why> read_why(std::string_view text);
Result<api::Verdict> read_verdict(std::string_view text);
Result<api::Box> read_box(std::string_view text);
Result<api::BoxList> read_boxes(std::string_view text);
Result<api::Workspace> read_workspace(std::string_view text);
Result<api::WorkspaceList> read_workspaces(std::string_view text);
Result<api::Publish> read_publish(std::string_view text);
Result<api::ServerStatus> read_status(std::string_view text);
Result<api::Whoami> read_whoami(std::string_view text);
Result<api::Doctor> read_doctor(std::string_view text);
Result<api::ConfigList> read_config(std::string_view text);
Result<api::Profile> read_profile(std::string_view text);
Result<api::ProfileList> read_profiles(std::string_view text);
Result<api::AuditEntry> read_audit_entry(std::string_view text);
Result<api::AuditList> read_audit(std::string_view text);
Result<api::AuditStats> read_audit_stats(std::string_view text);
Result<api::Login> read_login(std::string_view text);
Result<api::Session> read_session(std::string_view text);
Result<api::SessionList> read_sessions(std::string_view text);
Result<api::Revoked> read_revoked(std::string_view text);
Result<api::Token> read_token(std::string_view text);
Result<api::TokenList> read_tokens(std::string_view text);
Result<api::TokenMade> read_token_made(std::string_view text);
Result<api::User> read_user(std::string_view text);
Result<api::UserList> read_users(std::string_view text);
Result<api::UserMade> read_user_made(std::string_view text);
Result<api::OneTime> read_one_time(std::string_view text);
Result<api::Access> read_access_row(std::string_view text);
Result<api::AccessList> read_access(std::string_view text);
Result<api::KeyRotated> read_key_rotated(std::string_view text);
Result<api::ModeTable> read_mode(std::string_view text);
Result<api::StepUp> read_step_up(std::string_view text);
Result<api::Approval> read_approval(std::string_view text);
Result<api::ApprovalList> read_approvals(std::string_view text);
Result<api::DecidedList> read_decided(std::string_view text);
Result<api::ApprovalStats> read_stats(std::string_view text);
Result<api::Grant> read_grant(std::string_view text);
Result<api::GrantList> read_grants(std::string_view text);

Result<api::HostEntry> read_host(std::string_view text);
Result<api::HostList> read_hosts(std::string_view text);
Result<api::HostVerdict> read_host_verdict(std::string_view text);
Result<api::Secret> read_secret(std::string_view text);
Result<api::SecretList> read_secrets(std::string_view text);
Result<api::SecretValue> read_secret_value(std::string_view text);
Result<api::Rekeyed> read_rekeyed(std::string_view text);

Result<api::PairMade> read_pair_made(std::string_view text);
Result<api::PairingList> read_pairings(std::string_view text);
Result<api::JoinAnswer> read_join_answer(std::string_view text);
Result<api::JoinState> read_join_state(std::string_view text);
Result<api::Device> read_device(std::string_view text);
Result<api::DeviceList> read_devices(std::string_view text);
Result<api::Authority> read_authority(std::string_view text);

Result<api::Freeze> read_freeze(std::string_view text);
Result<api::FreezeList> read_freezes(std::string_view text);

std::string write(const api::RunRequest& message);
std::string write(const api::ExecRequest& message);
std::string write(const api::CheckRequest& message);
std::string write(const api::SignalRequest& message);
std::string write(const api::KillRequest& message);
std::string write(const api::Run& message);
std::string write(const api::FreezeRequest& message);
std::string write(const api::HostAllowRequest& message);
std::string write(const api::HostCheckRequest& message);
std::string write(const api::PublishRequest& message);
std::string write(const api::ProfileCheckRequest& message);
std::string write(const api::WorkspaceRequest& message);
std::string write(const api::Doctor& message);
std::string write(const api::LoginRequest& message);
std::string write(const api::PasswordRequest& message);
std::string write(const api::TokenRequest& message);
std::string write(const api::UserRequest& message);
std::string write(const api::PairRequest& message);
std::string write(const api::JoinRequest& message);
std::string write(const api::JoinProof& message);
std::string write(const api::ConfirmRequest& message);
std::string write(const api::DeviceChange& message);
std::string write(const api::RolesRequest& message);
std::string write(const api::StepUpRequest& message);
std::string write(const api::Approval& message);
std::string write(const api::ApproveRequest& message);
std::string write(const api::DenyRequest& message);
std::string write(const api::DecideRequest& message);
std::string write(const api::SecretRequest& message);
std::string write(const api::SecretValue& message);

} // namespace owhale::cli
