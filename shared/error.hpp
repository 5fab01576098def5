// The one error type: what happened, why, and what to do next.
//
// An Error travels by value in Result<T>. `code` is stable and is what clients match on (RFC 9457 `code`); `message`
// and `next` are for people and may change. `errnum` is the errno behind it, 0 when there was none. `step` names the
// part of a longer procedure that failed (a jail step, a resolved path), empty when there is only one.
#pragma once

#include <cerrno>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace owhale {

enum class Code {
    bad_request,
    malformed_json,
    duplicate_key,
    unknown_field,
    invalid_value,
    body_too_large,
    too_deep,
    unauthenticated,
    credentials_wrong,
    token_malformed,
    token_algorithm,
    token_unknown_key,
    token_signature,
    token_issuer,
    token_audience,
    token_expired,
    token_not_yet_valid,
    token_revoked,
    signature_stale,
    signature_replayed,
    pairing_failed,
    password_change_required,
    password_weak,
    step_up_required,
    forbidden,
    not_found,
    method_not_allowed,
    conflict,
    last_admin,
    run_live,
    run_ended,
    host_not_allowed,
    origin_not_allowed,
    rate_limited,
    program_not_found,
    program_not_executable,
    cwd_missing,
    cwd_not_directory,
    cwd_not_accessible,
    workspace_refused,
    language_missing,
    profile_unknown,
    profile_invalid,
    limit_over_ceiling,
    net_host_denied,
    host_denied,
    port_in_use,
    secret_denied,
    vault_unavailable,
    approval_required,
    approval_denied,
    approval_expired,
    approval_cancelled,
    approval_void,
    approval_ended,
    digest_mismatch,
    frozen,
    denied,
    layer_missing,
    jail_failed,
    busy,
    spawner_unavailable,
    audit_unavailable,
    state_unavailable,
    config_invalid,
    unreachable,
    unsupported,
    system,
    internal,
};

struct CodeRow {
    Code code;
    std::string_view name;  // as sent to clients
    unsigned status;        // HTTP
    std::string_view title; // RFC 9457 `title`
};

// The row of a code; every code has one.
const CodeRow& describe(Code code);
// The code of a name; Code::internal when unknown.
Code code_of(std::string_view name);

struct Error {
    Code code = Code::internal;
    std::string message;
    std::string next;
    int errnum = 0;
    std::string step;
    unsigned retry_after = 0; // seconds, for rate_limited and busy; 0 none
};

template <typename T> using Result = std::expected<T, Error>;
using Status = Result<void>;

inline std::unexpected<Error> fail(Code code, std::string message, std::string next = {}) {
    return std::unexpected(Error{code, std::move(message), std::move(next), 0, {}});
}

// An error from a failed system call; `errnum` defaults to errno.
std::unexpected<Error> fail_errno(std::string_view what, int errnum = errno);

// "message: strerror (next)", for a log line or a terminal.
std::string to_line(const Error& error);

} // namespace owhale

// The value of a Result, or return its error from the enclosing function.
#define TRY(expression)                                                                                                \
    ({                                                                                                                 \
        auto try_result_ = (expression);                                                                               \
        if (!try_result_) return std::unexpected(std::move(try_result_).error());                                      \
        *std::move(try_result_);                                                                                       \
    })
#define CHECK(expression)                                                                                              \
    do {                                                                                                               \
        auto check_result_ = (expression);                                                                             \
        if (!check_result_) return std::unexpected(std::move(check_result_).error());                                  \
    } while (false)
// The same inside a coroutine. GCC 12 cannot suspend inside a statement expression: await first, then unwrap.
#define CO_CHECK(expression)                                                                                           \
    do {                                                                                                               \
        auto check_result_ = (expression);                                                                             \
        if (!check_result_) co_return std::unexpected(std::move(check_result_).error());                               \
    } while (false)
