// Random histories against a naive model, over the memory store.

#include "ledger/model_fixture.h"

namespace coffer {
namespace {

TEST_F(ModelWorld, random_histories_agree_with_the_naive_model) {
    expect_agreement_with_the_naive_model();
}

}  // namespace
}  // namespace coffer
