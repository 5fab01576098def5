#include "cli/device_store.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <ctime>
#include <sodium.h>

#include "cli/private_files.hpp"

namespace owhale::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostFile = 4096;
constexpr auto kVariant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;

std::string to_text(std::span<const std::uint8_t> bytes) {
    std::string text(sodium_base64_ENCODED_LEN(bytes.size(), kVariant), '\0');
    ::sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), kVariant);
    text.pop_back(); // the NUL
    return text;
}

Result<std::string> path_for(const Host& host) {
    auto name = host.authority();
    for (char& c : name)
        if (c == ':' || c == '[' || c == ']' || c == '/') c = '_';
    return TRY(private_folder()) + "/device-" + name;
}

std::string member(const json::object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::unexpected<Error> not_ours(const std::string& path) {
    return fail(Code::token_malformed, path + " is not what owhalectl pair join writes",
                "remove it (rm " + path + "), and pair this machine again: owhalectl pair join URL");
}

// A file that was not believed is no login's.
Error unsafe(const std::string& path, Error error) {
    if (error.code == Code::unauthenticated)
        error.next = "look at it, remove it (rm " + path + "), and pair this machine again: owhalectl pair join URL";
    return error;
}

bool is_id(std::string_view text) {
    const auto good = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == '-'; };
    return text.size() == 36 && std::ranges::all_of(text, good);
}

} // namespace

KeptDevice::~KeptDevice() {
    ::sodium_memzero(secret.data(), secret.size());
}

std::array<std::uint8_t, 32> KeptDevice::key() const {
    std::array<std::uint8_t, 32> out{};
    ::crypto_sign_ed25519_sk_to_pk(out.data(), secret.data());
    return out;
}

KeptDevice new_device() {
    guard_secrets();
    KeptDevice out;
    std::array<std::uint8_t, 32> ignored{};
    ::crypto_sign_keypair(ignored.data(), out.secret.data());
    return out;
}

pairing::Fields sign_for(const KeptDevice& device, std::int64_t ahead, std::string_view method, std::string_view target,
                         std::string_view body) {
    std::array<std::uint8_t, 18> nonce{};
    ::randombytes_buf(nonce.data(), nonce.size());
    const pairing::Signing signing{device.id, to_text(nonce), std::int64_t{std::time(nullptr)} + ahead};
    return pairing::sign_request(device.secret, signing, method, target, body);
}

Result<std::optional<KeptDevice>> device_for(const Host& host) {
    const auto path = path_for(host);
    if (!path) return std::nullopt; // no home: nothing can have been kept
    auto text = read_private(*path, kMostFile);
    if (!text) return std::unexpected(unsafe(*path, std::move(text).error()));
    if (!*text) return std::nullopt;
    guard_secrets(); // before the parser makes copies
    boost::system::error_code error;
    const auto value = json::parse(**text, error);
    wipe(**text);
    const auto* object = error ? nullptr : value.if_object();
    if (object == nullptr) return not_ours(*path);
    const auto kept = member(*object, "host");
    if (!host.tls && kept == "https://" + host.authority())
        return fail(Code::bad_request, "this machine is a device of " + kept + ", and you wrote http://",
                    "--host " + kept);
    if (kept != host.url()) return not_ours(*path);
    KeptDevice out;
    out.id = member(*object, "device");
    out.principal = member(*object, "principal");
    out.source = *path;
    auto key = member(*object, "key");
    std::array<std::uint8_t, 32> seed{}, ignored{};
    std::size_t size = 0;
    const bool good =
        ::sodium_base642bin(seed.data(), seed.size(), key.data(), key.size(), nullptr, &size, nullptr, kVariant) == 0 &&
        size == seed.size() && is_id(out.id);
    wipe(key);
    if (good) ::crypto_sign_seed_keypair(ignored.data(), out.secret.data(), seed.data());
    ::sodium_memzero(seed.data(), seed.size());
    if (!good) return not_ours(*path);
    return out;
}

Result<std::string> keep_device(const Host& host, const KeptDevice& device) {
    const auto path = TRY(path_for(host));
    std::array<std::uint8_t, 32> seed{};
    ::crypto_sign_ed25519_sk_to_seed(seed.data(), device.secret.data());
    auto text =
        json::serialize(json::object{
            {"host", host.url()}, {"device", device.id}, {"principal", device.principal}, {"key", to_text(seed)}}) +
        "\n";
    ::sodium_memzero(seed.data(), seed.size());
    const auto written = write_private(path, text);
    wipe(text);
    CHECK(written);
    return path;
}

Result<bool> forget_device(const Host& host) {
    return remove_private(TRY(path_for(host)));
}

} // namespace owhale::cli
