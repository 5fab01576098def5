// What of Asio and Beast is no template, for every program. TLS is beside it: a program without it is not linked with OpenSSL.
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
