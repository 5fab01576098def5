// Arithmetic of a shell over constants (XCU 2.6.4): enough for what is put together from numbers.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace owhale::policy::normal {

// nullopt: it depends on what is not known, or is not read here (assignments, bases over 36, subscripts).
std::optional<std::int64_t> arithmetic(std::string_view text,
                                       const std::function<std::optional<std::string>(std::string_view)>& variable);

} // namespace owhale::policy::normal
