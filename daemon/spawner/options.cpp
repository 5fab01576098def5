#include "spawner/options.hpp"

#include <algorithm>
#include <charconv>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.hpp"

namespace owhale::spawner {
namespace {

constexpr std::size_t kMaxConfig = 64 * 1024;
constexpr std::uint64_t kMaxPool = 64; // about a third of a megabyte each

std::string_view trim(std::string_view text) {
    const auto from = text.find_first_not_of(" \t\r");
    if (from == std::string_view::npos) return {};
    return text.substr(from, text.find_last_not_of(" \t\r") - from + 1);
}

Result<std::uint64_t> number(std::string_view text) {
    std::uint64_t factor = 1;
    if (!text.empty()) {
        const auto at = std::string_view("KMG").find(text.back());
        if (at != std::string_view::npos) {
            factor = std::uint64_t{1} << (10 * (at + 1));
            text.remove_suffix(1);
        }
    }
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value > (std::uint64_t{1} << 62) / factor)
        return fail(Code::config_invalid, "'" + std::string(text) + "' is not a number");
    return value * factor;
}

Result<std::string> absolute(std::string_view text) {
    if (text.empty() || text.front() != '/' || text.find("/../") != std::string_view::npos || text.ends_with("/.."))
        return fail(Code::config_invalid, "'" + std::string(text) + "' is not an absolute path");
    while (text.size() > 1 && text.back() == '/') text.remove_suffix(1);
    return std::string(text);
}

Status set_publish(Options& options, std::string_view value) {
    if (value != "any" && value != "loopback")
        return fail(Code::config_invalid, "'" + std::string(value) + "' is not a choice", "use any or loopback");
    options.publish_any = value == "any";
    return {};
}

Status set(Options& options, std::string_view key, std::string_view value) {
    if (key == "net-host")
        options.net_host.push_back(static_cast<std::uint32_t>(TRY(number(value))));
    else if (key == "forbid")
        options.forbid.push_back(TRY(absolute(value)));
    else if (key == "system")
        options.system.push_back(TRY(absolute(value)));
    else if (key == "max-memory")
        options.max_memory = TRY(number(value));
    else if (key == "max-pids")
        options.max_pids = TRY(number(value));
    else if (key == "max-runs")
        options.max_runs = TRY(number(value));
    else if (key == "pool")
        options.pool = std::min<std::uint64_t>(TRY(number(value)), kMaxPool);
    else if (key == "publish")
        CHECK(set_publish(options, value));
    else
        return fail(Code::config_invalid, "unknown key '" + std::string(key) + "'",
                    "known: net-host forbid system max-memory max-pids max-runs pool publish");
    return {};
}

Result<std::string> read_config(const std::string& path, bool rootless) {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd) {
        if (errno == ENOENT) return std::string();
        return fail_errno(path);
    }
    struct stat st{};
    if (::fstat(fd.get(), &st) != 0) return fail_errno(path);
    const bool ours = st.st_uid == 0 || (rootless && st.st_uid == ::getuid());
    if (!S_ISREG(st.st_mode) || !ours || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return fail(Code::config_invalid, path + " must be root's and writable by nobody else",
                    "chown root " + path + "; chmod 0644 " + path);
    std::string text(kMaxConfig, '\0');
    const auto n = ::read(fd.get(), text.data(), text.size());
    if (n < 0) return fail_errno(path);
    if (static_cast<std::size_t>(n) == text.size()) return fail(Code::config_invalid, path + " is larger than 64 KiB");
    text.resize(static_cast<std::size_t>(n));
    return text;
}

Status apply_config(Options& options) {
    const auto text = TRY(read_config(options.config, options.rootless));
    std::size_t line_number = 0;
    for (std::string_view rest = text; !rest.empty();) {
        const auto end = rest.find('\n');
        auto line = trim(rest.substr(0, rest.find_first_of("#\n")));
        rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
        ++line_number;
        if (line.empty()) continue;
        const auto space = line.find_first_of(" \t");
        const auto value = space == std::string_view::npos ? std::string_view{} : trim(line.substr(space));
        if (auto ok = set(options, line.substr(0, space), value); !ok) {
            ok.error().message = options.config + ":" + std::to_string(line_number) + ": " + ok.error().message;
            return ok;
        }
    }
    return {};
}

// NAME:PATH
Status add_file(Options& options, std::string_view value) {
    const auto colon = value.find(':');
    const auto name = value.substr(0, colon);
    const auto path = TRY(absolute(colon == std::string_view::npos ? "" : value.substr(colon + 1)));
    if (name == "tls-cert")
        options.files[wire::File::tls_certificate] = path;
    else if (name == "tls-key")
        options.files[wire::File::tls_key] = path;
    else if (name == "policy")
        options.files[wire::File::policy] = path;
    else
        return fail(Code::config_invalid, "unknown file " + std::string(name));
    return {};
}

Status set_argument(Options& options, std::string_view key, std::string_view value) {
    if (key == "--channel")
        options.channel = static_cast<int>(TRY(number(value)));
    else if (key == "--listener")
        options.listener = static_cast<int>(TRY(number(value)));
    else if (key == "--tcp-listener")
        options.tcp_listener = static_cast<int>(TRY(number(value)));
    else if (key == "--accounts")
        options.accounts_dir = TRY(absolute(value));
    else if (key == "--file")
        CHECK(add_file(options, value));
    else if (key == "--scratch")
        options.scratch = TRY(absolute(value));
    else if (key == "--cgroup")
        options.cgroup = TRY(absolute(value));
    else if (key == "--config")
        options.config = TRY(absolute(value));
    else if (key == "--heads")
        options.heads = TRY(absolute(value));
    else if (key == "--forbid")
        options.forbid.push_back(TRY(absolute(value)));
    else if (key == "--box-idle")
        options.box_idle_s = TRY(number(value));
    else if (key == "--rootless")
        options.rootless = true;
    else
        return fail(Code::config_invalid, "unknown argument " + std::string(key));
    return {};
}

} // namespace

bool may_use_host_network(const Options& options, std::uint32_t uid) {
    return std::ranges::find(options.net_host, uid) != options.net_host.end();
}

Result<Options> parse_options(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument(argv[i]);
        const auto equals = argument.find('=');
        const auto value = equals == std::string_view::npos ? std::string_view{} : argument.substr(equals + 1);
        CHECK(set_argument(options, argument.substr(0, equals), value));
    }
    if (options.channel < 0 || options.listener < 0 || options.scratch.empty())
        return fail(Code::config_invalid, "owhale-spawner is started by owhaled, not by hand", "start owhaled");
    if (!options.config.empty()) CHECK(apply_config(options));
    return options;
}

} // namespace owhale::spawner
