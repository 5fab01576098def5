#include "audit/damaged.hpp"

#include <filesystem>

#include "store/failure.hpp"

namespace owhale::audit {

std::unexpected<Error> damaged_log(std::string what, const std::string& path, const std::string& then) {
    std::error_code ignored;
    const auto folder = std::filesystem::weakly_canonical(path, ignored).parent_path().string();
    return std::unexpected(Error{Code::state_unavailable, std::move(what),
                                 "look with `owhalectl audit verify --dir " + folder + "`; then " + then, 0,
                                 std::string(store::kDamaged)});
}

} // namespace owhale::audit
