#include "cli/verify/texts.hpp"

#include <algorithm>

namespace owhale::cli::verify {
namespace {

constexpr std::size_t kMostAhead = 64, kMostBytes = 128 << 10; // or a single one that is larger

} // namespace

void Texts::begin() {
    state_ = SQLITE_ROW;
    why_.clear();
    read_on();
}

void Texts::next() {
    if (++at_ >= ahead_.size()) read_on();
}

void Texts::read_on() {
    ahead_.clear();
    bytes_.clear();
    at_ = 0;
    while (state_ == SQLITE_ROW && ahead_.size() < kMostAhead && bytes_.size() < kMostBytes) {
        state_ = sqlite_->sqlite3_step(statement_);
        if (state_ == SQLITE_ROW) take_row();
    }
    // Now: the next call replaces it.
    if (state_ != SQLITE_ROW && state_ != SQLITE_DONE) why_ = sqlite_->sqlite3_errmsg(database_);
    views_.clear();
    for (const auto& read : ahead_) views_.push_back(std::string_view(bytes_).substr(read.begin, read.size));
    hashes_.resize(views_.size());
    audit::merkle::leaf_hashes(views_, hashes_);
}

void Texts::take_row() {
    Read read{static_cast<std::uint64_t>(std::max<std::int64_t>(sqlite_->sqlite3_column_int64(statement_, 0), 0)),
              bytes_.size(), 0};
    if (sqlite_->sqlite3_column_type(statement_, 1) == SQLITE_TEXT) {
        const auto* data = static_cast<const char*>(sqlite_->sqlite3_column_blob(statement_, 1));
        read.size = data == nullptr ? 0 : static_cast<std::size_t>(sqlite_->sqlite3_column_bytes(statement_, 1));
        bytes_.append(data == nullptr ? "" : data, read.size);
    }
    ahead_.push_back(read);
}

} // namespace owhale::cli::verify
