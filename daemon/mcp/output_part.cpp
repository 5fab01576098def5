#include "mcp/output_part.hpp"

#include <algorithm>
#include <charconv>

#include "base/utf8.hpp"
#include "mcp/answers.hpp"
#include "mcp/for_model.hpp"

namespace owhale::mcp {
namespace {

using boost::asio::awaitable;

std::uint64_t number_in(const transport::Response& response, std::string_view name) {
    std::uint64_t value = 0;
    for (const auto& [key, text] : response.headers)
        if (key == name) std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

bool is_text(std::string_view text) {
    return first_not_utf8(text) == text.size() && text.find('\0') == std::string_view::npos;
}

} // namespace

bool OutputPart::is_binary() const {
    return !is_text(head) || !is_text(tail);
}

std::string OutputPart::as_base64() const {
    return base64(head);
}

std::string OutputPart::joined(std::string_view stream) const {
    if (omitted() == 0) return head + tail;
    return head + "\n… " + std::to_string(omitted()) + " bytes left out; get_output run=" + run +
           " stream=" + std::string(stream) + " offset=" + std::to_string(omitted_at()) +
           " length=" + std::to_string(std::min<std::uint64_t>(omitted(), 64u << 10)) + " …\n" + tail;
}

std::string OutputPart::for_reader(std::string_view stream) const {
    if (!is_binary()) return for_model(joined(stream));
    return "get_output run=" + run + " stream=" + std::string(stream) + " gives them in base64";
}

awaitable<std::expected<OutputSlice, ToolResult>> read_slice(std::shared_ptr<Call> call, std::string id,
                                                             std::string_view stream, std::uint64_t offset,
                                                             std::size_t length) {
    std::string method("GET"), body, prefer;
    std::string target = "/v1/runs/" + id + "/output?stream=" + std::string(stream) +
                         "&offset=" + std::to_string(offset) + "&limit=" + std::to_string(length);
    auto response = co_await call->ask(std::move(method), std::move(target), std::move(body), std::move(prefer));
    if (!is_good(response)) co_return std::unexpected(refused(response));
    const auto at = number_in(response, "Owhale-Offset"), total = number_in(response, "Owhale-Length");
    co_return OutputSlice{std::move(response.body), at, total};
}

awaitable<std::expected<OutputPart, ToolResult>> read_ends(std::shared_ptr<Call> call, const api::Run& run,
                                                           std::string_view stream, std::size_t most) {
    OutputPart out{run.id, {}, {}, 0, 0};
    if ((stream == "stdout" ? run.stdout_length : run.stderr_length) == 0) co_return out;
    std::string id(run.id);
    auto first = co_await read_slice(call, std::move(id), stream, 0, most);
    if (!first) co_return std::unexpected(std::move(first).error());
    out.total = first->total;
    out.head = std::move(first->bytes);
    out.tail_at = out.head.size();
    if (out.total <= out.head.size()) co_return out;
    out.head.resize(std::min(out.head.size(), most / 2));
    out.head.resize(without_cut_end(out.head).size());
    const auto from =
        std::max<std::uint64_t>(out.total - std::min<std::uint64_t>(out.total, most / 2), out.head.size());
    id = run.id;
    auto last = co_await read_slice(call, std::move(id), stream, from, most / 2);
    if (!last) co_return std::unexpected(std::move(last).error());
    const auto whole = without_cut_start(last->bytes);
    out.tail_at = std::max<std::uint64_t>(last->offset + (last->bytes.size() - whole.size()), out.head.size());
    out.tail = whole;
    out.total = std::max(out.total, out.tail_at + out.tail.size());
    co_return out;
}

} // namespace owhale::mcp
