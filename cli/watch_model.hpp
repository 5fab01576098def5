// What a person who watches requests sees, and what each key does. Pure: no terminal, no clock, no connection; watch.cpp has
// these. Its keys are in watch_keys.cpp, what is typed in watch_typing.cpp, what is drawn in watch_frame.cpp.
//
// No key decides a request that was not on the screen for half a second, whole (every page of it), as it is now; keys that
// came with others, or were pasted, decide nothing.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cli/approval_view.hpp"
#include "cli/keys.hpp"
#include "cli/secret.hpp"
#include "cli/terminal.hpp"

namespace owhale::cli {

struct Moment {
    std::int64_t ms = 0;   // of a clock that never goes back
    std::int64_t wall = 0; // seconds since the epoch
};

struct Word { // of the person: one decision about one or more requests
    bool approve = false;
    std::vector<api::DecideItem> items;
    std::string reason;
    std::optional<api::GrantRequest> grant;
};

struct Wish { // what the model wants done
    enum class What : std::uint8_t { nothing, quit, suspend, redraw, decide, open_window };
    What what = What::nothing;
    Word word;       // decide
    Secret password; // open_window
};

struct Frame {
    std::vector<Line> lines; // as many as the screen has rows
    std::optional<std::pair<std::size_t, std::size_t>> cursor;
};

class WatchModel {
public:
    static constexpr std::int64_t kLook = 500; // ms on the screen before a key counts

    // The requests that wait, in any order. How many are new.
    std::size_t listed(std::vector<api::Approval> pending);
    void loaded(api::Approval whole);
    // Whole requests that it lacks.
    std::vector<std::string> wanted() const;
    // Requests that wait no more, and how they ended: they were on the screen.
    std::vector<std::string> take_gone() { return std::exchange(gone_, {}); }
    void ended(const api::Approval& one);
    Wish press(const Press& press, Moment now);

    // What became of wishes.
    Wish window_opened(const std::string& until, Moment now); // decides what waited for it
    // It was not done. `ask_again`: for want of the right password; else nothing counts as a key until Enter.
    void refused(const std::string& why, bool ask_again);
    Wish window_lost(); // asks for the password once more
    void decided(const std::vector<api::DecideItem>& items, const std::string& what);
    void tell(const std::string& message) { message_ = message; }
    void set_busy(bool busy) { busy_ = busy; }
    void set_account(const std::string& principal) { account_ = principal; }
    // Every answer is signed by the device that this machine is: nobody is asked for a password.
    void set_signs() { signs_ = true; }
    void set_throttled(const std::string& words) { throttled_ = words; } // "" none
    void set_trouble(const std::string& why) { trouble_ = why; }         // "" none

    // What to show; from then on it is on the screen.
    Frame frame(WindowSize size, Moment now);

private:
    static constexpr std::size_t kMostLine = 1024; // bytes of an answer
    static constexpr auto kGrantQuestion = "Also for: n N times, t a time, l as the template (Esc: not): ";
    enum class Mode : std::uint8_t { browse, batch, reason, grant, trust, amount, confirm, password, told };

    const api::Approval* current() const;
    std::size_t position() const;
    void select(std::size_t index);
    void begin_reading();
    void note_gone(const std::vector<api::Approval>& pending);
    std::vector<std::string> like_current() const;

    Wish browse(const Press& press, Moment now);
    bool scroll(const Press& press);
    Wish choose(char key, Moment now);
    bool may_choose(const Press& press, Moment now);
    Wish begin(Word word);
    bool window_is_open() const;
    void ask(Mode mode, const std::string& question);
    Wish type(const Press& press);
    Wish entered();
    Wish entered_grant(const std::string& word);
    Wish entered_trust(const std::string& word);
    Wish ask_amount();
    Wish entered_amount(const std::string& word);
    void back(const std::string& message);
    void interrupted(const std::string& why);
    void clear_line();

    std::vector<Line> body(std::size_t columns, Moment now);
    std::vector<Line> list_lines(std::size_t rows, std::size_t columns, Moment now) const;
    Line status_line(std::size_t columns, Moment now) const;
    Line rule_line(std::size_t total, std::size_t columns) const;
    Line bottom_line(std::size_t columns, Frame& frame, std::size_t row) const;

    std::vector<api::Approval> pending_; // oldest first
    std::map<std::string, api::Approval> whole_;
    std::string selected_;
    std::vector<std::string> batch_, gone_;
    std::string chosen_gone_;    // the last that was on the screen whole
    std::set<std::string> mine_; // decided here: nobody needs to be told how they ended
    bool details_ = false, busy_ = false, signs_ = false;

    // The reading of what is on the screen.
    std::string read_key_;
    std::int64_t since_ = -1;
    std::size_t top_ = 0, height_ = 1, total_ = 0, seen_ = 0, columns_ = 0;

    Mode mode_ = Mode::browse;
    std::string question_, line_, message_, account_, trouble_, throttled_;
    char grant_kind_ = 0;
    Word word_;
    std::string window_until_;
    std::int64_t wall_ = 0; // at the last key
};

} // namespace owhale::cli
