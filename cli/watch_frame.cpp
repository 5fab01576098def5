// How the model looks on the screen: a line of state, the list, the request whole below it, a line of keys.
#include <algorithm>

#include "cli/approval_source.hpp"
#include "cli/approvals.hpp"
#include "cli/escape.hpp"
#include "cli/units.hpp"
#include "cli/watch_model.hpp"

namespace owhale::cli {
namespace {

constexpr std::size_t kSmall = 12; // rows; below it the list is one row

// The first columns of a line.
Line cut(const Line& line, std::size_t columns) {
    Line out;
    std::size_t used = 0;
    for (const auto& piece : line) {
        const auto wide = width(piece.text);
        if (used + wide <= columns) {
            out.push_back(piece);
            used += wide;
            continue;
        }
        out.push_back({piece.tone, clipped(piece.text, columns - used)});
        break;
    }
    return out;
}

} // namespace

Frame WatchModel::frame(WindowSize size, Moment now) {
    const std::size_t rows = std::max<std::size_t>(size.rows, 5), columns = std::max<std::size_t>(size.columns, 20);
    const auto room = rows < kSmall ? 1 : std::max<std::size_t>(rows / 5, 1);
    const auto listing = std::clamp<std::size_t>(pending_.size(), 1, room);
    if (columns != columns_) begin_reading();
    columns_ = columns;
    height_ = rows - listing - 3;

    const auto text = body(columns, now);
    total_ = text.size();
    top_ = std::min(top_, total_ > height_ ? total_ - height_ : 0);
    Frame out;
    out.lines.push_back(cut(status_line(columns, now), columns));
    for (auto& line : list_lines(listing, columns, now)) out.lines.push_back(cut(line, columns));
    out.lines.push_back(cut(rule_line(total_, columns), columns));
    for (std::size_t i = top_; i < std::min(top_ + height_, total_); ++i) out.lines.push_back(text[i]);
    while (out.lines.size() + 1 < rows) out.lines.emplace_back();
    out.lines.push_back(bottom_line(columns, out, rows - 1));
    return out;
}

// Also remembers since when, and how far, just this has been read.
std::vector<Line> WatchModel::body(std::size_t columns, Moment now) {
    std::vector<Line> out;
    if (current() == nullptr) return {{{Tone::dim, "Nobody waits for an answer."}}};
    const auto options = [&](const api::Approval& approval) {
        auto chosen = view_options(approval, columns, details_);
        chosen.now = now.wall;
        return chosen;
    };
    if (mode_ == Mode::confirm && whole_.contains(selected_) && word_.grant)
        return grant_view(whole_.at(selected_), *word_.grant, options(whole_.at(selected_)));
    const auto ids = batch_.empty() ? std::vector<std::string>{selected_} : batch_;
    std::string key;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        const auto known = whole_.find(ids[i]);
        if (known == whole_.end()) return {{{Tone::dim, "Loading…"}}};
        if (ids.size() > 1)
            out.push_back({{Tone::bold, "Request " + std::to_string(i + 1) + " of " + std::to_string(ids.size()) +
                                            " that would be decided together: " + short_id(ids[i])}});
        if (ids.size() > 1) out.back() = cut(out.back(), columns);
        for (auto& line : view_of(known->second, options(known->second))) out.push_back(std::move(line));
        if (ids.size() > 1) out.emplace_back();
        key += ids[i] + known->second.digest;
    }
    if (key != read_key_) {
        begin_reading();
        read_key_ = key;
        since_ = now.ms;
    }
    if (top_ <= seen_) seen_ = std::max(seen_, std::min(top_ + height_, out.size()));
    return out;
}

std::vector<Line> WatchModel::list_lines(std::size_t rows, std::size_t columns, Moment now) const {
    std::vector<Line> out;
    const auto at = position();
    const auto first =
        pending_.size() <= rows ? 0 : std::min(at > rows / 2 ? at - rows / 2 : 0, pending_.size() - rows);
    for (auto i = first; i < std::min(first + rows, pending_.size()); ++i) {
        const auto& one = pending_[i];
        const bool chosen = one.id == selected_;
        auto severity = one.severity;
        severity.resize(std::max<std::size_t>(severity.size(), 8), ' ');
        Line line = {{chosen ? Tone::bold : Tone::plain, chosen ? "> " : "  "},
                     {chosen ? Tone::bold : Tone::dim, short_id(one.id) + " "},
                     {tone_of_severity(one.severity), escaped(severity) + " "}};
        if (columns >= 60) line.push_back({Tone::plain, clipped(escaped(one.principal), 16) + "  "});
        if (columns >= 60) line.push_back({Tone::dim, relative(one.created, now.wall) + "  "});
        line.push_back({chosen ? Tone::bold : Tone::plain, command_line(one)});
        out.push_back(std::move(line));
    }
    if (out.empty()) out.push_back({{Tone::dim, "-"}});
    return out;
}

Line WatchModel::status_line(std::size_t columns, Moment now) const {
    if (!trouble_.empty()) return {{Tone::bad, escaped(trouble_)}};
    Line line = {{Tone::bold, (columns >= 60 ? "owhaled  " : "") + std::to_string(pending_.size()) + " waiting"}};
    if (account_.empty())
        line.push_back({Tone::warn, "  not logged in: to look only"});
    else if (signs_)
        line.push_back({Tone::good, "  " + escaped(account_) + (columns >= 60 ? ", signs what it answers" : "")});
    else if (window_until_.empty())
        line.push_back({Tone::dim, "  " + escaped(account_) + (columns >= 60 ? ", password not given yet" : "")});
    else if (relative(window_until_, now.wall).ends_with("ago"))
        line.push_back({Tone::dim, "  " + escaped(account_) + (columns >= 60 ? ", password needed again" : "")});
    else
        line.push_back({Tone::good, "  " + escaped(account_) + (columns >= 60 ? ", password good until " : " until ") +
                                        window_until_.substr(std::min<std::size_t>(11, window_until_.size()), 8) +
                                        "Z " + relative(window_until_, now.wall)});
    return line;
}

Line WatchModel::rule_line(std::size_t total, std::size_t columns) const {
    std::string text = "── ";
    if (mode_ == Mode::confirm)
        text += "to be stored";
    else if (!batch_.empty())
        text += std::to_string(batch_.size()) + " like requests together";
    else
        text += std::to_string(pending_.empty() ? 0 : position() + 1) + " of " + std::to_string(pending_.size());
    if (total > height_)
        text += ", lines " + std::to_string(top_ + 1) + "-" + std::to_string(std::min(top_ + height_, total)) + " of " +
                std::to_string(total);
    const bool more = top_ + height_ < total;
    if (more) text += ", space: more";
    if (!throttled_.empty() && mode_ == Mode::browse) text += ", " + throttled_;
    text += " ";
    while (width(text) < columns) text += "─";
    return {{more ? Tone::warn : Tone::dim, text}};
}

Line WatchModel::bottom_line(std::size_t columns, Frame& frame, std::size_t row) const {
    if (busy_) return {{Tone::dim, "asking owhaled…"}};
    if (mode_ != Mode::browse && mode_ != Mode::batch) {
        const auto typed = mode_ == Mode::password || mode_ == Mode::told ? "" : escaped(line_);
        const auto question = escaped(question_);
        // The end of what is typed stays in sight.
        const auto used = width(question);
        const auto space = columns > used + 1 ? columns - used - 1 : 0;
        std::string tail = typed;
        while (width(tail) > space && !tail.empty()) tail.erase(0, std::max<std::size_t>(decode(tail).length, 1));
        frame.cursor = {row, std::min(used + width(tail), columns - 1)};
        return cut({{Tone::bold, question}, {Tone::plain, tail}}, columns);
    }
    if (!message_.empty()) return cut({{Tone::warn, escaped(message_)}}, columns);
    if (mode_ == Mode::batch)
        return cut({{Tone::dim, columns >= 60 ? "y approve all of them once  n deny all  space more  Esc back"
                                              : "y all yes  n all no  space more  Esc"}},
                   columns);
    return cut(
        {{Tone::dim, columns >= 76 ? "y approve  g grant  n deny  b batch  d details  j/k next  space more  q quit"
                                   : "y yes g grant n no b like d more q quit"}},
        columns);
}

} // namespace owhale::cli
