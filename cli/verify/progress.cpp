#include "cli/verify/progress.hpp"

#include <algorithm>
#include <string>
#include <unistd.h>

#include "cli/escape.hpp"
#include "cli/terminal.hpp"
#include "cli/units.hpp"
#include "cli/verify/report.hpp"

namespace owhale::cli::verify {
namespace {

constexpr std::chrono::milliseconds kFirst{500}, kEvery{100};
constexpr std::size_t kBar = 24;

void write_out(const std::string& text) {
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

std::string bar_of(double part) {
    const auto filled = static_cast<std::size_t>(part * static_cast<double>(kBar));
    return "[" + std::string(filled, '#') + std::string(kBar - filled, ' ') + "] " +
           std::to_string(static_cast<int>(100 * part)) + " %";
}

std::string time_of(std::uint64_t seconds) {
    return seconds < 60 ? std::to_string(seconds) + " s" : format_duration_us(seconds * 1'000'000);
}

} // namespace

Progress::Progress(std::uint64_t total, bool shown)
    : total_(std::max<std::uint64_t>(total, 1)), shown_(shown && is_terminal(STDERR_FILENO)), began_(Clock::now()),
      next_(began_ + kFirst) {}

Progress::~Progress() {
    if (drawn_) write_out("\r\x1b[K");
}

void Progress::at(std::uint64_t done) {
    const auto now = Clock::now();
    if (!shown_ || done == 0 || now < next_) return;
    next_ = now + kEvery;
    drawn_ = true;
    const double seconds = std::chrono::duration<double>(now - began_).count();
    const double rate = static_cast<double>(done) / seconds;
    const double left = static_cast<double>(total_ - std::min(done, total_)) / rate;
    const auto line = bar_of(std::min(1.0, static_cast<double>(done) / static_cast<double>(total_))) + "  " +
                      with_commas(done) + " of " + with_commas(total_) + " events, " +
                      with_commas(static_cast<std::uint64_t>(rate)) + "/s, " +
                      time_of(static_cast<std::uint64_t>(left) + 1) + " left";
    const auto size = window_size();
    write_out("\r\x1b[K" + (size ? clipped(line, size->columns - 1u) : line));
}

} // namespace owhale::cli::verify
