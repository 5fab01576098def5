// Server-sent events out of the bytes that come (WHATWG HTML, 9.2.6), as far as owhaled sends them.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace owhale::cli {

struct ServerEvent {
    std::string id, event, data;
};

class EventLines {
public:
    // An event of more than `most` bytes without an end is dropped.
    explicit EventLines(std::size_t most = std::size_t{1} << 20) : most_(most) {}
    void take(std::string_view bytes, const std::function<void(const ServerEvent&)>& on_event);
    // Of the last event that had one: where to go on.
    const std::string& last_id() const { return last_id_; }

private:
    void line(std::string_view line, const std::function<void(const ServerEvent&)>& on_event);

    std::size_t most_;
    std::string waiting_;
    ServerEvent event_;
    std::string last_id_;
};

} // namespace owhale::cli
