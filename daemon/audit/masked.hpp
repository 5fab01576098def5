// No secret reaches the log, whoever wrote it into an event.
#pragma once

#include <boost/json/object.hpp>

namespace owhale::audit {

// Masks what looks like a secret in every string, but for a `receipt`: it is signed, and made of masked parts; and
// but for a device's `signature` and `key`.
void mask_secrets(boost::json::object& data);

} // namespace owhale::audit
