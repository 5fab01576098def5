#include "identity/facts.hpp"

#include <boost/describe.hpp>

#include "base/uuid.hpp"
#include "shared/codec.hpp"

namespace owhale::identity {

BOOST_DESCRIBE_STRUCT(FirstPassword, (), (by, at, peer))

Result<std::optional<std::string>> Facts::find(std::string_view name) {
    auto row = TRY(statements_.use("SELECT value FROM facts WHERE name = ?1"))->with(name);
    if (!TRY(row.next())) return std::nullopt;
    return row.text(0);
}

Status Facts::keep(std::string_view name, const std::string& value) {
    return TRY(statements_.use("INSERT OR IGNORE INTO facts (name, value) VALUES (?1, ?2)"))->with(name, value).run();
}

Result<std::string> Facts::instance() {
    CHECK(keep("instance", to_string(make_uuid())));
    return TRY(find("instance")).value_or("");
}

Result<std::optional<FirstPassword>> Facts::first_password() {
    const auto text = TRY(find("first_password"));
    if (!text) return std::nullopt;
    return TRY(codec::decode<FirstPassword>(*text));
}

Status Facts::tell_first_password(const FirstPassword& first) {
    return keep("first_password", codec::to_text(first));
}

} // namespace owhale::identity
