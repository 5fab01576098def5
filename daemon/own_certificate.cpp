#include "own_certificate.hpp"

#include <algorithm>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "base/fd.hpp"
#include "base/files.hpp"
#include "base/log.hpp"
#include "config/lists.hpp"
#include "transport/certificate.hpp"

namespace owhale {
namespace {

constexpr std::size_t kLargest = 64u << 10;
constexpr const char* kAuthority = "/authority.pem";

std::unexpected<Error> unusable(const std::string& path, std::string why, std::string next) {
    return fail(Code::state_unavailable, path + " " + std::move(why), std::move(next));
}

// ENOENT in errnum when it is not there.
Result<std::string> read_own(const std::string& path, mode_t forbidden) {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!fd) return fail_errno(path);
    struct stat st{};
    if (::fstat(fd.get(), &st) != 0) return fail_errno(path);
    if (!S_ISREG(st.st_mode) || st.st_uid != ::geteuid())
        return unusable(path, "is not a regular file of owhaled's own", "move it away; a new certificate is then made");
    if ((st.st_mode & forbidden) != 0) return unusable(path, "is open to others", "chmod 600 " + path);
    return read_all(fd.get(), kLargest);
}

std::vector<std::string> names_for(const config::Settings& settings) {
    std::vector<std::string> names = {"localhost", "127.0.0.1", "::1"};
    const auto add = [&](const std::string& name) {
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    };
    utsname machine{};
    ::uname(&machine);
    if (const auto own = config::parse_hosts(machine.nodename); own && own->size() == 1) add(own->front());
    if (const auto endpoint = config::parse_endpoint(settings.tcp); endpoint && *endpoint)
        if (const config::Address any{}; (*endpoint)->address != any) add(config::to_text((*endpoint)->address));
    for (const auto& name : config::parse_hosts(settings.hosts).value_or(std::vector<std::string>{})) add(name);
    return names;
}

Result<transport::Credentials> make(const config::Settings& settings, const std::string& folder) {
    auto made = TRY(transport::make_own_pair(names_for(settings)));
    CHECK(ensure_private_dir(folder, 0700));
    // The certificate last: while it is not there, nobody has seen it.
    CHECK(write_file(folder + "/key.pem", made.credentials.key, 0600));
    CHECK(write_file(folder + kAuthority, made.authority, 0600));
    CHECK(write_file(folder + "/certificate.pem", made.credentials.certificate, 0600));
    log::info("owhaled has made a certificate for itself", {{"file", folder + "/certificate.pem"}});
    return std::move(made.credentials);
}

} // namespace

Result<transport::Credentials> own_certificate(const config::Settings& settings) {
    const auto folder = settings.state_dir + "/tls";
    auto certificate = read_own(folder + "/certificate.pem", S_IWGRP | S_IWOTH);
    if (!certificate && certificate.error().errnum == ENOENT) return make(settings, folder);
    if (!certificate) return std::unexpected(certificate.error());
    auto key = read_own(folder + "/key.pem", S_IRWXG | S_IRWXO);
    if (!key && key.error().errnum == ENOENT)
        return unusable(folder + "/key.pem", "is missing, and its certificate is there",
                        "bring it back; or remove certificate.pem too, so that a new pair is made, whose fingerprint "
                        "every client then has to be told");
    if (!key) return std::unexpected(key.error());
    return transport::Credentials{*std::move(certificate), *std::move(key), folder + "/certificate.pem",
                                  folder + "/key.pem"};
}

std::vector<std::string> hosts_missing_in(const config::Settings& settings, const std::vector<std::string>& names) {
    std::vector<std::string> missing;
    if (!settings.tls_cert.empty()) return missing;
    const auto text_of = [](const std::string& name) { // an address has more spellings than one
        const auto address = config::parse_address(name);
        return address ? config::to_text(*address) : name;
    };
    for (const auto& host : config::parse_hosts(settings.hosts).value_or(std::vector<std::string>{}))
        if (std::ranges::find(names, text_of(host), text_of) == names.end()) missing.push_back(host);
    return missing;
}

std::string other_certificate(const config::Settings& settings) {
    const auto folder = settings.state_dir + "/tls";
    return "remove " + folder + "/certificate.pem and " + folder +
           "/key.pem, and restart owhaled: it makes others; every client then has to be told the new fingerprint, and "
           "every "
           "phone has to take in the new CA (owhalectl pair ca)";
}

Result<api::Authority> own_authority(const config::Settings& settings, const std::string& in_force) {
    if (!settings.tls_cert.empty())
        return fail(Code::unsupported, "the certificate is that of tls-cert, which owhaled did not sign",
                    "give the device the CA that signed it, unless it believes that already");
    const auto folder = settings.state_dir + "/tls";
    auto text = read_own(folder + kAuthority, S_IWGRP | S_IWOTH);
    if (!text && text.error().errnum == ENOENT)
        return fail(Code::unsupported, "owhaled's certificate is older than its CAs, and signed by itself",
                    "remove " + folder +
                        "/certificate.pem and key.pem, and restart owhaled: it makes others, and every "
                        "client has to be told the new fingerprint");
    if (!text) return std::unexpected(text.error());
    const auto certificate = TRY(transport::read_certificate(*text));
    const auto own_text = TRY(read_own(folder + "/certificate.pem", S_IWGRP | S_IWOTH));
    const auto own = TRY(transport::read_certificate(own_text));
    if (transport::fingerprint_of(own.get()) != in_force)
        return fail(Code::unsupported, folder + "/certificate.pem is not the certificate in force: " + in_force,
                    "restart owhaled, or send it SIGHUP, so that it takes what is there");
    if (!transport::is_signed_by(own.get(), certificate.get()))
        return fail(
            Code::unsupported, folder + kAuthority + " did not sign the certificate in force",
            "bring the right authority.pem back; or remove certificate.pem and key.pem, and restart owhaled: it "
            "makes others, and every client has to be told the new fingerprint");
    api::Authority out;
    out.certificate = std::move(*text);
    out.fingerprint = transport::fingerprint_of(certificate.get());
    out.names = transport::names_of(own.get());
    out.expires = transport::end_of(certificate.get());
    return out;
}

} // namespace owhale
