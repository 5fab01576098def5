// The model's memory, and what its keys do. watch_frame.cpp draws it.
#include "cli/watch_model.hpp"

#include <algorithm>

#include "cli/approvals.hpp"
#include "cli/units.hpp"

namespace owhale::cli {
namespace {

constexpr std::size_t kMostAtOnce = 50; // decided together: a person reads no more
constexpr std::size_t kMostGone = 16;   // looked up at once
constexpr std::size_t kMostLine = 1024; // bytes of an answer
constexpr std::uint64_t kMostFor = std::uint64_t{30} * 24 * 3600 * 1000;

constexpr auto kTrustQuestion = "It runs code of the workspace that nothing binds. Trust that, too? type yes: ";
constexpr auto kShortTrustQuestion = "Trust workspace code, too? yes: "; // on a narrow screen

constexpr auto kGrantQuestion = "Also for: n N times, t a time, l as the template (Esc: not): ";

// The same program with the same options and as many words: what differs are operands.
bool like(const api::Approval& a, const api::Approval& b) {
    if (a.principal != b.principal || a.verdict.rule != b.verdict.rule || a.severity != b.severity) return false;
    if (a.command.size() != b.command.size() || a.quorum != b.quorum) return false;
    for (std::size_t i = 0; i < a.command.size(); ++i) {
        const bool fixed = i == 0 || a.command[i].starts_with('-') || b.command[i].starts_with('-');
        if (fixed && a.command[i] != b.command[i]) return false;
    }
    return true;
}

bool by_age(const api::Approval& a, const api::Approval& b) {
    return a.id < b.id;
}

void erase_character(std::string& line) {
    while (!line.empty() && (static_cast<unsigned char>(line.back()) & 0xc0) == 0x80) line.pop_back();
    if (!line.empty()) line.pop_back();
}

} // namespace

std::size_t WatchModel::listed(std::vector<api::Approval> pending) {
    std::ranges::sort(pending, by_age);
    std::size_t fresh = 0;
    for (const auto& one : pending)
        if (!std::ranges::binary_search(pending_, one, by_age)) ++fresh;
    const auto was = position();
    note_gone(pending);
    pending_ = std::move(pending);
    std::erase_if(whole_, [&](const auto& known) {
        return std::ranges::none_of(pending_, [&](const auto& one) { return one.id == known.first; });
    });
    const auto gone = std::erase_if(batch_, [&](const auto& id) {
        return std::ranges::none_of(pending_, [&](const auto& one) { return one.id == id; });
    });
    if (gone > 0) interrupted("one of these waits no more");
    if (current() != nullptr) return fresh;
    if (!selected_.empty()) interrupted("request " + short_id(selected_) + " waits no more");
    select(was);
    return fresh;
}

// Both are in order of age.
void WatchModel::note_gone(const std::vector<api::Approval>& pending) {
    for (const auto& one : pending_) {
        if (std::ranges::binary_search(pending, one, by_age) || gone_.size() == kMostGone) continue;
        gone_.push_back(one.id);
        if (one.id == selected_ || std::ranges::find(batch_, one.id) != batch_.end()) chosen_gone_ = one.id;
    }
}

void WatchModel::ended(const api::Approval& one) {
    if (mine_.contains(one.id)) return; // it would take the place of what the decision's own answer says
    auto text = short_id(one.id) + " " + one.state;
    if (one.ended_because)
        text += ": " + *one.ended_because;
    else if (!one.decisions.empty())
        text += " by " + one.decisions.back().by;
    const bool chosen = one.id == chosen_gone_;
    if (mode_ == Mode::told && chosen) question_ = "Enter goes on; " + text;
    if ((mode_ == Mode::browse || mode_ == Mode::batch) && (chosen || message_.empty())) message_ = text;
}

void WatchModel::loaded(api::Approval whole) {
    const auto id = whole.id;
    whole_.insert_or_assign(id, std::move(whole));
}

std::vector<std::string> WatchModel::wanted() const {
    std::vector<std::string> ids = batch_;
    if (!selected_.empty()) ids.push_back(selected_);
    std::erase_if(ids, [&](const auto& id) { return whole_.contains(id); });
    return ids;
}

const api::Approval* WatchModel::current() const {
    for (const auto& one : pending_)
        if (one.id == selected_) return &one;
    return nullptr;
}

std::size_t WatchModel::position() const {
    for (std::size_t i = 0; i < pending_.size(); ++i)
        if (pending_[i].id == selected_) return i;
    return 0;
}

void WatchModel::select(std::size_t index) {
    selected_ = pending_.empty() ? "" : pending_[std::min(index, pending_.size() - 1)].id;
    batch_.clear();
    begin_reading();
}

void WatchModel::begin_reading() {
    read_key_.clear();
    since_ = -1;
    top_ = seen_ = 0;
}

std::vector<std::string> WatchModel::like_current() const {
    std::vector<std::string> ids;
    const auto* chosen = current();
    if (chosen == nullptr) return ids;
    for (const auto& one : pending_)
        if (like(*chosen, one) && ids.size() < kMostAtOnce) ids.push_back(one.id);
    return ids;
}

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

bool WatchModel::window_is_open() const {
    return parse_time(window_until_) > wall_;
}

// With the window open at once, else when the password has opened it.
Wish WatchModel::begin(Word word) {
    word_ = std::move(word);
    if (window_is_open()) {
        busy_ = true;
        return {Wish::What::decide, word_, {}};
    }
    ask(Mode::password, "Password of " + (account_.empty() ? "your account" : account_) + ": ");
    return {};
}

void WatchModel::ask(Mode mode, const std::string& question) {
    clear_line();
    mode_ = mode;
    question_ = question;
}

void WatchModel::clear_line() {
    wipe(line_);
    line_.clear();
    line_.reserve(kMostLine);
}

void WatchModel::back(const std::string& message) {
    clear_line();
    if (mode_ != Mode::browse && mode_ != Mode::batch) mode_ = batch_.empty() ? Mode::browse : Mode::batch;
    message_ = message;
}

// What is being typed, a password perhaps, is no keys because its question is gone.
void WatchModel::interrupted(const std::string& why) {
    if (mode_ == Mode::browse || mode_ == Mode::batch) return back(why);
    ask(Mode::told, "Enter goes on; " + why);
}

Wish WatchModel::type(const Press& press) {
    switch (press.key) {
    case Key::enter:
        return entered();
    case Key::escape:
    case Key::interrupt:
    case Key::end_of_input:
        back("nothing was decided");
        begin_reading();
        return {};
    case Key::backspace:
        erase_character(line_);
        return {};
    case Key::erase_line:
        clear_line();
        return {};
    case Key::text:
        if (line_.size() + press.text.size() <= kMostLine) line_ += press.text;
        return {};
    default:
        return {};
    }
}

Wish WatchModel::entered() {
    auto text = line_;
    switch (mode_) {
    case Mode::password: {
        if (text.empty()) return {};
        Wish wish{Wish::What::open_window, {}, Secret(std::move(text))};
        back("");
        busy_ = true;
        return wish;
    }
    case Mode::reason:
        back("");
        word_.reason = text;
        return begin(std::move(word_));
    case Mode::grant:
        return entered_grant(text);
    case Mode::trust:
        return entered_trust(text);
    case Mode::amount:
        return entered_amount(text);
    case Mode::confirm:
        back("");
        if (text == "yes") return begin(std::move(word_));
        message_ = "nothing was decided";
        begin_reading();
        return {};
    default:
        return {};
    }
}

Wish WatchModel::entered_grant(const std::string& word) {
    const auto& offer = whole_.at(selected_).offer;
    if (word != "n" && word != "t" && word != "l") {
        ask(Mode::grant, kGrantQuestion);
        return {};
    }
    if (word == "l" && (!offer || !offer->template_)) {
        back("owhaled offers no template for this one");
        return {};
    }
    word_.grant.emplace();
    if (word == "l") word_.grant->like = offer->template_;
    grant_kind_ = word[0];
    if (!offer || !offer->once_only) return ask_amount();
    const std::string_view whole = kTrustQuestion;
    ask(Mode::trust, columns_ >= whole.size() + 3 ? kTrustQuestion : kShortTrustQuestion);
    return {};
}

Wish WatchModel::entered_trust(const std::string& word) {
    if (word != "yes") {
        word_ = {};
        back("no grant: none without trust in the workspace; y approves this once");
        return {};
    }
    word_.grant->trust_workspace = true;
    return ask_amount();
}

Wish WatchModel::ask_amount() {
    ask(Mode::amount, grant_kind_ == 'n' ? "How many further times (1 to 1000)? " : "For how long (30m, 8h, 7d)? ");
    return {};
}

Wish WatchModel::entered_amount(const std::string& word) {
    if (grant_kind_ == 'n') {
        const auto times = parse_count(word, "N", 1, 1000);
        if (!times) return ask(Mode::amount, "A number from 1 to 1000: "), Wish{};
        word_.grant->times = static_cast<std::uint32_t>(*times);
    } else {
        const auto span = parse_duration_ms(word, "time");
        if (!span || *span == 0 || *span > kMostFor) return ask(Mode::amount, "A time up to 30d, such as 8h: "), Wish{};
        word_.grant->for_ms = *span;
    }
    ask(Mode::confirm, "Store this, and approve? Only yes is a yes: ");
    top_ = 0;
    return {};
}

Wish WatchModel::window_opened(const std::string& until, Moment) {
    window_until_ = until;
    busy_ = false;
    if (word_.items.empty()) return {};
    busy_ = true;
    return {Wish::What::decide, word_, {}};
}

void WatchModel::refused(const std::string& why, bool again) {
    busy_ = false;
    if (again)
        ask(Mode::password, why + ". Password: ");
    else
        ask(Mode::told, "Enter goes on; " + why);
}

Wish WatchModel::window_lost() {
    busy_ = false;
    window_until_.clear();
    return begin(std::move(word_));
}

void WatchModel::decided(const std::vector<api::DecideItem>& items, const std::string& what) {
    busy_ = false;
    word_ = {};
    for (const auto& item : items) mine_.insert(item.id);
    const auto was = position();
    std::erase_if(pending_, [&](const auto& one) {
        return std::ranges::any_of(items, [&](const auto& item) { return item.id == one.id; });
    });
    mode_ = Mode::browse;
    select(was);
    message_ = what;
}

} // namespace owhale::cli
