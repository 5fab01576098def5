// A prepared statement and one use of it. A use resets the statement when it goes, so that no lock is left behind.
//
//     auto row = find.with(id);                 // binds ?1, ?2, … in order
//     if (TRY(row.next())) name = row.text(0);
//     CHECK(insert.with(id, name, std::nullopt).run());
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "shared/error.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace owhale::store {

class Statement {
public:
    class Use {
    public:
        Use(Use&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)), bound_(other.bound_) {}
        Use& operator=(Use&&) = delete;
        ~Use();

        // Steps to the next row; false after the last.
        Result<bool> next();
        // Steps to the end; rows are ignored.
        Status run();

        // Columns of the current row, from 0. A NULL is "", 0, and empty.
        std::string text(int column) const;
        std::int64_t integer(int column) const;
        std::string blob(int column) const;
        bool null(int column) const;

    private:
        friend class Statement;
        explicit Use(sqlite3_stmt* statement) : statement_(statement) {}
        void bind(int at, std::string_view text);
        void bind(int at, std::span<const std::uint8_t> bytes);
        void bind(int at, std::nullopt_t);
        void bind_integer(int at, std::int64_t value);
        template <typename T> void bind(int at, const std::optional<T>& value) {
            value ? bind(at, *value) : bind(at, std::nullopt);
        }
        template <typename T>
            requires std::is_integral_v<T>
        void bind(int at, T value) {
            bind_integer(at, static_cast<std::int64_t>(value));
        }
        sqlite3_stmt* statement_;
        int bound_ = 0; // first error of a bind, told by the next step
    };

    // Text and bytes are copied.
    template <typename... Values> Use with(const Values&... values) {
        Use use(statement_.get());
        int at = 0;
        (use.bind(++at, values), ...);
        return use;
    }

private:
    friend class Database;
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

} // namespace owhale::store
