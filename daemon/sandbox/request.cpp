#include "sandbox/request.hpp"

#include <sodium/utils.h>

#include "sandbox/command.hpp"
#include "sandbox/request_network.hpp"

namespace owhale::sandbox {
namespace {

constexpr std::size_t kMaxPath = 4095; // PATH_MAX, less the NUL
constexpr std::size_t kMaxSearchPath = 65536;
constexpr std::size_t kMaxName = 255;
constexpr std::uint32_t kMaxCells = 65535;

using Text = std::optional<std::string>;

Status check_path(const Text& path, std::string_view what) {
    if (!path) return {};
    const std::string name(what);
    if (path->find('\0') != std::string::npos) return fail(Code::invalid_value, name + " holds a NUL byte");
    if (path->size() > kMaxPath) return fail(Code::invalid_value, name + " is longer than 4095 bytes");
    if (!path->starts_with('/')) return fail(Code::invalid_value, name + " must be an absolute path");
    return {};
}

Status check_text(const Text& text, std::string_view what, std::size_t most) {
    if (!text) return {};
    const std::string name(what);
    if (text->find('\0') != std::string::npos) return fail(Code::invalid_value, name + " holds a NUL byte");
    if (text->size() > most)
        return fail(Code::invalid_value, name + " is longer than " + std::to_string(most) + " bytes");
    return {};
}

Status check_terminal(std::optional<bool> tty, std::optional<std::uint32_t> rows, std::optional<std::uint32_t> cols) {
    if ((rows || cols) && !tty.value_or(false)) return fail(Code::invalid_value, "rows and cols need tty");
    if (rows.value_or(0) > kMaxCells || cols.value_or(0) > kMaxCells)
        return fail(Code::invalid_value, "rows and cols are at most 65535");
    return {};
}

Status check_stdin(const api::RunRequest& request) {
    const int ways =
        (request.stdin_ ? 1 : 0) + (request.stdin_base64 ? 1 : 0) + (request.stdin_open.value_or(false) ? 1 : 0);
    if (ways > 1) return fail(Code::invalid_value, "give one of stdin, stdin_base64 and stdin_open");
    return {};
}

std::optional<std::string> search_path_of(const api::RunRequest& request) {
    if (!request.env) return std::nullopt;
    const auto path = request.env->find("PATH");
    return path == request.env->end() ? std::nullopt : std::optional(path->second);
}

} // namespace

Status check_request(api::RunRequest& request, const Caller& caller) {
    CHECK(check_path(request.cwd, "cwd"));
    CHECK(check_path(request.workspace, "workspace"));
    CHECK(check_path(request.home, "home"));
    CHECK(check_text(request.path, "path", kMaxSearchPath));
    CHECK(check_text(search_path_of(request), "env.PATH", kMaxSearchPath));
    CHECK(check_text(request.profile, "profile", kMaxName));
    CHECK(check_text(request.run_as, "run_as", kMaxName));
    if (request.run_as && caller.uid != 0)
        return fail(Code::forbidden, "run_as is for root", "leave it out: you run as yourself");
    if (request.env) CHECK(check_environment(*request.env));
    CHECK(check_terminal(request.tty, request.rows, request.cols));
    CHECK(check_stdin(request));
    return check_network(request);
}

Status check_request(const api::ExecRequest& request) {
    CHECK(check_path(request.cwd, "cwd"));
    if (request.env) CHECK(check_environment(*request.env));
    return check_terminal(request.tty, request.rows, request.cols);
}

Result<std::string> given_stdin(const api::RunRequest& request) {
    if (request.stdin_) return *request.stdin_;
    if (!request.stdin_base64) return std::string();
    const auto& text = *request.stdin_base64;
    std::string bytes(text.size() / 4 * 3 + 3, '\0');
    std::size_t length = 0;
    const char* end = nullptr;
    if (sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(), text.size(),
                          nullptr, &length, &end, sodium_base64_VARIANT_ORIGINAL) != 0 ||
        end != text.data() + text.size())
        return fail(Code::invalid_value, "stdin_base64 is not base64 (RFC 4648, padded)");
    bytes.resize(length);
    return bytes;
}

} // namespace owhale::sandbox
