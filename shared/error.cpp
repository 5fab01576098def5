#include "shared/error.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace owhale {
namespace {

constexpr std::array kRows = {
    CodeRow{Code::bad_request, "bad_request", 400, "The request is malformed"},
    CodeRow{Code::malformed_json, "malformed_json", 400, "The body is not valid JSON"},
    CodeRow{Code::duplicate_key, "duplicate_key", 400, "A JSON key stands twice"},
    CodeRow{Code::unknown_field, "unknown_field", 400, "Unknown field"},
    CodeRow{Code::invalid_value, "invalid_value", 422, "Invalid value"},
    CodeRow{Code::body_too_large, "body_too_large", 413, "The body is too large"},
    CodeRow{Code::too_deep, "too_deep", 400, "The JSON is nested too deeply"},
    CodeRow{Code::unauthenticated, "unauthenticated", 401, "Not authenticated"},
    CodeRow{Code::credentials_wrong, "credentials_wrong", 401, "Name or password is wrong"},
    CodeRow{Code::token_malformed, "token_malformed", 401, "The token is malformed"},
    CodeRow{Code::token_algorithm, "token_algorithm", 401, "The token's algorithm is not EdDSA"},
    CodeRow{Code::token_unknown_key, "token_unknown_key", 401, "The token's key is not known"},
    CodeRow{Code::token_signature, "token_signature", 401, "The token's signature is wrong"},
    CodeRow{Code::token_issuer, "token_issuer", 401, "The token is another issuer's"},
    CodeRow{Code::token_audience, "token_audience", 401, "The token is for another audience"},
    CodeRow{Code::token_expired, "token_expired", 401, "The token has expired"},
    CodeRow{Code::token_not_yet_valid, "token_not_yet_valid", 401, "The token is not valid yet"},
    CodeRow{Code::token_revoked, "token_revoked", 401, "The token was revoked"},
    CodeRow{Code::signature_stale, "signature_stale", 401, "The signature was made at another time"},
    CodeRow{Code::signature_replayed, "signature_replayed", 401, "The signature was used before"},
    CodeRow{Code::pairing_failed, "pairing_failed", 403, "Not paired"},
    CodeRow{Code::password_change_required, "password_change_required", 403, "The password must be changed first"},
    CodeRow{Code::password_weak, "password_weak", 422, "The password is too weak"},
    CodeRow{Code::step_up_required, "step_up_required", 403, "The password is needed for this"},
    CodeRow{Code::forbidden, "forbidden", 403, "Not permitted"},
    CodeRow{Code::not_found, "not_found", 404, "Not found"},
    CodeRow{Code::method_not_allowed, "method_not_allowed", 405, "Method not allowed"},
    CodeRow{Code::conflict, "conflict", 409, "Conflict"},
    CodeRow{Code::last_admin, "last_admin", 409, "It is the last administrator"},
    CodeRow{Code::run_live, "run_live", 409, "The run has not ended"},
    CodeRow{Code::run_ended, "run_ended", 409, "The run has ended"},
    CodeRow{Code::host_not_allowed, "host_not_allowed", 421, "Host not allowed"},
    CodeRow{Code::origin_not_allowed, "origin_not_allowed", 403, "Origin not allowed"},
    CodeRow{Code::rate_limited, "rate_limited", 429, "Too many requests"},
    CodeRow{Code::program_not_found, "program_not_found", 422, "Program not found"},
    CodeRow{Code::program_not_executable, "program_not_executable", 422, "Program not executable"},
    CodeRow{Code::cwd_missing, "cwd_missing", 422, "The working folder does not exist"},
    CodeRow{Code::cwd_not_directory, "cwd_not_directory", 422, "The working folder is not a folder"},
    CodeRow{Code::cwd_not_accessible, "cwd_not_accessible", 422, "The working folder is not accessible"},
    CodeRow{Code::workspace_refused, "workspace_refused", 422, "The workspace is refused"},
    CodeRow{Code::language_missing, "language_missing", 422, "The language is not installed"},
    CodeRow{Code::profile_unknown, "profile_unknown", 422, "Unknown profile"},
    CodeRow{Code::profile_invalid, "profile_invalid", 500, "The profile is invalid"},
    CodeRow{Code::limit_over_ceiling, "limit_over_ceiling", 422, "A limit is over its ceiling"},
    CodeRow{Code::host_denied, "host_denied", 403, "The host is not permitted"},
    CodeRow{Code::port_in_use, "port_in_use", 409, "The port is in use"},
    CodeRow{Code::secret_denied, "secret_denied", 403, "The secret is not permitted"},
    CodeRow{Code::vault_unavailable, "vault_unavailable", 503, "The vault is closed"},
    CodeRow{Code::net_host_denied, "net_host_denied", 403, "The host's network is not permitted"},
    CodeRow{Code::approval_required, "approval_required", 403, "Approval required"},
    CodeRow{Code::approval_denied, "approval_denied", 403, "The approval was denied"},
    CodeRow{Code::approval_expired, "approval_expired", 403, "Nobody answered in time"},
    CodeRow{Code::approval_cancelled, "approval_cancelled", 409, "The request was taken back"},
    CodeRow{Code::approval_void, "approval_void", 409, "What was approved is not what would run"},
    CodeRow{Code::approval_ended, "approval_ended", 409, "The request has ended"},
    CodeRow{Code::digest_mismatch, "digest_mismatch", 409, "The digest is not that of the request"},
    CodeRow{Code::frozen, "frozen", 403, "Frozen"},
    CodeRow{Code::denied, "denied", 403, "Denied"},
    CodeRow{Code::layer_missing, "layer_missing", 503, "A required isolation layer is missing"},
    CodeRow{Code::jail_failed, "jail_failed", 500, "The cage could not be built"},
    CodeRow{Code::busy, "busy", 503, "Too much at once"},
    CodeRow{Code::spawner_unavailable, "spawner_unavailable", 503, "The spawner is not available"},
    CodeRow{Code::audit_unavailable, "audit_unavailable", 503, "The audit log cannot be written"},
    CodeRow{Code::state_unavailable, "state_unavailable", 503, "The state cannot be read or written"},
    CodeRow{Code::config_invalid, "config_invalid", 500, "The configuration is invalid"},
    CodeRow{Code::unreachable, "unreachable", 503, "It cannot be reached"},
    CodeRow{Code::unsupported, "unsupported", 501, "Not supported here"},
    CodeRow{Code::system, "system", 500, "A system call failed"},
    CodeRow{Code::internal, "internal", 500, "Internal error"},
};

std::string in_one_line(std::string_view text) {
    std::string line;
    for (auto end = text.find('\n'); end != text.npos; end = text.find('\n')) {
        line += text.substr(0, end);
        line += line.ends_with(':') ? " " : "; ";
        text.remove_prefix(std::min(text.find_first_not_of(' ', end + 1), text.size()));
    }
    return line += text;
}

} // namespace

const CodeRow& describe(Code code) {
    for (const auto& row : kRows)
        if (row.code == code) return row;
    return kRows.back();
}

Code code_of(std::string_view name) {
    for (const auto& row : kRows)
        if (row.name == name) return row.code;
    return Code::internal;
}

std::unexpected<Error> fail_errno(std::string_view what, int errnum) {
    return std::unexpected(Error{Code::system, std::string(what), {}, errnum, {}});
}

std::string to_line(const Error& error) {
    auto line = in_one_line(error.message);
    if (error.errnum != 0) line += std::string(": ") + ::strerror(error.errnum);
    if (!error.next.empty()) line += " (" + in_one_line(error.next) + ")";
    return line;
}

} // namespace owhale
