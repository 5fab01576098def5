// The API's message about a profile that is not loaded yet. See shared/api.hpp for the conventions.
#pragma once

#include <boost/describe.hpp>
#include <string>

namespace owhale::api {

struct ProfileCheckRequest { // POST /v1/profiles/check
    std::string name;        // as its file would be called, without .toml
    std::string text;        // the TOML
};
BOOST_DESCRIBE_STRUCT(ProfileCheckRequest, (), (name, text))

} // namespace owhale::api
