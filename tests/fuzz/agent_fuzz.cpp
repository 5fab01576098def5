// What a run says to the ssh-agent that it was given, and what the requester's own agent answers: keys, bindings to hosts, and
// what is to be signed.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "egress/ssh/requests.hpp"
#include "egress/ssh/signed_data.hpp"

using namespace owhale::egress::ssh;

namespace {

void must(bool holds) {
    if (!holds) abort();
}

// What is passed on is what was read.
void list(std::string_view message) {
    const auto all = read_identities(message);
    if (!all) return;
    const auto written = write_identities(*all);
    const auto again = read_identities(written);
    must(again && again->size() == all->size() && write_identities(*again) == written);
}

// A login that is let through has a key, and nothing is without a purpose.
void sign(std::string_view message) {
    const auto signing = read_signing(message);
    if (!signing) return must(!signing.error().message.empty());
    const auto purpose = judge(*signing, std::nullopt);
    if (purpose) must(!purpose->what.empty() && purpose->host.empty()); // not bound to any host: no login
}

void key(std::string_view bytes) {
    const auto key = read_key(bytes);
    if (!key) return must(!key.error().message.empty());
    must(key->fingerprint.starts_with("SHA256:") && !key->plain.empty());
    must(!verify(*key, bytes, bytes));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 5) {
    case 0:
        list(bytes);
        break;
    case 1:
        sign(bytes);
        break;
    case 2:
        (void)read_binding(bytes);
        break;
    case 3:
        key(bytes);
        break;
    default:
        (void)read_signed(bytes);
    }
    return 0;
}
