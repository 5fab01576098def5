// Answers to the watching screen's questions: a reason, a grant's extent, a password.
#include "cli/watch_model.hpp"

#include "cli/units.hpp"

namespace owhale::cli {
namespace {

constexpr std::uint64_t kMostFor = std::uint64_t{30} * 24 * 3600 * 1000;

constexpr auto kTrustQuestion = "It runs code of the workspace that nothing binds. Trust that, too? type yes: ";
constexpr auto kShortTrustQuestion = "Trust workspace code, too? yes: "; // on a narrow screen

void erase_character(std::string& line) {
    while (!line.empty() && (static_cast<unsigned char>(line.back()) & 0xc0) == 0x80) line.pop_back();
    if (!line.empty()) line.pop_back();
}

} // namespace

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

} // namespace owhale::cli
