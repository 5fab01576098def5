#include "audit/export_line.hpp"

#include "checks.hpp"

using namespace owhale::audit;

namespace {

const ExportSource kSource{"owhaled/build-host/1a2b3c4d", "0.1.0"};

std::string line_of(ExportFormat format, const std::string& json, bool dropped = false) {
    std::string out;
    const bool said = append_line(out, format, Row{7, std::string(64, 'a'), json, dropped}, kSource);
    CHECK_EQ(said, !out.empty());
    return out;
}

} // namespace

TEST_CASE("an event whose body went has a line in jsonl alone") {
    CHECK(line_of(ExportFormat::jsonl, "", true) ==
          "{\"seq\":7,\"hash\":\"" + std::string(64, 'a') + "\",\"dropped\":true}\n");
    CHECK(line_of(ExportFormat::ocsf, "", true).empty());
    CHECK(line_of(ExportFormat::cef, "", true).empty());
}

TEST_CASE("what is no event is one line all the same, however it is cut or bent") {
    const std::string whole =
        R"({"data":{"peer":"tcp [::1]:1","reason":"a|b\\c=d\r\ne\u0085)"
        "\xc2\x9b\xc2"
        R"("},"event":"login","outcome":"failed","principal":"unix:1","time":"2026-11-27T08:30:00Z"})";
    for (const auto format : {ExportFormat::ocsf, ExportFormat::cef})
        for (std::size_t size = 0; size <= whole.size(); ++size)
            for (const char bent : {'\0', '\n', '"', '\xff'}) {
                auto text = whole.substr(0, size);
                if (size > 0) text[size / 2] = bent;
                const auto line = line_of(format, text);
                CHECK_EQ(line.find('\n'), line.size() - 1);
            }
}

TEST_CASE("CEF: bars in the header, equals signs and line ends behind it") {
    const auto line =
        line_of(ExportFormat::cef,
                R"({"data":{"reason":"x=1|2\n"},"event":"a|b\\","principal":"p=\\|","time":"2026-11-27T08:30:00Z"})");
    CHECK(line.starts_with(R"(CEF:0|owhale|owhaled|0.1.0|a\|b\\|a\|b\\|1|externalId=7 cs1Label=leafHash cs1=aa)"));
    CHECK(line.contains(R"( rt=1795768200000 dvchost=build-host suser=p\=\\| reason=x\=1|2\n cs3Label=data )"));
}

TEST_CASE("the host of an origin") {
    CHECK(kSource.host() == "build-host");
    for (const auto* origin : {"", "x", "x/y", "//"}) CHECK(ExportSource{origin, ""}.host() == origin);
    CHECK(ExportSource{"owhaled/a/b/1", ""}.host() == "a/b");
}
