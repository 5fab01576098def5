// What commands print: tables, fields and JSON, to a person's terminal or to a program.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/error.hpp"

namespace owhale::cli {

enum class Format { table, json, jsonl };

struct Look {
    Format format = Format::table;
    bool terminal = false;   // stdout is one
    bool colour = false;     // on stdout
    std::size_t columns = 0; // of the terminal; 0: no limit
    bool quiet = false, verbose = false;
};

// How to print here: NO_COLOR, TERM=dumb and the terminal's width are heeded.
Look look(Format format, bool no_color, bool quiet, bool verbose);

enum class Tone { plain, good, bad, warn, dim, bold };
// Safe for a terminal, and coloured where that is wanted.
std::string toned(const Look& look, Tone tone, std::string_view text);
Tone tone_of_state(std::string_view state);

struct Cell {
    std::string text;
    Tone tone = Tone::plain;
};

// Rows under headings. `flexible` is the column that gives way when the terminal is narrow.
class Table {
public:
    explicit Table(std::vector<std::string> headings, std::size_t flexible)
        : headings_(std::move(headings)), flexible_(flexible) {}
    void row(std::vector<Cell> cells) { rows_.push_back(std::move(cells)); }
    std::string text(const Look& look) const;

private:
    std::vector<std::string> headings_;
    std::size_t flexible_;
    std::vector<std::vector<Cell>> rows_;
};

// "name   value" lines, in order; empty values are left out. On a terminal a value that is too long goes on below where it began.
class Fields {
public:
    void add(std::string name, std::string value, Tone tone = Tone::plain);
    std::string text(const Look& look) const;

private:
    struct Field {
        std::string name;
        Cell value;
    };
    std::vector<Field> fields_;
};

// An answer's JSON: as it is for a program; indented, with the unseen escaped, on a terminal. With Format::jsonl and a
// `list`, one line for each member of that list.
std::string json_text(const Look& look, std::string_view body, std::string_view list = {});

// To stdout, whole; an error says why it could not be (EPIPE among others).
Status print(std::string_view text);
// What lines on stderr begin with: "owhalectl". A literal, set once at the start.
std::string_view program_name();
void set_program_name(std::string_view name);
// One line to stderr, made safe: it may quote what a run printed.
void note(std::string_view line);
// "<program>: <code>: <message>", and the next step on a line of its own.
void complain(const Error& error);

} // namespace owhale::cli
