#include "confine/sanitizer.hpp"

namespace owhale {

SanitizerNeeds prepare_sanitizer() {
    return {};
}

} // namespace owhale
