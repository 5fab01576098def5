#include "cli/certificates.hpp"

#include <optional>

#include "cli/output.hpp"
#include "cli/private_files.hpp"
#include "cli/prompt.hpp"

namespace owhale::cli {
namespace {

constexpr std::size_t kMostFile = std::size_t{1} << 20;
constexpr std::size_t kDigits = 64;
constexpr std::string_view kPrefix = "SHA256:";
constexpr auto kHead = "# owhalectl: the certificates of the owhaleds that it knows: HOST:PORT FINGERPRINT\n";

struct KnownHosts {
    std::string path, text;
};
Result<KnownHosts> known_hosts() {
    auto path = TRY(private_folder()) + "/known_hosts";
    auto text = TRY(read_private(path, kMostFile)).value_or("");
    return KnownHosts{std::move(path), std::move(text)};
}

struct Known {
    std::string fingerprint;
    std::size_t line;
};

std::optional<Known> find(std::string_view text, std::string_view host) {
    for (std::size_t number = 1; !text.empty(); ++number) {
        const auto end = text.find('\n');
        const auto line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.size() > host.size() && line.starts_with(host) && line[host.size()] == ' ')
            return Known{std::string(line.substr(host.size() + 1)), number};
    }
    return std::nullopt;
}

Status remember(const std::string& path, std::string text, const Host& host, const std::string& fingerprint) {
    if (text.empty()) text = kHead;
    if (!text.ends_with('\n')) text += '\n';
    return write_private(path, text + host.authority() + " " + fingerprint + "\n");
}

// Whoever names the certificate that is shown knows better than what was remembered.
Status replace(const std::string& path, const std::string& text, const Host& host, const Certificate& shown,
               const Known& known) {
    const auto line = "\n" + host.authority() + " " + known.fingerprint + "\n";
    auto all = "\n" + text + (text.ends_with('\n') ? "" : "\n");
    all.replace(all.find(line), line.size(), "\n" + host.authority() + " " + shown.fingerprint + "\n");
    CHECK(write_private(path, all.substr(1)));
    note("the certificate of " + host.authority() +
         " is another one than was remembered, and the one that --fingerprint "
         "names: it is remembered instead (" +
         path + ":" + std::to_string(known.line) + ")");
    return {};
}

std::unexpected<Error> changed(const Host& host, const Certificate& shown, const std::string& path,
                               const Known& known) {
    return fail(
        Code::unreachable,
        "THE CERTIFICATE OF " + host.authority() +
            " HAS CHANGED. Somebody may be listening in between, or it "
            "was renewed: nothing was sent. It is " +
            shown.fingerprint + "; " + path + ":" + std::to_string(known.line) + " says " + known.fingerprint,
        "ask who runs that owhaled for its fingerprint (owhalectl status shows it there), and connect once with "
        "--fingerprint and what they say: that replaces line " +
            std::to_string(known.line));
}

std::unexpected<Error> not_the_named(const Host& host, const Certificate& shown) {
    return fail(Code::unreachable,
                host.authority() + " shows another certificate than --fingerprint names: nothing was sent. It is " +
                    shown.fingerprint,
                "ask who runs that owhaled for its fingerprint (owhalectl status shows it there)");
}

Result<bool> agreed(const Host& host, const Certificate& shown) {
    if (!can_ask())
        return fail(Code::unreachable,
                    "the certificate of " + host.authority() + " is not known here (" + shown.doubt +
                        "): nothing was sent. It is " + shown.fingerprint,
                    "compare that with what owhaled logs when it starts, or owhalectl status says on that machine, and "
                    "give it with --fingerprint: it is remembered");
    return ask_yes("The owhaled at " + host.authority() + " is not known here, and no authority vouches for it (" +
                   shown.doubt + ").\nIts certificate's fingerprint is\n  " + shown.fingerprint +
                   "\nowhaled logs its own when it starts, and owhalectl status shows it on that machine.\n"
                   "Is it the same? Type yes to go on and remember it: ");
}

int value_of(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::string hexadecimal(std::string_view bits) { // bytes
    static constexpr std::string_view kAll = "0123456789abcdef";
    std::string out;
    for (const char c : bits) {
        out += kAll[static_cast<unsigned char>(c) >> 4];
        out += kAll[static_cast<unsigned char>(c) & 15];
    }
    return out;
}

// RFC 4648, without padding, as ssh and openssl dgst -binary | base64 write it.
std::string from_base64(std::string_view text) {
    static constexpr std::string_view kAll = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    unsigned bits = 0, count = 0;
    for (const char c : text) {
        const auto value = kAll.find(c);
        if (value == std::string_view::npos) return {};
        bits = (bits << 6 | static_cast<unsigned>(value)) & 0xffff;
        count += 6;
        if (count < 8) continue;
        count -= 8;
        out += static_cast<char>(bits >> count & 0xff);
    }
    return out;
}

} // namespace

Result<std::string> normal_fingerprint(const std::string& text) {
    std::string_view digest = text;
    if (digest.starts_with(kPrefix) || digest.starts_with("sha256:")) digest.remove_prefix(kPrefix.size());
    std::string hex;
    bool plain = true;
    for (const char c : digest) {
        if (c == ':') continue;
        plain = plain && value_of(c) >= 0;
        hex += c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    if (!plain || hex.size() != kDigits) {
        if (digest.ends_with('=')) digest.remove_suffix(1);
        hex = digest.size() == 43 ? hexadecimal(from_base64(digest)) : "";
    }
    if (hex.size() == kDigits) return std::string(kPrefix) + hex;
    return fail(Code::invalid_value, "--fingerprint: '" + text + "' is no SHA-256 fingerprint",
                "give it as owhaled's log and owhalectl status show it: SHA256: and 64 hexadecimal digits");
}

Status remember_certificate(const Host& host, const std::string& fingerprint) {
    const auto [path, text] = TRY(known_hosts());
    return find(text, host.authority()) ? Status{} : remember(path, text, host, fingerprint);
}

Result<bool> is_pinned(const Host& host) {
    const auto known = TRY(known_hosts());
    return !host.fingerprint.empty() || find(known.text, host.authority()).has_value();
}

Result<std::string> believe(const Host& host, const Certificate& shown) {
    const auto [path, text] = TRY(known_hosts());
    const auto known = find(text, host.authority());
    if (!host.fingerprint.empty()) {
        if (TRY(normal_fingerprint(host.fingerprint)) != shown.fingerprint) return not_the_named(host, shown);
        if (known && known->fingerprint != shown.fingerprint) CHECK(replace(path, text, host, shown, *known));
        if (!known) CHECK(remember(path, text, host, shown.fingerprint));
        return "named by --fingerprint";
    }
    if (known) {
        if (known->fingerprint != shown.fingerprint) return changed(host, shown, path, *known);
        return "remembered in " + path;
    }
    if (shown.vouched) return "vouched for by an authority of this machine's";
    if (!TRY(agreed(host, shown)))
        return fail(Code::unreachable, "the certificate was not agreed to: nothing was sent",
                    "ask who runs that owhaled for its fingerprint, and give it with --fingerprint");
    CHECK(remember(path, text, host, shown.fingerprint));
    return "remembered in " + path;
}

} // namespace owhale::cli
