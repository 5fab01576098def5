#include "cli/environment.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <unistd.h>

namespace owhale::cli {
namespace {

constexpr std::array<std::string_view, 7> kPlain = {"LANG", "LANGUAGE", "TZ", "COLORTERM", "NO_COLOR", "CI", "EDITOR"};

// Variables that name a folder (or a list of them) of a toolchain.
constexpr std::array<std::string_view, 26> kToolchains = {
    "CARGO_HOME",   "RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "GOPATH",        "GOROOT",      "GOBIN",        "GOMODCACHE",
    "GOCACHE",      "NVM_DIR",     "NVM_BIN",          "NODE_PATH",     "PNPM_HOME",   "BUN_INSTALL",  "DENO_DIR",
    "DENO_INSTALL", "VOLTA_HOME",  "PYENV_ROOT",       "PYENV_VERSION", "VIRTUAL_ENV", "CONDA_PREFIX", "RBENV_ROOT",
    "GEM_HOME",     "GEM_PATH",    "JAVA_HOME",        "SDKMAN_DIR",    "PERL5LIB",
};

constexpr std::array<std::string_view, 12> kSecretParts = {
    "TOKEN",   "SECRET",     "PASSWORD",    "PASSWD",     "PASSPHRASE", "APIKEY",
    "API_KEY", "ACCESS_KEY", "PRIVATE_KEY", "CREDENTIAL", "AUTH_KEY",   "_PAT",
};

bool starts_with_lc(std::string_view name) {
    return name.starts_with("LC_");
}

// A path, or a list of paths, each below `home`; or a bare version such as RUSTUP_TOOLCHAIN=stable.
bool below_home(std::string_view value, std::string_view home) {
    if (value.empty() || home.size() < 2) return false;
    if (value.find('/') == std::string_view::npos) return true;
    while (!value.empty()) {
        const auto colon = value.find(':');
        const auto part = value.substr(0, colon);
        if (!part.starts_with(home) || part.size() <= home.size() || part[home.size()] != '/') return false;
        value.remove_prefix(colon == std::string_view::npos ? value.size() : colon + 1);
    }
    return true;
}

Status check_name(std::string_view name, std::string_view argument) {
    if (name.empty() || name.find('\0') != std::string_view::npos)
        return fail(Code::invalid_value, "'" + std::string(argument) + "' names no variable",
                    "write NAME=VALUE or NAME");
    return {};
}

Status add_one(Variables& to, std::string_view argument, const Lookup& lookup) {
    const auto equals = argument.find('=');
    const std::string name(argument.substr(0, equals));
    CHECK(check_name(name, argument));
    if (equals != std::string_view::npos) {
        to.insert_or_assign(name, std::string(argument.substr(equals + 1)));
    } else if (auto value = lookup(name)) {
        to.insert_or_assign(name, *std::move(value));
    }
    return {};
}

} // namespace

std::optional<std::string> own_variable(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
}

std::vector<std::string> own_names() {
    std::vector<std::string> names;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        names.emplace_back(text.substr(0, text.find('=')));
    }
    return names;
}

Variables default_variables(const Lookup& lookup, const std::vector<std::string>& names, bool terminal) {
    Variables chosen;
    const auto take = [&](const std::string& name) {
        if (auto value = lookup(name)) chosen.insert_or_assign(name, *std::move(value));
    };
    for (const auto name : kPlain) take(std::string(name));
    if (terminal) take("TERM");
    for (const auto& name : names)
        if (starts_with_lc(name)) take(name);
    const auto home = lookup("HOME").value_or("");
    for (const auto name : kToolchains) {
        const auto value = lookup(std::string(name));
        if (value && below_home(*value, home)) chosen.insert_or_assign(std::string(name), *value);
    }
    return chosen;
}

Status add_variables(Variables& to, const std::vector<std::string>& arguments, const Lookup& lookup) {
    for (const auto& argument : arguments) CHECK(add_one(to, argument, lookup));
    return {};
}

Status add_file(Variables& to, std::string_view content, const std::string& path, const Lookup& lookup) {
    std::size_t number = 0;
    while (!content.empty()) {
        ++number;
        const auto end = content.find('\n');
        auto line = content.substr(0, end);
        content.remove_prefix(end == std::string_view::npos ? content.size() : end + 1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
        if (line.empty() || line.front() == '#') continue;
        if (auto added = add_one(to, line, lookup); !added) {
            auto error = std::move(added).error();
            error.message = path + ":" + std::to_string(number) + ": " + error.message;
            return std::unexpected(std::move(error));
        }
    }
    return {};
}

bool looks_secret(std::string_view name) {
    std::string upper(name);
    for (char& c : upper)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return std::any_of(kSecretParts.begin(), kSecretParts.end(),
                       [&](std::string_view part) { return upper.find(part) != std::string::npos; });
}

} // namespace owhale::cli
