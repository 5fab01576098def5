// The API's messages, read and written: the codec's templates are instantiated here and nowhere else in the CLI.
#pragma once

#include <string>
#include <string_view>

#include "shared/api.hpp"
#include "shared/error.hpp"

namespace owhale::cli {

Result<api::Problem> read_problem(std::string_view text);
Result<api::Run> read_run(std::string_view text);
Result<api::RunList> read_runs(std::string_view text);
Result<api::Why> read_why(std::string_view text);
Result<api::Box> read_box(std::string_view text);
Result<api::BoxList> read_boxes(std::string_view text);
Result<api::ServerStatus> read_status(std::string_view text);
Result<api::Whoami> read_whoami(std::string_view text);
Result<api::Doctor> read_doctor(std::string_view text);
Result<api::ConfigList> read_config(std::string_view text);
Result<api::Profile> read_profile(std::string_view text);
Result<api::ProfileList> read_profiles(std::string_view text);
Result<api::AuditEntry> read_audit_entry(std::string_view text);
Result<api::AuditList> read_audit(std::string_view text);

std::string write(const api::RunRequest& message);
std::string write(const api::ExecRequest& message);
std::string write(const api::SignalRequest& message);
std::string write(const api::KillRequest& message);
std::string write(const api::Run& message);
std::string write(const api::Doctor& message);

} // namespace owhale::cli
