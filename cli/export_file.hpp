// The file that an export of the audit log goes to: made for its owner alone, or gone on with after its last whole line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/fd.hpp"
#include "shared/error.hpp"

namespace owhale::cli {

class ExportFile {
public:
    // Mode 0600. Fails with conflict when there is one: nothing is overwritten.
    static Result<ExportFile> create(const std::string& path);
    // One that is there, a plain file of the caller's; made when it is not. A torn last line is cut off. Fails with
    // invalid_value when it is no export, or one in another format.
    static Result<ExportFile> resume(const std::string& path, const std::string& format);

    // Takes a new file away again into which nothing was written; whether it did.
    bool remove_if_empty();

    Status write(std::string_view lines);
    // On disk.
    Status sync();

    const std::string& path() const { return path_; }
    std::uint64_t after() const { return after_; }         // the last sequence number in it; 0: none
    const std::string& last_line() const { return last_; } // that it stands in
    std::uint64_t torn() const { return torn_; }           // bytes that were cut off

private:
    ExportFile(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
    Status find_end(const std::string& format);
    Status cut_torn_line(std::uint64_t size);
    Result<std::string> tail(std::uint64_t size, std::uint64_t bytes) const;

    Fd fd_;
    std::string path_, last_;
    std::uint64_t after_ = 0, torn_ = 0;
    bool made_ = false;
};

} // namespace owhale::cli
