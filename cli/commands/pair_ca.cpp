// owhalectl pair ca: the CA of owhaled's own certificate, for a phone to take in.
#include <algorithm>
#include <unistd.h>

#include "cli/accounts.hpp"
#include "cli/commands/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"
#include "cli/units.hpp"

namespace owhale::cli {
namespace {

constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----\n", kDigest = "SHA256:";

// RFC 7468, and nothing that a terminal would understand.
bool is_pem(std::string_view text) {
    const auto good = [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); };
    return text.starts_with(kBegin) && std::ranges::all_of(text, good);
}

// As phones show it: "5F 3A …".
std::string in_pairs(std::string_view fingerprint) {
    if (fingerprint.starts_with(kDigest)) fingerprint.remove_prefix(kDigest.size());
    std::string out;
    for (std::size_t i = 0; i < fingerprint.size(); ++i) {
        if (i > 0 && i % 2 == 0) out += ' ';
        const char c = fingerprint[i];
        out += c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return out;
}

Result<int> show(Context& context) {
    const auto body = TRY(context.ask({.verb = "pair.ca"}));
    if (TRY(context.printed_json(body))) return kOk;
    const auto authority = TRY(read_authority(body));
    if (!is_pem(authority.certificate))
        return fail(Code::internal, "owhaled's answer is no certificate", "see whether both are of one version");
    CHECK(print(authority.certificate));
    if (context.globals().quiet) return kOk;
    note("give the device this file, by a way on which nobody changes it; owhalectl pair ca > owhaled.crt writes it");
    note("before you trust it there, compare its SHA-256: " + in_pairs(authority.fingerprint));
    note("it is good for " + joined(authority.names) + " alone, until " + when(authority.expires) +
         ", and nobody can sign with it any more");
    return kOk;
}

} // namespace

void declare_pair_ca(Command pair) {
    auto command = pair.sub("ca", "Print the CA of owhaled's own certificate, for a phone's browser to believe");
    command.handler([](Context& context) { return show(context); });
}

} // namespace owhale::cli
