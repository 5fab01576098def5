// Redirections: files, here-documents, connections.
#include <algorithm>

#include "policy/normal/substitutions.hpp"
#include "policy/normal/urls.hpp"

namespace owhale::policy::normal {
namespace {

bool is_stream(std::string_view path) {
    return path == "/dev/null" || path == "/dev/stdin" || path == "/dev/stdout" || path == "/dev/stderr" ||
           path == "/dev/tty" || (path.starts_with("/dev/fd/") && path.find("..") == std::string_view::npos);
}

void read_cell(const Cell& cell, Redirected& io) {
    io.has_in = true;
    io.in.given = true;
    io.in.taint = cell.taint;
    if (cell.array) io.in.names = cell.elements;
    io.in.known = cell.values.size() == 1 && cell.values[0].find('\0') == std::string::npos;
    if (io.in.known) io.in.text = cell.values[0];
}

bool is_number(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789-") == std::string_view::npos;
}

} // namespace

Redirected Walk::redirect(const std::vector<shell::Redirect>& redirects, Expander& expander, std::size_t slot,
                          Frame& frame) {
    Redirected io;
    io.network_in = frame.network_in;
    io.network_out = frame.network_out;
    for (const auto& one : redirects) {
        Value target = expander.single(one.target);
        if (frame.fixed) target.span = *frame.fixed;
        if (one.op == shell::RedirectOp::heredoc || one.op == shell::RedirectOp::herestring) {
            io.in = {.given = true, .known = target.known() == Known::known, .text = target.text};
            if (one.op == shell::RedirectOp::herestring) io.in.text += '\n';
            io.in.taint = expander.taint;
            io.has_in = true;
            if (one.fd.value_or(0) != 0) {
                Cell cell;
                cell.values = {io.in.text};
                cell.taint = io.in.taint;
                state_.set("f:/dev/fd/" + std::to_string(*one.fd), std::move(cell));
                io.in = {};
                io.has_in = false;
            }
        } else
            redirect_file(one, target, io, slot, frame);
    }
    return io;
}

bool Walk::redirect_network(const Value& target, std::size_t slot) {
    const bool udp = target.text.starts_with("/dev/udp/");
    if (!udp && !target.text.starts_with("/dev/tcp/")) return false;
    const std::string_view rest = std::string_view(target.text).substr(9);
    Host host;
    host.name = rest.substr(0, rest.find('/'));
    if (const auto slash = rest.find('/'); slash != std::string_view::npos) host.port = rest.substr(slash + 1);
    host.scheme = udp ? "udp" : "tcp";
    host.span = target.span;
    at(slot).hosts.push_back(std::move(host));
    add_fact(slot, "redirect.network");
    return true;
}

void Walk::redirect_file(const shell::Redirect& one, const Value& target, Redirected& io, std::size_t slot, Frame&) {
    using shell::RedirectOp;
    const bool reads = one.op == RedirectOp::in || one.op == RedirectOp::in_out || one.op == RedirectOp::dup_in;
    const bool writes = one.op != RedirectOp::in && one.op != RedirectOp::dup_in;
    const bool dup = one.op == RedirectOp::dup_in || one.op == RedirectOp::dup_out;
    if (dup && (is_number(target.text) || target.known() != Known::known)) {
        if (const Cell* cell = reads ? state_.get("f:/dev/fd/" + target.text) : nullptr;
            cell != nullptr && one.fd.value_or(0) == 0)
            read_cell(*cell, io);
        const bool socket = state_.get("n:" + target.text) != nullptr;
        if (socket) (reads ? io.network_in : io.network_out) = true;
        if (socket && reads && one.fd.value_or(0) == 0) io.has_in = io.in.given = io.in.taint.fetched = true;
        return;
    }
    if (redirect_network(target, slot)) {
        if (one.fd.value_or(reads ? 0 : 1) > 2 || !one.variable.empty())
            state_.set("n:" + std::to_string(one.fd.value_or(10)), "");
        const auto fd = one.fd.value_or(reads ? 0 : 1);
        const bool in = reads && fd == 0,
                   out = writes && (fd == 1 || fd == 2 || (fd == 0 && one.op == RedirectOp::in_out));
        io.network_in = io.network_in || in;
        io.network_out = io.network_out || out;
        io.in.taint.fetched = io.in.taint.fetched || in;
        io.has_in = io.has_in || in;
        io.in.given = io.in.given || in;
        return;
    }
    if (reads && one.fd.value_or(0) == 0) {
        io.has_in = true;
        io.in = {.given = true};
        io.in.file = target.text;
        if (const Cell* cell = file(target.text))
            read_cell(*cell, io);
        else if (!is_stream(target.text))
            io.in.taint.add({false, false, true, {static_cast<int>(slot)}});
    }
    if (is_stream(target.text)) return;
    if (reads) touch(slot, Act::read, target, false, false);
    if (writes) touch(slot, Act::write, target, false, false);
    if (!writes || one.fd.value_or(1) != 1) return;
    io.out.push_back(target.text);
    if (one.op == RedirectOp::out || one.op == RedirectOp::clobber) io.begun.push_back(target);
}

// What goes into a file is known of the file from then on.
Stream Walk::deliver(Stream out, const Redirected& io, std::size_t slot) {
    if (out.known && out.text.empty()) // nothing goes where something was
        for (const auto& file : io.begun) touch(slot, Act::remove, file, false, false);
    for (const auto& path : io.out) {
        remember_file(path, out);
        look_at_written(slot, path, out);
    }
    if (io.out.empty()) return out;
    Stream none{.given = true, .known = true};
    return none;
}

} // namespace owhale::policy::normal
