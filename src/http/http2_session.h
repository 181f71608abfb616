#pragma once
// HTTP/2 on one connection, by nghttp2.
//
// Beyond nghttp2's own rules: a budget of resets and of control frames per window of time, calls
// inside bounded even when their streams were reset, bodies cut off at the limit, deadlines per
// stream.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "http/session.h"
#include "http/switchboard.h"

namespace coffer {

struct Http2Core;

class Http2Session final : public Session {
public:
    Http2Session(Switchboard& switchboard, LineId line, const Peer& peer, Moment now);
    ~Http2Session() override;

    void receive(std::string_view bytes, Moment now) override;
    void input_ended(Moment now) override;
    void answer(std::uint32_t stream, Answer&& answer) override;
    void take_output(std::string& out) override;
    void resume(Moment now) override;
    bool wants_input() const override;
    SessionEnd end() const override;
    void tick(Moment now) override;
    void drain(Moment now) override;

private:
    std::unique_ptr<Http2Core> core_;
};

}  // namespace coffer
