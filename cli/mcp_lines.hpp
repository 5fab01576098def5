// The messages of an MCP client on stdin, as the revisions of MCP write them there: one line each.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace owhale::cli {

class McpLines {
public:
    struct Acts {
        std::function<void(std::string)> line; // never empty, without its end
        std::function<void()> too_long;        // told once; the rest of that line is skipped
    };
    // `most`: bytes of a line.
    McpLines(std::size_t most, Acts acts) : most_(most), acts_(std::move(acts)) {}

    void take(std::string_view bytes);
    // What stands at the end of the input without a newline is a line as well: a cut one is no JSON.
    void end();

private:
    void add(std::string_view part);
    void finish();

    std::size_t most_;
    Acts acts_;
    std::string waiting_;
    bool skipping_ = false;
};

} // namespace owhale::cli
