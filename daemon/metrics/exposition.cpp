#include "metrics/exposition.hpp"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cstdlib>
#include <utility>

namespace owhale::metrics {
namespace {

// In a HELP line a quotation mark stays as it is in Prometheus' format; in OpenMetrics it is escaped as in a label.
void append_escaped(std::string& out, std::string_view text, bool quotes) {
    for (const char c : text) {
        if (c == '\\')
            out += "\\\\";
        else if (c == '\n')
            out += "\\n";
        else if (c == '"' && quotes)
            out += "\\\"";
        else
            out += c;
    }
}

std::string seconds(std::int64_t us) {
    auto fraction = std::to_string(std::abs(us % 1'000'000));
    fraction.insert(0, 6 - fraction.size(), '0');
    return (us < 0 ? "-" : "") + std::to_string(std::abs(us / 1'000'000)) + "." + fraction;
}

std::string_view trimmed(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t");
    if (begin == text.npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// The next part of a list; `rest` is what follows.
std::string_view next_part(std::string_view& rest, char separator) {
    const auto end = std::min(rest.find(separator), rest.size());
    const auto part = trimmed(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return part;
}

// Thousandths; 0 of what is no weight.
unsigned weight(std::string_view parameters) {
    while (!parameters.empty()) {
        const auto parameter = next_part(parameters, ';');
        if (!parameter.starts_with("q=") && !parameter.starts_with("Q=")) continue;
        double value = 0;
        const auto text = parameter.substr(2);
        std::from_chars(text.data(), text.data() + text.size(), value);
        return value >= 1 ? 1000 : value > 0 ? static_cast<unsigned>(value * 1000) : 0;
    }
    return 1000;
}

} // namespace

Format format_of(std::string_view accept) {
    unsigned open = 0, other = 0;
    while (!accept.empty()) {
        auto range = next_part(accept, ',');
        const auto type = next_part(range, ';');
        auto& best = type == "application/openmetrics-text" ? open : other;
        best = std::max(best, weight(range));
    }
    return open != 0 && open >= other ? Format::open_metrics : Format::prometheus;
}

std::string_view content_type(Format format) {
    return format == Format::open_metrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                          : "text/plain; version=0.0.4; charset=utf-8";
}

// What a family's own samples end in.
std::string_view Exposition::sample_suffix() const {
    return family_->kind == Kind::counter ? "_total" : family_->kind == Kind::info ? "_info" : "";
}

void Exposition::begin(std::string_view name) {
    family_ = find_family(name);
    assert(family_ != nullptr);
    const bool open = format_ == Format::open_metrics;
    // The older format knows samples, not families, and no info.
    const std::string called = std::string(name) + std::string(open ? "" : sample_suffix());
    const auto kind = !open && family_->kind == Kind::info ? Kind::gauge : family_->kind;
    (((out_ += "# TYPE ") += called) += ' ') += name_of(kind);
    if (open && !family_->unit.empty()) (((out_ += "\n# UNIT ") += called) += ' ') += family_->unit;
    ((out_ += "\n# HELP ") += called) += ' ';
    append_escaped(out_, family_->help, open);
    out_ += '\n';
}

void Exposition::sample(std::string_view suffix, Values labels, std::string_view bound, std::string_view value) {
    (out_ += family_->name) += suffix;
    char before = '{';
    std::size_t at = 0;
    for (const auto& label : labels) {
        ((out_ += std::exchange(before, ',')) += family_->labels[at++]) += "=\"";
        append_escaped(out_, label, true);
        out_ += '"';
    }
    if (!bound.empty()) (((out_ += std::exchange(before, ',')) += "le=\"") += bound) += '"';
    if (before == ',') out_ += '}';
    ((out_ += ' ') += value) += '\n';
}

void Exposition::add(Values labels, std::uint64_t value) {
    sample(sample_suffix(), labels, {}, std::to_string(value));
}

void Exposition::add_seconds(Values labels, std::int64_t us) {
    sample(sample_suffix(), labels, {}, seconds(us));
}

void Exposition::add(Values labels, const Times& times) {
    std::uint64_t so_far = 0;
    for (std::size_t i = 0; i <= Times::kBounds.size(); ++i) {
        so_far += times.in(i);
        sample("_bucket", labels, i < Times::kBounds.size() ? Times::kBounds[i].seconds : "+Inf",
               std::to_string(so_far));
    }
    // The count is that of the buckets as they were read: others go on counting.
    sample("_count", labels, {}, std::to_string(so_far));
    sample("_sum", labels, {}, seconds(static_cast<std::int64_t>(times.sum_us())));
}

std::string Exposition::finish() {
    if (format_ == Format::open_metrics) out_ += "# EOF\n";
    return std::move(out_);
}

} // namespace owhale::metrics
