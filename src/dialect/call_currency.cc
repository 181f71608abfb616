#include "dialect/call_currency.h"

namespace coffer {

CallCurrency call_currency(const Request& request, std::string_view code, const Fields& fields,
                           std::initializer_list<std::string_view> amounts) {
    const Integration& integration = *request.authority.integration;
    if (const Currency* movable = request.directory->movable(integration, code)) {
        return {movable->id, movable->scale};
    }
    const Currency* known = request.directory->currency(integration.tenant, code);
    if (known != nullptr && fields.fits(amounts, known->scale)) return {known->id, known->scale};
    return {0, static_cast<std::uint8_t>(fields.finest_scale(amounts))};
}

}  // namespace coffer
