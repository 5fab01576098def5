#include "cli/told_to_model.hpp"

namespace owhale::cli {

Error told_to_model(Error error) {
    if (error.code == Code::unreachable) error.next = "tell the person you work for: owhaled is not running";
    if (error.code == Code::forbidden || error.code == Code::unauthenticated)
        error.next = "tell the person you work for: owhaled cannot be used from here";
    return error;
}

} // namespace owhale::cli
