// A stream between two processes of a dataflow region: hls::stream in
// simulation, but bounded, so that a design which would deadlock on the card
// deadlocks here, and says where.
//
// Outside of threads (sim/dataflow.h) processes run one after the other and a
// stream holds whatever its producer wrote. A stream that is read while empty,
// or destroyed with elements in it, is a bug in a kernel: the simulation names
// it and aborts.

#ifndef MOEVIT_KERNELS_HLS_SIM_STREAM_H_
#define MOEVIT_KERNELS_HLS_SIM_STREAM_H_

#include <cstddef>
#include <vector>

namespace moevit {
namespace hls {
namespace sim {

enum class Access { kRead, kWrite };

// The part of a stream that does not depend on what it carries: how many
// elements it holds, and waiting for that to change.
class Channel {
 public:
  Channel(const char* name, int depth);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  const char* name() const { return name_; }
  int depth() const { return depth_; }
  int size() const { return size_; }

  // Whether an access would not have to wait.
  bool Ready(Access access) const {
    return access == Access::kRead ? size_ > 0 : size_ < depth_;
  }

 protected:
  // Bracket one access; between them no other process touches the channel.
  void Begin(Access access);
  void End(Access access);

 private:
  const char* const name_;
  const int depth_;
  int size_ = 0;
};

}  // namespace sim

// What functions take: a stream of any depth. One process reads, one writes.
template <typename T, int kDepth = 0>
class Stream : public Stream<T> {
 public:
  static_assert(kDepth > 0, "a stream needs room for an element");
  explicit Stream(const char* name) : Stream<T>(name, kDepth) {}
};

template <typename T>
class Stream<T, 0> : public sim::Channel {
 public:
  Stream(const char* name, int depth) : Channel(name, depth) {}

  // Waits for an element.
  T read() {
    Begin(sim::Access::kRead);
    const T element = elements_[first_++];
    if (2 * first_ > elements_.size()) DropRead();
    End(sim::Access::kRead);
    return element;
  }

  // Waits for room.
  void write(const T& element) {
    Begin(sim::Access::kWrite);
    elements_.push_back(element);
    End(sim::Access::kWrite);
  }

 private:
  // Moves fewer elements than have been read since the last time.
  void DropRead() {
    elements_.erase(elements_.begin(),
                    elements_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }

  std::vector<T> elements_;  // from first_ on
  size_t first_ = 0;
};

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_SIM_STREAM_H_
