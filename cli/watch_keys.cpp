// What the keys of the watching screen do while nothing is typed: go about, read, begin to decide.
#include "cli/watch_model.hpp"

#include <algorithm>

namespace owhale::cli {

Wish WatchModel::press(const Press& press, Moment now) {
    wall_ = now.wall;
    if (press.key == Key::suspend) return {Wish::What::suspend, {}, {}};
    if (press.key == Key::redraw) return {Wish::What::redraw, {}, {}};
    if (press.key == Key::interrupt && mode_ == Mode::browse) return {Wish::What::quit, {}, {}};
    if (busy_) return {};
    if (mode_ == Mode::told) {
        if (press.key == Key::enter || press.key == Key::escape || press.key == Key::interrupt) back("");
        begin_reading();
        return {};
    }
    if (mode_ == Mode::browse || mode_ == Mode::batch) return browse(press, now);
    return type(press);
}

Wish WatchModel::browse(const Press& press, Moment now) {
    message_.clear();
    if (press.key == Key::escape || press.key == Key::interrupt) {
        if (mode_ == Mode::batch) {
            mode_ = Mode::browse;
            select(position());
        }
        return {};
    }
    if (press.key == Key::end_of_input) return {Wish::What::quit, {}, {}};
    if (scroll(press) || press.key != Key::text || press.pasted) return {};
    const char key = press.text[0];
    if (key == 'q' && mode_ == Mode::batch) return browse({Key::escape, "", false, true}, now);
    if (key == 'q') return {Wish::What::quit, {}, {}};
    if (key == 'd') {
        details_ = !details_;
        begin_reading();
    } else if (std::string_view("yngb").find(key) != std::string_view::npos && may_choose(press, now)) {
        return choose(key, now);
    }
    return {};
}

bool WatchModel::scroll(const Press& press) {
    const auto last = total_ > height_ ? total_ - height_ : 0;
    const bool text = press.key == Key::text && !press.pasted;
    if (press.key == Key::page_down || (text && (press.text == " " || press.text == "f"))) {
        top_ = std::min(top_ + height_, last);
    } else if (press.key == Key::page_up || (text && press.text == "u")) {
        top_ -= std::min(top_, height_);
    } else if (press.key == Key::first) {
        top_ = 0;
    } else if (press.key == Key::last) {
        top_ = last;
    } else if (press.key == Key::down || (text && press.text == "j")) {
        if (mode_ == Mode::batch)
            top_ = std::min(top_ + 1, last);
        else if (position() + 1 < pending_.size())
            select(position() + 1);
    } else if (press.key == Key::up || (text && press.text == "k")) {
        if (mode_ == Mode::batch)
            top_ -= std::min<std::size_t>(top_, 1);
        else if (position() > 0)
            select(position() - 1);
    } else {
        return false;
    }
    return true;
}

// Whether this key may decide what is on the screen now.
bool WatchModel::may_choose(const Press& press, Moment now) {
    const auto* chosen = current();
    if (chosen == nullptr) return false;
    if (!press.alone || since_ < 0 || now.ms - since_ < kLook) {
        message_ = "that key came too early: read it first";
        return false;
    }
    const auto* asked = whole_.contains(selected_) ? &whole_.at(selected_) : chosen;
    if (!asked->may_decide.value_or(true)) {
        message_ = asked->why_not.value_or("you may not decide it");
        return false;
    }
    if (press.text == "b" || press.text == "n") return true; // saying no needs no reading
    if (seen_ < total_ || !whole_.contains(selected_)) {
        message_ = "read it to its end first: space shows more";
        return false;
    }
    return true;
}

Wish WatchModel::choose(char key, Moment) {
    if (key == 'b') {
        if (mode_ == Mode::batch) return {};
        auto ids = like_current();
        if (ids.size() < 2) {
            message_ = "no other request is like this one";
            return {};
        }
        batch_ = std::move(ids);
        mode_ = Mode::batch;
        begin_reading();
        return {};
    }
    Word word;
    word.approve = key != 'n';
    for (const auto& id : mode_ == Mode::batch ? batch_ : std::vector<std::string>{selected_}) {
        const auto known = whole_.find(id);
        if (known == whole_.end()) {
            message_ = "not all of it is here yet";
            return {};
        }
        word.items.push_back({id, known->second.digest});
    }
    if (key == 'y') return begin(std::move(word));
    word_ = std::move(word);
    if (key == 'n') {
        ask(Mode::reason, "Deny, because (Enter: no reason, Esc: not): ");
        return {};
    }
    if (mode_ == Mode::batch) {
        message_ = "a grant is for one request: leave the batch with Esc";
        return {};
    }
    const auto& offer = whole_.at(selected_).offer;
    if (offer && offer->refused)
        message_ = "this once only: " + *offer->refused;
    else
        ask(Mode::grant, kGrantQuestion);
    return {};
}

} // namespace owhale::cli
