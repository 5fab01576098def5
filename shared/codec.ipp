// The generic half of codec.hpp: one `read` and one `write` per shape of member.
#pragma once

#include <algorithm>
#include <boost/describe.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/mp11.hpp>
#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace owhale::codec::detail {

namespace json = boost::json;

// Where a value stands, as a chain of stack frames: made into text only when an error needs it.
struct Place {
    const Place* above = nullptr;
    std::string_view key;
    std::optional<std::size_t> index;

    std::string text() const;
};

Error wrong_type(const Place& place, std::string_view expected, const json::value& value);
Error out_of_range(const Place& place, std::string_view low, std::string_view high);
Error missing(const Place& place);
Error unknown(const Place& place, const std::vector<std::string_view>& known);

// Empty when the value does not fit; `integer` tells a number too large from something that is no whole number.
std::optional<std::uint64_t> unsigned_of(const json::value& value, bool& integer);
std::optional<std::int64_t> signed_of(const json::value& value, bool& integer);

constexpr std::string_view key_of(std::string_view member) {
    if (member.ends_with('_')) member.remove_suffix(1);
    return member;
}

template <typename T> struct IsOptional : std::false_type {};
template <typename T> struct IsOptional<std::optional<T>> : std::true_type {};
template <typename T> struct IsVector : std::false_type {};
template <typename T> struct IsVector<std::vector<T>> : std::true_type {};
template <typename T> struct IsMap : std::false_type {};
template <typename T> struct IsMap<std::map<std::string, T>> : std::true_type {};

template <typename T> using Members =
    boost::describe::describe_members<T, boost::describe::mod_public | boost::describe::mod_inherited>;
template <typename T>
concept Described = boost::describe::has_describe_members<T>::value;

inline Status read(const json::value& value, const Place&, json::value& out) {
    out = value;
    return {};
}

inline Status read(const json::value& value, const Place& place, std::string& out) {
    if (!value.is_string()) return std::unexpected(wrong_type(place, "a string", value));
    out.assign(value.get_string().data(), value.get_string().size());
    return {};
}

inline Status read(const json::value& value, const Place& place, bool& out) {
    if (!value.is_bool()) return std::unexpected(wrong_type(place, "true or false", value));
    out = value.get_bool();
    return {};
}

inline Status read(const json::value& value, const Place& place, double& out) {
    if (!value.is_number()) return std::unexpected(wrong_type(place, "a number", value));
    out = value.to_number<double>();
    return {};
}

template <std::integral T> Status read(const json::value& value, const Place& place, T& out) {
    using Limit = std::numeric_limits<T>;
    bool integer = false;
    const auto number = [&] {
        if constexpr (std::unsigned_integral<T>)
            return unsigned_of(value, integer);
        else
            return signed_of(value, integer);
    }();
    if (!integer) return std::unexpected(wrong_type(place, "a whole number", value));
    if (!number || !std::in_range<T>(*number))
        return std::unexpected(out_of_range(place, std::to_string(Limit::min()), std::to_string(Limit::max())));
    out = static_cast<T>(*number);
    return {};
}

template <Described T> Status read(const json::value& value, const Place& place, T& out);
template <typename T> Status read(const json::value& value, const Place& place, std::vector<T>& out);
template <typename T> Status read(const json::value& value, const Place& place, std::map<std::string, T>& out);

template <typename T> Status read(const json::value& value, const Place& place, std::optional<T>& out) {
    if (value.is_null()) return {};
    return read(value, place, out.emplace());
}

template <typename T> Status read(const json::value& value, const Place& place, std::vector<T>& out) {
    if (!value.is_array()) return std::unexpected(wrong_type(place, "an array", value));
    out.reserve(value.get_array().size());
    for (const auto& element : value.get_array()) {
        const auto index = out.size();
        CHECK(read(element, Place{&place, {}, index}, out.emplace_back()));
    }
    return {};
}

template <typename T> Status read(const json::value& value, const Place& place, std::map<std::string, T>& out) {
    if (!value.is_object()) return std::unexpected(wrong_type(place, "an object", value));
    for (const auto& member : value.get_object())
        CHECK(read(member.value(), Place{&place, member.key(), {}}, out[std::string(member.key())]));
    return {};
}

template <typename T> std::vector<std::string_view> keys_of() {
    std::vector<std::string_view> keys;
    boost::mp11::mp_for_each<Members<T>>([&](auto member) { keys.push_back(key_of(member.name)); });
    return keys;
}

template <typename Field> Status read_member(const json::object& object, const Place& place, Field& out) {
    const auto* value = object.if_contains(place.key);
    if (value != nullptr) return read(*value, place, out);
    if constexpr (IsOptional<Field>::value)
        return {};
    else
        return std::unexpected(missing(place));
}

template <Described T> Status read(const json::value& value, const Place& place, T& out) {
    if (!value.is_object()) return std::unexpected(wrong_type(place, "an object", value));
    const auto& object = value.get_object();
    const auto known = keys_of<T>();
    for (const auto& member : object) {
        const std::string_view key = member.key();
        if (std::ranges::find(known, key) == known.end())
            return std::unexpected(unknown(Place{&place, key, {}}, known));
    }
    Status status;
    boost::mp11::mp_for_each<Members<T>>([&](auto member) {
        if (status) status = read_member(object, Place{&place, key_of(member.name), {}}, out.*member.pointer);
    });
    return status;
}

template <typename T> json::value write(const T& value) {
    if constexpr (std::same_as<T, json::value>) {
        return value;
    } else if constexpr (std::same_as<T, std::string>) {
        return json::value(json::string(value));
    } else if constexpr (std::same_as<T, bool> || std::floating_point<T>) {
        return json::value(value);
    } else if constexpr (std::unsigned_integral<T>) {
        return json::value(static_cast<std::uint64_t>(value));
    } else if constexpr (std::signed_integral<T>) {
        return json::value(static_cast<std::int64_t>(value));
    } else if constexpr (IsOptional<T>::value) {
        return value ? write(*value) : json::value(nullptr);
    } else if constexpr (IsVector<T>::value) {
        json::array array;
        array.reserve(value.size());
        for (const auto& element : value) array.push_back(write(element));
        return array;
    } else if constexpr (IsMap<T>::value) {
        json::object object;
        for (const auto& [key, element] : value) object.emplace(key, write(element));
        return object;
    } else {
        static_assert(Described<T>, "describe the struct with BOOST_DESCRIBE_STRUCT");
        json::object object;
        boost::mp11::mp_for_each<Members<T>>([&](auto member) {
            const auto& field = value.*member.pointer;
            if constexpr (IsOptional<std::remove_cvref_t<decltype(field)>>::value)
                if (!field) return;
            object.emplace(key_of(member.name), write(field));
        });
        return object;
    }
}

} // namespace owhale::codec::detail

namespace owhale::codec {

template <typename T> Result<T> decode(const boost::json::value& value, std::string_view where) {
    T message{};
    CHECK(detail::read(value, detail::Place{nullptr, where, {}}, message));
    return message;
}

template <typename T> boost::json::value encode(const T& message) {
    return detail::write(message);
}
template <typename T> std::string to_text(const T& message) {
    return boost::json::serialize(encode(message));
}

} // namespace owhale::codec
