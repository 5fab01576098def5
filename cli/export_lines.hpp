// An export of the audit log as it comes off the connection: whole lines only, and where it has got to.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "shared/error.hpp"

namespace owhale::cli {

// The sequence number that a line of an export is about: of jsonl, of ocsf (metadata.sequence), of cef (externalId).
// Empty for what has none: a tree head, a line that is torn.
std::optional<std::uint64_t> sequence_of(std::string_view line);
// The hash of the event's text, in hexadecimal, that a line of any format has; empty when there is none.
std::string hash_of(std::string_view line);
// "jsonl", "ocsf" or "cef", as such a line looks; empty when it is none.
std::string_view format_of(std::string_view line);

class ExportLines {
public:
    // Given whole lines, each with its newline; several at a time.
    using Sink = std::function<Status(std::string_view lines)>;
    explicit ExportLines(Sink sink) : sink_(std::move(sink)) {}

    // Empty lines only say that owhaled lives and go nowhere. Fails as the sink does, and with owhaled's own error when
    // its last line says that it could not go on.
    Status take(std::string_view bytes);
    // What came after the last newline is no line.
    void drop_rest() { rest_.clear(); }

    std::optional<std::uint64_t> last() const; // the newest sequence that went to the sink
    std::uint64_t bytes() const { return bytes_; }

private:
    Status give(std::string_view lines);
    Sink sink_;
    std::string rest_; // a line that is not whole yet
    std::string last_; // the last line with a sequence
    std::uint64_t bytes_ = 0;
};

} // namespace owhale::cli
