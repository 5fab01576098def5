// The page's files as they are served, made of app/ by the build (embed).
#pragma once

#include <span>
#include <string_view>

namespace owhale::page {

struct File {
    std::string_view path; // "/app", "/app/main.js"
    std::string_view type;
    std::string_view digest;                      // of the bytes: a strong validator, without quotes
    std::span<const unsigned char> plain, packed; // packed: by gzip
};

std::span<const File> files();
// nullptr: there is none.
const File* find(std::string_view path);

} // namespace owhale::page
