// A request body as it comes in: framed by Content-Length or by chunks, with a limit.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "shared/error.hpp"
#include "transport/head.hpp"

namespace owhale::transport {

class BodyReader {
public:
    // `head_text` is what parse_head accepted; Beast reads it again and must find the same framing.
    static Result<std::unique_ptr<BodyReader>> begin(std::string_view head_text, std::size_t limit);
    virtual ~BodyReader() = default;
    // Takes as much of `bytes` as belongs to this body, and says how much.
    virtual Result<std::size_t> feed(std::string_view bytes) = 0;
    virtual bool done() const = 0;
    virtual std::string release() = 0;
};

} // namespace owhale::transport
