#include "cli/event_lines.hpp"

#include <utility>

namespace owhale::cli {
void EventLines::take(std::string_view bytes, const std::function<void(const ServerEvent&)>& on_event) {
    waiting_ += bytes;
    std::size_t begin = 0;
    for (auto end = waiting_.find('\n'); end != std::string::npos; end = waiting_.find('\n', begin)) {
        std::string_view one(waiting_.data() + begin, end - begin);
        if (one.ends_with('\r')) one.remove_suffix(1);
        line(one, on_event);
        begin = end + 1;
    }
    waiting_.erase(0, begin);
    if (waiting_.size() > most_) waiting_.clear();
}

void EventLines::line(std::string_view line, const std::function<void(const ServerEvent&)>& on_event) {
    if (line.empty()) {
        const auto event = std::exchange(event_, {});
        if (!event.id.empty()) last_id_ = event.id;
        if (!event.data.empty()) on_event(event);
        return;
    }
    const auto colon = line.find(':');
    const auto field = line.substr(0, colon);
    auto value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (field == "id") event_.id = value;
    if (field == "event") event_.event = value;
    if (field == "data" && event_.data.size() + value.size() < most_)
        event_.data += (event_.data.empty() ? "" : "\n") + std::string(value);
}

} // namespace owhale::cli
