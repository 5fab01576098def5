// A run with a scoped network, and the broker's end of it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "stage.hpp"

namespace owhale::escapes {

struct Scoped { // what came before run_started
    wire::RunNetwork facts{};
    std::map<wire::Piece, Fd> pieces;
    std::map<std::uint16_t, std::vector<Fd>> ports;
    Answer answer;
};
Scoped start(Stage& stage, const Draft& draft);
// A run of a Python program with a scoped network: say(text) writes a line for said(), attempt(name, call) tells how it ended.
Draft scoped_draft(Stage& stage, const std::string& python);
std::string said(const Stage& stage);
void wait_for(const Stage& stage, const std::string& word, int seconds = 5);

bool readable(int fd, int ms = 5000);
// The next connection, and where its client wanted to go.
Fd accept_one(const Scoped& scoped, wire::Piece piece, std::string& wanted);
// The next datagram, where it was sent to; answered from there when `answer` is not empty.
std::string receive_one(const Scoped& scoped, wire::Piece piece, std::string& wanted, const std::string& answer = "");

struct Inner {
    std::int32_t err = -1;
    std::vector<Fd> sockets;
};
Inner inner(Stage& stage, std::uint64_t run, std::uint32_t count, int family = 2); // AF_INET
std::string number(std::int64_t value);

} // namespace owhale::escapes
