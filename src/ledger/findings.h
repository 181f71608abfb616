#pragma once
// Where the parts of the proof write down what they find wrong.

#include <string>
#include <string_view>

#include "ledger/verify.h"

namespace coffer {

class Findings {
public:
    explicit Findings(VerifyReport& report) : report_(report) {}

    void add(Sequence sequence, std::string_view what) {
        ++report_.mistakes_found;
        if (report_.mistakes.size() == mistakes_max) return;
        report_.mistakes.push_back("record " + std::to_string(sequence) + ": " + std::string(what));
    }
    // Adds it where it does not hold.
    void expect(bool holds, Sequence sequence, std::string_view otherwise) {
        if (!holds) add(sequence, otherwise);
    }

private:
    VerifyReport& report_;
};

}  // namespace coffer
