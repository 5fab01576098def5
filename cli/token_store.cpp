#include "cli/token_store.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstdint>
#include <cstdlib>
#include <filesystem>

#include "cli/private_files.hpp"

namespace owhale::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostToken = 4096; // owhaled takes no longer ones
constexpr std::size_t kMostFile = 16384;
constexpr std::size_t kMostName = 80; // of a daemon's name in a file's name; the number keeps them apart
constexpr auto kVariable = "OWHALE_TOKEN";

bool plain(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

// RFC 7515: three base64url parts. Nothing else may come into a header.
bool like_token(std::string_view text) {
    if (text.empty() || text.size() > kMostToken) return false;
    for (const char c : text)
        if (!plain(c) && c != '.') return false;
    return true;
}

// FNV-1a, 64 bits: tells file names apart; the name inside the file decides.
std::string number_of(std::string_view text) {
    std::uint64_t hash = 14695981039346656037u;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    for (int shift = 60; shift >= 0; shift -= 4) out += kDigits[hash >> shift & 15];
    return out;
}

Result<std::string> path_for(const std::string& daemon) {
    const auto folder = TRY(private_folder());
    std::string name;
    for (const char c : daemon.substr(0, kMostName)) name += plain(c) || c == '.' ? c : '_';
    return folder + "/token-" + name + "-" + number_of(daemon);
}

std::string member(const json::object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

Result<std::optional<KeptToken>> from_environment() {
    std::string text = std::getenv(kVariable);
    if (text.empty())
        return fail(Code::token_malformed, "OWHALE_TOKEN is set and empty",
                    "unset it, or give it a token: the line that owhalectl tokens add printed");
    if (!like_token(text))
        return fail(Code::token_malformed, "OWHALE_TOKEN holds no token",
                    "give it the line that owhalectl tokens add printed, or unset it");
    return KeptToken{Secret(std::move(text)), "", "", kVariable};
}

std::string& named_file() {
    static std::string path;
    return path;
}

Result<std::optional<KeptToken>> from_named_file(const std::string& path) {
    auto text = TRY(read_handed(path, kMostToken + 2));
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
    if (!like_token(text)) {
        wipe(text);
        return fail(Code::token_malformed, path + " holds no token",
                    "put into it the line that owhalectl tokens add printed, and nothing else");
    }
    return KeptToken{Secret(std::move(text)), "", "", path};
}

Result<std::optional<KeptToken>> from_file(const std::string& path, const std::string& daemon) {
    auto text = TRY(read_private(path, kMostFile));
    if (!text) return std::nullopt;
    guard_secrets(); // before the parser makes copies
    boost::system::error_code error;
    const auto value = json::parse(*text, error);
    wipe(*text);
    const auto* object = error ? nullptr : value.if_object();
    auto token = object == nullptr ? std::string() : member(*object, "access_token");
    if (!like_token(token) || member(*object, "daemon") != daemon)
        return fail(Code::token_malformed, path + " is not what owhalectl login writes",
                    "remove it (rm " + path + "), and log in again: owhalectl login");
    return KeptToken{Secret(std::move(token)), member(*object, "principal"), member(*object, "expires_at"), path};
}

// The name of the daemon that a file's token is for; "" when it is not ours to read, or no such file.
std::string daemon_of(const std::string& path) {
    auto text = read_private(path, kMostFile);
    if (!text || !*text) return {};
    guard_secrets();
    boost::system::error_code error;
    const auto value = json::parse(**text, error);
    wipe(**text);
    return !error && value.is_object() ? member(value.get_object(), "daemon") : std::string();
}

} // namespace

bool token_in_environment() {
    return std::getenv(kVariable) != nullptr;
}

void show_token_of(std::string file) {
    named_file() = std::move(file);
}

Result<std::optional<KeptToken>> token_for(const std::string& daemon) {
    if (!named_file().empty()) {
        guard_secrets();
        return from_named_file(named_file());
    }
    if (token_in_environment()) {
        guard_secrets();
        return from_environment();
    }
    const auto path = path_for(daemon);
    if (!path) return std::nullopt; // no home: nothing can have been kept
    return from_file(*path, daemon);
}

Result<std::string> keep_token(const std::string& daemon, const KeptToken& token) {
    const auto path = TRY(path_for(daemon));
    auto text = json::serialize(json::object{{"daemon", daemon},
                                             {"principal", token.principal},
                                             {"expires_at", token.expires},
                                             {"access_token", token.token.text()}}) +
                "\n";
    const auto written = write_private(path, text);
    wipe(text);
    CHECK(written);
    return path;
}

Result<bool> forget_token(const std::string& daemon) {
    const auto path = TRY(path_for(daemon));
    return remove_private(path);
}

Result<bool> forget_every_token(const std::string& daemon) {
    bool any = false;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(TRY(private_folder()), error)) {
        const auto path = entry.path().string();
        if (!entry.path().filename().string().starts_with("token-")) continue;
        const auto whose = daemon_of(path);
        if (whose != daemon && !whose.starts_with(daemon + "#")) continue;
        any = TRY(remove_private(path)) || any;
    }
    return any;
}

} // namespace owhale::cli
