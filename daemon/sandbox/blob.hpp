// The variable part of a wire message: lists of byte strings in one sealed memfd.
//
// Layout: u32 number of lists; then each list: u32 number of strings, each string: u32 length, bytes.
// A reader copies the memfd before it looks (kMaxBlob at most) and refuses a blob that is not sealed against write,
// shrink and grow, whose lengths do not add up exactly, or that has more than kMaxStrings strings in a list.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.hpp"
#include "shared/error.hpp"

namespace owhale::wire {

using List = std::vector<std::string>;
using Blob = std::vector<List>;

Result<Fd> write_blob(const Blob& blob);
// `lists` is how many lists the message's type has.
Result<Blob> read_blob(int fd, std::size_t lists);

// The same, between bytes and lists, for channels that carry the bytes themselves.
std::string pack(const Blob& blob);
Result<Blob> unpack(std::string_view bytes, std::size_t lists);

} // namespace owhale::wire
