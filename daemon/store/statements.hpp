// The statements that one user of a database has prepared, by their text.
#pragma once

#include <map>
#include <string>

#include "store/database.hpp"

namespace owhale::store {

class Statements {
public:
    // Outlived by `database`.
    explicit Statements(Database& database) : database_(&database) {}

    // Prepared at its first use.
    Result<Statement*> use(const char* sql) {
        auto found = prepared_.find(sql);
        if (found == prepared_.end()) found = prepared_.emplace(sql, TRY(database_->prepare(sql))).first;
        return &found->second;
    }
    Database& database() { return *database_; }

private:
    Database* database_;
    std::map<std::string, Statement, std::less<>> prepared_;
};

} // namespace owhale::store
