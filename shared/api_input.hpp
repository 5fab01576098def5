// The API's messages about a run's standard input, and about what opens its WebSocket. See shared/api.hpp for the conventions.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <optional>
#include <string>

namespace owhale::api {

struct InputRequest { // POST /v1/runs/{id}/input: of a run made with stdin_open, or with a terminal
    std::optional<std::string> text, base64; // at most one of them, at most 64 KiB of bytes
    std::optional<bool> close;               // its end comes after that
};
BOOST_DESCRIBE_STRUCT(InputRequest, (), (text, base64, close))

struct InputTaken {
    std::uint64_t bytes = 0; // that were given
    bool pending = false;    // the run has not taken all of them yet: they wait, and more is refused as busy
    bool closed = false;     // its end came, or comes when the run has taken what is before it
};
BOOST_DESCRIBE_STRUCT(InputTaken, (), (bytes, pending, closed))

struct AttachTicket {     // POST /v1/runs/{id}/ticket
    std::string path;     // of the WebSocket: /v1/runs/{id}/attach
    std::string protocol; // to be offered beside v5.channel.k8s.io: the ticket is in it, and good once
    std::string expires;
};
BOOST_DESCRIBE_STRUCT(AttachTicket, (), (path, protocol, expires))

} // namespace owhale::api
