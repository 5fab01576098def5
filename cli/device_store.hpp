// The keys with which this owhalectl is a paired device, one private file per owhaled: made here, and never leaving it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "cli/secret.hpp"
#include "cli/where.hpp"
#include "shared/error.hpp"
#include "shared/pairing/http_signature.hpp"

namespace owhale::cli {

struct KeptDevice {
    std::string id, principal; // whose it is, as pairing said
    std::array<std::uint8_t, 64> secret{};
    std::string source; // the file's path

    KeptDevice() = default;
    KeptDevice(const KeptDevice&) = default;
    KeptDevice& operator=(const KeptDevice&) = default;
    ~KeptDevice();
    std::array<std::uint8_t, 32> key() const; // the public half
};

// A new key; no id yet.
KeptDevice new_device();
// What goes with a request that it signs. `ahead`: seconds that owhaled's clock is ahead of this one.
pairing::Fields sign_for(const KeptDevice& device, std::int64_t ahead, std::string_view method, std::string_view target,
                         std::string_view body);
// By its address: which certificate is believed there is another matter (certificates.hpp). None when it was never paired.
Result<std::optional<KeptDevice>> device_for(const Host& host);
// Keeps it, and says where.
Result<std::string> keep_device(const Host& host, const KeptDevice& device);
// True when there was one. owhaled knows its public half until it is removed there.
Result<bool> forget_device(const Host& host);

} // namespace owhale::cli
