#pragma once
// What a change of an integration's settings is: those of `wanted` that are not as they were
// `before`, put over the settings as they stand by `now`.

#include "store/record.h"

namespace coffer {

IntegrationSettings changed_settings(const IntegrationSettings& now,
                                     const IntegrationSettings& before,
                                     const IntegrationSettings& wanted);

}  // namespace coffer
