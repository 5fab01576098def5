// What a state folder has once: the number of this owhaled, and who changed its first password.
#pragma once

#include <optional>
#include <string>

#include "store/statements.hpp"

namespace owhale::identity {

struct FirstPassword {
    std::string by, at, peer; // "user:admin", RFC 3339, "unix:0 (pid 77, owhalectl)"
};

class Facts {
public:
    explicit Facts(store::Database& database) : statements_(database) {}
    // A UUID, made at the first start.
    Result<std::string> instance();
    Result<std::optional<FirstPassword>> first_password();
    // The first one to be told stays.
    Status tell_first_password(const FirstPassword& first);

private:
    Result<std::optional<std::string>> find(std::string_view name);
    Status keep(std::string_view name, const std::string& value);
    store::Statements statements_;
};

} // namespace owhale::identity
