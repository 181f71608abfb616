// `coffer explain`: a transaction's whole story, for support.

#include "app/commands.h"
#include "app/complain.h"
namespace coffer {
int run(const ExplainOptions&) { return complain("not yet"); }
}  // namespace coffer
