// A call of the API and its answer, as plain data.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/error.hpp"

namespace owhale::cli {

struct KeptDevice;

struct Call {
    std::string_view verb; // name in shared/verbs.hpp
    std::string id;        // for a path with {id}, {name}, {seq} or {subject}
    std::vector<std::pair<std::string, std::string>> query;
    std::string body; // JSON
    std::vector<std::pair<std::string, std::string>> headers;
    std::chrono::milliseconds limit{30'000}; // for the answer; 0 is none
    bool anonymous = false;                  // shows no token, though there is one
    std::shared_ptr<const KeptDevice> as;    // signs it; of what is anonymous else
    bool silent = false;                     // says nothing while it waits: the screen is somebody's
    std::string act;                         // "remove the account bob", for the question for a password
    bool asks_first =
        false; // the password is typed before owhaled is asked, and stands for a yes; without a login it fails
};

struct Reply {
    unsigned status = 0;
    std::string body;
    std::map<std::string, std::string, std::less<>> headers; // lower-case names
    std::string device_of; // the URL of the owhaled that a paired device's signature was shown to; "" none was
};

// The verb's method, and its path with the id and the query in place, percent-encoded.
struct Target {
    std::string_view method;
    std::string path;
};
Target target_of(const Call& call);

// The number in a header of the reply; 0 when there is none.
std::uint64_t header_number(const Reply& reply, std::string_view name);

// The time in its header Date (RFC 9110, section 5.6.7, the preferred form), in seconds since the epoch.
std::optional<std::int64_t> date_of(const Reply& reply);

// The reply itself when its status is 2xx, else the problem+json in it as an Error.
Result<Reply> succeeded(Reply reply);

} // namespace owhale::cli
