// `coffer key create|list|revoke`: the native API's keys. A lost key is not a lost wallet: whoever
// has the data directory, while no server runs, or the database, at any time, can make another.

#include <cstdio>
#include <functional>

#include "app/books.h"
#include "app/commands.h"
#include "app/complain.h"
#include "app/native_key.h"
#include "app/place.h"
#include "base/calendar.h"

namespace coffer {
namespace {

using Work = std::function<Result<void>(Ledger& ledger)>;

// Opens the books of a place for a piece of work; the exit code.
int with_ledger(const Place& place, std::string_view command, const Work& work) {
    const auto where = book_place_or_complain(place);
    if (!where) return 1;
    const auto lock = lock_books(*where, command);
    if (!lock) return complain(lock.error());
    const SystemClock clock;
    Log log({.level = LogLevel::warning});
    Metrics metrics;
    const auto books =
        Books::open({.store = where->store, .directory = where->directory}, clock, log, metrics);
    if (!books) return complain(books.error());
    const auto done = work((*books)->ledger());
    return done ? 0 : complain(done.error());
}

Result<std::uint32_t> scopes_of(const std::vector<std::string>& words) {
    std::uint32_t scopes = 0;
    for (const std::string& word : words) {
        const auto scope = scope_of(word);
        if (!scope) {
            return fail(ErrorCode::invalid, "there is no scope " + word +
                                                "; there are read, play, cashier, admin, install");
        }
        scopes |= *scope;
    }
    if ((scopes & scope_install) != 0 && scopes != scope_install) {
        return fail(ErrorCode::invalid, "scope install stands alone: it reads nothing in a tenant");
    }
    return scopes;
}

Result<TenantId> tenant_of(const Directory& directory, const KeyCreateOptions& options,
                           std::uint32_t scopes) {
    if (scopes == scope_install) {
        if (options.tenant.empty()) return TenantId{0};
        return fail(ErrorCode::invalid, "an installation key belongs to no tenant");
    }
    const Tenant* found = nullptr;
    std::string names;
    for (const Tenant* tenant : directory.tenants()) {
        names += names.empty() ? tenant->name : ", " + tenant->name;
        if (tenant->uid != options.tenant && tenant->name != options.tenant) continue;
        if (found != nullptr) {
            return fail(ErrorCode::invalid,
                        "several tenants are called " + options.tenant + "; give the id of one");
        }
        found = tenant;
    }
    if (found != nullptr) return found->id;
    if (names.empty()) {
        return fail(ErrorCode::not_found,
                    "there is no tenant yet whose key it could be; serve, and make one with the "
                    "installation key: POST /v1/tenants");
    }
    return fail(ErrorCode::not_found,
                options.tenant.empty() ? "say whose key with --tenant; there are: " + names
                                       : "no tenant " + options.tenant + "; there are: " + names);
}

std::string day_or(std::string_view otherwise, Time time) {
    return time == 0 ? std::string(otherwise) : format_time(time, 0);
}

void print_key(const Directory& directory, const Credential& credential) {
    const Tenant* tenant = directory.tenant(credential.tenant);
    const std::string owner = tenant == nullptr ? "(installation)" : tenant->name;
    const std::string state = credential.revoked != 0
                                  ? "revoked " + format_time(credential.revoked, 0)
                                  : "expires " + day_or("never", credential.expires);
    std::printf("%s  %-16s  %-24s  %s, last used %s  %s\n", credential.uid.c_str(), owner.c_str(),
                scope_words(credential.scopes).c_str(), state.c_str(),
                day_or("never", credential.last_used).c_str(), credential.name.c_str());
}

}  // namespace

int run(const KeyCreateOptions& options) {
    return with_ledger(options.place, "key create", [&](Ledger& ledger) -> Result<void> {
        const auto scopes = scopes_of(options.scopes);
        if (!scopes) return std::unexpected(scopes.error());
        const auto tenant = tenant_of(*ledger.directory(), options, *scopes);
        if (!tenant) return std::unexpected(tenant.error());
        const Time expires = options.days == 0 ? 0 : SystemClock().wall() + options.days * day_us;
        const auto made = make_native_key(
            ledger,
            {.tenant = *tenant, .label = options.label, .scopes = *scopes, .expires = expires});
        if (!made) return std::unexpected(made.error());
        std::printf("id      %s\nsecret  %s\n\nThe secret is shown this once.\n", made->uid.c_str(),
                    made->secret.c_str());
        return {};
    });
}

int run(const KeyListOptions& options) {
    return with_ledger(options.place, "key list", [](Ledger& ledger) -> Result<void> {
        const auto directory = ledger.directory();
        for (const Credential* credential : directory->credentials(0, 0)) {
            print_key(*directory, *credential);
        }
        for (const Tenant* tenant : directory->tenants()) {
            for (const Credential* credential : directory->credentials(tenant->id, 0)) {
                print_key(*directory, *credential);
            }
        }
        return {};
    });
}

int run(const KeyRevokeOptions& options) {
    return with_ledger(options.place, "key revoke", [&](Ledger& ledger) -> Result<void> {
        const auto directory = ledger.directory();
        const Credential* credential = directory->credential(options.id);
        if (credential == nullptr || credential->kind != CredentialKind::native_key) {
            return fail(ErrorCode::not_found, "no key " + options.id + "; see `coffer key list`");
        }
        const Outcome outcome =
            ledger.perform(RevokeCredential{credential->tenant, 0, credential->uid});
        if (!outcome.done()) return fail(ErrorCode::unavailable, "the books did not take it");
        std::printf("revoked %s\n", options.id.c_str());
        return {};
    });
}

}  // namespace coffer
