// What a request makes of a secret. Pure but for the clock and for random placeholders.
#pragma once

#include <optional>

#include "vault/keep.hpp"
#include "vault/shared_hosts.hpp"

namespace owhale::vault {

// The value of a message, in guarded memory; the message's own is wiped. None when it has none. invalid_value.
Result<std::optional<SecretBytes>> take_value(std::optional<std::string>& text, std::optional<std::string>& base64);

// Metadata: those of `before` (null: of a new one) with what the request changes. invalid_value.
Result<Meta> with_request(const Meta* before, const std::string& owner, std::int64_t account, const std::string& name,
                          const api::SecretRequest& request, const SharedHosts& shared);
// The next version: placeholder, length, times. invalid_value when its header could not carry the value.
Status take_new_value(Meta& meta, const SecretBytes& value);
// invalid_value: it goes to hosts in a header, which this value does not fit.
Status check_value(const Meta& meta, const SecretBytes& value);

} // namespace owhale::vault
