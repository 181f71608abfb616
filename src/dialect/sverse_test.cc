#include <gtest/gtest.h>

#include <array>
#include <tuple>
#include <utility>
#include <vector>

#include "dialect/dialects.h"

namespace coffer {
namespace {

// A game 7 of tenant 3 with GOLD (currency 5).
Request request_of(std::string_view verb) {
    Integration game{.id = 7, .tenant = 3, .dialect = DialectId::sverse};
    game.currencies = {5};
    game.settings.game_code = "game";
    const std::array<Record, 2> records{std::make_shared<const Currency>(Currency{
                                            .id = 5, .tenant = 3, .code = "GOLD", .name = "Gold"}),
                                        std::make_shared<const Integration>(std::move(game))};
    Request request;
    for (const Route& route : sverse_dialect.routes) {
        if (route.verb == verb) request.route = &route;
    }
    request.segments = {"GOLD"};
    request.now = 1'000'000;
    request.directory = std::make_shared<const Directory>(Directory().with(records));
    request.keyring = std::make_shared<const Keyring>();
    request.authority.integration = request.directory->integration(7);
    request.authority.tenant = 3;
    return request;
}

Reply reply_to(std::string_view verb, Outcome outcome) {
    return sverse_dialect.write(request_of(verb), Move{}, outcome);
}

std::string failure(std::string_view message) {
    return R"({"error":true,"message":")" + std::string(message) + "\"}";
}

TEST(Sverse, SaysEveryDecline) {
    using enum Decline;
    const std::string_view invalid_words = "Invalid request";
    const std::vector<std::tuple<Decline, int, std::string_view>> words{
        {session_unknown, 401, "Unauthorized or invalid session"},
        {session_expired, 401, "Session expired"},
        {player_unknown, 404, "User not found"},
        {player_blocked, 400, "User is blocked"},
        {currency_wrong, 404, "Currency not found"},
        {insufficient_funds, 400, "Insufficient balance"},
        {transaction_unknown, 400, invalid_words},
        {already_rolled_back, 400, invalid_words},
        {cancelled_before_arrival, 400, invalid_words},
        {round_closed, 400, invalid_words},
        {no_wager_in_round, 400, invalid_words},
        {already_settled, 400, invalid_words},
        {not_latest_wager, 400, invalid_words},
        {promotion_unknown, 400, invalid_words},
        {limit_reached, 400, "Limit reached"},
        {was_refused, 400, invalid_words},
        {nothing_to_withdraw, 400, invalid_words},
        {withdrawal_in_flight, 400, invalid_words},
        {below_minimum, 400, invalid_words},
        {no_payout_address, 400, invalid_words},
        {not_found, 404, "Resource not found"},
        {exists, 400, "Username or email is already taken"},
        {invalid, 400, invalid_words},
        {amount_overflow, 400, "Amount is too large"},
        {not_permitted, 400, "Credits by a client are not allowed in this currency"},
    };
    for (const auto& [decline, status, message] : words) {
        const Reply reply = reply_to("transact", {.decline = decline});
        EXPECT_EQ(reply.status, status) << message;
        EXPECT_EQ(reply.body, failure(message));
    }
}

TEST(Sverse, NamesTheFieldsOfAConflict) {
    const Reply reply = reply_to(
        "transact", {.decline = Decline::conflict, .differs = field_amount | field_currency});
    EXPECT_EQ(reply.status, 400);
    EXPECT_NE(reply.body.find("currency, amount"), std::string::npos) << reply.body;
}

TEST(Sverse, SaysEveryFault) {
    const std::vector<std::tuple<Fault, int, std::string_view>> words{
        {Fault::not_now, 503, "Temporarily unavailable"},
        {Fault::throttled, 429, "Too many requests"},
        {Fault::internal, 500, "Internal server error"},
    };
    for (const auto& [fault, status, message] : words) {
        const Reply reply = reply_to("login", {.fault = fault});
        EXPECT_EQ(reply.status, status);
        EXPECT_EQ(reply.body, failure(message));
    }
}

TEST(Sverse, SaysEveryRefusal) {
    const std::vector<std::tuple<RefusalKind, int, std::string_view>> words{
        {RefusalKind::not_found, 404, "Resource not found"},
        {RefusalKind::wrong_method, 405, "Method not allowed"},
        {RefusalKind::too_large, 413, "Body is too large"},
        {RefusalKind::malformed, 400, "Invalid request"},
        {RefusalKind::bad_credential, 401, "Unauthorized or invalid session"},
        {RefusalKind::bad_signature, 401, "Unauthorized or invalid session"},
        {RefusalKind::forbidden, 401, "Unauthorized or invalid session"},
        {RefusalKind::throttled, 429, "Too many requests"},
        {RefusalKind::not_now, 503, "Temporarily unavailable"},
    };
    for (const auto& [kind, status, message] : words) {
        const Reply reply = sverse_dialect.refuse(request_of("balance"), Refusal{.kind = kind});
        EXPECT_EQ(reply.status, status);
        EXPECT_EQ(reply.body, failure(message));
    }
}

TEST(Sverse, DoesNotSayWhichHalfOfALoginWasWrong) {
    for (const Decline decline :
         {Decline::session_unknown, Decline::player_unknown, Decline::not_found}) {
        const Reply reply = reply_to("login", {.decline = decline});
        EXPECT_EQ(reply.status, 401);
        EXPECT_EQ(reply.body, failure("Invalid username, email or password"));
    }
    EXPECT_EQ(reply_to("login", {.decline = Decline::player_blocked}).status, 400);
}

}  // namespace
}  // namespace coffer
