#include "app/native_key.h"

#include <array>
#include <utility>

#include "base/random.h"

namespace coffer {
namespace {

constexpr std::array<std::pair<std::string_view, Scope>, 5> scopes{{{"read", scope_read},
                                                                    {"play", scope_play},
                                                                    {"cashier", scope_cashier},
                                                                    {"admin", scope_admin},
                                                                    {"install", scope_install}}};

}  // namespace

Result<MadeNativeKey> make_native_key(Ledger& ledger, const NewNativeKey& key) {
    std::array<std::uint8_t, 48> random{};
    fill_random(random);
    MadeNativeKey made;
    made.secret = to_base64url(view(std::span(random).first<32>()));
    made.uid = uuid_v4(std::span(random).last<16>());
    Credential credential;
    credential.uid = made.uid;
    credential.tenant = key.tenant;
    credential.kind = CredentialKind::native_key;
    credential.name = key.label;
    credential.digest = sha256(made.secret);
    credential.scopes = key.scopes;
    credential.expires = key.expires;
    const Outcome outcome = ledger.perform(CreateCredential{std::move(credential)});
    if (!outcome.done()) return fail(ErrorCode::unavailable, "the books did not take the key");
    return made;
}

std::optional<Scope> scope_of(std::string_view word) {
    for (const auto& [name, scope] : scopes) {
        if (name == word) return scope;
    }
    return std::nullopt;
}

std::string scope_words(std::uint32_t set) {
    std::string words;
    for (const auto& [name, scope] : scopes) {
        if ((set & scope) == 0) continue;
        if (!words.empty()) words += ',';
        words += name;
    }
    return words;
}

}  // namespace coffer
