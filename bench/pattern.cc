#include "bench/pattern.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/check.h"
#include "base/digest.h"
#include "bench/call_id.h"

namespace coffer {
namespace {

constexpr std::array<std::string_view, hole_count> hole_names{
    "<player>", "<player_number>", "<id>",     "<short_id>",
    "<round>",  "<short_round>",   "<secret>", "<signature>"};

// Salts: with them the round of a call does not look like its id.
constexpr std::uint64_t id_salt = 1, round_salt = 2, player_salt = 3;

constexpr std::uint64_t player_number_first = 1000;  // demo.md: load player i is 1000 + i
constexpr std::size_t player_number_width = 10;

}  // namespace

Template::Template(std::string_view text) {
    std::string literal;
    while (!text.empty()) {
        const auto name = std::find_if(hole_names.begin(), hole_names.end(),
                                       [&](auto each) { return text.starts_with(each); });
        if (name == hole_names.end()) {
            literal += text.front();
            text.remove_prefix(1);
            continue;
        }
        literals_.push_back(std::exchange(literal, {}));
        holes_.push_back(static_cast<Hole>(name - hole_names.begin()));
        text.remove_prefix(name->size());
    }
    literals_.push_back(literal);
}

void Template::append(const Filling& filling, std::string& out) const {
    out += literals_.front();
    for (std::size_t i = 0; i < holes_.size(); ++i) {
        out += filling[static_cast<std::size_t>(holes_[i])];
        out += literals_[i + 1];
    }
}

bool Template::has(Hole hole) const { return std::ranges::find(holes_, hole) != holes_.end(); }

CallMaker::CallMaker(const std::vector<CallPattern>& patterns, Crowd crowd, std::string authority)
    : crowd_(std::move(crowd)), authority_(std::move(authority)) {
    for (const CallPattern& pattern : patterns) {
        Plan plan{.method = pattern.method,
                  .target = Template(pattern.target),
                  .headers = {},
                  .body = Template(pattern.body),
                  .signing_key = pattern.signing_key,
                  .http1_end = fmt::format(" HTTP/1.1\r\nhost: {}\r\n", authority_)};
        for (const HeaderPattern& header : pattern.headers) {
            plan.headers.push_back({header.name, Template(header.value)});
            if (plan.headers.back().value.is_fixed()) {
                plan.http1_end += fmt::format("{}: {}\r\n", header.name, header.value);
            }
        }
        for (std::size_t i = 0; i < hole_count; ++i) {
            const Hole hole = static_cast<Hole>(i);
            plan.needs[i] = plan.target.has(hole) || plan.body.has(hole) ||
                            std::ranges::any_of(plan.headers, [&](const Header& header) {
                                return header.value.has(hole);
                            });
        }
        plans_.push_back(std::move(plan));
    }
    CHECK(!plans_.empty() && crowd_.players > 0);
}

std::uint64_t CallMaker::player_of(std::uint64_t number) const {
    switch (crowd_.order) {
        case Crowd::Order::in_turn: return number % crowd_.players + 1;
        // Calls whose patterns take turns belong together: they go to one player.
        case Crowd::Order::shuffled:
            return mix(number / plans_.size() ^ (player_salt << 48)) % crowd_.players + 1;
    }
    return 1;
}

void CallMaker::fill(std::uint64_t number) {
    const auto& needs = plan(number).needs;
    const auto needed = [&](Hole hole) { return needs[static_cast<std::size_t>(hole)]; };
    const auto text = [&](Hole hole) -> std::string& {
        return texts_[static_cast<std::size_t>(hole)];
    };
    const std::uint64_t player = player_of(number);
    if (needed(Hole::player)) {
        std::string& id = text(Hole::player);
        id = "00000000-0000-4000-8000-";
        for (int shift = 44; shift >= 0; shift -= 4)
            id += "0123456789abcdef"[(player >> shift) & 15];
    }
    if (needed(Hole::player_number)) {
        std::array<char, 20> digits;
        const auto end = std::to_chars(digits.begin(), digits.end(), player_number_first + player);
        const auto size = static_cast<std::size_t>(end.ptr - digits.begin());
        text(Hole::player_number)
            .assign(player_number_width - std::min(size, player_number_width), ' ');
        text(Hole::player_number).append(digits.begin(), size);
    }
    const auto id = [&](Hole hole, std::uint64_t salt, std::size_t bytes) {
        if (needed(hole)) write_id(crowd_.run_word, number, salt, bytes, text(hole));
    };
    id(Hole::id, id_salt, id_bytes);
    id(Hole::short_id, id_salt, short_id_bytes);
    id(Hole::round, round_salt, round_bytes);
    id(Hole::short_round, round_salt, short_id_bytes);
    for (std::size_t i = 0; i < hole_count; ++i) filling_[i] = texts_[i];
    if (!crowd_.secrets.empty()) {
        filling_[static_cast<std::size_t>(Hole::secret)] =
            crowd_.secrets[(player - 1) % crowd_.secrets.size()];
    }
}

void CallMaker::make(std::uint64_t number, MadeCall& call) {
    const Plan& plan = this->plan(number);
    fill(number);
    call.target.clear();
    plan.target.append(filling_, call.target);
    call.body.clear();
    plan.body.append(filling_, call.body);
    std::string signature;
    if (!plan.signing_key.empty()) {
        signature = to_hex(hmac(HmacHash::sha256, plan.signing_key, call.body));
        filling_[static_cast<std::size_t>(Hole::signature)] = signature;
    }
    call.values.resize(plan.headers.size());
    for (std::size_t i = 0; i < plan.headers.size(); ++i) {
        call.values[i].clear();
        if (plan.headers[i].value.is_fixed()) continue;
        plan.headers[i].value.append(filling_, call.values[i]);
    }
}

void CallMaker::append_http1(std::uint64_t number, std::string& out) {
    const Plan& plan = this->plan(number);
    make(number, call_);
    out += plan.method;
    out += ' ';
    out += call_.target;
    out += plan.http1_end;
    for (std::size_t i = 0; i < plan.headers.size(); ++i) {
        if (plan.headers[i].value.is_fixed()) continue;
        out += plan.headers[i].name;
        out += ": ";
        out += call_.values[i];
        out += "\r\n";
    }
    if (!call_.body.empty()) {
        std::array<char, 20> digits;
        const auto end = std::to_chars(digits.begin(), digits.end(), call_.body.size());
        out += "content-length: ";
        out.append(digits.begin(), end.ptr);
        out += "\r\n";
    }
    out += "\r\n";
    out += call_.body;
}

}  // namespace coffer
