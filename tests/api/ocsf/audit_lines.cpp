// audit-lines FORMAT: events as they are stored, one a line on stdin, as an export has them; the first is number 1.
#include <iostream>
#include <string>

#include "audit/export_line.hpp"

using namespace owhale::audit;

int main(int count, char** arguments) {
    const auto format = count == 2 ? export_format(arguments[1]) : std::nullopt;
    if (!format) return 2;
    const ExportSource source{"owhaled/build-host/1a2b3c4d", "0.1.0"};
    std::uint64_t seq = 0;
    for (std::string line, out; std::getline(std::cin, line); out.clear()) {
        append_line(out, *format, Row{++seq, std::string(64, 'a'), line, false}, source);
        std::cout << out;
    }
    return std::cout.flush() ? 0 : 1;
}
