#include "sandbox/blob.hpp"

#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/plan.hpp"

namespace owhale::wire {
namespace {

constexpr int kSeals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;

void put(std::string& out, std::size_t value) {
    const auto narrow = static_cast<std::uint32_t>(value);
    out.append(reinterpret_cast<const char*>(&narrow), sizeof narrow);
}

class Reader {
public:
    explicit Reader(std::string_view bytes) : bytes_(bytes) {}
    Result<std::uint32_t> number() {
        std::uint32_t value = 0;
        if (bytes_.size() < sizeof value) return fail(Code::bad_request, "blob: cut short");
        std::memcpy(&value, bytes_.data(), sizeof value);
        bytes_.remove_prefix(sizeof value);
        return value;
    }
    Result<std::string> string() {
        const auto length = TRY(number());
        if (length > bytes_.size()) return fail(Code::bad_request, "blob: a length reaches past the end");
        std::string text(bytes_.substr(0, length));
        bytes_.remove_prefix(length);
        return text;
    }
    std::size_t left() const { return bytes_.size(); }

private:
    std::string_view bytes_;
};

} // namespace

std::string pack(const Blob& blob) {
    std::string out;
    put(out, blob.size());
    for (const auto& list : blob) {
        put(out, list.size());
        for (const auto& text : list) {
            put(out, text.size());
            out += text;
        }
    }
    return out;
}

Result<Blob> unpack(std::string_view bytes, std::size_t lists) {
    if (bytes.size() > kMaxBlob) return fail(Code::bad_request, "blob: too large");
    Reader reader(bytes);
    if (TRY(reader.number()) != lists) return fail(Code::bad_request, "blob: wrong number of lists");
    Blob blob(lists);
    for (auto& list : blob) {
        const auto count = TRY(reader.number());
        if (count > kMaxStrings || count > reader.left() / sizeof(std::uint32_t))
            return fail(Code::bad_request, "blob: too many strings");
        list.reserve(count);
        for (std::uint32_t i = 0; i < count; ++i) list.push_back(TRY(reader.string()));
    }
    if (reader.left() != 0) return fail(Code::bad_request, "blob: bytes left over");
    return blob;
}

Result<Fd> write_blob(const Blob& blob) {
    const auto bytes = pack(blob);
    if (bytes.size() > kMaxBlob)
        return fail(Code::body_too_large, "the command, its environment and paths exceed 4 MiB");
    Fd fd(::memfd_create("owhale-blob", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd) return fail_errno("memfd_create");
    for (std::size_t done = 0; done < bytes.size();) {
        const auto n = ::write(fd.get(), bytes.data() + done, bytes.size() - done);
        if (n < 0) return fail_errno("write to a memfd");
        done += static_cast<std::size_t>(n);
    }
    if (::fcntl(fd.get(), F_ADD_SEALS, kSeals | F_SEAL_SEAL) != 0) return fail_errno("seal a memfd");
    return fd;
}

Result<Blob> read_blob(int fd, std::size_t lists) {
    // A descriptor that is no memfd has no seals to tell: F_GET_SEALS fails, and nothing of it is read.
    const int seals = ::fcntl(fd, F_GET_SEALS);
    if (seals < 0 || (seals & kSeals) != kSeals) return fail(Code::bad_request, "blob: not a sealed memfd");
    struct stat st{};
    if (::fstat(fd, &st) != 0) return fail_errno("fstat of a blob");
    if (st.st_size < 0 || static_cast<std::size_t>(st.st_size) > kMaxBlob)
        return fail(Code::bad_request, "blob: too large");
    std::string bytes(static_cast<std::size_t>(st.st_size), '\0');
    for (std::size_t done = 0; done < bytes.size();) {
        const auto n = ::pread(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
        if (n <= 0) return fail_errno("read a blob", n == 0 ? EIO : errno);
        done += static_cast<std::size_t>(n);
    }
    return unpack(bytes, lists);
}

} // namespace owhale::wire
