#pragma once
// What the tests of the native API share: a directory with two tenants, and calls that are read and
// answered as the desk would, without a ledger.

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "dialect/dialects.h"
#include "dialect/native.h"
#include "dialect/routes.h"

namespace coffer {

inline constexpr Time now = 1'700'000'000'123'456;
inline constexpr std::string_view player = "123e4567-e89b-12d3-a456-426614174000";
inline constexpr std::string_view address = "0x84b6f41fb37d0f7293c6cf405fcfb4b8c7a2c5b9";

inline Credential key_of(std::string_view secret, TenantId tenant, std::uint32_t scopes) {
    return {.uid = "key " + std::string(secret),
            .tenant = tenant,
            .kind = CredentialKind::native_key,
            .digest = sha256(secret),
            .scopes = scopes};
}

// Tenant 1 with a key for each scope and an integration for each dialect; tenant 2 with one of
// each.
class Native : public ::testing::Test {
protected:
    Native() {
        add(Tenant{.id = 1, .uid = "tenant-1", .name = "one"});
        add(Tenant{.id = 2, .uid = "tenant-2", .name = "two"});
        add(Currency{.id = 1, .tenant = 1, .code = "EUR", .scale = 2});
        add(Currency{.id = 2, .tenant = 2, .code = "USD", .scale = 2});
        constexpr std::array ours{DialectId::operator_, DialectId::integrator, DialectId::rgs,
                                  DialectId::sverse, DialectId::kgen};
        for (const DialectId dialect : ours) {
            const auto id = static_cast<IntegrationId>(dialect);
            const std::string word(native_dialect_word(dialect));
            add(Integration{.id = id,
                            .tenant = 1,
                            .uid = word + "-uid",
                            .dialect = dialect,
                            .name = word,
                            .currencies = {1}});
        }
        add(Integration{.id = 9, .tenant = 2, .uid = "foreign-uid", .dialect = DialectId::rgs});
        add(key_of("read", 1, scope_read));
        add(key_of("play", 1, scope_play));
        add(key_of("cashier", 1, scope_cashier));
        add(key_of("admin", 1, scope_admin));
        add(key_of("all", 1, scope_read | scope_play | scope_cashier | scope_admin));
        add(key_of("foreign", 2, scope_read | scope_play | scope_cashier | scope_admin));
        add(key_of("install", 0, scope_install));
        Credential expired = key_of("expired", 1, scope_read);
        expired.expires = now - 1;
        add(expired);
        Credential revoked = key_of("revoked", 1, scope_read);
        revoked.revoked = now - 1;
        add(revoked);
        keyring_.cursor_key = "cursor key";
    }

    template <class T>
    void add(T value) {
        records_.emplace_back(std::make_shared<const T>(std::move(value)));
    }

    Request request(Method method, std::string_view target, std::string_view body = {},
                    std::vector<Header> headers = {}) {
        directory_ = std::make_shared<const Directory>(Directory().with(records_));
        Request request;
        request.call.method = method;
        request.call.path = target.substr(0, target.find('?'));
        if (const auto at = target.find('?'); at != std::string_view::npos) {
            request.call.query = target.substr(at + 1);
        }
        request.call.headers = std::move(headers);
        if (request.call.header_count("authorization") == 0) {
            request.call.headers.push_back({"authorization", "Bearer all"});
        }
        request.call.body = body;
        request.call.request_id = "r1";
        for (std::size_t at = 0; at < request.call.random.size(); ++at) {
            request.call.random[at] = static_cast<std::uint8_t>(at);
        }
        request.directory = directory_;
        request.keyring = std::make_shared<const Keyring>(keyring_);
        request.now = now;
        const PathEntry* path = routes_.find(request.call.path, request.segments);
        request.route = path != nullptr ? path->route(method) : nullptr;
        return request;
    }

    // The intent that the desk would hand down; a failure of the test where there is none.
    template <class T>
    T read(const Request& asked) {
        const auto intent = try_read(asked);
        if (!intent) {
            ADD_FAILURE() << asked.call.path << ": " << intent.error().message;
            return {};
        }
        const T* wanted = std::get_if<T>(&*intent);
        EXPECT_NE(wanted, nullptr) << asked.call.path;
        return wanted != nullptr ? *wanted : T{};
    }

    std::expected<Intent, Refusal> try_read(Request asked) {
        if (asked.route == nullptr) {
            return std::unexpected(Refusal{RefusalKind::wrong_method, "no such route", {}});
        }
        auto authority = native_dialect.authenticate(asked);
        if (!authority) return std::unexpected(authority.error());
        asked.authority = *authority;
        return native_dialect.read(asked);
    }

    RefusalKind refusal(const Request& asked) {
        const auto intent = try_read(asked);
        EXPECT_FALSE(intent) << asked.call.path << " " << asked.call.body;
        return intent ? RefusalKind::not_now : intent.error().kind;
    }

    std::string mistake(std::string_view target, std::string_view body,
                        Method method = Method::post) {
        const auto intent = try_read(request(method, target, body, {{"idempotency-key", "k"}}));
        EXPECT_FALSE(intent) << target << " " << body;
        if (intent) return {};
        EXPECT_EQ(intent.error().kind, RefusalKind::malformed) << target << " " << body;
        return intent.error().message;
    }

    Reply write(Request asked, const Intent& intent, const Outcome& outcome) {
        asked.authority = *native_dialect.authenticate(asked);
        return native_dialect.write(asked, intent, outcome);
    }

    static constexpr std::array<const Dialect*, 1> only_native{&native_dialect};
    RouteTable routes_{only_native, "/metrics"};
    std::vector<Record> records_;
    std::shared_ptr<const Directory> directory_;
    Keyring keyring_;
};

inline std::vector<Header> bearer(std::string_view key) {
    return {{"authorization", "Bearer " + std::string(key)}};
}

}  // namespace coffer
