// Integrations and currencies: what a tenant has set up.

#include <algorithm>
#include <array>
#include <utility>

#include "dialect/native.h"

namespace coffer {
namespace {

constexpr std::size_t currencies_max = 64;
constexpr std::size_t code_bytes_max = 32;
constexpr std::array<DialectId, 5> integrable{DialectId::operator_, DialectId::integrator,
                                              DialectId::rgs, DialectId::sverse, DialectId::kgen};

bool is_code(std::string_view text) {
    const auto allowed = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
               c == '_' || c == '-' || c == '.';
    };
    return !text.empty() && std::ranges::all_of(text, allowed);
}

// Their calls name no currency.
bool has_one_currency(DialectId dialect) {
    return dialect == DialectId::operator_ || dialect == DialectId::kgen;
}

// The codes of `currencies`; whether they exist is the ledger's to say.
std::vector<std::string> read_codes(const Body& body, Fields& fields, DialectId dialect) {
    std::vector<std::string> codes =
        native_texts(body, fields, "currencies", currencies_max, code_bytes_max);
    std::vector<std::string> sorted = codes;
    std::ranges::sort(sorted);
    if (std::ranges::adjacent_find(sorted) != sorted.end()) {
        fields.mistake("currencies names one twice");
    }
    if (codes.empty()) fields.mistake("currencies must name at least one");
    if (has_one_currency(dialect) && codes.size() != 1) {
        fields.mistake("currencies must name exactly one in operator and kgen");
    }
    return codes;
}

// operator's history names no currency: with another one, what was moved before would be read
// wrongly.
bool keeps_currency(const Request& request, const Integration& integration,
                    const std::vector<std::string>& codes) {
    return std::ranges::all_of(codes, [&](const std::string& code) {
        return request.directory->movable(integration, code) != nullptr;
    });
}

// Puts the call's settings over those given.
void read_settings(Fields& fields, DialectId dialect, IntegrationSettings& settings) {
    const std::string_view json = fields.raw_object_or_empty("settings");
    const std::string mistake = native_read_settings(json, dialect, settings);
    if (!mistake.empty()) fields.mistake(mistake);
}

// An amount among the settings that a currency could not hold would be read as none at all, and a
// minimum of nothing holds nothing back.
void check_amounts(Fields& fields, const IntegrationSettings& settings,
                   const std::vector<const Currency*>& currencies) {
    const std::array<std::pair<std::string_view, const std::string*>, 3> amounts{{
        {"client_credit_max", &settings.client_credit_max},
        {"client_credit_day_max", &settings.client_credit_day_max},
        {"minimum_withdrawal", &settings.minimum_withdrawal},
    }};
    for (const Currency* currency : currencies) {
        if (currency == nullptr) continue;  // the ledger says that there is none
        for (const auto& [name, text] : amounts) {
            if (parse_amount(*text, currency->scale)) continue;
            fields.mistake("settings: " + std::string(name) + " must have at most " +
                           std::to_string(currency->scale) + " decimals, as " + currency->code +
                           " has, and " + std::to_string(amount_digits_max) + " digits");
        }
    }
}

std::vector<const Currency*> currencies_of(const Request& request,
                                           const std::vector<std::string>& codes) {
    std::vector<const Currency*> currencies;
    for (const std::string& code : codes)
        currencies.push_back(request.directory->currency(request.authority.tenant, code));
    return currencies;
}

DialectId read_dialect(Fields& fields) {
    const std::string_view word = fields.text("dialect", 1, 32);
    for (const DialectId dialect : integrable) {
        if (native_dialect_word(dialect) == word) return dialect;
    }
    fields.mistake("dialect must be operator, integrator, rgs, sverse or kgen");
    return DialectId::operator_;
}

}  // namespace

std::string_view native_dialect_word(DialectId dialect) {
    switch (dialect) {
        case DialectId::native: return "native";
        case DialectId::operator_: return "operator";
        case DialectId::integrator: return "integrator";
        case DialectId::rgs: return "rgs";
        case DialectId::sverse: return "sverse";
        case DialectId::kgen: return "kgen";
    }
    return {};
}

NativeRead native_read_create_integration(const Request& request) {
    const auto body = native_body(request);
    if (!body) return std::unexpected(body.error());
    Fields fields(*body);
    CreateIntegration create;
    create.tenant = request.authority.tenant;
    create.uid = uuid_v4(std::span(request.call.random).first<16>());
    create.dialect = read_dialect(fields);
    create.name = native_name(fields, "name");
    create.currencies = read_codes(*body, fields, create.dialect);
    read_settings(fields, create.dialect, create.settings);
    check_amounts(fields, create.settings, currencies_of(request, create.currencies));
    if (create.dialect == DialectId::sverse && create.settings.game_code.empty()) {
        // Nobody could log in to a game without a code.
        create.settings.game_code = create.name;
    }
    if (fields.failed()) return native_malformed(fields.message());
    return create;
}

NativeRead native_read_list_integrations(const Request& request) {
    return ListRecords{.tenant = request.authority.tenant, .kind = RecordKind::integration};
}

NativeRead native_read_patch_integration(const Request& request) {
    const Integration* integration = native_integration(request, request.segments[0]);
    if (integration == nullptr) return native_unknown("integration");
    const auto body = native_body(request);
    if (!body) return std::unexpected(body.error());
    Fields fields(*body);
    PatchIntegration patch{.tenant = integration->tenant, .integration = integration->id};
    if (fields.has("dialect")) fields.mistake("dialect cannot be changed");
    if (fields.has("name")) patch.name = native_name(fields, "name");
    if (fields.has("currencies")) {
        patch.currencies = read_codes(*body, fields, integration->dialect);
        if (integration->dialect == DialectId::operator_ &&
            !keeps_currency(request, *integration, *patch.currencies)) {
            fields.mistake("the currency of operator cannot be changed");
        }
    }
    if (fields.has("settings")) {
        patch.settings_before = integration->settings;
        patch.settings = integration->settings;
        read_settings(fields, integration->dialect, *patch.settings);
    }
    std::vector<const Currency*> currencies;
    if (patch.currencies) {
        currencies = currencies_of(request, *patch.currencies);
    } else {
        for (const CurrencyId id : integration->currencies)
            currencies.push_back(request.directory->currency(id));
    }
    check_amounts(fields, patch.settings.value_or(integration->settings), currencies);
    if (fields.failed()) return native_malformed(fields.message());
    return patch;
}

NativeRead native_read_create_currency(const Request& request) {
    const auto body = native_body(request);
    if (!body) return std::unexpected(body.error());
    Fields fields(*body);
    CreateCurrency create;
    create.tenant = request.authority.tenant;
    create.code = fields.text("code", 1, code_bytes_max);
    if (!is_code(create.code)) fields.mistake("code may hold letters, digits, `.`, `_` and `-`");
    create.name = native_name(fields, "name");
    create.scale = static_cast<std::uint8_t>(fields.integer("scale", 0, scale_max));
    if (fields.has("chain_scale")) {
        create.chain_scale =
            static_cast<std::uint8_t>(fields.integer("chain_scale", create.scale, scale_max));
    }
    if (fields.failed()) return native_malformed(fields.message());
    return create;
}

NativeRead native_read_list_currencies(const Request& request) {
    return ListRecords{.tenant = request.authority.tenant, .kind = RecordKind::currency};
}

}  // namespace coffer
