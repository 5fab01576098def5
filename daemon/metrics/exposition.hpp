// The text of a scrape: OpenMetrics 1.0, or Prometheus' text format 0.0.4 for who does not ask for the former.
// https://prometheus.io/docs/specs/om/open_metrics_spec/
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "metrics/families.hpp"
#include "metrics/series.hpp"

namespace owhale::metrics {

enum class Format : std::uint8_t { open_metrics, prometheus };

// What an Accept header prefers (RFC 9110, 12.5.1); of equals OpenMetrics, without one Prometheus.
Format format_of(std::string_view accept);
std::string_view content_type(Format format);

class Exposition {
public:
    explicit Exposition(Format format) : format_(format) {}

    // The samples that follow are of this family of the table, each of which is begun once.
    void begin(std::string_view family);
    using Values = std::initializer_list<std::string_view>; // of the family's labels, in their order
    void add(Values labels, std::uint64_t value);
    void add_seconds(Values labels, std::int64_t us);
    void add(Values labels, const Times& times);
    // The whole text; nothing is added after it.
    std::string finish();

private:
    std::string_view sample_suffix() const;
    void sample(std::string_view suffix, Values labels, std::string_view bound, std::string_view value);

    Format format_;
    const Family* family_ = nullptr;
    std::string out_;
};

} // namespace owhale::metrics
