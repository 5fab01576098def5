// Whether AddressSanitizer watches, whichever compiler brought it: it keeps what was freed, so that memory is no measure then.
#pragma once

namespace owhale {

#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kAddressSanitized = true;
#elif defined(__clang__)
inline constexpr bool kAddressSanitized = __has_feature(address_sanitizer);
#else
inline constexpr bool kAddressSanitized = false;
#endif

} // namespace owhale
